//! The errors of event requests, and the code of each error.

use super::super::code;
use super::super::request_log::LogEntry;
use super::authenticate::EventAuthenticateError;
use crate::domain::{AuthorizationError, Fault, GrantError, InvalidRequest};
use crate::keys::{AuthenticateError, CreateError, DeliverError};

/// Why an event creates no key.
#[derive(Debug)]
pub enum EventError {
    /// The function does not serve events of this shape.
    Unknown,
    /// The request has a task token of Step Functions, which would wait for its return in vain.
    TaskTokenUnsupported,
    /// The deployment is not configured to serve this event.
    Disabled,
    /// An event of this source may not carry this credential.
    CredentialRefused,
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
    /// The caller may not create keys.
    Authorize(AuthorizationError),
    /// The request breaks a rule.
    Request(InvalidRequest),
    /// The event has no `deliverTo`, and its answer may not contain the key's secret.
    DeliverToMissing,
    /// `deliverTo` is not a valid last part of a secret's name.
    DeliverToInvalid,
    /// The event has no id.
    IdempotencyKeyMissing,
    /// The event's id is empty or too long, or not a UUID where a UUID is required.
    IdempotencyKeyInvalid,
    /// The key is not created.
    Create(CreateError),
    /// The key is not delivered.
    Deliver(DeliverError),
    /// The function failed outside of the cases above, for example by a panic.
    Fault(Fault),
}

impl EventError {
    /// The answer could not be serialized.
    pub(crate) const fn answer_not_written() -> Self {
        Self::Fault(Fault::new("answerNotWritten"))
    }

    /// The error code, for senders and operators.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknownEvent",
            Self::TaskTokenUnsupported => "taskTokenUnsupported",
            Self::Disabled => code::EVENTS_DISABLED,
            Self::CredentialRefused => "eventCredentialRefused",
            Self::Authenticate(AuthenticateError::CredentialMissing) => code::AUTHENTICATION_REQUIRED,
            Self::Authenticate(AuthenticateError::Rejected(_)) => code::AUTHENTICATION_FAILED,
            Self::Authorize(error) => code::of_authorization(*error),
            Self::Request(error) => code::of_request(*error),
            Self::DeliverToMissing => "deliverToMissing",
            Self::DeliverToInvalid => "deliverToInvalid",
            Self::Deliver(DeliverError::DeliverToTaken) => "deliverToTaken",
            Self::IdempotencyKeyMissing => "idempotencyKeyMissing",
            Self::IdempotencyKeyInvalid => code::IDEMPOTENCY_KEY_INVALID,
            Self::Create(CreateError::IdempotencyKeyReused) | Self::Deliver(DeliverError::IdempotencyKeyReused) => {
                code::IDEMPOTENCY_KEY_REUSED
            }
            Self::Create(CreateError::Grant(error)) | Self::Deliver(DeliverError::Grant(error)) => {
                code::of_grant(*error)
            }
            Self::Authenticate(AuthenticateError::Fault(_))
            | Self::Create(CreateError::Fault(_))
            | Self::Deliver(DeliverError::Fault(_))
            | Self::Fault(_) => code::CREATE_FAILED,
        }
    }

    pub(super) fn log_entry(&self) -> LogEntry<'_> {
        let code = self.code();
        match self {
            Self::Authenticate(AuthenticateError::Rejected(rejection)) => LogEntry::rejected(code, rejection),
            Self::Create(CreateError::Grant(GrantError::OutlivesChain))
            | Self::Deliver(DeliverError::Grant(GrantError::OutlivesChain)) => {
                LogEntry::refused_because(code, code::OUTLIVES_CHAIN)
            }
            Self::Authenticate(AuthenticateError::Fault(fault))
            | Self::Create(CreateError::Fault(fault))
            | Self::Deliver(DeliverError::Fault(fault))
            | Self::Fault(fault) => LogEntry::fault(code, fault),
            Self::Unknown
            | Self::TaskTokenUnsupported
            | Self::Disabled
            | Self::CredentialRefused
            | Self::Authenticate(AuthenticateError::CredentialMissing)
            | Self::Authorize(_)
            | Self::Request(_)
            | Self::DeliverToMissing
            | Self::DeliverToInvalid
            | Self::IdempotencyKeyMissing
            | Self::IdempotencyKeyInvalid
            | Self::Create(CreateError::Grant(GrantError::LevelAboveCaller) | CreateError::IdempotencyKeyReused)
            | Self::Deliver(
                DeliverError::Grant(GrantError::LevelAboveCaller)
                | DeliverError::DeliverToTaken
                | DeliverError::IdempotencyKeyReused,
            ) => LogEntry::refused(code),
        }
    }
}

impl From<EventAuthenticateError> for EventError {
    fn from(error: EventAuthenticateError) -> Self {
        match error {
            EventAuthenticateError::Unknown => Self::Unknown,
            EventAuthenticateError::Disabled => Self::Disabled,
            EventAuthenticateError::CredentialRefused => Self::CredentialRefused,
            EventAuthenticateError::Authenticate(error) => Self::Authenticate(error),
        }
    }
}

impl From<AuthorizationError> for EventError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<InvalidRequest> for EventError {
    fn from(error: InvalidRequest) -> Self {
        Self::Request(error)
    }
}

impl From<CreateError> for EventError {
    fn from(error: CreateError) -> Self {
        Self::Create(error)
    }
}

impl From<DeliverError> for EventError {
    fn from(error: DeliverError) -> Self {
        Self::Deliver(error)
    }
}

impl From<Fault> for EventError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
