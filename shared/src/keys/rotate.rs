//! Rotates a secret that contains a key, in the four steps of Secrets Manager.
//!
//! Each step can be repeated, also after a crash between two calls, and then does the remaining work. AWSCURRENT never
//! moves to a key that does not authenticate. AWS Secrets Manager User Guide, "Lambda rotation functions".

mod policy;

use super::authenticate::Services;
use super::delivered_key::{DeliveredKey, KeptKey};
use super::settle::{read_until, read_until_found};
use super::verify::{Rejection, VerifyError, verify};
use crate::domain::{ExpiresIn, Fault, Grant, KeyId, Lineage, Principal, Record};
use crate::outbound::{CURRENT, Description, PENDING, PendingInsertion, SecretVersion, SuccessorInsertion, Version};
use crate::platform::Call;
pub use policy::RotationPolicy;

/// One step of a rotation, which Secrets Manager requests. It has no `Debug`, since `RotationToken` is a credential.
pub struct RotationStep<'a> {
    /// `createSecret`, `setSecret`, `testSecret` or `finishSecret`.
    pub step: &'a str,
    /// The ARN of the secret.
    pub secret_id: &'a str,
    /// The id of the new version.
    pub version_id: &'a str,
    /// Passed to Secrets Manager if the rotation runs on behalf of another identity.
    pub rotation_token: Option<&'a str>,
}

/// The result of a step.
#[derive(Debug)]
pub struct RotatedKey {
    /// One word for the log.
    pub outcome: &'static str,
    /// The id of the new key, if the step has read or made the key.
    pub key_id: Option<KeyId>,
}

/// Why a step fails. AWS's own rotation functions also fail for `StepInvalid`, `NotEnabled`, `VersionUnknown` and
/// `VersionNotPending`.
#[derive(Debug)]
pub enum RotateError {
    /// This deployment rotates no secrets.
    Disabled,
    /// The step is not one of the four.
    StepInvalid,
    /// The secret is neither a delivered secret nor the provisioner's secret.
    SecretRefused,
    /// The secret is a replica. Only the primary secret, in its own Region, can be changed.
    SecretReplica,
    /// Rotation is not enabled for the secret.
    NotEnabled,
    /// The secret has no version with that id.
    VersionUnknown,
    /// The version is not staged AWSPENDING.
    VersionNotPending,
    /// The version has no value.
    PendingMissing,
    /// The value of the secret is not a key of this service, or the pending key does not succeed the current one.
    SecretInvalid,
    /// The current or the pending key, or its chain, is revoked. No retry succeeds.
    KeyRevoked(Rejection),
    /// The key in the secret does not authenticate.
    Rejected(Rejection),
    /// A service failed.
    Fault(Fault),
}

impl From<Fault> for RotateError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<VerifyError> for RotateError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Rejected(rejection) if rejection.is_revoked() => Self::KeyRevoked(rejection),
            VerifyError::Rejected(rejection) => Self::Rejected(rejection),
            VerifyError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Runs one step. `caller` is set as soon as the replaced key has authenticated.
///
/// # Errors
/// A [`RotateError`].
pub async fn rotate(
    event: RotationStep<'_>,
    policy: RotationPolicy<'_>,
    services: Services<'_>,
    call: Call,
    caller: &mut Option<Principal>,
) -> Result<RotatedKey, RotateError> {
    policy.admit(event.secret_id)?;
    let step = Step::parse(event.step)?;
    let described = read_until(
        |description: &Description| description.is_settled_for(event.version_id),
        call.deadline,
        || services.secrets.describe(event.secret_id, call.deadline),
    );
    let description = described.await?.ok_or(RotateError::SecretRefused)?;
    policy.admit_described(&description)?;
    if description.is_replica {
        return Err(RotateError::SecretReplica);
    }
    if !description.rotation_enabled {
        return Err(RotateError::NotEnabled);
    }
    if !description.has_version(event.version_id) {
        return Err(RotateError::VersionUnknown);
    }
    if description.is_at_stage(event.version_id, CURRENT) {
        return Ok(RotatedKey { outcome: "alreadyRotated", key_id: None });
    }
    if !description.is_at_stage(event.version_id, PENDING) {
        return Err(RotateError::VersionNotPending);
    }
    let rotation = Rotation { event, policy, services };
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
    fn parse(text: &str) -> Result<Self, RotateError> {
        match text {
            // AWS's rotation functions use the first form; its User Guide lists the second.
            "createSecret" | "create_secret" => Ok(Self::Create),
            "setSecret" | "set_secret" => Ok(Self::Set),
            "testSecret" | "test_secret" => Ok(Self::Test),
            "finishSecret" | "finish_secret" => Ok(Self::Finish),
            _ => Err(RotateError::StepInvalid),
        }
    }
}

/// One rotation of one secret.
struct Rotation<'a> {
    event: RotationStep<'a>,
    policy: RotationPolicy<'a>,
    services: Services<'a>,
}

impl Rotation<'_> {
    /// createSecret: stores a new key as the pending version, without a record.
    async fn create(&self, call: Call, caller: &mut Option<Principal>) -> Result<RotatedKey, RotateError> {
        let outcome = "successorStaged";
        // Usually no key is stored yet. If this read misses one, `put_pending` finds it.
        if let Some(pending) =
            self.services.secrets.read(self.event.secret_id, self.pending_version(), call.deadline).await?
        {
            let pending = DeliveredKey::parse(&pending.text).ok_or(RotateError::SecretInvalid)?;
            return Ok(RotatedKey { outcome, key_id: Some(pending.key_id) });
        }
        let (replaced, expires_in) = self.current(&call, caller).await?;
        let (now, deadline) = (call.elapsed_now(), call.deadline);
        let randomness = call.randomness?;
        let grant = Grant::successor_of(&replaced, expires_in, now, self.policy.limit);
        let record = grant.into_record(randomness.key_id, &randomness.secret, now);
        let value = DeliveredKey::new(&record, randomness.secret, expires_in).to_text();
        let (id, passed_on) = (self.event.secret_id, self.event.rotation_token);
        let stored = self.services.secrets.put_pending(id, self.event.version_id, passed_on, &value, deadline).await?;
        let key_id = match stored {
            PendingInsertion::Stored => Some(record.key_id),
            // Another attempt of the same step was faster: its key is the pending one.
            PendingInsertion::Taken => None,
            PendingInsertion::Replica => return Err(RotateError::SecretReplica),
        };
        Ok(RotatedKey { outcome, key_id })
    }

    /// setSecret: stores the record of the pending key, whose lifetime begins now, unless the replaced key was revoked.
    async fn set(&self, call: &Call, caller: &mut Option<Principal>) -> Result<RotatedKey, RotateError> {
        let pending = self.settled(self.pending_version(), call).await?.ok_or(RotateError::PendingMissing)?;
        let pending = DeliveredKey::parse(&pending.text).ok_or(RotateError::SecretInvalid)?;
        let outcome = RotatedKey { outcome: "successorStored", key_id: Some(pending.key_id) };
        match verify(&pending.presented(), call.now, self.services.store, call.deadline).await {
            // An earlier attempt has stored the record. The replaced key may have expired since then.
            Ok(_) => return Ok(outcome),
            Err(VerifyError::Rejected(rejection)) if rejection.is_unknown_key() => {}
            Err(error) => return Err(error.into()),
        }
        let (replaced, _) = self.current(call, caller).await?;
        if !pending.is_successor_of(&replaced) {
            return Err(RotateError::SecretInvalid);
        }
        let now = call.elapsed_now();
        let grant = Grant::successor_of(&replaced, pending.expires_in, now, self.policy.limit);
        let record = grant.into_record(pending.key_id, &pending.secret, now);
        match self.services.store.insert_successor(&record, &replaced, call.deadline).await? {
            SuccessorInsertion::Inserted => Ok(outcome),
            SuccessorInsertion::Taken => Err(Fault::new("keyTaken").into()),
            SuccessorInsertion::ReplacedRevoked => Err(RotateError::KeyRevoked(Rejection::revoked(replaced.key_id))),
        }
    }

    /// testSecret: authenticates with the pending key. If Secrets Manager requests only this step, as a test, the
    /// pending version contains the current key.
    async fn test(&self, call: &Call) -> Result<RotatedKey, RotateError> {
        Ok(RotatedKey { outcome: "successorTested", key_id: Some(self.authenticate_pending(call).await?.key_id) })
    }

    /// finishSecret: makes the pending key the current key, unless the replaced key was revoked.
    async fn finish(&self, description: &Description, call: &Call) -> Result<RotatedKey, RotateError> {
        let Record { key_id, created_by, .. } = self.authenticate_pending(call).await?;
        if let Lineage::Rotation(replaced) = created_by {
            let found = self.services.store.find(replaced, call.deadline).await?;
            if found.is_some_and(|item| item.is_revoked()) {
                return Err(RotateError::KeyRevoked(Rejection::revoked(replaced)));
            }
        }
        let in_place_of = description.current_version();
        let (secrets, id) = (self.services.secrets, self.event.secret_id);
        if let Err(fault) = secrets.make_current(id, self.event.version_id, in_place_of, call.deadline).await {
            // If an attempt has moved the stage and its reply was lost, the next attempt fails.
            let is_current = |description: &Description| description.is_at_stage(self.event.version_id, CURRENT);
            let now = read_until(is_current, call.deadline, || secrets.describe(id, call.deadline)).await?;
            if !now.as_ref().is_some_and(is_current) {
                return Err(fault.into());
            }
        }
        Ok(RotatedKey { outcome: "rotated", key_id: Some(key_id) })
    }

    fn pending_version(&self) -> Version<'_> {
        Version::Pending(self.event.version_id)
    }

    async fn authenticate_pending(&self, call: &Call) -> Result<Record, RotateError> {
        let read = self.settled(self.pending_version(), call).await?.ok_or(RotateError::PendingMissing)?;
        let kept = KeptKey::parse(&read.text).ok_or(RotateError::SecretInvalid)?;
        Ok(verify(&kept.presented, call.now, self.services.store, call.deadline).await?)
    }

    /// A version that an earlier step or rotation has stored.
    async fn settled(&self, version: Version<'_>, call: &Call) -> Result<Option<SecretVersion>, Fault> {
        let read = || self.services.secrets.read(self.event.secret_id, version, call.deadline);
        read_until_found(call.deadline, read).await
    }

    /// The record of the current key, which must authenticate, and the lifetime of the new key.
    async fn current(&self, call: &Call, caller: &mut Option<Principal>) -> Result<(Record, ExpiresIn), RotateError> {
        let read = self.settled(Version::Current, call).await?;
        let kept = read.and_then(|read| KeptKey::parse(&read.text)).ok_or(RotateError::SecretInvalid)?;
        let record = verify(&kept.presented, call.now, self.services.store, call.deadline).await?;
        *caller = Some(Principal::from(record.clone()));
        // A provisioner's secret may be the `apikey` object of an answer, which has no `expiresIn`.
        let expires_in = kept.expires_in.or_else(|| record.lifetime()).ok_or(RotateError::SecretInvalid)?;
        Ok((record, expires_in.at_most(self.policy.limit)))
    }
}
