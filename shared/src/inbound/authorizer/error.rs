//! Why a caller is not admitted.

use super::super::code;
use super::super::request_log::LogEntry;
use crate::domain::{AuthorizationError, Fault};
use crate::keys::{AuthenticateError, Rejection};

/// Why a caller is not admitted.
#[derive(Debug)]
pub enum AuthorizeError {
    /// There is no credential of the function's scheme.
    CredentialMissing,
    /// The credential does not verify.
    Rejected(Rejection),
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
            Self::CredentialMissing => code::AUTHENTICATION_REQUIRED,
            Self::Rejected(_) | Self::IdentitySourceWrong => code::AUTHENTICATION_FAILED,
            Self::Authorize(error) => code::of_authorization(*error),
            Self::Fault(_) => "authorizeFailed",
        }
    }

    pub(super) fn log_entry(&self) -> LogEntry<'_> {
        let code = self.code();
        match self {
            Self::CredentialMissing | Self::Authorize(_) => LogEntry::refused(code),
            Self::Rejected(rejection) => LogEntry::rejected(code, rejection),
            Self::IdentitySourceWrong => LogEntry::refused_because(code, "identitySourceWrong"),
            Self::Fault(fault) => LogEntry::fault(code, fault),
        }
    }
}

impl From<AuthenticateError> for AuthorizeError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::CredentialMissing => Self::CredentialMissing,
            AuthenticateError::Rejected(rejection) => Self::Rejected(rejection),
            AuthenticateError::Fault(fault) => Self::Fault(fault),
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
