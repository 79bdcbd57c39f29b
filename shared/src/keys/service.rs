//! The authenticator, the clients and the limits of a function, built once for the life of the process.

use super::authenticate::{Authenticate, Services};
use crate::domain::MaxExpiresIn;
use crate::outbound::{Secrets, Store, sdk_config};
use crate::platform::config::{AuthorizerConfig, Config, ConfigError};
use crate::platform::log::LogLevel;

/// The authenticator, the clients and the limits of a function.
#[derive(Debug)]
pub struct Service<A> {
    /// The authenticator of callers.
    pub authenticator: A,
    /// The limit on `expiresIn`.
    pub max_expires_in: MaxExpiresIn,
    /// The prefix of the names of delivered secrets. Without it, no secret is delivered.
    pub delivery_prefix: Option<String>,
    /// Whether the answer to a direct invocation may contain the secret.
    pub allow_plaintext_result: bool,
    /// Whom the function admits to other APIs as a Lambda authorizer.
    pub authorizer: AuthorizerConfig,
    /// The lowest severity of the request lines that are logged.
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
            authorizer: config.authorizer,
            log_level: config.log_level,
            store: Store::with(&sdk, &config.store),
            secrets: Secrets::new(sdk, events.endpoint_url),
        };
        service.authenticator.prepare(service.services()).await?;
        Ok(service)
    }

    /// Opens a connection to DynamoDB for the first request. It takes one second at most; a failure is ignored.
    pub async fn open_connection(&self) {
        self.store.open_connection().await;
    }

    /// The services that the function calls.
    #[must_use]
    pub const fn services(&self) -> Services<'_> {
        Services { store: &self.store, secrets: &self.secrets }
    }
}
