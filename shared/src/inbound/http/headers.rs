//! Headers in any letter case, and every value of each.
//!
//! Whatever a header holds can't fail the event: a value that is no text still counts as a value, though no legal one.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::text::{Members, string};

/// An event's object of headers, whose values are strings or arrays of strings.
pub(super) struct Headers<'a>(pub(super) Members<'a>);

impl<'a> Headers<'a> {
    /// Every value of a header.
    pub(super) fn all(&self, name: &str) -> Vec<Cow<'a, str>> {
        let named = self.0.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.flat_map(|(_, raw)| values(raw)).collect()
    }
}

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
