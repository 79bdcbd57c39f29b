//! Something behind the function failed.

use std::borrow::Cow;

use super::key_id::KeyId;

/// A failure of a service behind the function. An SDK error is reduced to this, since its own text can hold the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What failed, as one word for the log: an AWS error code or one of this service.
    pub reason: Cow<'static, str>,
    /// The request id that AWS Support asks for.
    pub aws_request_id: Option<String>,
    /// The key whose record was read.
    pub key_id: Option<KeyId>,
}

impl Fault {
    /// A fault that AWS reported nothing about.
    #[must_use]
    pub const fn new(reason: &'static str) -> Self {
        Self { reason: Cow::Borrowed(reason), aws_request_id: None, key_id: None }
    }
}

/// Whether text from outside is as short and plain as an AWS error code or request id, and may be logged as one.
#[must_use]
pub(crate) fn is_plain_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
