//! The source of the key that verifies tokens: the environment, or a secret that is read while the function runs.

use jsonwebtoken::Algorithm;
use shared::domain::Fault;
use shared::keys::Services;
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

use crate::kept_secret::{KeptSecret, Keys};
use crate::verification_key::VerificationKey;

const SECRET: &str = "JWT_SECRET";
const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";
const SECRET_ARN: &str = "JWT_SECRET_ARN";

pub(crate) enum KeySource {
    /// The variable and the key in it, for the life of the process.
    Fixed(&'static str, VerificationKey),
    Kept(KeptSecret),
}

impl KeySource {
    /// Reads exactly one of `JWT_SECRET`, `JWT_PUBLIC_KEY` and `JWT_SECRET_ARN`.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let set = [SECRET, PUBLIC_KEY, SECRET_ARN].map(|variable| environment.optional(variable));
        match set {
            [Some(secret), None, None] => VerificationKey::from_secret(secret)
                .map(|key| Self::Fixed(SECRET, key))
                .ok_or(ConfigError::new(SECRET, "is shorter than 32 bytes")),
            [None, Some(pem), None] => {
                VerificationKey::from_public_key(pem).map(|key| Self::Fixed(PUBLIC_KEY, key)).ok_or(ConfigError::new(
                    PUBLIC_KEY,
                    "is not the PEM of an RSA (2048 to 8192 bits), P-256 or Ed25519 public key",
                ))
            }
            [None, None, Some(_)] => {
                let arn = environment.secret_arn(SECRET_ARN)?;
                let arn = arn.ok_or(ConfigError::new(SECRET_ARN, "is not set"))?;
                KeptSecret::configure(arn, environment).map(Self::Kept)
            }
            [None, None, None] => {
                Err(ConfigError::new(SECRET, "is not set, and neither is JWT_PUBLIC_KEY or JWT_SECRET_ARN"))
            }
            [first, ..] => {
                let variable = if first.is_some() { SECRET } else { PUBLIC_KEY };
                Err(ConfigError::new(variable, "is set, and so is another key to verify tokens: only one may be"))
            }
        }
    }

    /// The variable that names the source.
    pub(crate) const fn variable(&self) -> &'static str {
        match self {
            Self::Fixed(variable, _) => variable,
            Self::Kept(_) => SECRET_ARN,
        }
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Fixed(_, key) => key.algorithm,
            Self::Kept(_) => Algorithm::HS256,
        }
    }

    /// Reads the secret for the first time, if the source is a secret.
    pub(crate) async fn prepare(&self, services: Services<'_>) -> Result<(), ConfigError> {
        match self {
            Self::Fixed(..) => Ok(()),
            Self::Kept(secret) => {
                let unusable =
                    ConfigError::new(SECRET_ARN, "names a secret that can't be read or is shorter than 32 bytes");
                secret.prepare(services.secrets).await.map_err(|_| unusable)
            }
        }
    }

    pub(crate) async fn keys(&self, services: Services<'_>, call: &Call) -> Result<Keys, Fault> {
        match self {
            Self::Fixed(_, key) => Ok(Keys { current: key.key.clone(), previous: None }),
            Self::Kept(secret) => secret.keys(services.secrets, call).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_its_own_variable() {
        let secret = "a test's own secret, known to all who read this";
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:tokens-AbCdEf";
        for (variable, value) in [(SECRET, secret), (SECRET_ARN, arn)] {
            let environment = [(variable.to_owned(), value.to_owned())].into_iter().collect();
            assert_eq!(KeySource::read(&environment).ok().map(|source| source.variable()), Some(variable));
        }
    }
}
