//! Rotation of a secret that holds a key, in Secrets Manager's four steps: the adapter beside HTTP and the events.
//!
//! Each step can come again, after a crash between any two calls as well, and does then what is left to do. AWSCURRENT
//! never moves to a key that does not authenticate. AWS Secrets Manager User Guide, "Lambda rotation functions".

use uuid::Uuid;

use crate::authenticate::Services;
use crate::call::Call;
use crate::config::{SecretArn, secret_name};
use crate::delivered_key::{DeliveredKey, KeptKey};
use crate::error::{Error, EventError, Fault, RotationError};
use crate::event::RotationEvent;
use crate::expiry::{ExpiresIn, MaxExpiresIn};
use crate::principal::{Grant, Principal};
use crate::record::Record;
use crate::secrets::{CURRENT, Description, PENDING, Version};
use crate::store::Insertion;
use crate::verify::{KEY_UNKNOWN, verify};

/// Which secrets may be rotated, and how long a key may live.
pub(crate) struct RotationPolicy<'a> {
    /// What the names of delivered secrets begin with.
    pub(crate) delivery_prefix: Option<&'a str>,
    /// The provisioner's own secret.
    pub(crate) provisioner: Option<&'a SecretArn>,
    /// The limit on lifetimes.
    pub(crate) limit: MaxExpiresIn,
}

/// What a step has done.
#[derive(Debug)]
pub(crate) struct Rotated {
    /// One word for the log.
    pub(crate) outcome: &'static str,
    /// The key that comes, where the step has looked at it.
    pub(crate) key: Option<Uuid>,
}

/// Does one step; `caller` is set to the key that is replaced as soon as that has authenticated.
pub(crate) async fn rotate(
    event: &RotationEvent<'_>,
    policy: &RotationPolicy<'_>,
    services: Services<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<Rotated, Error> {
    policy.admit(&event.secret_id)?;
    let step = Step::parse(&event.step)?;
    let described = services.secrets.describe(&event.secret_id, call.deadline).await?;
    let description = described.ok_or(RotationError::SecretRefused)?;
    policy.admit_described(&description)?;
    let token: &str = &event.client_request_token;
    if !description.rotation_enabled {
        return Err(RotationError::NotEnabled.into());
    }
    if !description.has_version(token) {
        return Err(RotationError::VersionUnknown.into());
    }
    if description.is_at_stage(token, CURRENT) {
        return Ok(Rotated { outcome: "alreadyRotated", key: None });
    }
    if !description.is_at_stage(token, PENDING) {
        return Err(RotationError::VersionNotPending.into());
    }
    let rotation = Rotation { token, event, policy, services };
    match step {
        Step::Create => rotation.create(call, caller).await,
        Step::Set => rotation.set(&call, caller).await,
        Step::Test => rotation.test(&call).await,
        Step::Finish => rotation.finish(&description, &call).await,
    }
}

enum Step {
    Create,
    Set,
    Test,
    Finish,
}

impl Step {
    fn parse(text: &str) -> Result<Self, RotationError> {
        match text {
            // AWS's rotation functions know the first spelling, its User Guide lists the second.
            "createSecret" | "create_secret" => Ok(Self::Create),
            "setSecret" | "set_secret" => Ok(Self::Set),
            "testSecret" | "test_secret" => Ok(Self::Test),
            "finishSecret" | "finish_secret" => Ok(Self::Finish),
            _ => Err(RotationError::StepInvalid),
        }
    }
}

impl RotationPolicy<'_> {
    /// Looks at the text alone, before anything is asked of Secrets Manager.
    fn admit(&self, secret_id: &str) -> Result<(), Error> {
        if self.delivery_prefix.is_none() && self.provisioner.is_none() {
            return Err(EventError::Disabled.into());
        }
        self.check(secret_name(secret_id).unwrap_or(secret_id), secret_id)
    }

    /// Looks at what Secrets Manager says the secret is.
    fn admit_described(&self, description: &Description) -> Result<(), Error> {
        self.check(&description.name, &description.arn)
    }

    fn check(&self, name: &str, arn: &str) -> Result<(), Error> {
        let is_delivered = self.delivery_prefix.is_some_and(|prefix| name.starts_with(prefix));
        let is_provisioner = self.provisioner.is_some_and(|provisioner| provisioner.as_str() == arn);
        if is_delivered || is_provisioner { Ok(()) } else { Err(RotationError::SecretRefused.into()) }
    }
}

/// One rotation of one secret.
struct Rotation<'a> {
    token: &'a str,
    event: &'a RotationEvent<'a>,
    policy: &'a RotationPolicy<'a>,
    services: Services<'a>,
}

impl Rotation<'_> {
    /// Stores a new key as the version to come; no record of it yet.
    async fn create(&self, call: Call, caller: &mut Option<Principal>) -> Result<Rotated, Error> {
        let outcome = "successorStaged";
        if let Some(pending) = self.pending(&call).await? {
            return Ok(Rotated { outcome, key: Some(pending.key) });
        }
        let (replaced, expires_in) = self.current(&call, caller).await?;
        let (now, deadline) = (call.elapsed_now(), call.deadline);
        let randomness = call.randomness?;
        let grant = Grant::successor_of(&replaced, expires_in, now, self.policy.limit);
        let record = grant.into_record(randomness.key, &randomness.secret, now);
        let value = DeliveredKey::new(&record, randomness.secret, expires_in).to_text();
        let (id, passed_on) = (&self.event.secret_id, self.event.rotation_token.as_deref());
        let is_stored = self.services.secrets.put_pending(id, self.token, passed_on, &value, deadline).await?;
        // Another try of the same step may have been quicker, with a key of its own.
        Ok(Rotated { outcome, key: is_stored.then_some(record.key) })
    }

    /// Stores the record of the key to come, whose life begins now.
    async fn set(&self, call: &Call, caller: &mut Option<Principal>) -> Result<Rotated, Error> {
        let pending = self.pending(call).await?.ok_or(RotationError::PendingMissing)?;
        let outcome = Rotated { outcome: "successorStored", key: Some(pending.key) };
        match verify(&pending.presented(), call.now, self.services.store, call.deadline).await {
            // An earlier try has stored it. The replaced key may have ended since.
            Ok(_) => return Ok(outcome),
            Err(Error::AuthenticationFailed(failure)) if failure.reason == KEY_UNKNOWN => {}
            Err(error) => return Err(error),
        }
        let (replaced, _) = self.current(call, caller).await?;
        let is_successor =
            pending.name == replaced.name && pending.level == replaced.level && pending.user_id == replaced.user_id;
        if !is_successor {
            return Err(RotationError::SecretInvalid.into());
        }
        let now = call.elapsed_now();
        let grant = Grant::successor_of(&replaced, pending.expires_in, now, self.policy.limit);
        let record = grant.into_record(pending.key, &pending.secret, now);
        match self.services.store.insert(&record, call.deadline).await? {
            Insertion::Inserted => Ok(outcome),
            Insertion::Taken => Err(Fault::new("keyTaken").into()),
        }
    }

    /// Authenticates with the key to come. Where the step comes alone, that is what the secret holds anyway.
    async fn test(&self, call: &Call) -> Result<Rotated, Error> {
        Ok(Rotated { outcome: "successorTested", key: Some(self.authenticate_pending(call).await?.key) })
    }

    /// Puts the key to come to use.
    async fn finish(&self, description: &Description, call: &Call) -> Result<Rotated, Error> {
        let key = self.authenticate_pending(call).await?.key;
        let in_place_of = description.current_version();
        let (secrets, id) = (self.services.secrets, &self.event.secret_id);
        if let Err(fault) = secrets.make_current(id, self.token, in_place_of, call.deadline).await {
            // A try whose reply was lost has moved it, and the next one finds nothing to move from.
            let now = secrets.describe(id, call.deadline).await?;
            if !now.is_some_and(|description| description.is_at_stage(self.token, CURRENT)) {
                return Err(fault.into());
            }
        }
        Ok(Rotated { outcome: "rotated", key: Some(key) })
    }

    /// The key to come, if one is stored.
    async fn pending(&self, call: &Call) -> Result<Option<DeliveredKey>, Error> {
        let version = Version::Pending(self.token);
        match self.services.secrets.read(&self.event.secret_id, version, call.deadline).await? {
            None => Ok(None),
            Some(read) => Ok(Some(DeliveredKey::parse(&read.text).ok_or(RotationError::SecretInvalid)?)),
        }
    }

    async fn authenticate_pending(&self, call: &Call) -> Result<Record, Error> {
        let version = Version::Pending(self.token);
        let read = self.services.secrets.read(&self.event.secret_id, version, call.deadline).await?;
        let read = read.ok_or(RotationError::PendingMissing)?;
        let kept = KeptKey::parse(&read.text).ok_or(RotationError::SecretInvalid)?;
        verify(&kept.presented, call.now, self.services.store, call.deadline).await
    }

    /// The key in use, which has to authenticate, and how long its successor is to live.
    async fn current(&self, call: &Call, caller: &mut Option<Principal>) -> Result<(Record, ExpiresIn), Error> {
        let read = self.services.secrets.read(&self.event.secret_id, Version::Current, call.deadline).await?;
        let kept = read.and_then(|read| KeptKey::parse(&read.text)).ok_or(RotationError::SecretInvalid)?;
        let record = verify(&kept.presented, call.now, self.services.store, call.deadline).await?;
        *caller = Some(record.principal());
        // A provisioner's secret may be the `apikey` object of an answer, which does not say it.
        let expires_in = kept.expires_in.or_else(|| record.lifetime()).ok_or(RotationError::SecretInvalid)?;
        Ok((record, expires_in.at_most(self.policy.limit)))
    }
}
