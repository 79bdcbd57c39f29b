//! The one way to a new key, for every adapter: grant it, draw up its record, store it, show it.

use crate::call::Call;
use crate::clock::Timestamp;
use crate::created::CreatedBody;
use crate::error::{Error, Fault};
use crate::expiry::MaxExpiresIn;
use crate::idempotency::{IdempotencyKey, Memo, Retry};
use crate::key_request::KeyRequest;
use crate::principal::{Creator, Grant};
use crate::store::{Insertion, OnceInsertion, Store};

/// The answer to a creation.
#[derive(Debug)]
pub struct Creation {
    /// The one sight of the secret, or its repetition to a caller that tries again.
    pub body: CreatedBody,
    /// Whether this is the answer to an earlier try.
    pub replayed: bool,
}

/// Creates a key. If its id is taken by another record, the spare id is tried, once.
///
/// # Errors
/// What [`Creator::grant`] refuses, [`Error::InvalidRequest`] for an idempotency key that came with another request,
/// [`Error::CreateApikeyFailed`] when the store fails or both ids are taken.
pub async fn create(
    creator: &Creator,
    request: KeyRequest,
    idempotency_key: Option<IdempotencyKey>,
    limit: MaxExpiresIn,
    store: &Store,
    call: Call,
) -> Result<Creation, Error> {
    let now = call.elapsed_now();
    let retry = idempotency_key.map(|value| Retry::new(value, creator.principal(), &request));
    let grant = creator.grant(request, now, limit);
    match retry {
        None => create_new(grant?, now, store, call).await,
        // Boxed, so that a request without such a key does not carry the room for it.
        Some(retry) => Box::pin(create_or_replay(grant, &retry, now, store, call)).await,
    }
}

async fn create_or_replay(
    grant: Result<Grant, Error>,
    retry: &Retry,
    now: Timestamp,
    store: &Store,
    call: Call,
) -> Result<Creation, Error> {
    match grant {
        Ok(grant) => create_once(grant, retry, now, store, call).await,
        // The chain's end comes closer with each try: what the first was granted is still the answer to the next.
        Err(Error::OutlivesChain) => replay(retry, store, &call).await?.ok_or(Error::OutlivesChain),
        Err(error) => Err(error),
    }
}

async fn create_new(grant: Grant, now: Timestamp, store: &Store, call: Call) -> Result<Creation, Error> {
    let randomness = call.randomness?;
    let mut record = grant.into_record(randomness.key, &randomness.secret, now);
    for key in [randomness.key, randomness.spare_key] {
        record.key = key;
        if store.insert(&record, call.deadline).await? == Insertion::Inserted {
            return Ok(Creation { body: CreatedBody::new(&record, &randomness.secret), replayed: false });
        }
    }
    Err(Fault::new("keyTaken").into())
}

/// Stores the record together with the memo of its answer, or finds the memo of an earlier try.
async fn create_once(
    grant: Grant,
    retry: &Retry,
    now: Timestamp,
    store: &Store,
    call: Call,
) -> Result<Creation, Error> {
    let randomness = call.randomness?;
    let mut record = grant.into_record(randomness.key, &randomness.secret, now);
    for key in [randomness.key, randomness.spare_key] {
        record.key = key;
        let body = CreatedBody::new(&record, &randomness.secret);
        let memo = retry.remember(&body, randomness.salt, now)?;
        match store.insert_once(&record, &memo, now, call.deadline).await? {
            OnceInsertion::Inserted => return Ok(Creation { body, replayed: false }),
            // Our own salt: the write was applied, and its reply lost.
            OnceInsertion::Remembered(standing) if standing.salt == memo.salt => {
                return Ok(Creation { body, replayed: false });
            }
            OnceInsertion::Remembered(standing) => return recalled(retry, &standing),
            OnceInsertion::Taken => {}
        }
    }
    Err(Fault::new("keyTaken").into())
}

async fn replay(retry: &Retry, store: &Store, call: &Call) -> Result<Option<Creation>, Error> {
    let memo = store.find_memo(retry.id(), call.deadline).await?.filter(|memo| !memo.expires_at.is_past(call.now));
    memo.map(|memo| recalled(retry, &memo)).transpose()
}

fn recalled(retry: &Retry, memo: &Memo) -> Result<Creation, Error> {
    Ok(Creation { body: retry.recall(memo)?, replayed: true })
}
