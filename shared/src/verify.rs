//! Verifying a key and its secret: what the key function does, and what any other service of yours should do.
//!
//! A refusal says nothing of its reason, nor does the time that it takes.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::deadline::Deadline;
use crate::error::{AuthenticationFailure, Error};
use crate::record::{Record, parse_key};
use crate::secret::{Secret, SecretHash};
use crate::store::{Store, StoredItem};

/// A refusal is told at a whole number of these after it was asked for. A store finds nothing sooner than it reads a record;
/// DynamoDB speaks of single-digit milliseconds for itself, so that most calls are over within the first.
const BEAT: Duration = Duration::from_millis(20);

/// Why a key that has no record does not verify.
pub(crate) const KEY_UNKNOWN: &str = "keyUnknown";

/// A key and the hash of its secret as shown by a caller, well-formed but not yet believed.
#[derive(Clone, Debug)]
pub struct PresentedKey {
    key: Uuid,
    shown: SecretHash,
}

impl PresentedKey {
    /// Takes a key and a secret that were read before.
    #[must_use]
    pub fn new(key: Uuid, secret: &Secret) -> Self {
        Self { key, shown: secret.hash() }
    }

    /// Takes a lower-case hyphenated UUID and 64 lower-case hexadecimal digits; anything else can't be a key of ours.
    #[must_use]
    pub fn parse(key: &str, secret: &str) -> Option<Self> {
        Some(Self::new(parse_key(key)?, &Secret::from_hex(secret)?))
    }
}

/// Verifies a key by one consistent read. A refusal waits for the next beat: nobody is to learn from a clock which keys exist.
///
/// # Errors
/// [`Error::AuthenticationFailed`] when it does not verify, [`Error::CreateApikeyFailed`] when the store fails or the
/// record is damaged.
pub async fn verify(
    presented: &PresentedKey,
    now: Timestamp,
    store: &Store,
    deadline: Deadline,
) -> Result<Record, Error> {
    let began = Instant::now();
    let found = store.find(presented.key, deadline).await?;
    let outcome = check(presented.key, &presented.shown, found, now);
    if matches!(outcome, Err(Error::AuthenticationFailed(_))) {
        // Boxed, so that a good key does not carry the room for it.
        Box::pin(deadline.hold_until(next_beat(began, Instant::now()))).await;
    }
    outcome
}

/// The first whole number of beats after `began` that is still to come.
fn next_beat(began: Instant, now: Instant) -> Instant {
    let whole = now.duration_since(began).as_nanos() / BEAT.as_nanos();
    began + BEAT.saturating_mul(u32::try_from(whole).unwrap_or(u32::MAX).saturating_add(1))
}

/// Checks what was found. An unknown key costs the same work as a wrong secret, and a record past its `expiresAt` does
/// not count even while the store still holds it.
fn check(key: Uuid, shown: &SecretHash, found: Option<StoredItem>, now: Timestamp) -> Result<Record, Error> {
    let failed = |reason| Err(Error::AuthenticationFailed(AuthenticationFailure { reason, key: Some(key) }));
    let stored = match &found {
        Some(item) => item.secret_hash(key)?,
        None => SecretHash::of_nothing(),
    };
    // Compared even where there is no record.
    let matches = stored.matches(shown);
    let item = match found {
        Some(item) if matches => item,
        Some(_) => return failed("secretWrong"),
        None => return failed(KEY_UNKNOWN),
    };
    let record = item.into_record(key)?;
    if record.expires_at.is_past(now) { failed("keyExpired") } else { Ok(record) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_for_a_whole_number_of_beats() {
        let began = Instant::now();
        for (took, beats) in [(0, 1), (1, 1), (19, 1), (20, 2), (21, 2), (39, 2), (40, 3), (2_499, 125)] {
            let now = began + Duration::from_millis(took);
            assert_eq!(next_beat(began, now), began + BEAT * beats, "after {took} ms");
        }
    }
}
