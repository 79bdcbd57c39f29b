//! Creates a key whose secret is returned to the caller: grant, record, store, answer.

use super::idempotency::{IdempotencyKey, RecallError, Retry};
use super::key_response::KeyResponse;
use crate::domain::{
    AuthorizedCaller, Fault, Grant, GrantError, IdempotencyRecord, KeyRequest, MaxExpiresIn, Timestamp,
};
use crate::outbound::{IdempotentInsertion, Insertion, Store};
use crate::platform::Call;

/// A new key, or the key that an earlier attempt of the same request created.
#[derive(Debug)]
pub struct CreatedKey {
    /// The answer with the key.
    pub response: KeyResponse,
    /// Whether this is the answer to an earlier request.
    pub replayed: bool,
}

/// Why a key is not created.
#[derive(Debug)]
pub enum CreateError {
    /// The caller may not create this key.
    Grant(GrantError),
    /// The idempotency key was used for another request.
    IdempotencyKeyReused,
    /// A service failed, or both ids belong to other records.
    Fault(Fault),
}

impl From<GrantError> for CreateError {
    fn from(error: GrantError) -> Self {
        Self::Grant(error)
    }
}

impl From<Fault> for CreateError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<RecallError> for CreateError {
    fn from(error: RecallError) -> Self {
        match error {
            RecallError::OtherRequest => Self::IdempotencyKeyReused,
            RecallError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Creates a key. If its id belongs to another record, the spare id is used.
///
/// # Errors
/// A [`CreateError`].
pub async fn create(
    caller: &AuthorizedCaller,
    request: KeyRequest,
    idempotency_key: Option<IdempotencyKey>,
    limit: MaxExpiresIn,
    store: &Store,
    call: Call,
) -> Result<CreatedKey, CreateError> {
    let now = call.elapsed_now();
    let retry = idempotency_key.map(|value| Retry::new(value, caller.principal(), &request));
    let grant = caller.grant(request, now, limit);
    match retry {
        None => create_new(grant?, now, store, call).await,
        // Boxed, so that it does not enlarge the future of a request without an idempotency key.
        Some(retry) => Box::pin(create_or_replay(grant, &retry, now, store, call)).await,
    }
}

async fn create_or_replay(
    grant: Result<Grant, GrantError>,
    retry: &Retry,
    now: Timestamp,
    store: &Store,
    call: Call,
) -> Result<CreatedKey, CreateError> {
    match grant {
        Ok(grant) => create_once(grant, retry, now, store, call).await,
        // A retry comes closer to the end of the chain than the first request, whose answer is still valid.
        Err(GrantError::OutlivesChain) => {
            replay(retry, store, &call).await?.ok_or(CreateError::Grant(GrantError::OutlivesChain))
        }
        Err(error @ GrantError::LevelAboveCaller) => Err(error.into()),
    }
}

async fn create_new(grant: Grant, now: Timestamp, store: &Store, call: Call) -> Result<CreatedKey, CreateError> {
    let randomness = call.randomness?;
    let mut record = grant.into_record(randomness.key_id, &randomness.secret, now);
    for key_id in [randomness.key_id, randomness.spare_key_id] {
        record.set_id(key_id);
        if store.insert(&record, call.deadline).await? == Insertion::Inserted {
            let response = KeyResponse::with_secret(&record, &randomness.secret);
            return Ok(CreatedKey { response, replayed: false });
        }
    }
    Err(Fault::new("keyTaken").into())
}

/// Stores the record together with its answer, or finds the answer to an earlier request.
async fn create_once(
    grant: Grant,
    retry: &Retry,
    now: Timestamp,
    store: &Store,
    call: Call,
) -> Result<CreatedKey, CreateError> {
    let randomness = call.randomness?;
    let mut record = grant.into_record(randomness.key_id, &randomness.secret, now);
    for key_id in [randomness.key_id, randomness.spare_key_id] {
        record.set_id(key_id);
        let response = KeyResponse::with_secret(&record, &randomness.secret);
        let answer = retry.seal(&response, randomness.salt, now)?;
        match store.insert_once(&record, &answer, now, call.deadline).await? {
            IdempotentInsertion::Inserted => return Ok(CreatedKey { response, replayed: false }),
            // The same salt means that this write was applied and its reply was lost.
            IdempotentInsertion::Answered(stored) if stored.salt == answer.salt => {
                return Ok(CreatedKey { response, replayed: false });
            }
            IdempotentInsertion::Answered(stored) => return replayed(retry, &stored),
            IdempotentInsertion::Taken => {}
        }
    }
    Err(Fault::new("keyTaken").into())
}

async fn replay(retry: &Retry, store: &Store, call: &Call) -> Result<Option<CreatedKey>, CreateError> {
    let stored = store.find_idempotency_record(retry.id(), call.deadline).await?;
    let living = stored.filter(|stored| !stored.expires_at.is_past(call.now));
    living.map(|stored| replayed(retry, &stored)).transpose()
}

fn replayed(retry: &Retry, stored: &IdempotencyRecord) -> Result<CreatedKey, CreateError> {
    Ok(CreatedKey { response: retry.open(stored)?, replayed: true })
}
