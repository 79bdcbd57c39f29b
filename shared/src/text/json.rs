//! Strict parsing of JSON objects: a duplicate member, at any depth, is an error.
//!
//! Parsers disagree on which of two members of the same name counts, and attackers use that (RFC 8259 section 4).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::number::Number;

/// The maximum nesting depth of values.
const MAX_DEPTH: usize = 128;

/// The text is not a JSON object, has a duplicate member, or is nested too deeply.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnObject;

/// One JSON value.
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, exact.
    Number(Number<'a>),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Value<'a>>),
    /// An object.
    Object(Object<'a>),
}

/// The members of an object. Each name occurs once.
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Parses a text that is exactly one object.
    ///
    /// # Errors
    /// [`NotAnObject`] for anything else.
    pub fn parse(text: &'a str) -> Result<Self, NotAnObject> {
        parse_object(text, 0)
    }

    /// The member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find_map(|(member, value)| (member == name).then_some(value))
    }

    /// All members, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether the object is `{}`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn parse_object(text: &str, depth: usize) -> Result<Object<'_>, NotAnObject> {
    let Members(members) = serde_json::from_str(text).map_err(|_| NotAnObject)?;
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(NotAnObject);
    }
    members.into_iter().map(|(name, raw)| Ok((name, parse_value(raw, depth)?))).collect::<Result<_, _>>().map(Object)
}

fn parse_array(array: &RawValue, depth: usize) -> Result<Vec<Value<'_>>, NotAnObject> {
    let elements: Vec<&RawValue> = serde_json::from_str(array.get()).map_err(|_| NotAnObject)?;
    elements.into_iter().map(|element| parse_value(element, depth)).collect()
}

fn parse_value(raw: &RawValue, depth: usize) -> Result<Value<'_>, NotAnObject> {
    if depth > MAX_DEPTH {
        return Err(NotAnObject);
    }
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'n') => Value::Null,
        Some(b't' | b'f') => Value::Bool,
        Some(b'"') => Value::String(string(raw).ok_or(NotAnObject)?),
        Some(b'[') => Value::Array(parse_array(raw, depth + 1)?),
        Some(b'{') => Value::Object(parse_object(text, depth + 1)?),
        _ => Value::Number(Number::from_json(text)),
    })
}

/// The text of a raw value, if it is a valid string. A string with a lone surrogate is not valid.
pub(crate) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|Text(text)| text)
}

/// A string that borrows from its JSON text if it contains no escape.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of an object in the order of the text, including duplicates.
#[derive(Default)]
pub(crate) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Splits an object; `None` for any other JSON.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The first member of that name; `None` if it is null, since some gateways write null for an absent member.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.iter().find_map(|(member, raw)| (member == name).then_some(*raw)).filter(|raw| raw.get() != "null")
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, &'a RawValue)> {
        self.0.iter()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Text(name), raw)) = map.next_entry()? {
                    members.push((name, raw));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{NotAnObject, Object, Value};

    #[test]
    fn duplicate_members_are_refused_at_any_depth_and_in_escapes() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[[{"a":1,"a":2}]]}"#]
        {
            assert_eq!(Object::parse(text).err(), Some(NotAnObject), "{text}");
        }
    }

    #[test]
    fn only_text_that_is_exactly_one_object_is_parsed() {
        for text in [
            "",
            " ",
            "[]",
            "1",
            "\"{}\"",
            "null",
            "{} {}",
            "{}x",
            "{'a':1}",
            "{a:1}",
            "{\"a\":1,}",
            "{\"a\":NaN}",
            "{\"a\":01}",
            "\u{feff}{}",
            "{\"a\":\"\\ud800\"}",
            "{\"\\ud800\":1}",
            "{\"a\":[\"\\ud800\"]}",
            "// c\n{}",
        ] {
            assert_eq!(Object::parse(text).err(), Some(NotAnObject), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(Object::parse(&nested(120)).is_ok());
        assert_eq!(Object::parse(&nested(130)).err(), Some(NotAnObject));
        assert_eq!(Object::parse(&nested(100_000)).err(), Some(NotAnObject));
    }

    #[test]
    fn members_are_found_by_their_unescaped_name() {
        let object = Object::parse(r#"{"\u006eame":"\ud83d\ude00","n":1e400}"#).unwrap();
        assert!(matches!(object.get("name"), Some(Value::String(text)) if text == "😀"));
        assert!(matches!(object.get("n"), Some(Value::Number(_))));
        assert!(object.get("absent").is_none());
    }
}
