//! Reads the parameters of GraphQL over HTTP from a body or a query string.
//!
//! It never repeats a value that it refuses, and never guesses: a list is no object, a number no name.

use actix_web::HttpRequest;
use actix_web::http::header;
use async_graphql::{Request, Variables};
use mime::Mime;
use serde_json::{Map, Value};

use super::refusal::HttpRefusal;

/// Refuses a body that is not declared to be JSON in UTF-8.
///
/// A browser sends any other type without asking first, so this is what keeps foreign pages from posting here.
pub(super) fn check_content_type(request: &HttpRequest) -> Result<(), HttpRefusal> {
    let text = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime: Mime = text.and_then(|text| text.parse().ok()).ok_or(HttpRefusal::ContentType)?;
    let utf8 = mime.get_param(mime::CHARSET).is_none_or(|charset| charset == mime::UTF_8);
    if mime.essence_str() != mime::APPLICATION_JSON.essence_str() || !utf8 {
        return Err(HttpRefusal::ContentType);
    }
    match request.headers().get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(HttpRefusal::ContentEncoding),
        _ => Ok(()),
    }
}

/// The request in a body.
pub(super) fn from_body(body: &[u8]) -> Result<Request, HttpRefusal> {
    if body.is_empty() {
        return Err(HttpRefusal::EmptyBody);
    }
    match json("body", body)? {
        Value::Object(parameters) => from_parameters(parameters),
        Value::Array(_) => Err(HttpRefusal::Batch),
        other => Err(HttpRefusal::NotAnObject(kind(&other))),
    }
}

/// The request in a query string: `variables` and `extensions` are JSON in it.
pub(super) fn from_query_string(query_string: &str) -> Result<Request, HttpRefusal> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
        let value = match &*name {
            "query" | "operationName" => Value::String(value.into_owned()),
            "variables" => nested("parameter `variables`", &value)?,
            "extensions" => nested("parameter `extensions`", &value)?,
            _ => continue,
        };
        parameters.insert(name.into_owned(), value);
    }
    from_parameters(parameters)
}

/// An empty parameter is an absent one: forms send them so.
fn nested(part: &'static str, text: &str) -> Result<Value, HttpRefusal> {
    if text.is_empty() { Ok(Value::Null) } else { json(part, text.as_bytes()) }
}

fn json(part: &'static str, text: &[u8]) -> Result<Value, HttpRefusal> {
    let text = std::str::from_utf8(text).map_err(|error| HttpRefusal::NotUtf8 { part, at: error.valid_up_to() })?;
    serde_json::from_str(text).map_err(|error| HttpRefusal::NotJson { part, reason: error.to_string() })
}

/// The request in the parameters of one.
pub(super) fn from_parameters(mut parameters: Map<String, Value>) -> Result<Request, HttpRefusal> {
    let query = match parameters.remove("query") {
        Some(Value::String(query)) => query,
        None | Some(Value::Null) => return Err(HttpRefusal::NoQuery),
        Some(other) => return Err(wrong("query", &other, "the document as text")),
    };
    let mut request = Request::new(query);
    request.operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(other) => return Err(wrong("operationName", &other, "the operation's name as text")),
    };
    request.variables = Variables::from_json(object("variables", parameters.remove("variables"))?);
    if let Ok(async_graphql::Value::Object(extensions)) =
        async_graphql::Value::from_json(object("extensions", parameters.remove("extensions"))?)
    {
        let named = extensions.into_iter().map(|(name, value)| (name.to_string(), value));
        request.extensions = async_graphql::Extensions(named.collect());
    }
    Ok(request)
}

fn object(parameter: &'static str, value: Option<Value>) -> Result<Value, HttpRefusal> {
    match value {
        None | Some(Value::Null) => Ok(Value::Object(Map::new())),
        Some(Value::Object(map)) => Ok(Value::Object(map)),
        Some(other) => Err(wrong(parameter, &other, "a JSON object")),
    }
}

fn wrong(parameter: &'static str, found: &Value, expected: &'static str) -> HttpRefusal {
    HttpRefusal::Parameter { parameter, found: kind(found), expected }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> String {
        from_body(body).unwrap_err().to_string()
    }

    // API-1
    #[test]
    fn each_way_to_get_the_body_wrong_has_its_own_sentence() {
        for (body, sentence) in [
            (&b""[..], "the body is empty"),
            (b"{", "the body is not JSON: EOF while parsing an object at line 1 column 1"),
            (b"{\"query\": \"\xff\"}", "the body is not text in UTF-8: the byte at position 11 is wrong"),
            (b"[{\"query\": \"{ a }\"}]", "a list of requests is not understood here"),
            (b"7", "the body is a number"),
            (b"{}", "`query` is missing"),
            (b"{\"query\": 7}", "`query` is a number: send the document as text"),
            (b"{\"query\": \"{ a }\", \"operationName\": []}", "`operationName` is a list"),
            (b"{\"query\": \"{ a }\", \"variables\": \"x\"}", "`variables` is text: send a JSON object"),
            (b"{\"query\": \"{ a }\", \"extensions\": false}", "`extensions` is a boolean: send a JSON object"),
        ] {
            assert!(refused(body).starts_with(sentence), "{}", refused(body));
        }
    }

    #[test]
    fn json_nested_a_thousand_deep_is_refused_instead_of_followed() {
        let deep = format!("{{\"query\": \"{{ a }}\", \"variables\": {{\"x\": {}", "[".repeat(1_000));
        assert!(refused(deep.as_bytes()).contains("recursion limit"), "{}", refused(deep.as_bytes()));
    }

    // API-1
    #[test]
    fn a_query_string_carries_the_same_parameters() {
        let request = from_query_string("query=query+a%7Bb%7D&operationName=a&variables=%7B%22n%22%3A1%7D&other=x");
        let request = request.unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("query a{b}", Some("a")));
        assert_eq!(request.variables.into_value().to_string(), "{n: 1}");
        assert!(from_query_string("query=%7Ba%7D&variables=").is_ok());
        assert!(from_query_string("variables=%7B%7D").is_err());
        let broken = from_query_string("query=%7Ba%7D&variables=%7B").unwrap_err().to_string();
        assert!(broken.starts_with("the parameter `variables` is not JSON"), "{broken}");
    }
}
