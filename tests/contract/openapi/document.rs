//! The document as one JSON value, with every reference resolved.

use std::collections::BTreeSet;

use regex_lite::Regex;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::Value;
use tests::host;

use super::operation::Operation;

/// The contents of `openapi.yaml`.
pub(super) struct Document(pub(super) Value);

impl Document {
    pub(super) fn read() -> Self {
        let text = std::fs::read_to_string(host::repository().join("openapi.yaml")).unwrap();
        let root = json(&Yaml::load_from_str(&text).unwrap()[0]);
        Self(resolved(&root, &root))
    }

    pub(super) fn operation(&self, operation: Operation) -> &Value {
        &self.0["paths"][operation.path()][operation.method().to_lowercase()]
    }

    /// The schema and the example of a parameter.
    pub(super) fn parameter(&self, operation: Operation, name: &str) -> (&Value, &Value) {
        let parameters = self.operation(operation)["parameters"].as_array().unwrap();
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
        (&parameter["schema"], &parameter["example"])
    }

    pub(super) fn response(&self, operation: Operation, status: u64) -> &Value {
        let response = &self.operation(operation)["responses"][status.to_string()];
        assert!(response.is_object(), "{operation:?} has no {status}");
        response
    }

    /// The content of a response or a request.
    pub(super) fn content(response: &Value) -> &Value {
        &response["content"]["application/json"]
    }

    /// The status and code of every documented refusal. Each refusal must have an example with its code as its name.
    pub(super) fn errors(&self, operation: Operation) -> BTreeSet<(u64, String)> {
        let mut errors = BTreeSet::new();
        for (status, response) in self.operation(operation)["responses"].as_object().unwrap() {
            if *status == operation.status().to_string() {
                continue;
            }
            let content = Self::content(response);
            let schema = &content["schema"]["properties"]["error"];
            let codes = schema["enum"].as_array().cloned().unwrap_or_else(|| vec![schema["const"].clone()]);
            let examples = content["examples"].as_object().unwrap();
            let names: BTreeSet<_> = examples.keys().map(String::as_str).collect();
            assert_eq!(names, codes.iter().filter_map(Value::as_str).collect(), "{operation:?}, {status}");
            for (name, example) in examples {
                assert_eq!(example["value"]["error"], name.as_str());
                assert_fits(&content["schema"], &example["value"]);
                errors.insert((status.parse().unwrap(), name.clone()));
            }
        }
        errors
    }
}

/// Asserts that a value matches a schema, for the keywords that the document uses.
pub(super) fn assert_fits(schema: &Value, value: &Value) {
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant);
    }
    if let Some(values) = schema["enum"].as_array() {
        assert!(values.contains(value), "{value}");
    }
    match schema["type"].as_str() {
        Some("object") => {
            let members = schema["properties"].as_object().unwrap();
            let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(required.iter().all(|name| value.get(name).is_some()), "{value} lacks one of {required:?}");
            for (name, member) in value.as_object().unwrap() {
                assert_fits(members.get(name).unwrap_or_else(|| panic!("{name} is unknown")), member);
            }
        }
        Some("array") => {
            let items = value.as_array().unwrap();
            assert!(items.len() as u64 <= schema["maxItems"].as_u64().unwrap());
            items.iter().for_each(|item| assert_fits(&schema["items"], item));
        }
        Some("string") => assert!(matches(schema, value.as_str().unwrap()), "{value}"),
        Some("integer") => {
            let number = value.as_i64().unwrap();
            assert!(number >= schema["minimum"].as_i64().unwrap() && number <= schema["maximum"].as_i64().unwrap());
        }
        Some(other) => panic!("unknown type: {other}"),
        None => assert!(schema.get("const").is_some() || schema.get("enum").is_some(), "a schema without a type"),
    }
}

/// Whether a text matches a schema of type string.
pub(super) fn matches(schema: &Value, text: &str) -> bool {
    let length = text.chars().count() as u64;
    schema["minLength"].as_u64().is_none_or(|least| length >= least)
        && schema["maxLength"].as_u64().is_none_or(|most| length <= most)
        && pattern(schema).is_match(text)
}

pub(super) fn pattern(schema: &Value) -> Regex {
    Regex::new(schema["pattern"].as_str().unwrap()).unwrap()
}

fn json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(nodes) => nodes.iter().map(json).collect(),
        Yaml::Mapping(members) => {
            members.iter().map(|(name, value)| (name.as_str().unwrap().to_owned(), json(value))).collect()
        }
        other => panic!("unknown node: {other:?}"),
    }
}

fn resolved(node: &Value, root: &Value) -> Value {
    match node {
        Value::Object(members) => match members.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
                resolved(target.unwrap_or_else(|| panic!("{reference} leads nowhere")), root)
            }
            None => members.iter().map(|(name, value)| (name.clone(), resolved(value, root))).collect(),
        },
        Value::Array(nodes) => nodes.iter().map(|node| resolved(node, root)).collect(),
        other => other.clone(),
    }
}
