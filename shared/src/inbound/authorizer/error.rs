//! Why a caller is not admitted.

use super::super::code;
use super::super::request_log::LogEntry;
use crate::domain::{AuthorizationError, Fault};
use crate::keys::AuthenticateError;

/// Why a caller is not admitted.
#[derive(Debug)]
pub enum AuthorizeError {
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
    /// The API identifies its callers by other values than `Authorization`, so that its cache could admit one caller in
    /// the place of another.
    IdentitySourceWrong,
    /// The caller's account or level does not suffice.
    Authorize(AuthorizationError),
    /// A service failed, so that the caller is neither admitted nor refused.
    Fault(Fault),
}

impl AuthorizeError {
    /// The error code: in the log for a refusal, and of the invocation for a fault.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Authenticate(AuthenticateError::CredentialMissing) => code::AUTHENTICATION_REQUIRED,
            Self::Authenticate(AuthenticateError::Rejected(_)) | Self::IdentitySourceWrong => {
                code::AUTHENTICATION_FAILED
            }
            Self::Authorize(error) => code::of_authorization(*error),
            Self::Authenticate(AuthenticateError::Fault(_)) | Self::Fault(_) => "authorizeFailed",
        }
    }

    pub(super) fn log_entry(&self) -> LogEntry<'_> {
        let code = self.code();
        match self {
            Self::Authenticate(AuthenticateError::CredentialMissing) | Self::Authorize(_) => LogEntry::refused(code),
            Self::Authenticate(AuthenticateError::Rejected(rejection)) => LogEntry::rejected(code, rejection),
            Self::IdentitySourceWrong => LogEntry::refused_because(code, "identitySourceWrong"),
            Self::Authenticate(AuthenticateError::Fault(fault)) | Self::Fault(fault) => LogEntry::fault(code, fault),
        }
    }
}

/// A fault of the authentication is a fault of the authorization, so that [`AuthorizeError::Fault`] alone is a fault.
impl From<AuthenticateError> for AuthorizeError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Fault(fault) => Self::Fault(fault),
            error => Self::Authenticate(error),
        }
    }
}

impl From<AuthorizationError> for AuthorizeError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<Fault> for AuthorizeError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
