//! The interface with which each function authenticates its callers.

use std::future::{Future, ready};

use super::verify::{Rejection, VerifyError};
use crate::domain::{Fault, Principal};
use crate::outbound::{Secrets, Store};
use crate::platform::Call;
use crate::platform::config::ConfigError;

/// The services that a function calls.
#[derive(Clone, Copy, Debug)]
pub struct Services<'a> {
    /// The table of keys.
    pub store: &'a Store,
    /// The secrets of the account.
    pub secrets: &'a Secrets,
}

/// Why a caller is not authenticated.
#[derive(Debug)]
pub enum AuthenticateError {
    /// There is no credential of the function's scheme.
    CredentialMissing,
    /// The credential does not verify.
    Rejected(Rejection),
    /// A service failed, so the credential could not be verified.
    Fault(Fault),
}

/// One way to authenticate a caller.
pub trait Authenticate: Send + Sync + 'static {
    /// The function's name in the log, and the last segment of its paths.
    const ENDPOINT: &'static str;
    /// Whether the credential is a key, which can read itself.
    const CALLER_IS_KEY: bool = false;
    /// The authentication scheme (RFC 9110 section 11.1).
    const SCHEME: &'static str;
    /// The value of `WWW-Authenticate` in a 401 (RFC 9110 section 11.6.1).
    const CHALLENGE: &'static str;

    /// Loads the secrets that the first request needs. By default there are none.
    ///
    /// # Errors
    /// A [`ConfigError`] when a secret can't be loaded; the process then does not start.
    fn prepare(&self, _: Services<'_>) -> impl Future<Output = Result<(), ConfigError>> + Send {
        ready(Ok(()))
    }

    /// Verifies a credential: the text after the scheme in an `Authorization` value.
    ///
    /// # Errors
    /// [`AuthenticateError::Rejected`] when it does not verify, [`AuthenticateError::Fault`] when a service fails.
    fn authenticate(
        &self,
        credential: &str,
        services: Services<'_>,
        call: &Call,
    ) -> impl Future<Output = Result<Principal, AuthenticateError>> + Send;
}

impl From<Rejection> for AuthenticateError {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<Fault> for AuthenticateError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<VerifyError> for AuthenticateError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Rejected(rejection) => Self::Rejected(rejection),
            VerifyError::Fault(fault) => Self::Fault(fault),
        }
    }
}
