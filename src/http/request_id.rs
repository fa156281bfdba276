//! A request's id: by it an answer, a log line and a person's complaint are brought together.

use actix_web::HttpRequest;

use crate::clock::Entropy;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// Longer ids from outside are replaced: they go into every log line.
const REQUEST_ID_CHARS_MAX: usize = 64;

/// The caller's own id if it is a sensible one, so that a log can be followed through proxies; else a new one.
pub fn request_id(request: &HttpRequest, entropy: &Entropy) -> String {
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok());
    let sensible = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    match given.filter(sensible) {
        Some(id) => id.to_owned(),
        None => format!("{:032x}", u128::from_be_bytes(entropy.bytes())),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    // RUN-4
    #[test]
    fn a_sensible_id_from_outside_is_kept_and_any_other_replaced() {
        let entropy = Entropy::from_seed(1);
        let given = |id: &str| {
            let request = TestRequest::default().insert_header((REQUEST_ID_HEADER, id.to_owned())).to_http_request();
            request_id(&request, &entropy)
        };
        assert_eq!(given("proxy-1.2_3"), "proxy-1.2_3");
        for id in ["", "a b", "a\"b", &"x".repeat(65)] {
            assert_eq!(given(id).len(), 32, "{id}");
        }
    }
}
