//! What a customer asked for.

use async_graphql::{Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::domain;

/// Where a request's point comes from.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "crate::domain::request::PointSource")]
pub enum PointSource {
    /// It came with the request.
    Given,
    /// It is the centroid of the postal code.
    PostalCode,
}

/// Personal data of a customer.
#[derive(SimpleObject)]
pub struct Person {
    /// First name.
    first_name: Option<String>,
    /// Last name.
    last_name: Option<String>,
    /// Mail address.
    email: Option<String>,
    /// Telephone number as given.
    phone: Option<String>,
    /// Street and number.
    street: Option<String>,
    /// What the customer wrote.
    comments: Option<String>,
}

/// A point on the globe.
#[derive(SimpleObject)]
pub struct Point {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Where a lead's point comes from; null for other things' points.
    pub source: Option<PointSource>,
}

/// What a customer asked for, once, as somebody may see it.
pub struct Request {
    /// The request.
    pub request: domain::request::Request,
    /// Whether the customer's contact data is shown.
    pub shows_person: bool,
}

/// What a customer asked for, once.
#[Object]
impl Request {
    /// `req_…`
    pub async fn id(&self) -> ID {
        self.request.id.into()
    }

    /// The partner's own reference.
    async fn external_id(&self) -> Option<&str> {
        self.request.external_id.as_deref()
    }

    /// Where it came from. A lead's own may be another by now.
    async fn source(&self) -> &str {
        &self.request.source
    }

    /// The campaign that brought it. A lead's own may be another by now.
    async fn campaign(&self) -> Option<&str> {
        self.request.campaign.as_deref()
    }

    /// The brand asked for.
    async fn brand(&self) -> Option<&str> {
        self.request.interest.brand.as_deref()
    }

    /// The model, vehicle or article asked for.
    async fn product(&self) -> Option<&str> {
        self.request.interest.product.as_deref()
    }

    /// What about it: buy, lease, service, test drive.
    async fn interest(&self) -> Option<&str> {
        self.request.interest.kind.as_deref()
    }

    /// The customer's personal data; null until the copy is acknowledged if you are its recipient, and always for auditors. Whoever is
    /// assigned to the copy sees it.
    async fn person(&self) -> Option<Person> {
        self.shows_person.then(|| {
            let person = self.request.person.clone();
            Person {
                first_name: person.first_name,
                last_name: person.last_name,
                email: person.email,
                phone: person.phone,
                street: self.request.address.street.clone(),
                comments: self.request.comments.clone(),
            }
        })
    }

    /// The customer's town.
    async fn city(&self) -> Option<&str> {
        self.request.address.city.as_deref()
    }

    /// State, province or the like.
    async fn region(&self) -> Option<&str> {
        self.request.address.region.as_deref()
    }

    /// ISO 3166-1 alpha-2.
    async fn country(&self) -> String {
        self.request.address.country.to_string()
    }

    /// The normalised postal code; a Canadian one is its forward sortation area.
    async fn postal_code(&self) -> Option<&str> {
        self.request.address.postal_code.as_ref().map(domain::PostalCode::as_str)
    }

    /// Where distances are measured from; null when neither a point nor a known postal code was given. Shown like personal data when it
    /// came with the request.
    async fn point(&self) -> Option<Point> {
        let (point, source) = self.request.point?;
        let shown = self.shows_person || source == domain::request::PointSource::PostalCode;
        shown.then(|| Point { lat: point.lat(), lon: point.lon(), source: Some(source.into()) })
    }

    /// The language to answer in, as it came in: a BCP 47 tag. A lead's own may be another by now.
    async fn language(&self) -> Option<&str> {
        self.request.language.as_deref()
    }

    /// When it came in.
    async fn received_at(&self) -> DateTime<Utc> {
        self.request.received_at.datetime()
    }
}
