//! The headers of an event, with every value. Names are compared without regard to letter case.
//!
//! No header makes an event unreadable: a value that is not text counts as a value, but is never a valid one.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::text::{Members, string};

/// The headers of an HTTP request in an event. Each value of the two objects is a string or an array of strings.
#[derive(Default)]
pub(super) struct Headers<'a> {
    single: Members<'a>,
    several: Members<'a>,
}

impl<'a> Headers<'a> {
    /// Takes the members `headers` and `multiValueHeaders` of an event, each of which may be absent.
    pub(super) fn read(event: &Members<'a>) -> Self {
        Self { several: object(event, "multiValueHeaders").unwrap_or_default(), ..Self::read_single(event) }
    }

    /// Takes the member `headers` alone.
    pub(super) fn read_single(event: &Members<'a>) -> Self {
        Self { single: object(event, "headers").unwrap_or_default(), several: Members::default() }
    }

    /// Every value of a header.
    ///
    /// REST APIs list each header twice: all values in `multiValueHeaders`, and the last value in `headers`.
    pub(super) fn all(&self, name: &str) -> Vec<Cow<'a, str>> {
        let mut values = named(&self.several, name);
        let listed = values.len();
        for value in named(&self.single, name) {
            if !values[..listed].contains(&value) {
                values.push(value);
            }
        }
        values
    }
}

/// A member that is an object.
pub(super) fn object<'a>(event: &Members<'a>, member: &str) -> Option<Members<'a>> {
    event.get(member).and_then(|object| Members::parse(object.get()))
}

fn named<'a>(headers: &Members<'a>, name: &str) -> Vec<Cow<'a, str>> {
    let named = headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    named.flat_map(|(_, raw)| values(raw)).collect()
}

/// The values of a header or a parameter: of an array, of a single value, or none of `null`.
pub(super) fn values(raw: &RawValue) -> Vec<Cow<'_, str>> {
    match raw.get().as_bytes().first() {
        Some(b'n') => Vec::new(),
        Some(b'[') => {
            serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default().into_iter().map(value).collect()
        }
        _ => vec![value(raw)],
    }
}

/// A value that should be a string. Any other value becomes a text that is no valid value.
pub(super) fn value(raw: &RawValue) -> Cow<'_, str> {
    string(raw).unwrap_or(Cow::Borrowed("\u{fffd}"))
}
