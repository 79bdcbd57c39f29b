//! A failure that the caller did not cause.

use std::borrow::Cow;

use super::key_id::KeyId;

/// A failure that the caller did not cause, such as a failed AWS call. An SDK error is reduced to a `Fault`, since the
/// text of the error can contain the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// One word for the log: an AWS error code, or a reason word of this service.
    pub reason: Cow<'static, str>,
    /// The AWS request id, which AWS Support asks for.
    pub aws_request_id: Option<String>,
    /// The key that the failure concerns, if it is known.
    pub key_id: Option<KeyId>,
}

impl Fault {
    /// A fault without an AWS request id and without a key.
    #[must_use]
    pub const fn new(reason: &'static str) -> Self {
        Self { reason: Cow::Borrowed(reason), aws_request_id: None, key_id: None }
    }

    /// The record of a key has a missing, mistyped or invalid attribute.
    #[must_use]
    pub fn record_damaged(key_id: KeyId) -> Self {
        Self { key_id: Some(key_id), ..Self::new("recordDamaged") }
    }
}

/// Whether text from outside has the form of an AWS error code or request id, and can be logged.
#[must_use]
pub(crate) fn is_plain_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
