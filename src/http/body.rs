//! A request's body, within bounds.

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, Payload};
use futures_util::StreamExt;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyRefusal {
    /// It is longer than allowed, as announced or as far as it was read.
    TooLarge {
        /// Bytes.
        allowed: u64,
        /// Bytes.
        found: u64,
    },
    /// The client went away before its end.
    CutOff,
}

/// Reads a body of at most `bytes_max`; a longer one is not kept, whether or not it announced its length.
pub(super) async fn body(request: &HttpRequest, mut payload: Payload, bytes_max: u64) -> Result<Vec<u8>, BodyRefusal> {
    check_announced(request, bytes_max)?;
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk: Bytes = chunk.map_err(|_| BodyRefusal::CutOff)?;
        let found = (body.len() + chunk.len()) as u64;
        if found > bytes_max {
            return Err(BodyRefusal::TooLarge { allowed: bytes_max, found });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Refuses a body that announces itself as too long, before any of it is read.
pub(super) fn check_announced(request: &HttpRequest, bytes_max: u64) -> Result<(), BodyRefusal> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match announced.filter(|&length: &u64| length > bytes_max) {
        Some(found) => Err(BodyRefusal::TooLarge { allowed: bytes_max, found }),
        None => Ok(()),
    }
}
