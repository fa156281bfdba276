//! Messages that the tests of this room and of the pages share; none of it is compiled into the product.

use chrono_tz::Tz;
use uuid::Uuid;

use super::{Links, Parcel, Rendered, render};
use crate::domain::Timestamp;
use crate::domain::dealer::{Address, ContactKind, Dealer};
use crate::domain::id::{DealerId, DeliveryId, LeadId, OfferId, RequestId, TenantId};
use crate::domain::label::Labels;
use crate::domain::lead::{Lead, LeadState, LeadTimes, Recipient, Workflow};
use crate::domain::link::LinkKey;
use crate::domain::message::*;
use crate::domain::place::{CountryCode, PostalCode};
use crate::domain::request::{Interest, Person, Request};
use crate::domain::tenant::{DistanceUnit, Tenant};

/// 2026-11-21 19:05 UTC.
pub const NOON: Timestamp = Timestamp::from_micros(1_795_287_900_000_000);

pub fn later(hours: u64) -> Timestamp {
    NOON + std::time::Duration::from_hours(hours)
}

pub fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(0x7e))
}

pub fn links() -> Links {
    Links::new("https://leads.example.com/", LinkKey::new(&[7; 32]).unwrap())
}

pub fn summary() -> LeadSummary {
    LeadSummary {
        brand: Some("Aurora".into()),
        product: Some("Comet 5".into()),
        interest: Some("Test drive".into()),
        city: Some("Boston".into()),
        postal_area: Some(PostalArea::from("02138".to_owned())),
        country: Some(CountryCode::US),
        source: Some("Configurator".into()),
        received_at: NOON,
    }
}

pub fn about() -> About {
    About {
        network: "Aurora Motors".into(),
        dealer: "Harbor Auto".into(),
        recipient: Some("Ann Lee".into()),
        zone: Tz::America__New_York,
        lead: LeadId(Uuid::from_u128(0x1ead)),
        summary: summary(),
    }
}

pub fn offer() -> OfferMail {
    OfferMail {
        about: about(),
        link: LinkOf { offer: OfferId(Uuid::from_u128(0x0ff)), generation: 0 },
        round: 2,
        distance: Some(Distance { km: 13.5, unit: DistanceUnit::Mi }),
        reason: "Gold dealer within 100 mi with the best rating".into(),
        offered_at: NOON,
        expires_at: Some(later(4)),
    }
}

pub fn digest() -> DigestMail {
    let lead = |number: u128, expires_at| DigestLead {
        lead: LeadId(Uuid::from_u128(0x1ea0 + number)),
        link: LinkOf { offer: OfferId(Uuid::from_u128(0x0f0 + number)), generation: 0 },
        summary: summary(),
        expires_at,
    };
    DigestMail {
        network: "Aurora Motors".into(),
        dealer: "Harbor Auto".into(),
        recipient: Some("Ann Lee".into()),
        zone: Tz::America__New_York,
        kind: ContactKind::To,
        leads: vec![lead(1, Some(later(4))), lead(2, None)],
        more: 12,
        reason: "handed on by Ada".into(),
        written_at: NOON,
    }
}

/// One of each template.
pub fn all() -> Vec<Message> {
    let offer = offer();
    let link = offer.link;
    vec![
        Message::Status(StatusMail { about: about(), link, round: 2, offered_at: NOON, expires_at: Some(later(4)) }),
        Message::Loss(LossMail {
            about: about(),
            offered_at: NOON,
            lost_at: later(4),
            reason: "It was not acknowledged in time".into(),
        }),
        Message::Warning(WarningMail { about: about(), link, warned_at: later(3), expires_at: later(4) }),
        Message::Manager(ManagerMail {
            about: about(),
            from_dealer: Some("Summit Cars".into()),
            round: 2,
            distance: offer.distance,
            reason: "It was not acknowledged in time".into(),
            moved_at: later(4),
        }),
        Message::FreshLink(FreshLinkMail { about: about(), link, asked_at: later(1), expires_at: Some(later(4)) }),
        Message::Taken(TakenMail { about: about(), offered_at: NOON, taken_at: later(1) }),
        Message::Digest(digest()),
        Message::Offer(offer),
    ]
}

pub fn rendered(message: &Message) -> Rendered {
    render(message, tenant(), &links()).unwrap()
}

/// A first copy, the second that came of it, one beside that, and the third that came of the second.
pub fn chain() -> [Lead; 4] {
    let first = LeadId(Uuid::from_u128(1));
    let copy = |number: u128, parent: Option<u128>, round| Lead {
        tenant: tenant(),
        id: LeadId(Uuid::from_u128(number)),
        request: RequestId(Uuid::from_u128(0x4e9)),
        root: first,
        parent: parent.map(|parent| LeadId(Uuid::from_u128(parent))),
        round,
        state: LeadState::Offered,
        recipient: Some(Recipient::Dealer(DealerId(Uuid::from_u128(0xd1)))),
        decision: None,
        job: None,
        source: "Configurator".to_owned(),
        brand: Some("Aurora".to_owned()),
        received_at: NOON,
        times: LeadTimes { offered_at: Some(later(1)), ..LeadTimes::made_at(later(1)) },
        acknowledged_by: None,
        state_reason: None,
        exception: None,
        due_at: Some(later(5)),
        warn_at: None,
        excluded_from_automation: false,
        workflow: Workflow::default(),
        labels: Labels { campaign: Some("Spring".to_owned()), ..Labels::default() },
        custom: serde_json::Map::new(),
        version: 1,
        created_by: "x".to_owned(),
    };
    [copy(1, None, 0), copy(2, Some(1), 1), copy(3, Some(1), 1), copy(4, Some(2), 2)]
}

fn network() -> Tenant {
    Tenant {
        id: tenant(),
        name: "Aurora <Motors>".to_owned(),
        slug: "aurora".to_owned(),
        distance_unit: DistanceUnit::Mi,
        time_zone: Tz::America__New_York,
        country: CountryCode::US,
        link_lifetime: std::time::Duration::from_hours(1),
        network_version: 0,
        created_at: NOON,
    }
}

/// A lead of Jo Doe's in its third round, on its way to a dealer's CRM.
pub fn parcel() -> Parcel {
    let [first, second, _, third] = chain();
    let address = |street: Option<&str>, city: &str, code: &str| Address {
        street: street.map(str::to_owned),
        city: Some(city.to_owned()),
        region: Some("MA".to_owned()),
        country: CountryCode::US,
        postal_code: Some(PostalCode::parse(CountryCode::US, code).unwrap()),
    };
    Parcel {
        delivery: DeliveryId(Uuid::from_u128(0xd1)),
        tenant: network(),
        line: vec![first.id, second.id, third.id],
        request: Request {
            tenant: tenant(),
            id: third.request,
            external_id: Some("A&B-77".to_owned()),
            source: "Configurator".to_owned(),
            campaign: None,
            interest: Interest {
                brand: Some("Aurora".to_owned()),
                product: Some("Comet 5".to_owned()),
                kind: Some("Test drive".to_owned()),
            },
            person: Person {
                first_name: Some("Jo".to_owned()),
                last_name: Some("Doe".to_owned()),
                email: Some("jo.doe@example.net".to_owned()),
                phone: Some("617-555-0100".to_owned()),
            },
            address: address(Some("12 Elm Street"), "Cambridge", "02138"),
            point: None,
            comments: Some("Is <it> blue?\r\nCall me & mine".to_owned()),
            language: None,
            received_at: NOON,
            created_by: "x".to_owned(),
        },
        dealer: Dealer {
            number: "MA001".to_owned(),
            sub_number: "2".to_owned(),
            name: "Harbor Auto".to_owned(),
            address: address(None, "Boston", "02108"),
            ..Dealer::blank(&network(), DealerId(Uuid::from_u128(0xd1)), NOON)
        },
        copy: third,
    }
}
