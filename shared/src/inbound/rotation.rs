//! The rotation steps, which Secrets Manager requests: AWS Secrets Manager User Guide, "Lambda rotation functions".

use std::borrow::Cow;

use super::code;
use super::request_log::{LogEntry, RequestLog};
use crate::domain::SecretArn;
use crate::keys::{Authenticate, RotateError, RotationPolicy, RotationStep, Service, rotate};
use crate::platform::{Call, guarded};
use crate::text::{Members, string};

/// Rotation by Secrets Manager. A function rotates no secrets unless it sets `ROTATES`.
pub trait RotateSecrets: Authenticate {
    /// Whether the function rotates secrets.
    const ROTATES: bool = false;

    /// The provisioner's secret, which may be rotated like a delivered secret.
    fn provisioner(&self) -> Option<&SecretArn> {
        None
    }
}

/// The payload of a step. A message of a queue or a topic is never one. It has no `Debug`, since `RotationToken` is a
/// credential.
pub struct RotationEvent<'a> {
    step: Cow<'a, str>,
    secret_id: Cow<'a, str>,
    client_request_token: Cow<'a, str>,
    rotation_token: Option<Cow<'a, str>>,
}

impl<'a> RotationEvent<'a> {
    pub(crate) fn read(members: &Members<'a>) -> Option<Self> {
        let text = |name| members.get(name).and_then(string);
        Some(Self {
            step: text("Step")?,
            secret_id: text("SecretId")?,
            client_request_token: text("ClientRequestToken")?,
            rotation_token: match members.get("RotationToken") {
                None => None,
                Some(token) => Some(string(token)?),
            },
        })
    }
}

/// Runs a step, and logs the result.
///
/// # Errors
/// A [`RotateError`].
pub(crate) async fn answer<A: RotateSecrets>(
    service: &Service<A>,
    event: &RotationEvent<'_>,
    request_id: &str,
    call: Call,
) -> Result<(), RotateError> {
    let log = RequestLog::begin(service, request_id, "rotation").without_reader();
    let policy = RotationPolicy {
        delivery_prefix: service.delivery_prefix.as_deref(),
        provisioner: service.authenticator.provisioner(),
        limit: service.max_expires_in,
    };
    let step = RotationStep {
        step: &event.step,
        secret_id: &event.secret_id,
        version_id: &event.client_request_token,
        rotation_token: event.rotation_token.as_deref(),
    };
    let mut caller = None;
    let outcome = guarded(rotate(step, policy, service.services(), call.patient(), &mut caller)).await;
    let entry = match &outcome {
        Ok(rotated) => LogEntry::success(rotated.outcome, rotated.key_id),
        Err(error) => log_entry(error),
    };
    log.write(service, caller.as_ref(), &entry);
    outcome.map(drop)
}

/// The error code, for operators.
#[must_use]
pub const fn code(error: &RotateError) -> &'static str {
    match error {
        RotateError::Disabled => code::EVENTS_DISABLED,
        RotateError::StepInvalid => "rotationStepInvalid",
        RotateError::SecretRefused => "rotationSecretRefused",
        RotateError::SecretReplica => "rotationSecretReplica",
        RotateError::NotEnabled => "rotationNotEnabled",
        RotateError::VersionUnknown => "rotationVersionUnknown",
        RotateError::VersionNotPending => "rotationVersionNotPending",
        RotateError::PendingMissing => "rotationPendingMissing",
        RotateError::SecretInvalid => "rotationSecretInvalid",
        RotateError::KeyRevoked(_) => "rotationKeyRevoked",
        RotateError::Rejected(_) => code::AUTHENTICATION_FAILED,
        RotateError::Fault(_) => code::CREATE_FAILED,
    }
}

fn log_entry(error: &RotateError) -> LogEntry<'_> {
    let code = code(error);
    match error {
        RotateError::KeyRevoked(rejection) | RotateError::Rejected(rejection) => LogEntry::rejected(code, rejection),
        RotateError::Fault(fault) => LogEntry::fault(code, fault),
        RotateError::Disabled
        | RotateError::StepInvalid
        | RotateError::SecretRefused
        | RotateError::SecretReplica
        | RotateError::NotEnabled
        | RotateError::VersionUnknown
        | RotateError::VersionNotPending
        | RotateError::PendingMissing
        | RotateError::SecretInvalid => LogEntry::refused(code),
    }
}
