//! Verifying a key and its secret: what the key function does, and what any other service of yours should do.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::deadline::Deadline;
use crate::error::{AuthenticationFailure, Error};
use crate::record::{Record, parse_key};
use crate::secret::{Secret, SecretHash};
use crate::store::{Store, StoredItem};

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

/// Verifies a key by one consistent read.
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
    let found = store.find(presented.key, deadline).await?;
    check(presented.key, &presented.shown, found, now)
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
