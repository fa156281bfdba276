//! A request: what a customer asked for, once. The only place where the customer's personal data stands.

use serde::{Deserialize, Serialize};

use super::dealer::Address;
use super::error::{optional_text, text};
use super::id::{RequestId, TenantId};
use super::input::{Located, PointInput, Problems, email};
use super::label::CAMPAIGN_LENGTH_MAX;
use super::language::optional_language;
use super::place::{CountryCode, Point, PostalCode};
use super::tenant::Tenant;
use super::time::Timestamp;
use super::{Invalid, InvalidCode};

/// What a customer asked for, once.
#[derive(Clone, Debug)]
pub struct Request {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub id: RequestId,
    /// The partner's own reference; unique per source.
    pub external_id: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// The campaign that brought it.
    pub campaign: Option<String>,
    /// What the customer wants.
    pub interest: Interest,
    /// Who the customer is.
    pub person: Person,
    /// Where the customer lives, as far as known.
    pub address: Address,
    /// The customer's own point, else the postal code's centroid, else none: a named problem.
    pub point: Option<(Point, PointSource)>,
    /// What the customer wrote.
    pub comments: Option<String>,
    /// The language to answer in.
    pub language: Option<String>,
    /// When the customer asked.
    pub received_at: Timestamp,
    /// Who handed it in.
    pub created_by: String,
}

/// What the customer wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// The make or manufacturer.
    pub brand: Option<String>,
    /// A model, a vehicle, an article.
    pub product: Option<String>,
    /// What about it: buy, lease, service, test drive.
    pub kind: Option<String>,
}

/// Personal data: shown only to the holder of the lead and to staff, never in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone number, as given.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(withheld)")
    }
}

impl Person {
    /// First and last name as far as known.
    pub fn name(&self) -> String {
        let parts: Vec<&str> = [&self.first_name, &self.last_name].into_iter().flatten().map(String::as_str).collect();
        parts.join(" ")
    }
}

/// Where a request's point comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PointSource {
    /// It came with the request.
    Given,
    /// It is the centroid of the postal code.
    PostalCode,
}

/// Characters of a source's name.
pub const SOURCE_LENGTH_MAX: usize = 200;
const NAME_LENGTH_MAX: usize = 100;
const WORD_LENGTH_MAX: usize = 200;
const PHONE_LENGTH_MAX: usize = 50;
/// What a customer writes into a form; a page or two.
const COMMENTS_LENGTH_MAX: usize = 10_000;
/// Clocks of partners run ahead; past this it is a mistake.
const AHEAD_MAX: std::time::Duration = std::time::Duration::from_mins(10);

/// A new request as a partner or a person hands it in.
#[derive(Clone, Default)]
pub struct RequestInput {
    /// The partner's own reference; unique per source.
    pub external_id: Option<String>,
    /// Where it comes from; required.
    pub source: Option<String>,
    /// The campaign that brought it.
    pub campaign: Option<String>,
    /// What the customer wants.
    pub interest: Interest,
    /// Who the customer is; a mail address or a phone number is required.
    pub person: Person,
    /// Street and house number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State or province.
    pub region: Option<String>,
    /// Two letters; the tenant's country if missing.
    pub country: Option<String>,
    /// Postal code as people type it.
    pub postal_code: Option<String>,
    /// The customer's own point; the postal code's centre if missing.
    pub point: Option<PointInput>,
    /// What the customer wrote.
    pub comments: Option<String>,
    /// The language to answer in: a BCP 47 tag.
    pub language: Option<String>,
    /// When the customer asked; now if missing.
    pub received_at: Option<Timestamp>,
}

impl std::fmt::Debug for RequestInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestInput(withheld)")
    }
}

/// What surrounds a new request.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// Whose it will be.
    pub tenant: &'a Tenant,
    /// Its id.
    pub id: RequestId,
    /// The moment it is handed in.
    pub at: Timestamp,
    /// Who hands it in.
    pub created_by: &'a str,
    /// Finds postal codes.
    pub locate: &'a (dyn Fn(CountryCode, &PostalCode) -> Option<Located> + Sync),
}

impl Request {
    /// The request that an input makes; every problem at once. An unknown postal code is none: the request has no point then.
    pub fn build(input: &RequestInput, submission: Submission<'_>) -> Result<Self, Vec<Invalid>> {
        let mut problems = Problems::default();
        let source = problems.keep(text("source", input.source.as_deref().unwrap_or_default(), SOURCE_LENGTH_MAX));
        let mut optional = |field: &str, given: &Option<String>, max: usize| {
            problems.keep(optional_text(field, given.as_deref(), max)).flatten()
        };
        let external_id = optional("externalId", &input.external_id, WORD_LENGTH_MAX);
        let campaign = optional("campaign", &input.campaign, CAMPAIGN_LENGTH_MAX);
        let interest = Interest {
            brand: optional("brand", &input.interest.brand, WORD_LENGTH_MAX),
            product: optional("product", &input.interest.product, WORD_LENGTH_MAX),
            kind: optional("interest", &input.interest.kind, WORD_LENGTH_MAX),
        };
        let (street, city, region) = (
            optional("street", &input.street, WORD_LENGTH_MAX),
            optional("city", &input.city, WORD_LENGTH_MAX),
            optional("region", &input.region, WORD_LENGTH_MAX),
        );
        let comments = optional("comments", &input.comments, COMMENTS_LENGTH_MAX);
        let mut person = Person {
            first_name: optional("firstName", &input.person.first_name, NAME_LENGTH_MAX),
            last_name: optional("lastName", &input.person.last_name, NAME_LENGTH_MAX),
            email: optional("email", &input.person.email, WORD_LENGTH_MAX),
            phone: optional("phone", &input.person.phone, PHONE_LENGTH_MAX),
        };
        let language = problems.keep(optional_language("language", input.language.as_deref())).flatten();
        if person.email.is_none() && person.phone.is_none() {
            let message = "the customer can't be reached, give a mail address or a phone number";
            problems.add("email", InvalidCode::Required, message);
        }
        person.email = person.email.and_then(|address| problems.keep(email("email", &address)));
        let country = input.country.as_deref().map(str::trim).filter(|country| !country.is_empty());
        let country = country.map_or(Ok(submission.tenant.country), CountryCode::parse);
        let country = problems.keep(country).unwrap_or(submission.tenant.country);
        let code = input.postal_code.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let code = code.and_then(|code| problems.keep(PostalCode::parse(country, code)));
        let given = input.point.and_then(|point| problems.keep(point.parse()));
        let located = || (submission.locate)(country, code.as_ref()?);
        let point = match given {
            Some(point) => Some((point, PointSource::Given)),
            None => located().map(|place| (place.point, PointSource::PostalCode)),
        };
        let received_at = input.received_at.unwrap_or(submission.at);
        if received_at > submission.at + AHEAD_MAX {
            let message = format!("`{received_at}` lies in the future, check the clock and the time zone");
            problems.add("receivedAt", InvalidCode::OutOfRange, message);
        }
        problems.done(Self {
            tenant: submission.tenant.id,
            id: submission.id,
            external_id,
            source: source.unwrap_or_default(),
            campaign,
            interest,
            person,
            address: Address { street, city, region, country, postal_code: code },
            point,
            comments,
            language,
            received_at,
            created_by: submission.created_by.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use uuid::Uuid;

    use super::*;
    use crate::domain::tenant::DistanceUnit;

    const AT: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn build(input: &RequestInput) -> Result<Request, Vec<Invalid>> {
        let tenant = Tenant {
            id: Uuid::nil().into(),
            name: "Acme".into(),
            slug: "acme".into(),
            distance_unit: DistanceUnit::Mi,
            time_zone: Tz::UTC,
            country: CountryCode::US,
            link_lifetime: AHEAD_MAX,
            network_version: 1,
            created_at: AT,
        };
        let locate = |_: CountryCode, code: &PostalCode| {
            let point = Point::new(42.38, -71.13).unwrap();
            (code.as_str() == "02138").then_some(Located { point, region: None })
        };
        let id = Uuid::nil().into();
        Request::build(input, Submission { tenant: &tenant, id, at: AT, created_by: "web", locate: &locate })
    }

    fn minimal() -> RequestInput {
        let person = Person { phone: Some("702-555-0189".into()), ..Person::default() };
        RequestInput { source: Some("web".into()), person, ..RequestInput::default() }
    }

    // IFACE-4
    #[test]
    fn the_point_is_the_given_one_else_that_of_the_postal_code_else_none() {
        let code = |code: &str| RequestInput { postal_code: Some(code.into()), ..minimal() };
        assert_eq!(build(&code("2138")).unwrap().point.unwrap().1, PointSource::PostalCode);
        let given = RequestInput { point: Some(PointInput { lat: 1.0, lon: 2.0 }), ..code("02138") };
        assert_eq!(build(&given).unwrap().point, Some((Point::new(1.0, 2.0).unwrap(), PointSource::Given)));
        let unknown = build(&code("99999")).unwrap();
        assert_eq!((unknown.point, unknown.address.postal_code.unwrap().as_str()), (None, "99999"));
    }

    #[test]
    fn every_problem_of_a_request_is_named() {
        let person = Person { email: Some("ann".into()), ..Person::default() };
        let input = RequestInput {
            person,
            country: Some("USA".into()),
            postal_code: Some("x".into()),
            received_at: Some(AT + AHEAD_MAX + AHEAD_MAX),
            ..RequestInput::default()
        };
        let problems = build(&input).unwrap_err();
        let paths: Vec<String> = problems.iter().map(|problem| problem.path.join(".")).collect();
        assert_eq!(paths, ["source", "email", "country", "postalCode", "receivedAt"]);
        let nobody = RequestInput { source: Some("web".into()), ..RequestInput::default() };
        assert_eq!(build(&nobody).unwrap_err()[0].code, InvalidCode::Required);
    }

    // AUTH-3
    #[test]
    fn what_is_printed_for_a_programmer_holds_no_personal_data() {
        assert!(!format!("{:?}", minimal()).contains("555"));
    }
}
