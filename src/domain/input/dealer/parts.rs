//! The parts of a dealer that have rules of their own: number, rating, category, brands, territory, hours, systems, custom values.

use chrono_tz::Tz;
use serde_json::{Map, Value};
use url::Url;

use crate::domain::category::Category;
use crate::domain::dealer::{CrmIntegration, CrmKind, OpeningHours, TerritoryEntry};
use crate::domain::error::{optional_text, text};
use crate::domain::field::{CustomValues, FieldDefinition, nearest};
use crate::domain::input::person::email;
use crate::domain::input::problems::Problems;
use crate::domain::{Invalid, InvalidCode};

/// SPEC §1: a dealer's number has at most 20 characters.
pub const NUMBER_LENGTH_MAX: usize = 20;
/// More brands than any location sells.
pub const BRANDS_MAX: usize = 100;
/// A large metropolitan area has a few hundred codes, and prefixes stand for many.
pub const TERRITORY_MAX: usize = 2_000;
const BRAND_LENGTH_MAX: usize = 100;
const RATING_MAX: f64 = 5.0;
/// Far above what one location works on.
const CAPACITY_MAX: i64 = 1_000_000;
const CRM_MAX: usize = 10;
const CRM_ADDRESS_LENGTH_MAX: usize = 500;
/// Six spans a day are more breaks than anybody takes; two years of holidays.
const SPANS_PER_DAY_MAX: usize = 6;
const HOUR_EXCEPTIONS_MAX: usize = 800;

/// Hyphens stand in many networks' numbers (`AFDC-170571`), so they count as letters between letters.
pub(super) fn number(field: &str, given: &str) -> Result<String, Invalid> {
    let given = given.trim();
    let sound = given.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if given.is_empty() {
        return Err(Invalid::new(field, InvalidCode::Required, format!("{field} must not be blank")));
    }
    if given.len() > NUMBER_LENGTH_MAX {
        let message =
            format!("{field} has {} characters, at most {NUMBER_LENGTH_MAX} are allowed", given.chars().count());
        return Err(Invalid::new(field, InvalidCode::TooLong, message));
    }
    if sound {
        return Ok(given.to_owned());
    }
    let message =
        format!("`{given}` is not a dealer number, give letters and digits, with single hyphens between them");
    Err(Invalid::new(field, InvalidCode::Malformed, message))
}

pub(in crate::domain::input) fn time_zone(given: &str) -> Result<Tz, Invalid> {
    given.trim().parse().map_err(|_| {
        let shown: String = given.chars().take(60).collect();
        let message = format!("`{shown}` is not a time zone, write it like `America/New_York`");
        Invalid::new("timeZone", InvalidCode::Malformed, message)
    })
}

pub(super) fn rating(given: Option<f64>) -> Result<Option<f64>, Invalid> {
    match given {
        Some(rating) if !(0.0..=RATING_MAX).contains(&rating) => {
            let message = format!("rating `{rating}` is not between 0 and {RATING_MAX}");
            Err(Invalid::new("rating", InvalidCode::OutOfRange, message))
        }
        // Minus zero would sort and print otherwise than zero.
        given => Ok(given.map(|rating| rating + 0.0)),
    }
}

pub(super) fn category(known: &[Category], key: &str, value: Option<&str>) -> Result<Option<String>, Invalid> {
    let refuse = |code, message: String| Err(Invalid { path: Vec::new(), code, message });
    let Some(category) = known.iter().find(|category| category.key == key) else {
        let advice = nearest(key, known.iter().map(|category| category.key.as_str()));
        let advice = advice.map_or("define it first".to_owned(), |near| format!("did you mean `{near}`?"));
        return refuse(InvalidCode::NotFound, format!("there is no category `{key}`, {advice}"));
    };
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return Ok(None) };
    if category.choices.iter().any(|choice| choice == value) {
        return Ok(Some(value.to_owned()));
    }
    let near = nearest(value, category.choices.iter().map(String::as_str));
    let advice = near.map_or_else(
        || format!("use one of {}", category.choices.join(", ")),
        |near| format!("did you mean `{near}`?"),
    );
    let shown: String = value.chars().take(60).collect();
    refuse(InvalidCode::NotAllowed, format!("`{shown}` is not a value of {}, {advice}", category.label))
}

pub(super) fn brands(given: &[String], problems: &mut Problems) -> Vec<String> {
    if given.len() > BRANDS_MAX {
        let message = format!("{} brands are given, at most {BRANDS_MAX} are allowed", given.len());
        problems.add("brands", InvalidCode::TooLong, message);
        return Vec::new();
    }
    let mut brands: Vec<String> = Vec::with_capacity(given.len());
    for (index, brand) in given.iter().enumerate() {
        let parsed = text(&index.to_string(), brand, BRAND_LENGTH_MAX).map_err(|problem| problem.under("brands"));
        let brand = problems.keep(parsed).filter(|brand| !brands.contains(brand));
        brands.extend(brand);
    }
    brands
}

pub(super) fn territory(given: &[TerritoryEntry], problems: &mut Problems) -> Vec<TerritoryEntry> {
    if given.len() > TERRITORY_MAX {
        let message =
            format!("{} entries are given, at most {TERRITORY_MAX} are allowed, use beginnings of codes", given.len());
        problems.add("territory", InvalidCode::TooLong, message);
        return Vec::new();
    }
    let entry = |index: usize, entry: &TerritoryEntry| -> Result<TerritoryEntry, Invalid> {
        let under = |problem: Invalid| problem.under(index.to_string()).under("territory");
        let prefix: String = entry.prefix.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
        if !(1..=10).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            let shown: String = entry.prefix.chars().take(20).collect();
            let message =
                format!("`{shown}` is not the beginning of a postal code, give letters and digits such as `941`");
            return Err(under(Invalid::new("prefix", InvalidCode::Malformed, message)));
        }
        let brand = optional_text("brand", entry.brand.as_deref(), BRAND_LENGTH_MAX).map_err(under)?;
        Ok(TerritoryEntry { prefix, brand })
    };
    let parsed = given.iter().enumerate().map(|(index, given)| entry(index, given));
    parsed.filter_map(|parsed| problems.keep(parsed)).collect()
}

pub(super) fn capacity(field: &str, given: Option<i64>) -> Result<Option<i64>, Invalid> {
    match given {
        Some(count) if !(0..=CAPACITY_MAX).contains(&count) => {
            let message = format!("{field} `{count}` is not between 0 and {CAPACITY_MAX}, give null for no limit");
            Err(Invalid::new(field, InvalidCode::OutOfRange, message))
        }
        given => Ok(given),
    }
}

pub(super) fn hours(given: OpeningHours) -> Result<OpeningHours, Invalid> {
    let refuse =
        |field: &str, message: String| Err(Invalid::new(field, InvalidCode::OutOfRange, message).under("hours"));
    if !matches!(given.weekdays.len(), 0 | 7) {
        return refuse(
            "weekdays",
            format!("{} weekdays are given, give seven, Monday first, or none", given.weekdays.len()),
        );
    }
    if given.exceptions.len() > HOUR_EXCEPTIONS_MAX {
        return refuse(
            "exceptions",
            format!("at most {HOUR_EXCEPTIONS_MAX} days can differ, {} are given", given.exceptions.len()),
        );
    }
    if given.weekdays.iter().chain(given.exceptions.values()).any(|spans| spans.len() > SPANS_PER_DAY_MAX) {
        return refuse("weekdays", format!("a day has at most {SPANS_PER_DAY_MAX} spans"));
    }
    Ok(given)
}

pub(super) fn integrations(given: &[CrmIntegration], problems: &mut Problems) -> Vec<CrmIntegration> {
    if given.len() > CRM_MAX {
        problems.add(
            "crm",
            InvalidCode::TooLong,
            format!("{} systems are given, at most {CRM_MAX} are allowed", given.len()),
        );
        return Vec::new();
    }
    let parse = |(index, integration): (usize, &CrmIntegration)| {
        let address = match integration.kind {
            CrmKind::AdfEmail => email("address", &integration.address),
            CrmKind::AdfHttp | CrmKind::JsonHttp => https_url(&integration.address),
        };
        let address = address.map_err(|problem| problem.under(index.to_string()).under("crm"))?;
        Ok(CrmIntegration { address, ..integration.clone() })
    };
    given.iter().enumerate().map(parse).filter_map(|parsed| problems.keep(parsed)).collect()
}

fn https_url(given: &str) -> Result<String, Invalid> {
    let given = given.trim();
    let parsed = Url::parse(given).ok().filter(|url| {
        let plain = url.username().is_empty() && url.password().is_none();
        // This machine itself, for whoever develops a receiver; nothing is sent there unless the configuration lets it.
        let is_here = url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        (url.scheme() == "https" || is_here) && url.has_host() && plain && given.len() <= CRM_ADDRESS_LENGTH_MAX
    });
    parsed.map(String::from).ok_or_else(|| {
        let shown: String = given.chars().take(80).collect();
        let message = format!("`{shown}` is not an address to post to, write it like `https://crm.example.com/leads`");
        Invalid::new("address", InvalidCode::Malformed, message)
    })
}

/// The custom values after a change; checked on every write, so that a field that became required is asked for (EXPR-8).
pub(in crate::domain::input) fn set_custom(
    place: &mut Map<String, Value>,
    given: Option<&Map<String, Value>>,
    fields: &[FieldDefinition],
    problems: &mut Problems,
) {
    let stored = CustomValues::stored(fields, &Value::Object(std::mem::take(place)));
    match stored.changed(fields, &Value::Object(given.cloned().unwrap_or_default())) {
        Ok(values) => {
            if let Value::Object(values) = values.to_json() {
                *place = values;
            }
        }
        Err(found) => problems.extend(found),
    }
}
