//! Where a socket's credential stands: in the payload of `connection_init`, for a browser can't set a header when it opens a socket.

use serde_json::{Map, Value};

/// The credential, in the form of the header `authorization`: from `authorization` (whatever its case) or `token` of the payload, or from
/// such names in its `headers`, as clients send it. None if nothing of this is there.
pub(super) fn authorization(payload: &Map<String, Value>) -> Option<String> {
    named(payload).or_else(|| payload.get("headers").and_then(Value::as_object).and_then(named))
}

fn named(fields: &Map<String, Value>) -> Option<String> {
    let text = |wanted: &str| {
        let found = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    };
    let with_scheme = |token: &str| if token.contains(' ') { token.to_owned() } else { format!("Bearer {token}") };
    text("authorization").map(str::to_owned).or_else(|| text("token").map(with_scheme))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // API-1, AUTH-1
    #[test]
    fn a_credential_is_found_where_clients_put_it() {
        for (payload, expected) in [
            (json!({ "Authorization": "Bearer a" }), Some("Bearer a")),
            (json!({ "authorization": "Bearer a", "token": "b" }), Some("Bearer a")),
            (json!({ "token": "a" }), Some("Bearer a")),
            (json!({ "token": "Bearer a" }), Some("Bearer a")),
            (json!({ "headers": { "Authorization": "Bearer a" } }), Some("Bearer a")),
            (json!({ "authorization": "" }), None),
            (json!({ "authorization": 1, "other": "Bearer a" }), None),
            (json!({}), None),
        ] {
            assert_eq!(authorization(payload.as_object().unwrap()).as_deref(), expected, "{payload}");
        }
    }
}
