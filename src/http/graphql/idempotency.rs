//! The `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): a string of structured fields in quotes,
//! or, as most clients send it, the same without quotes.
//!
//! It only reads the key; what a repeated key means is for the mutation to decide.

use actix_web::HttpRequest;

use super::refusal::HttpRefusal;
use crate::graphql::guard::IdempotencyKeyHeader;

/// Room for any UUID, hash or composed name; the key is stored with its answer.
const KEY_CHARS_MAX: usize = 255;
const HEADER: &str = "idempotency-key";

/// The key of `request`, if it has one.
pub(super) fn key(request: &HttpRequest) -> Result<Option<IdempotencyKeyHeader>, HttpRefusal> {
    let mut values = request.headers().get_all(HEADER);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(HttpRefusal::IdempotencyKey("is given more than once: send one"));
    }
    let text = value.to_str().map_err(|_| HttpRefusal::IdempotencyKey("may hold printable ASCII only"))?.trim();
    let key = if text.starts_with('"') { unquote(text) } else { Some(text.to_owned()) };
    let key = key.ok_or(HttpRefusal::IdempotencyKey("is not a quoted string: close the quote, or leave both out"))?;
    match key.len() {
        0 => Err(HttpRefusal::IdempotencyKey("is empty: send a value that is unique to the change, such as a UUID")),
        1..=KEY_CHARS_MAX => Ok(Some(IdempotencyKeyHeader(key))),
        _ => Err(HttpRefusal::IdempotencyKey("is longer than 255 characters: send a shorter one, such as a UUID")),
    }
}

/// A string of RFC 9651: `\"` and `\\` are the only escapes.
fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut characters = inner.chars();
    let mut key = String::with_capacity(inner.len());
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => key.push(other),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(value: &str) -> Result<Option<IdempotencyKeyHeader>, HttpRefusal> {
        key(&TestRequest::default().insert_header((HEADER, value)).to_http_request())
    }

    // BULK-8
    #[test]
    fn a_key_is_read_with_and_without_quotes() {
        assert_eq!(key(&TestRequest::default().to_http_request()), Ok(None));
        for (value, expected) in [("\"8e03\"", "8e03"), ("8e03", "8e03"), (r#""a\"b\\c""#, r#"a"b\c"#)] {
            assert_eq!(read(value), Ok(Some(IdempotencyKeyHeader(expected.to_owned()))), "{value}");
        }
        assert!(read(&"k".repeat(255)).is_ok());
    }

    // BULK-8
    #[test]
    fn an_empty_broken_too_long_or_doubled_key_is_refused() {
        for value in ["", "\"\"", "\"a", "\"a\"b\"", "\"a\\n\"", "\"", &"k".repeat(256)] {
            assert!(read(value).is_err(), "{value}");
        }
        let twice = TestRequest::default().append_header((HEADER, "a")).append_header((HEADER, "b"));
        assert!(key(&twice.to_http_request()).is_err());
    }
}
