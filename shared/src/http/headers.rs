//! The two headers that are looked at, in every spelling and number they come in.
//!
//! Whatever a header holds can't fail the event: a value that is no text still counts as a value, though no legal one.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Text, string};

/// The headers that are looked at, as `(name, value)`; a value is a string or an array of strings.
#[derive(Debug, Default)]
pub(super) struct Headers<'a>(Vec<(&'static str, &'a RawValue)>);

/// The headers that are looked at.
const KNOWN: [&str; 2] = ["authorization", "content-type"];

impl<'a> Headers<'a> {
    /// Every value of a header; `name` is lower-case.
    pub(super) fn all(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.0.iter().filter(|(known, _)| *known == name).flat_map(|(_, raw)| values(raw)).collect()
    }
}

/// The strings in a header's raw value. One that can't be decoded still counts as a value, though as no legal one.
fn values(raw: &RawValue) -> Vec<Cow<'_, str>> {
    let text = |raw| string(raw).unwrap_or(Cow::Borrowed("\u{fffd}"));
    match raw.get().as_bytes().first() {
        Some(b'n') => Vec::new(),
        Some(b'[') => {
            serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default().into_iter().map(text).collect()
        }
        _ => vec![text(raw)],
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Headers<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        pub(super) struct HeadersVisitor;

        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut headers = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    match KNOWN.iter().find(|known| name.eq_ignore_ascii_case(known)) {
                        Some(known) => headers.push((*known, map.next_value()?)),
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_map(HeadersVisitor)
    }
}
