//! Name and value pairs as the JSON objects of events.

use serde_json::{Map, Value};

/// Pairs as an object with the last value of each name.
pub(super) fn last_values(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect::<Map<_, _>>().into()
}

/// Pairs as an object of lists.
pub(super) fn all_values(pairs: &[(String, String)]) -> Value {
    let mut lists = Map::new();
    for (name, value) in pairs {
        let list = lists.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
        list.as_array_mut().expect("only lists are put in").push(value.as_str().into());
    }
    lists.into()
}

/// Pairs as an object with the values of each name joined by commas.
pub(super) fn joined_values(pairs: &[(String, String)]) -> Value {
    let mut joined = Map::new();
    for (name, value) in pairs {
        let text = joined.get(name).and_then(Value::as_str).map(|before| format!("{before},{value}"));
        joined.insert(name.clone(), text.unwrap_or_else(|| value.clone()).into());
    }
    joined.into()
}

/// The object, or null if it is empty, as in payload format 1.0.
pub(super) fn or_null(object: Value) -> Value {
    if object.as_object().is_some_and(Map::is_empty) { Value::Null } else { object }
}

pub(super) fn lower_case(pairs: &[(String, String)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
}
