//! `Idempotency-Key`: the same caller, value and request get the same answer for 24 hours.
//!
//! The answer is sealed (encrypted) with a key that is derived from the value. The value is never stored, so the table
//! alone opens no answer. The header is defined in draft-ietf-httpapi-idempotency-key-header.

mod seal;

use uuid::Uuid;

use super::key_response::KeyResponse;
use crate::domain::{ExpiresAt, Fault, IdempotencyRecord, KeyRequest, Principal, Timestamp, length_prefixed};

/// The time for which an answer is stored, in seconds.
const KEPT_SECONDS: u64 = 24 * 60 * 60;

/// The longest prefix, in characters.
const MAX_PREFIX: usize = 64;

/// The length of a hyphenated UUID.
const UUID_CHARS: usize = 36;

/// A UUID that the caller chose, in canonical form, with or without a prefix.
pub struct IdempotencyKey(String);

/// The text does not end in a UUID, or has an invalid prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// Reads a hyphenated UUID, after a prefix of up to 64 letters, digits, `_`, `.`, `:` and `-`. The text is bare or a
    /// structured-field string (RFC 9651 section 3.3.3).
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] for any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let start = bare.len().checked_sub(UUID_CHARS).ok_or(InvalidIdempotencyKey)?;
        let (prefix, uuid) = bare.split_at_checked(start).ok_or(InvalidIdempotencyKey)?;
        let is_prefix = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if prefix.len() > MAX_PREFIX || !prefix.bytes().all(is_prefix) {
            return Err(InvalidIdempotencyKey);
        }
        let uuid = Uuid::try_parse(uuid).map_err(|_| InvalidIdempotencyKey)?;
        Ok(Self(format!("{prefix}{uuid}")))
    }
}

/// A create request that may be retried: its caller, its content, and the value that identifies it.
pub(super) struct Retry {
    id: String,
    request_hash: [u8; 32],
    value: IdempotencyKey,
}

/// Why a stored answer can't be returned.
pub(super) enum RecallError {
    /// The value was used for another request.
    OtherRequest,
    /// The stored answer is damaged.
    Fault(Fault),
}

impl Retry {
    /// Binds a value to its caller and request.
    pub(super) fn new(value: IdempotencyKey, caller: &Principal, request: &KeyRequest) -> Self {
        let id = hex::encode(length_prefixed(&[caller.scope().as_bytes(), value.0.as_bytes()]));
        Self { id: format!("idem#{id}"), request_hash: request.hash(), value }
    }

    /// The partition key of the idempotency record.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Seals an answer, which is stored together with the record of its key.
    ///
    /// # Errors
    /// A [`Fault`] when the cipher fails, which needs a far longer answer.
    pub(super) fn seal(
        &self,
        response: &KeyResponse,
        salt: [u8; 32],
        now: Timestamp,
    ) -> Result<IdempotencyRecord, Fault> {
        let sealed = seal::seal(&self.value.0, &salt, &self.id, response.expose().as_bytes());
        Ok(IdempotencyRecord {
            id: self.id.clone(),
            request_hash: self.request_hash,
            salt,
            sealed: sealed.ok_or(Fault::new("answerNotSealed"))?,
            expires_at: ExpiresAt::from_epoch_seconds(now.seconds_rounded_up() + KEPT_SECONDS),
        })
    }

    /// Opens the answer to an earlier request.
    ///
    /// # Errors
    /// A [`RecallError`].
    pub(super) fn open(&self, stored: &IdempotencyRecord) -> Result<KeyResponse, RecallError> {
        if stored.request_hash != self.request_hash {
            return Err(RecallError::OtherRequest);
        }
        let answer = seal::open(&self.value.0, &stored.salt, &self.id, &stored.sealed);
        answer.and_then(KeyResponse::from_bytes).ok_or(RecallError::Fault(Fault::new("idempotencyRecordDamaged")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2b0ff0b4-0b6d-1d0c-9b3e-0f3a7a6f1c55";

    #[test]
    fn a_value_is_a_uuid_of_any_version_with_or_without_a_prefix() {
        let longest = format!("{}{ID}", "a".repeat(64));
        for text in [ID, &format!("order_1.2:3-{ID}"), &longest, &format!("\"{ID}\""), &ID.to_uppercase()] {
            assert!(IdempotencyKey::parse(text).is_ok(), "{text}");
        }
        let parsed = IdempotencyKey::parse(&format!("A-{}", ID.to_uppercase())).map(|key| key.0);
        assert_eq!(parsed, Ok(format!("A-{ID}")));
        for text in [
            "",
            "\"\"",
            "order-1",
            &ID[1..],
            &format!("{ID}x"),
            &format!(" {ID}"),
            &format!("é{ID}"),
            &format!("a b{ID}"),
            &format!("a{longest}"),
            &format!("\"{ID}"),
            &format!("{{{ID}}}"),
            &ID.replace('-', ""),
        ] {
            assert!(IdempotencyKey::parse(text).is_err(), "{text}");
        }
    }
}
