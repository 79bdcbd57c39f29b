//! A new key whose secret goes into Secrets Manager: the secret first, then the record.
//!
//! The secret's first version has an id that follows from who asks and which event it is, so that each try finds what an
//! earlier one left, whatever happened in between. A secret that is there is never changed.

use std::time::Duration;

use tokio::time::sleep;

use crate::authenticate::Services;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::create::Creation;
use crate::created::CreatedBody;
use crate::deadline::Deadline;
use crate::delivered_key::DeliveredKey;
use crate::digest::length_prefixed;
use crate::error::{Error, EventError, Fault, InvalidRequest};
use crate::expiry::MaxExpiresIn;
use crate::key_request::KeyRequest;
use crate::principal::Creator;
use crate::record::Record;
use crate::secrets::{SecretCreation, Version};
use crate::store::Insertion;

/// The pauses between looks for what another try may have just created.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900)];

/// Where one event's key goes, and what tells that event from others.
pub struct Delivery {
    name: String,
    version_id: String,
}

impl Delivery {
    /// Binds an event's id to who asks.
    #[must_use]
    pub fn new(name: String, creator: &Creator, event_id: &str) -> Self {
        let scope = creator.principal().scope();
        Self { name, version_id: hex::encode(length_prefixed(&[scope.as_bytes(), event_id.as_bytes()])) }
    }
}

/// Creates a key, delivers its secret and then stores its record; or does what an earlier try has left undone.
///
/// # Errors
/// What [`Creator::grant`] refuses; [`EventError::DeliverToTaken`] and [`InvalidRequest::IdempotencyKeyReused`] when the
/// secret of that name came from another event or another request; [`Error::CreateApikeyFailed`] when a service fails.
pub async fn deliver(
    creator: &Creator,
    request: &KeyRequest,
    delivery: &Delivery,
    limit: MaxExpiresIn,
    services: Services<'_>,
    call: Call,
) -> Result<Creation, Error> {
    let Call { now: begun, started, deadline, randomness, .. } = call;
    let elapsed_now = || begun.after(started.elapsed());
    let now = elapsed_now();
    let standing = match creator.grant(request.clone(), now, limit) {
        Ok(grant) => {
            let randomness = randomness?;
            let record = grant.into_record(randomness.key, &randomness.secret, now);
            let value = DeliveredKey::new(&record, randomness.secret, request.expires_in).to_text();
            match services.secrets.create(&delivery.name, &delivery.version_id, &value, deadline).await? {
                SecretCreation::Created { arn } => {
                    insert(&record, services, deadline).await?;
                    return Ok(Creation { body: CreatedBody::delivered(&record, arn), replayed: false });
                }
                SecretCreation::NameTaken => {
                    find_in_time(delivery, services, deadline).await?.ok_or(EventError::DeliverToTaken)?
                }
            }
        }
        // The chain's end comes closer with each try: what the first was granted is still the answer to the next.
        Err(Error::OutlivesChain) => find(delivery, services, deadline).await?.ok_or(Error::OutlivesChain)?,
        Err(error) => return Err(error),
    };
    // The try that has created it may have begun after this one: nothing that it was granted lies ahead of the time by now.
    finish(creator, request, standing, elapsed_now(), limit, services, deadline).await
}

/// A secret that an earlier try has created.
struct Standing {
    arn: String,
    delivered: DeliveredKey,
    is_current: bool,
}

/// Looks for what an earlier try of the same event has delivered. A version of its id that holds no key of ours is as
/// foreign as another version.
async fn find(delivery: &Delivery, services: Services<'_>, deadline: Deadline) -> Result<Option<Standing>, Fault> {
    let read = services.secrets.read(&delivery.name, Version::Id(&delivery.version_id), deadline).await?;
    Ok(read.and_then(|version| {
        let delivered = DeliveredKey::parse(&version.text)?;
        Some(Standing { arn: version.arn, delivered, is_current: version.is_current })
    }))
}

/// [`find`], more than once: Secrets Manager is eventually consistent, and what another try has just created may not be
/// there to be read yet.
async fn find_in_time(
    delivery: &Delivery,
    services: Services<'_>,
    deadline: Deadline,
) -> Result<Option<Standing>, Fault> {
    for pause in PAUSES {
        if let Some(standing) = find(delivery, services, deadline).await? {
            return Ok(Some(standing));
        }
        deadline.run(sleep(pause)).await?;
    }
    find(delivery, services, deadline).await
}

/// Stores the record of a key that has been delivered, unless it is stored already.
async fn finish(
    creator: &Creator,
    request: &KeyRequest,
    Standing { arn, delivered, is_current }: Standing,
    now: Timestamp,
    limit: MaxExpiresIn,
    services: Services<'_>,
    deadline: Deadline,
) -> Result<Creation, Error> {
    if !delivered.answers(request) || delivered.user_id != creator.principal().user_id {
        return Err(InvalidRequest::IdempotencyKeyReused.into());
    }
    let grant = creator.grant_until(request.clone(), delivered.expires_at, now, limit)?;
    let record = grant.into_record(delivered.key, &delivered.secret, now);
    // What is over by now is not brought back. Nor is a key that was rotated out: a rotation authenticates it first, so
    // its record was stored, and where that is not there any more it was revoked.
    if is_current && !record.expires_at.is_past(now) {
        insert(&record, services, deadline).await?;
    }
    Ok(Creation { body: CreatedBody::delivered(&record, arn), replayed: true })
}

async fn insert(record: &Record, services: Services<'_>, deadline: Deadline) -> Result<(), Error> {
    match services.store.insert(record, deadline).await? {
        Insertion::Inserted => Ok(()),
        // The delivered id can't be replaced by a spare one; another event has to ask again.
        Insertion::Taken => Err(Fault::new("keyTaken").into()),
    }
}
