//! Verifying a key and its secret: what the key function does, and what any other service of yours should do.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::error::{Error, Mismatch};
use crate::record::{Record, parse_key};
use crate::secret::{Secret, SecretHash};
use crate::store::{Store, StoreDeadline};

/// A key and secret as shown by a caller, well-formed but not yet believed.
#[derive(Debug)]
pub struct Presented {
    key: Uuid,
    secret: Secret,
}

impl Presented {
    /// Takes a lower-case hyphenated UUID and 64 lower-case hexadecimal digits; anything else can't be a key of ours.
    #[must_use]
    pub fn parse(key: &str, secret: &str) -> Option<Self> {
        Some(Self { key: parse_key(key)?, secret: Secret::from_hex(secret)? })
    }
}

/// Verifies a key by one consistent read. An unknown key costs the same work as a wrong secret, and a record past its
/// `expiresAt` does not count even while the store still holds it.
///
/// # Errors
/// [`Error::AuthenticationFailed`] when it does not verify, [`Error::CreateApikeyFailed`] when the store fails or the
/// record is damaged.
pub async fn verify(
    presented: &Presented,
    now: Timestamp,
    store: &Store,
    deadline: StoreDeadline,
) -> Result<Record, Error> {
    let key = presented.key;
    let shown = presented.secret.hash();
    let found = store.find(key, deadline).await?;
    let (stored, known) = match &found {
        Some(item) => (item.secret_hash(key)?, true),
        None => (SecretHash::of_nothing(), false),
    };
    let mismatch = |reason| Error::AuthenticationFailed(Mismatch { reason, key: Some(key) });
    let matches = stored.matches(&shown);
    let Some(item) = found.filter(|_| matches) else {
        return Err(mismatch(if known { "secretWrong" } else { "keyUnknown" }));
    };
    let record = item.into_record(key)?;
    if record.expires_at.is_past(now) {
        return Err(mismatch("keyExpired"));
    }
    Ok(record)
}
