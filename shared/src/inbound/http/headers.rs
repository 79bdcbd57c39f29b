//! The headers of an event, with every value. Names are compared without regard to letter case.
//!
//! No header makes an event unreadable: a value that is not text counts as a value, but is never a valid one.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::text::{Members, string};

/// The object of headers, or of query parameters, in an event. Its values are strings or arrays of strings.
pub(super) struct Headers<'a>(pub(super) Members<'a>);

impl<'a> Headers<'a> {
    pub(super) fn all(&self, name: &str) -> Vec<Cow<'a, str>> {
        let named = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.flat_map(|(_, raw)| values(raw)).collect()
    }
}

pub(super) fn values(raw: &RawValue) -> Vec<Cow<'_, str>> {
    let text = |raw| string(raw).unwrap_or(Cow::Borrowed("\u{fffd}"));
    match raw.get().as_bytes().first() {
        Some(b'n') => Vec::new(),
        Some(b'[') => {
            serde_json::from_str::<Vec<&RawValue>>(raw.get()).unwrap_or_default().into_iter().map(text).collect()
        }
        _ => vec![text(raw)],
    }
}
