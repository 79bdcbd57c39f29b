//! Reads the metadata of one key.

use std::future::Future;

use tokio::time::Instant;

use super::pace;
use super::verify::{KEY_REVOKED, KEY_UNKNOWN, Rejection, end_of};
use crate::domain::{AuthorizationError, Fault, KeyId, KeyMetadata, Principal, Reach};
use crate::outbound::{Store, StoredItem};
use crate::platform::{Call, Deadline};

/// Why a key is not read or not revoked.
#[derive(Debug)]
pub enum KeyAccessError {
    /// The caller's level does not suffice.
    Authorize(AuthorizationError),
    /// There is no such key for this caller. The reason is for the log alone.
    NotFound(Rejection),
    /// The store failed, or the record is damaged.
    Fault(Fault),
}

impl From<AuthorizationError> for KeyAccessError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<Fault> for KeyAccessError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl KeyAccessError {
    pub(super) const fn not_found(reason: &'static str, key_id: Option<KeyId>) -> Self {
        Self::NotFound(Rejection { reason, key_id })
    }
}

/// Reads the metadata of a living key. The id is `None` if the caller's text is no id. `NotFound` is returned at a
/// constant interval, so that its time does not show which keys exist.
///
/// # Errors
/// A [`KeyAccessError`].
pub async fn read(
    caller: &Principal,
    key_id: Option<KeyId>,
    store: &Store,
    call: &Call,
) -> Result<KeyMetadata, KeyAccessError> {
    paced(find(caller, key_id, store, call), key_id, call.deadline).await
}

/// Holds a `NotFound` until a whole interval, and names the requested key in a fault, for the log.
pub(super) async fn paced<T>(
    work: impl Future<Output = Result<T, KeyAccessError>>,
    key_id: Option<KeyId>,
    deadline: Deadline,
) -> Result<T, KeyAccessError> {
    let began = Instant::now();
    match work.await {
        Err(error @ KeyAccessError::NotFound(_)) => {
            pace::hold(began, deadline).await;
            Err(error)
        }
        Err(KeyAccessError::Fault(fault)) => Err(Fault { key_id: fault.key_id.or(key_id), ..fault }.into()),
        outcome => outcome,
    }
}

async fn find(
    caller: &Principal,
    key_id: Option<KeyId>,
    store: &Store,
    call: &Call,
) -> Result<KeyMetadata, KeyAccessError> {
    let reach = caller.may_read(key_id)?;
    let key_id = key_id.ok_or(KeyAccessError::not_found("keyIdMalformed", None))?;
    let item = reachable(store.find(key_id, call.deadline).await?, key_id, reach)?;
    if item.is_revoked() {
        return Err(KeyAccessError::not_found(KEY_REVOKED, Some(key_id)));
    }
    let record = item.into_record(key_id)?;
    match end_of(&record, call.now, store, call.deadline).await? {
        Some(reason) => Err(KeyAccessError::not_found(reason, Some(key_id))),
        None => Ok(KeyMetadata::from(&record)),
    }
}

/// The item, if the caller may act on its key.
pub(super) fn reachable(found: Option<StoredItem>, key_id: KeyId, reach: Reach) -> Result<StoredItem, KeyAccessError> {
    let item = found.ok_or(KeyAccessError::not_found(KEY_UNKNOWN, Some(key_id)))?;
    let is_reachable = reach.includes(item.user_id(), item.created_by());
    if is_reachable { Ok(item) } else { Err(KeyAccessError::not_found("keyOutOfReach", Some(key_id))) }
}
