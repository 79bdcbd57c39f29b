//! What the use cases work with, built once for the life of the process.

use super::authenticate::{Authenticate, Services};
use crate::domain::MaxExpiresIn;
use crate::outbound::{Secrets, Store, sdk_config};
use crate::platform::config::{Config, ConfigError};
use crate::platform::log::LogLevel;

/// The function's way to authenticate callers, the services behind it, and its limits.
#[derive(Debug)]
pub struct Service<A> {
    /// How callers authenticate.
    pub authenticator: A,
    /// The limit on `expiresIn`.
    pub max_expires_in: MaxExpiresIn,
    /// What the names of delivered secrets begin with; without it, no secret is delivered.
    pub delivery_prefix: Option<String>,
    /// Whether a direct invocation may get the secret in its answer.
    pub allow_plaintext_result: bool,
    /// The least severe request lines that are logged.
    pub log_level: LogLevel,
    store: Store,
    secrets: Secrets,
}

impl<A: Authenticate> Service<A> {
    /// Builds the clients and loads the secrets that the first request needs.
    ///
    /// # Errors
    /// A [`ConfigError`] for certificates that can't be used, and for a secret that can't be loaded.
    pub async fn start(authenticator: A, config: &Config) -> Result<Self, ConfigError> {
        let sdk = sdk_config(&config.store.aws)?;
        let events = config.events.clone();
        let service = Self {
            authenticator,
            max_expires_in: config.max_expires_in,
            delivery_prefix: events.delivery_prefix,
            allow_plaintext_result: events.allow_plaintext_result,
            log_level: config.log_level,
            store: Store::with(&sdk, &config.store),
            secrets: Secrets::new(sdk, events.endpoint_url),
        };
        service.authenticator.prepare(service.services()).await?;
        Ok(service)
    }

    /// Opens a connection to DynamoDB, which the first request then uses. Takes a second at most; a failure affects nothing
    /// but that request.
    pub async fn open_connection(&self) {
        self.store.open_connection().await;
    }

    /// The services behind the function.
    #[must_use]
    pub const fn services(&self) -> Services<'_> {
        Services { store: &self.store, secrets: &self.secrets }
    }
}
