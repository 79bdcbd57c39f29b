//! Who an event acts for.

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
    /// This deployment does not configure what such events act with.
    Disabled,
    /// An event of this source may not carry this credential.
    CredentialRefused,
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
}

/// Authentication of events. A function serves no events unless it implements the method.
pub trait AuthenticateEvent: Authenticate {
    /// Finds the principal of an event, which may carry the value of an `Authorization` header.
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
