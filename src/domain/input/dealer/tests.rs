//! What a dealer's input makes of a dealer, and how it is refused.

use std::time::Duration;

use chrono_tz::America;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::Point;
use crate::domain::category::Category;
use crate::domain::dealer::CrmKind;
use crate::domain::field::{Choice, FieldDefinition, FieldDraft, FieldType, Subject};
use crate::domain::input::known::Located;
use crate::domain::tenant::DistanceUnit;

const AT: Timestamp = Timestamp::from_micros(1_000);

fn tenant() -> Tenant {
    Tenant {
        id: Uuid::nil().into(),
        name: "Acme".into(),
        slug: "acme".into(),
        distance_unit: DistanceUnit::Mi,
        time_zone: America::Chicago,
        country: CountryCode::US,
        link_lifetime: Duration::from_hours(1),
        network_version: 1,
        created_at: AT,
    }
}

fn tier() -> Category {
    let choices = vec!["Gold".to_owned(), "Silver".to_owned()];
    Category {
        key: "tier".into(),
        label: "Tier".into(),
        choices,
        ..Category::blank(Uuid::nil().into(), Uuid::nil().into(), AT)
    }
}

fn bays() -> FieldDefinition {
    FieldDefinition::new(FieldDraft {
        subject: Subject::Dealer,
        key: "bays".into(),
        label: "Bays".into(),
        field_type: FieldType::Integer,
        required: false,
        choices: Vec::<Choice>::new(),
        archived: false,
    })
    .unwrap()
}

fn apply(input: &DealerInput, before: Option<Dealer>) -> Result<Dealer, Vec<Invalid>> {
    let tenant = tenant();
    let locate = |_: CountryCode, code: &PostalCode| {
        let (lat, lon, region) = match code.as_str() {
            "02138" => (42.38, -71.13, "MA"),
            "90210" => (34.1, -118.41, "CA"),
            _ => return None,
        };
        Some(Located { point: Point::new(lat, lon).unwrap(), region: Some(region.to_owned()) })
    };
    let zone_of = |_: CountryCode, region: &str| match region {
        "MA" => Some(America::New_York),
        "CA" => Some(America::Los_Angeles),
        _ => None,
    };
    let known = Known { tenant: &tenant, fields: &[bays()], categories: &[tier()], locate: &locate, zone_of: &zone_of };
    input.apply(before.unwrap_or_else(|| Dealer::blank(&tenant, Uuid::nil().into(), AT)), &known)
}

fn minimal() -> DealerInput {
    DealerInput { number: Some("A-1".into()), name: Some("Acme Motors".into()), ..DealerInput::default() }
}

fn paths(problems: &[Invalid]) -> Vec<String> {
    problems.iter().map(|problem| problem.path.join(".")).collect()
}

// SPEC §1: dealer
#[test]
fn number_and_name_are_enough_for_a_dealer() {
    let dealer = apply(&minimal(), None).unwrap();
    assert!(dealer.active && dealer.accepts_leads && !dealer.is_default);
    assert_eq!((dealer.address.country, dealer.time_zone, dealer.point), (CountryCode::US, America::Chicago, None));
    assert_eq!(paths(&apply(&DealerInput::default(), None).unwrap_err()), ["number", "name"]);
}

// SPEC §1: dealer
#[test]
fn every_problem_of_a_dealer_is_named_at_once_with_its_path() {
    let input = DealerInput {
        number: Some("no blanks".into()),
        sub_number: Some(Some("9".repeat(21))),
        name: Some(" ".into()),
        country: Some("USA".into()),
        postal_code: Some(Some("1".into())),
        point: Some(Some(PointInput { lat: 91.0, lon: 0.0 })),
        time_zone: Some(Some("Mars/Base".into())),
        rating: Some(Some(f64::NAN)),
        categories: Some([("tier".into(), Some("Glod".into())), ("teir".into(), Some("Gold".into()))].into()),
        brands: Some(vec!["Ford".into(), " ".into()]),
        territory: Some(vec![TerritoryEntry { prefix: "94*".into(), brand: None }]),
        capacity_open: Some(Some(-1)),
        hours: Some(Some(OpeningHours { weekdays: vec![Vec::new()], ..OpeningHours::default() })),
        crm: Some(vec![
            CrmIntegration { kind: CrmKind::AdfHttp, address: "http://crm.example.com".into(), active: true },
            CrmIntegration { kind: CrmKind::AdfEmail, address: "crm".into(), active: true },
        ]),
        custom: json!({"bays": "two"}).as_object().cloned(),
        ..DealerInput::default()
    };
    let problems = apply(&input, None).unwrap_err();
    assert_eq!(
        paths(&problems),
        [
            "number",
            "subNumber",
            "name",
            "country",
            "postalCode",
            "point.lat",
            "timeZone",
            "rating",
            "categories.teir",
            "categories.tier",
            "brands.1",
            "territory.0.prefix",
            "capacityOpen",
            "hours.weekdays",
            "crm.0.address",
            "crm.1.address",
            "custom.bays",
        ]
    );
    assert!(problems.iter().any(|problem| problem.message == "`Glod` is not a value of Tier, did you mean `Gold`?"));
}

// IFACE-4
#[test]
fn point_and_time_zone_come_from_the_postal_code_until_they_are_given() {
    let input = DealerInput { postal_code: Some(Some("2138".into())), ..minimal() };
    let dealer = apply(&input, None).unwrap();
    assert_eq!(dealer.address.postal_code.as_ref().map(PostalCode::as_str), Some("02138"));
    assert_eq!((dealer.point, dealer.time_zone), (Point::new(42.38, -71.13).ok(), America::New_York));

    let moved = DealerInput { postal_code: Some(Some("90210".into())), ..DealerInput::default() };
    let moved = apply(&moved, Some(dealer.clone())).unwrap();
    assert_eq!((moved.point, moved.time_zone), (Point::new(34.1, -118.41).ok(), America::Los_Angeles));

    let given = DealerInput {
        point: Some(Some(PointInput { lat: 42.0, lon: -71.0 })),
        time_zone: Some(Some("America/Denver".into())),
        ..DealerInput::default()
    };
    let given = apply(&given, Some(dealer)).unwrap();
    let renamed = DealerInput { name: Some("Other".into()), ..DealerInput::default() };
    let renamed = apply(&renamed, Some(given.clone())).unwrap();
    assert_eq!((renamed.point, renamed.time_zone), (Point::new(42.0, -71.0).ok(), America::Denver));
    let derived = DealerInput { point: Some(None), time_zone: Some(None), ..DealerInput::default() };
    let derived = apply(&derived, Some(given)).unwrap();
    assert_eq!((derived.point, derived.time_zone), (Point::new(42.38, -71.13).ok(), America::New_York));
}

// EXPR-8
#[test]
fn what_is_not_named_stays_and_null_takes_away() {
    let input = DealerInput {
        rating: Some(Some(4.5)),
        categories: Some([("tier".into(), Some("Gold".into()))].into()),
        custom: json!({"bays": 3}).as_object().cloned(),
        brands: Some(vec!["Ford".into(), "Ford".into(), "Lincoln".into()]),
        ..minimal()
    };
    let dealer = apply(&input, None).unwrap();
    assert_eq!(dealer.brands, ["Ford", "Lincoln"]);
    let same = apply(&DealerInput::default(), Some(dealer.clone())).unwrap();
    assert_eq!((same.rating, &same.categories, &same.custom), (Some(4.5), &dealer.categories, &dealer.custom));
    let cleared = DealerInput {
        rating: Some(None),
        categories: Some([("tier".into(), None)].into()),
        custom: json!({"bays": null}).as_object().cloned(),
        ..DealerInput::default()
    };
    let cleared = apply(&cleared, Some(dealer)).unwrap();
    assert_eq!((cleared.rating, cleared.categories.len(), cleared.custom.len()), (None, 0, 0));
}

#[test]
fn the_default_dealer_stays_active() {
    let input = DealerInput { is_default: Some(true), active: Some(false), ..minimal() };
    assert_eq!(paths(&apply(&input, None).unwrap_err()), ["isDefault"]);
}
