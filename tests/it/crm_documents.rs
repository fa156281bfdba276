//! ADF as it leaves is ADF as it comes in: what Baton writes of any lead, Baton reads as the same lead (SPEC SEND-5).

use std::time::Duration;

use baton::actions::adf::read;
use baton::delivery::{Parcel, adf};
use baton::domain::dealer::{Address, Dealer};
use baton::domain::id::{DealerId, DeliveryId, LeadId, RequestId, TenantId};
use baton::domain::label::Labels;
use baton::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use baton::domain::request::{Interest, Person, Request};
use baton::domain::tenant::{DistanceUnit, Tenant};
use baton::domain::{CountryCode, PostalCode, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

const AT: Timestamp = Timestamp::from_micros(1_795_262_400_000_000);

/// Texts as they are stored: trimmed and not blank, of any letters, also of those that XML forbids.
fn text() -> impl Strategy<Value = String> {
    let words = "[ -~é😀&<>\"'\\]\u{0}\u{b}\u{1f}\u{85}\u{2028}\u{fffe}\u{ffff}]{1,20}";
    let breaking = "[a-z<&]{1,8}(\n|\r\n|\r)[a-z\\]>]{1,8}";
    prop_oneof![4 => words, 1 => "\\]\\]>|<!--|&amp;|<!\\[CDATA\\[x|</adf>|&#0;|<adf>", 1 => breaking]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank", |text| !shown(text).is_empty())
}

/// What the reader makes of a text: without what XML forbids, white space at the ends cut off.
fn shown(text: &str) -> String {
    let allowed = |letter: &char| *letter >= ' ' && !matches!(letter, '\u{fffe}' | '\u{ffff}') || *letter == '\n';
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(allowed).collect::<String>().trim().to_owned()
}

fn maybe(text: impl Strategy<Value = String>) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text)
}

prop_compose! {
    fn requests()(
        external_id in text(), source in text(),
        brand in maybe(text()), product in maybe(text()), kind in maybe(prop_oneof![Just("Test drive".to_owned()), text()]),
        first_name in maybe(text()), last_name in maybe(text()), email in maybe(text()), phone in maybe(text()),
        street in maybe(text()), city in maybe(text()), region in maybe(text()), comments in maybe(text()),
        seconds in 0..2_000_000_000_i64,
    ) -> Request {
        Request {
            tenant: TenantId(Uuid::nil()),
            id: RequestId(Uuid::from_u128(1)),
            external_id: Some(external_id),
            source,
            campaign: None,
            interest: Interest { brand, product, kind },
            person: Person { first_name, last_name, email, phone },
            address: Address {
                street, city, region, country: CountryCode::US,
                postal_code: Some(PostalCode::parse(CountryCode::US, "02138").unwrap()),
            },
            point: None,
            comments,
            language: None,
            received_at: Timestamp::from_micros(seconds * 1_000_000),
            created_by: "x".to_owned(),
        }
    }
}

fn parcel(request: Request, name: &str, campaign: Option<String>) -> Parcel {
    let tenant = Tenant {
        id: request.tenant,
        name: name.to_owned(),
        slug: "acme".to_owned(),
        distance_unit: DistanceUnit::Mi,
        time_zone: chrono_tz::America::New_York,
        country: CountryCode::US,
        link_lifetime: Duration::from_hours(1),
        network_version: 0,
        created_at: AT,
    };
    let dealer = DealerId(Uuid::from_u128(2));
    let (root, id) = (LeadId(Uuid::from_u128(3)), LeadId(Uuid::from_u128(4)));
    let copy = Lead {
        tenant: request.tenant,
        id,
        request: request.id,
        root,
        parent: Some(root),
        round: 1,
        state: LeadState::Offered,
        recipient: Some(Recipient::Dealer(dealer)),
        decision: None,
        job: None,
        source: request.source.clone(),
        brand: None,
        received_at: request.received_at,
        times: LeadTimes::made_at(AT),
        acknowledged_by: None,
        state_reason: None,
        exception: None,
        due_at: None,
        warn_at: None,
        excluded_from_automation: false,
        workflow: Workflow::default(),
        labels: Labels { campaign, ..Labels::default() },
        custom: serde_json::Map::new(),
        version: 1,
        created_by: "x".to_owned(),
    };
    let dealer = Dealer { number: "MA7".to_owned(), name: name.to_owned(), ..Dealer::blank(&tenant, dealer, AT) };
    Parcel { delivery: DeliveryId(Uuid::from_u128(5)), tenant, copy, line: vec![root, id], request, dealer }
}

/// The reader's two ways with names: a whole one is parted, and one part stays one.
fn person(given: &Person) -> (Option<String>, Option<String>, Option<String>, Option<String>) {
    let shown = |text: &Option<String>| text.as_deref().map(shown);
    (shown(&given.first_name), shown(&given.last_name), shown(&given.email), shown(&given.phone))
}

/// The reader's lines: trimmed, none blank.
fn lines(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

proptest! {
    // SEND-5
    #[test]
    fn what_is_written_of_a_lead_is_read_as_the_same_lead(
        request in requests(), name in text(), campaign in maybe(text()),
    ) {
        let document = adf(&parcel(request.clone(), &name, campaign.clone())).unwrap();
        let read = read(document.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{document}")))?;
        prop_assert_eq!(read.len(), 1);
        let (prospect, found) = (&read[0], &read[0].request);
        prop_assert!(prospect.is_resend && prospect.told.is_empty(), "{:?}", prospect.told);
        prop_assert_eq!(found.external_id.clone(), request.external_id.as_deref().map(shown));
        prop_assert_eq!(prospect.provider.clone(), Some(shown(&request.source)));
        prop_assert_eq!(found.campaign.clone(), campaign.as_deref().map(shown));
        prop_assert_eq!(&prospect.vendor_ids, &["MA7"]);
        prop_assert_eq!(prospect.vendor.clone(), Some(shown(&name)));
        prop_assert_eq!(person(&found.person), person(&request.person));
        prop_assert_eq!(found.interest.brand.clone(), request.interest.brand.as_deref().map(shown));
        prop_assert_eq!(found.interest.product.clone(), request.interest.product.as_deref().map(shown));
        prop_assert_eq!(found.street.clone(), request.address.street.as_deref().map(shown));
        prop_assert_eq!(found.city.clone(), request.address.city.as_deref().map(shown));
        prop_assert_eq!(found.region.clone(), request.address.region.as_deref().map(shown));
        prop_assert_eq!(found.postal_code.as_deref(), Some("02138"));
        let interest = request.interest.kind.as_deref().filter(|kind| *kind != "Test drive");
        let told = request.comments.iter().cloned().chain(interest.map(|kind| format!("Interest: {kind}")));
        let told: Vec<String> = told.map(|text| lines(&shown(&text))).filter(|text| !text.is_empty()).collect();
        prop_assert_eq!(found.comments.clone().unwrap_or_default(), told.join("\n"));
        let requested = match prospect.requested_at {
            Some(baton::actions::adf::Moment::Known(at)) => Some(Timestamp::from(at.to_utc())),
            _ => None,
        };
        prop_assert_eq!(requested, Some(request.received_at));
    }
}
