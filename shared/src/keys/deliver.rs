//! Creates a key whose secret is delivered in Secrets Manager: first the secret, then the record.
//!
//! The id of the secret's first version is derived from the caller and the event, so a retry finds the secret of an
//! earlier attempt, also if that attempt stopped halfway. An existing secret is never changed.

use super::authenticate::Services;
use super::create::CreatedKey;
use super::delivered_key::DeliveredKey;
use super::key_response::KeyResponse;
use super::settle::read_until_found;
use crate::domain::{
    AuthorizedCaller, Fault, GrantError, KeyRequest, MaxExpiresIn, Record, Timestamp, length_prefixed,
};
use crate::outbound::{Insertion, SecretCreation, Version};
use crate::platform::{Call, Deadline};

/// The secret that an event's key is delivered in.
pub struct Delivery {
    name: String,
    version_id: String,
}

impl Delivery {
    /// Binds a secret's name and an event's id to the caller.
    #[must_use]
    pub fn new(name: String, caller: &AuthorizedCaller, event_id: &str) -> Self {
        let scope = caller.principal().scope();
        Self { name, version_id: hex::encode(length_prefixed(&[scope.as_bytes(), event_id.as_bytes()])) }
    }
}

/// Why a key is not delivered.
#[derive(Debug)]
pub enum DeliverError {
    /// The caller may not create this key.
    Grant(GrantError),
    /// The secret of that name belongs to another event.
    DeliverToTaken,
    /// The event's id was used for another request.
    IdempotencyKeyReused,
    /// A service failed.
    Fault(Fault),
}

impl From<GrantError> for DeliverError {
    fn from(error: GrantError) -> Self {
        Self::Grant(error)
    }
}

impl From<Fault> for DeliverError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Creates a key, delivers its secret and then stores its record, or completes an earlier attempt.
///
/// # Errors
/// A [`DeliverError`].
pub async fn deliver(
    caller: &AuthorizedCaller,
    request: &KeyRequest,
    delivery: &Delivery,
    limit: MaxExpiresIn,
    services: Services<'_>,
    call: Call,
) -> Result<CreatedKey, DeliverError> {
    let Call { now: begun, started, deadline, randomness, .. } = call;
    let elapsed_now = || begun.after(started.elapsed());
    let now = elapsed_now();
    let existing = match caller.grant(request.clone(), now, limit) {
        Ok(grant) => {
            let randomness = randomness?;
            let record = grant.into_record(randomness.key_id, &randomness.secret, now);
            let value = DeliveredKey::new(&record, randomness.secret, request.expires_in).to_text();
            match services.secrets.create(&delivery.name, &delivery.version_id, &value, deadline).await? {
                SecretCreation::Created { arn } => {
                    insert(&record, services, deadline).await?;
                    return Ok(CreatedKey { response: KeyResponse::delivered(&record, arn), replayed: false });
                }
                SecretCreation::NameTaken => {
                    let found = read_until_found(deadline, || find(delivery, services, deadline)).await?;
                    found.ok_or(DeliverError::DeliverToTaken)?
                }
            }
        }
        // A retry comes closer to the end of the chain than the first attempt, whose key is still valid.
        Err(error @ GrantError::OutlivesChain) => {
            find(delivery, services, deadline).await?.ok_or(DeliverError::Grant(error))?
        }
        Err(error @ GrantError::LevelAboveCaller) => return Err(error.into()),
    };
    // The attempt that created the secret may have begun later, so its times are compared with the current time.
    complete(caller, request, existing, elapsed_now(), limit, services, deadline).await
}

/// A secret that an earlier attempt has created.
struct ExistingSecret {
    arn: String,
    delivered: DeliveredKey,
    is_current: bool,
}

/// Reads the key that an earlier attempt for the same event has delivered. A version with the event's id that contains
/// no key counts as the secret of another event.
async fn find(
    delivery: &Delivery,
    services: Services<'_>,
    deadline: Deadline,
) -> Result<Option<ExistingSecret>, Fault> {
    let read = services.secrets.read(&delivery.name, Version::Id(&delivery.version_id), deadline).await?;
    Ok(read.and_then(|version| {
        let delivered = DeliveredKey::parse(&version.text)?;
        Some(ExistingSecret { arn: version.arn, delivered, is_current: version.is_current })
    }))
}

/// Stores the record of a delivered key, unless it is stored already.
async fn complete(
    caller: &AuthorizedCaller,
    request: &KeyRequest,
    ExistingSecret { arn, delivered, is_current }: ExistingSecret,
    now: Timestamp,
    limit: MaxExpiresIn,
    services: Services<'_>,
    deadline: Deadline,
) -> Result<CreatedKey, DeliverError> {
    if !delivered.answers(request) || delivered.user_id != caller.principal().user_id {
        return Err(DeliverError::IdempotencyKeyReused);
    }
    let grant = caller.grant_until(request.clone(), delivered.expires_at, now, limit)?;
    let record = grant.into_record(delivered.key_id, &delivered.secret, now);
    // An expired key is not stored again. A key that a rotation has replaced is not stored again either: the rotation
    // authenticated it, so its record was stored, and a missing record was deleted.
    if is_current && !record.expires_at.is_past(now) {
        insert(&record, services, deadline).await?;
    }
    Ok(CreatedKey { response: KeyResponse::delivered(&record, arn), replayed: true })
}

async fn insert(record: &Record, services: Services<'_>, deadline: Deadline) -> Result<(), Fault> {
    match services.store.insert(record, deadline).await? {
        Insertion::Inserted => Ok(()),
        // The secret contains this id, so the spare id can't be used. The sender has to send another event.
        Insertion::Taken => Err(Fault::new("keyTaken")),
    }
}
