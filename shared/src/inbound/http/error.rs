//! The errors of HTTP requests, and the status and code of each error.

use lambda_http::http::StatusCode;

use super::super::code;
use super::super::request_log::LogEntry;
use crate::domain::{AuthorizationError, Fault, GrantError, InvalidRequest};
use crate::keys::{AuthenticateError, CreateError};

/// Why a request does not succeed.
#[derive(Debug)]
pub enum HttpError {
    /// There is no route for this method.
    MethodNotAllowed {
        /// The value of `Allow`: the allowed methods.
        allow: &'static str,
    },
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
    /// The caller may not create keys.
    Authorize(AuthorizationError),
    /// The body breaks a rule.
    Request(InvalidRequest),
    /// `Idempotency-Key` is not exactly one UUID of version 4 or 7.
    IdempotencyKeyInvalid,
    /// The key is not created.
    Create(CreateError),
    /// The function failed outside of the cases above, for example by a panic.
    Fault(Fault),
}

impl HttpError {
    /// The status and the code that the client gets.
    #[must_use]
    pub const fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed"),
            Self::Authenticate(AuthenticateError::CredentialMissing) => {
                (StatusCode::UNAUTHORIZED, code::AUTHENTICATION_REQUIRED)
            }
            Self::Authenticate(AuthenticateError::Rejected(_)) => (StatusCode::FORBIDDEN, code::AUTHENTICATION_FAILED),
            Self::Authorize(error) => (StatusCode::FORBIDDEN, code::of_authorization(*error)),
            Self::Request(error) => (StatusCode::BAD_REQUEST, code::of_request(*error)),
            Self::IdempotencyKeyInvalid => (StatusCode::BAD_REQUEST, code::IDEMPOTENCY_KEY_INVALID),
            Self::Create(CreateError::IdempotencyKeyReused) => (StatusCode::BAD_REQUEST, code::IDEMPOTENCY_KEY_REUSED),
            Self::Create(CreateError::Grant(error)) => {
                let status = match error {
                    GrantError::LevelAboveCaller => StatusCode::FORBIDDEN,
                    GrantError::OutlivesChain => StatusCode::BAD_REQUEST,
                };
                (status, code::of_grant(*error))
            }
            Self::Authenticate(AuthenticateError::Fault(_)) | Self::Create(CreateError::Fault(_)) | Self::Fault(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, code::CREATE_FAILED)
            }
        }
    }

    pub(super) fn log_entry(&self) -> LogEntry<'_> {
        let (_, code) = self.status_and_code();
        match self {
            Self::Authenticate(AuthenticateError::Rejected(rejection)) => LogEntry::rejected(code, rejection),
            Self::Create(CreateError::Grant(GrantError::OutlivesChain)) => {
                LogEntry::refused_because(code, code::OUTLIVES_CHAIN)
            }
            Self::Authenticate(AuthenticateError::Fault(fault))
            | Self::Create(CreateError::Fault(fault))
            | Self::Fault(fault) => LogEntry::fault(code, fault),
            Self::MethodNotAllowed { .. }
            | Self::Authenticate(AuthenticateError::CredentialMissing)
            | Self::Authorize(_)
            | Self::Request(_)
            | Self::IdempotencyKeyInvalid
            | Self::Create(CreateError::Grant(GrantError::LevelAboveCaller) | CreateError::IdempotencyKeyReused) => {
                LogEntry::refused(code)
            }
        }
    }
}

impl From<AuthenticateError> for HttpError {
    fn from(error: AuthenticateError) -> Self {
        Self::Authenticate(error)
    }
}

impl From<AuthorizationError> for HttpError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<InvalidRequest> for HttpError {
    fn from(error: InvalidRequest) -> Self {
        Self::Request(error)
    }
}

impl From<CreateError> for HttpError {
    fn from(error: CreateError) -> Self {
        Self::Create(error)
    }
}

impl From<Fault> for HttpError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
