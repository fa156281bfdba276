//! What a change changed: before and after, only of what differs, for the timeline.

use serde::Serialize;
use serde_json::{Map, Value};

/// Says nothing about the thing itself: its id stands beside, the rest changes with every write.
const LEFT_OUT: [&str; 5] = ["tenant", "id", "version", "createdAt", "updatedAt"];

/// The fields that differ, as they were and as they are. What is missing altogether is `None`.
pub fn changes<T: Serialize>(before: Option<&T>, after: Option<&T>) -> (Option<Value>, Option<Value>) {
    let (old, new) = (before.map(fields), after.map(fields));
    let differs = |key: &String| old.as_ref().and_then(|old| old.get(key)) != new.as_ref().and_then(|new| new.get(key));
    let told = |own: &Map<String, Value>| {
        let own = own.iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str()) && differs(key));
        Value::Object(own.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    (old.as_ref().map(told), new.as_ref().map(told))
}

fn fields<T: Serialize>(thing: &T) -> Map<String, Value> {
    // Only used on plain structs of our own, which always serialise as objects.
    match serde_json::to_value(thing) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({"id": "dlr_1", "name": "Acme", "rating": 4.0, "version": 1});
        let after = json!({"id": "dlr_1", "name": "Acme", "rating": 4.5, "version": 2});
        assert_eq!(changes(Some(&before), Some(&after)), (Some(json!({"rating": 4.0})), Some(json!({"rating": 4.5}))));
        assert_eq!(changes(None, Some(&json!({"id": "x", "name": "Acme"}))), (None, Some(json!({"name": "Acme"}))));
    }
}
