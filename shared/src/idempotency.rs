//! Retries of a create: the same caller, value and request get the same answer for 24 hours.
//!
//! The answer is sealed under the value itself, which is never stored: the table alone opens nothing, and the service
//! needs no key of its own. The header is that of draft-ietf-httpapi-idempotency-key-header.

mod seal;

use std::borrow::Cow;
use std::fmt;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::created::CreatedBody;
use crate::digest::length_prefixed;
use crate::error::{Error, Fault, InvalidRequest};
use crate::expiry::ExpiresAt;
use crate::key_request::KeyRequest;
use crate::principal::Principal;

/// How long an answer is kept, in seconds.
const KEPT: u64 = 24 * 60 * 60;

/// A UUID that the caller drew at random, in its canonical spelling.
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a hyphenated UUID of version 4 or 7.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = Uuid::try_parse(text).ok().filter(|uuid| matches!(uuid.get_version_num(), 4 | 7))?.to_string();
        canonical.eq_ignore_ascii_case(text).then_some(Self(canonical))
    }

    /// Reads a structured-field string (RFC 9651 section 3.3.3), or the value bare.
    ///
    /// # Errors
    /// [`InvalidRequest::IdempotencyKeyInvalid`] for what is no such UUID.
    pub fn from_text(text: &str) -> Result<Self, InvalidRequest> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        Self::parse(bare).ok_or(InvalidRequest::IdempotencyKeyInvalid)
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`InvalidRequest::IdempotencyKeyInvalid`] for several values, or one that is no such UUID.
    pub fn from_header(values: &[Cow<'_, str>]) -> Result<Option<Self>, InvalidRequest> {
        match values {
            [] => Ok(None),
            [value] => Self::from_text(value).map(Some),
            _ => Err(InvalidRequest::IdempotencyKeyInvalid),
        }
    }
}

/// One create that may be tried again: whose it is, what it asks for, and the value that binds its tries together.
pub struct Retry {
    id: String,
    request_hash: [u8; 32],
    value: IdempotencyKey,
}

impl Retry {
    /// Binds a value to the caller and the request it came with.
    #[must_use]
    pub fn new(value: IdempotencyKey, caller: &Principal, request: &KeyRequest) -> Self {
        let id = hex::encode(length_prefixed(&[caller.scope().as_bytes(), value.0.as_bytes()]));
        Self { id: format!("idem#{id}"), request_hash: request.hash(), value }
    }

    /// The key of the item that remembers the answer.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Seals an answer, to be stored with the record it belongs to.
    ///
    /// # Errors
    /// A [`Fault`] when the cipher fails, which no answer of ours is long enough for.
    pub fn remember(&self, body: &CreatedBody, salt: [u8; 32], now: Timestamp) -> Result<Memo, Fault> {
        let sealed = seal::seal(&self.value.0, &salt, &self.id, body.expose().as_bytes());
        Ok(Memo {
            id: self.id.clone(),
            request_hash: self.request_hash,
            salt,
            sealed: sealed.ok_or(Fault::new("answerNotSealed"))?,
            expires_at: ExpiresAt::from_epoch_seconds(now.seconds_rounded_up() + KEPT),
        })
    }

    /// The answer that an earlier try got.
    ///
    /// # Errors
    /// [`InvalidRequest::IdempotencyKeyReused`] when that try asked for something else, a [`Fault`] when the memo is
    /// damaged.
    pub fn recall(&self, memo: &Memo) -> Result<CreatedBody, Error> {
        if memo.request_hash != self.request_hash {
            return Err(InvalidRequest::IdempotencyKeyReused.into());
        }
        let body = seal::open(&self.value.0, &memo.salt, &self.id, &memo.sealed);
        Ok(body.and_then(CreatedBody::from_bytes).ok_or(Fault::new("memoDamaged"))?)
    }
}

/// What is stored of an answer.
#[derive(Clone)]
pub struct Memo {
    /// The item's key.
    pub id: String,
    /// SHA-256 over what was asked for.
    pub request_hash: [u8; 32],
    /// What the sealing key is derived with; different for each memo.
    pub salt: [u8; 32],
    /// The answer, sealed.
    pub sealed: Vec<u8>,
    /// From when on the memo counts as absent.
    pub expires_at: ExpiresAt,
}

impl fmt::Debug for Memo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Memo(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_prints_nothing_of_what_it_holds() {
        let (id, sealed) = ("idem#canary".to_owned(), b"canary".to_vec());
        let memo =
            Memo { id, request_hash: [7; 32], salt: [7; 32], sealed, expires_at: ExpiresAt::from_epoch_seconds(1) };
        assert_eq!(format!("{memo:?}"), "Memo(..)");
    }
}
