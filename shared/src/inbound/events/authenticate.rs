//! The authentication of events.

use std::future::{Future, ready};

use super::source::Source;
use crate::domain::Principal;
use crate::keys::{Authenticate, AuthenticateError, Services};
use crate::platform::Call;

/// Why an event is not authenticated.
#[derive(Debug)]
pub enum EventAuthenticateError {
    /// The function serves no events.
    Unknown,
    /// The deployment has no provisioner, so events without a credential are not served.
    Disabled,
    /// An event of this source may not carry this credential.
    CredentialRefused,
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
}

/// Authentication of events. A function serves no events unless it implements the method.
pub trait AuthenticateEvent: Authenticate {
    /// Finds the principal of an event. The event may contain the value of an `Authorization` header.
    ///
    /// # Errors
    /// An [`EventAuthenticateError`].
    fn authenticate_event(
        &self,
        _authorization: Option<&str>,
        _source: Source,
        _services: Services<'_>,
        _call: &Call,
    ) -> impl Future<Output = Result<Principal, EventAuthenticateError>> + Send {
        ready(Err(EventAuthenticateError::Unknown))
    }
}

impl From<AuthenticateError> for EventAuthenticateError {
    fn from(error: AuthenticateError) -> Self {
        Self::Authenticate(error)
    }
}
