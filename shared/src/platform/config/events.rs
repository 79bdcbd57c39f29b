//! The configuration for events other than HTTP.

use super::environment::{ConfigError, Environment};
use super::{endpoint_url, flag};
use crate::domain::is_in_secret_name;

/// The longest prefix, in bytes. Secrets Manager allows 512 characters for the whole name, and up to 16 digits of a
/// user id, a slash and up to 64 characters follow the prefix.
const LONGEST_PREFIX: usize = 256;

/// Where secrets are delivered, and how to reach Secrets Manager.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// The prefix of the names of delivered secrets (`DELIVERY_PREFIX`). Without it, no secret is delivered.
    pub(crate) delivery_prefix: Option<String>,
    /// Whether the answer to a direct invocation may contain a secret (`ALLOW_PLAINTEXT_RESULT`).
    pub(crate) allow_plaintext_result: bool,
    /// Another Secrets Manager (`AWS_ENDPOINT_URL_SECRETS_MANAGER` or `AWS_ENDPOINT_URL`), for local work.
    pub(crate) endpoint_url: Option<String>,
}

impl EventsConfig {
    /// Reads the variables, all of which may be unset.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            delivery_prefix: delivery_prefix(environment)?,
            allow_plaintext_result: flag(environment, "ALLOW_PLAINTEXT_RESULT", false)?,
            endpoint_url: endpoint_url(environment, "AWS_ENDPOINT_URL_SECRETS_MANAGER")?,
        })
    }
}

/// The last character is not a letter or digit: `keys1` with user 2 would give the same name as `keys` with user 12.
fn delivery_prefix(environment: &Environment) -> Result<Option<String>, ConfigError> {
    let variable = "DELIVERY_PREFIX";
    match environment.optional(variable) {
        None => Ok(None),
        Some(text) if text.len() > LONGEST_PREFIX || !text.bytes().all(is_in_secret_name) => {
            Err(ConfigError::new(variable, "is not the beginning of a secret's name of at most 256 characters"))
        }
        Some(text) if text.ends_with(|last: char| last.is_ascii_alphanumeric()) => {
            Err(ConfigError::new(variable, "does not end with a slash or another mark"))
        }
        Some(text) => Ok(Some(text.to_owned())),
    }
}
