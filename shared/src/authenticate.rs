//! Who is calling, and who an event acts for. The two functions differ in this alone.

use std::future::{Future, ready};

use crate::call::Call;
use crate::config::{ConfigError, SecretArn};
use crate::error::Error;
use crate::principal::Principal;
use crate::provision::Source;
use crate::secrets::Secrets;
use crate::store::Store;

/// What is behind a function.
#[derive(Clone, Copy, Debug)]
pub struct Services<'a> {
    /// The table of keys.
    pub store: &'a Store,
    /// The account's secrets.
    pub secrets: &'a Secrets,
}

/// One way to prove who is calling.
pub trait Authenticate: Send + Sync + 'static {
    /// The function's name in the log.
    const ENDPOINT: &'static str;
    /// The scheme that its credentials come with (RFC 9110 section 11.1).
    const SCHEME: &'static str;

    /// Fetches what has to be at hand before the first request; most have nothing to fetch.
    ///
    /// # Errors
    /// A [`ConfigError`] when it can't be had, and the process can't start.
    fn prepare(&self, _: Services<'_>) -> impl Future<Output = Result<(), ConfigError>> + Send {
        ready(Ok(()))
    }

    /// Verifies a credential.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for whatever does not verify, [`Error::CreateApikeyFailed`] when it can't be
    /// told.
    fn authenticate(
        &self,
        credential: &str,
        services: Services<'_>,
        call: &Call,
    ) -> impl Future<Output = Result<Principal, Error>> + Send;
}

/// Who an event acts for.
pub trait EventAuthority: Authenticate {
    /// Whether the function rotates secrets.
    const ROTATES: bool;

    /// Finds the principal of an event, which may carry the value of an `Authorization` header.
    ///
    /// # Errors
    /// [`EventError::CredentialRefused`](crate::error::EventError::CredentialRefused) for a credential that an event of
    /// this source may not carry, [`EventError::Disabled`](crate::error::EventError::Disabled) where this deployment
    /// lacks what such events act with; else as [`Authenticate::authenticate`].
    fn authority(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> impl Future<Output = Result<Principal, Error>> + Send;

    /// The secret whose key the function acts with where events bring no credential.
    fn provisioner(&self) -> Option<&SecretArn>;
}
