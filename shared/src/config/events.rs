//! What this function may do for events that are not HTTP.

use super::environment::{ConfigError, Environment};
use super::{endpoint_url, flag};

/// Secrets Manager's limit is 512 characters for the whole name, and 17 of a user's id, a slash and 64 follow.
const LONGEST_PREFIX: usize = 256;

/// Where secrets are delivered, and how to reach Secrets Manager.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// What the names of delivered secrets begin with (`DELIVERY_PREFIX`); without it, none is delivered.
    pub(crate) delivery_prefix: Option<String>,
    /// Whether a direct invocation may have a secret back in its answer (`ALLOW_PLAINTEXT_RESULT`).
    pub(crate) allow_plaintext_result: bool,
    /// Another Secrets Manager (`AWS_ENDPOINT_URL_SECRETS_MANAGER`), for local work.
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

/// A prefix that no user id can run into: `keys1` and user 2 would be `keys` and user 12.
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

/// Secrets Manager's own rule for names (AWS Secrets Manager API Reference, "CreateSecret").
fn is_in_secret_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte)
}

/// The full ARN of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretArn(String);

impl SecretArn {
    /// Reads a variable that may be unset.
    ///
    /// # Errors
    /// A [`ConfigError`] for text that is no ARN of a secret.
    pub fn read(environment: &Environment, variable: &'static str) -> Result<Option<Self>, ConfigError> {
        let parse = |text| Self::parse(text).ok_or(ConfigError::new(variable, "is not the ARN of a secret"));
        environment.optional(variable).map(parse).transpose()
    }

    /// `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>-<six random characters>`
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        secret_name(text).map(|_| Self(text.to_owned()))
    }

    /// The ARN as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name in the ARN of a secret, less the six characters that Secrets Manager adds to it.
#[must_use]
pub(crate) fn secret_name(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let ["arn", _, "secretsmanager", _, _, "secret", resource] = parts.as_slice() else {
        return None;
    };
    let (name, suffix) = resource.rsplit_once('-')?;
    let is_whole = !name.is_empty() && suffix.len() == 6 && resource.bytes().all(is_in_secret_name);
    is_whole.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_a_secret_by_its_name_and_six_characters() {
        let arn = |resource: &str| format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{resource}");
        assert_eq!(secret_name(&arn("apikeys/61/ci-AbCd12")), Some("apikeys/61/ci"));
        assert_eq!(secret_name(&arn("apikeys/61/ci-a-AbCd12")), Some("apikeys/61/ci-a"));
        for text in [
            "",
            "apikeys/61/ci",
            &arn("ci"),
            &arn("-AbCd12"),
            &arn("ci-AbCd1"),
            &arn("a:b-AbCd12"),
            "arn:aws:kms:eu-west-1:123456789012:secret:ci-AbCd12",
            "arn:aws:secretsmanager:eu-west-1:123456789012:key:ci-AbCd12",
        ] {
            assert_eq!(secret_name(text), None, "{text}");
        }
    }
}
