//! Verifies a key and its secret, for the key function and for other services.
//!
//! Every refusal has the same answer, at a constant interval, so that neither shows the reason.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Fault, KeyId, Record, Secret, SecretHash, Timestamp};
use crate::outbound::{Store, StoredItem};
use crate::platform::Deadline;

/// A refusal is returned at a whole multiple of this interval after the verification began. DynamoDB needs a different
/// time to find no record than to read one; most reads complete within the first interval.
const INTERVAL: Duration = Duration::from_millis(20);

/// The reason for a key without a record.
const KEY_UNKNOWN: &str = "keyUnknown";

/// Why a credential does not verify. The caller never sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// One word for the log.
    pub reason: &'static str,
    /// The presented key, if the credential names one.
    pub key_id: Option<KeyId>,
}

impl Rejection {
    /// A credential that names no key.
    #[must_use]
    pub const fn new(reason: &'static str) -> Self {
        Self { reason, key_id: None }
    }

    /// Whether the presented key has no record.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        self.reason == KEY_UNKNOWN
    }
}

/// Why a key does not verify.
#[derive(Debug)]
pub enum VerifyError {
    /// The key is unknown or has expired, or the secret is wrong.
    Rejected(Rejection),
    /// The store failed, or the record is damaged.
    Fault(Fault),
}

impl From<Fault> for VerifyError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A key id and the hash of a secret as a caller presents them: well-formed, not yet verified.
#[derive(Clone, Debug)]
pub struct PresentedKey {
    key_id: KeyId,
    secret_hash: SecretHash,
}

impl PresentedKey {
    /// Takes an id and a secret that are already parsed.
    #[must_use]
    pub fn new(key_id: KeyId, secret: &Secret) -> Self {
        Self { key_id, secret_hash: secret.hash() }
    }

    /// Reads a lower-case hyphenated UUID and 64 lower-case hexadecimal digits. No other text is an API key.
    #[must_use]
    pub fn parse(key_id: &str, secret: &str) -> Option<Self> {
        Some(Self::new(KeyId::parse(key_id)?, &Secret::from_hex(secret)?))
    }
}

/// Verifies a key with one consistent read. A refusal is returned at a constant interval, so that its time does not
/// show which keys exist.
///
/// # Errors
/// [`VerifyError::Rejected`] when the key does not verify, [`VerifyError::Fault`] when the store fails or the record is
/// damaged.
pub async fn verify(
    presented: &PresentedKey,
    now: Timestamp,
    store: &Store,
    deadline: Deadline,
) -> Result<Record, VerifyError> {
    let began = Instant::now();
    let found = store.find(presented.key_id, deadline).await?;
    let outcome = check(presented, found, now);
    if matches!(outcome, Err(VerifyError::Rejected(_))) {
        // Boxed, so that it does not enlarge the future of a valid key.
        Box::pin(deadline.hold_until(next_interval(began, Instant::now()))).await;
    }
    outcome
}

/// The next whole multiple of the interval after `began`.
fn next_interval(began: Instant, now: Instant) -> Instant {
    let whole = now.duration_since(began).as_nanos() / INTERVAL.as_nanos();
    began + INTERVAL.saturating_mul(u32::try_from(whole).unwrap_or(u32::MAX).saturating_add(1))
}

/// Checks the item that was found. An unknown key takes the same work as a wrong secret. A record past its `expiresAt`
/// is refused, also while the table still contains it.
fn check(presented: &PresentedKey, found: Option<StoredItem>, now: Timestamp) -> Result<Record, VerifyError> {
    let PresentedKey { key_id, secret_hash } = presented;
    let rejected = |reason| Err(VerifyError::Rejected(Rejection { reason, key_id: Some(*key_id) }));
    let stored = match &found {
        Some(item) => item.secret_hash(*key_id)?,
        None => SecretHash::of_nothing(),
    };
    // Compared also if there is no record.
    let matches = stored.matches(secret_hash);
    let item = match found {
        Some(item) if matches => item,
        Some(_) => return rejected("secretWrong"),
        None => return rejected(KEY_UNKNOWN),
    };
    let record = item.into_record(*key_id)?;
    if record.expires_at.is_past(now) { rejected("keyExpired") } else { Ok(record) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_waits_for_a_whole_interval() {
        let began = Instant::now();
        for (took, intervals) in [(0, 1), (1, 1), (19, 1), (20, 2), (21, 2), (39, 2), (40, 3), (2_499, 125)] {
            let now = began + Duration::from_millis(took);
            assert_eq!(next_interval(began, now), began + INTERVAL * intervals, "after {took} ms");
        }
    }
}
