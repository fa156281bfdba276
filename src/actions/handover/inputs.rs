//! What a decision was made from, as it is kept with it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::lead::{Lead, LeadState, Recipient};
use crate::domain::request::{PointSource, Request};
use crate::domain::{CountryCode, PostalCode};

/// Which network a decision was made from.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Seen {
    /// The version in which candidates were found, and all others counted.
    pub version: i64,
    /// The version as which those who were found were looked at, the same or a later one.
    pub checked: i64,
}

/// The values of the lead that mattered, and from which network candidates were taken, if from any; so that the decision can be
/// evaluated again. No personal data: decisions outlive erasure.
pub fn inputs(copy: &Lead, request: &Request, chain: &[Recipient], seen: Option<Seen>) -> String {
    let inputs = Inputs {
        state: copy.state,
        round: copy.round,
        holder: copy.recipient,
        chain,
        source: &copy.source,
        brand: copy.brand.as_deref(),
        country: request.address.country,
        postal_code: request.address.postal_code.as_ref(),
        point: request.point.map(|(point, source)| Place { lat: point.lat(), lon: point.lon(), source }),
        custom: &copy.custom,
        network: seen,
    };
    // INVARIANT: numbers, texts and maps by text always serialise.
    serde_json::to_string(&inputs).unwrap_or_else(|_| "null".to_owned())
}

/// [`inputs`], as they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inputs<'a> {
    state: LeadState,
    round: i64,
    holder: Option<Recipient>,
    chain: &'a [Recipient],
    source: &'a str,
    brand: Option<&'a str>,
    country: CountryCode,
    postal_code: Option<&'a PostalCode>,
    point: Option<Place>,
    custom: &'a Map<String, Value>,
    network: Option<Seen>,
}

#[derive(Serialize)]
struct Place {
    lat: f64,
    lon: f64,
    source: PointSource,
}
