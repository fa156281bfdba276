//! A request: what a customer asked for, once. The only place where the customer's personal data stands.

use serde::{Deserialize, Serialize};

use super::dealer::Address;
use super::id::{RequestId, TenantId};
use super::place::Point;
use super::time::Timestamp;

/// What a customer asked for, once.
#[derive(Clone, Debug)]
pub struct Request {
    pub tenant: TenantId,
    pub id: RequestId,
    /// The partner's own reference; unique per source.
    pub external_id: Option<String>,
    pub source: String,
    pub campaign: Option<String>,
    pub interest: Interest,
    pub person: Person,
    pub address: Address,
    /// The customer's own point, else the postal code's centroid, else none: a named problem.
    pub point: Option<(Point, PointSource)>,
    pub comments: Option<String>,
    pub language: Option<String>,
    pub received_at: Timestamp,
    pub created_by: String,
}

/// What the customer wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    pub brand: Option<String>,
    /// A model, a vehicle, an article.
    pub product: Option<String>,
    /// What about it: buy, lease, service, test drive.
    pub kind: Option<String>,
}

/// Personal data: shown only to the holder of the lead and to staff, never in a log.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
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
