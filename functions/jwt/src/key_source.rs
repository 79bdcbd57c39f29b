//! The source of the keys that verify tokens: the environment, or a secret that is read while the function runs.

use jsonwebtoken::Algorithm;
use shared::domain::Fault;
use shared::keys::Services;
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

use crate::kept_secret::KeptSecret;
use crate::keys::Keys;
use crate::public_key;
use crate::verification_key::VerificationKey;

const SECRET: &str = "JWT_SECRET";
const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";
const NEXT_PUBLIC_KEY: &str = "JWT_PUBLIC_KEY_NEXT";
const SECRET_ARN: &str = "JWT_SECRET_ARN";

pub(crate) enum KeySource {
    /// The variable and the keys, for the life of the process.
    Fixed(&'static str, Keys),
    Kept(KeptSecret),
}

impl KeySource {
    /// Reads exactly one of `JWT_SECRET`, `JWT_PUBLIC_KEY` and `JWT_SECRET_ARN`, and `JWT_PUBLIC_KEY_NEXT`.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let set = [SECRET, PUBLIC_KEY, SECRET_ARN].map(|variable| environment.optional(variable));
        let next = public_key(environment, NEXT_PUBLIC_KEY)?;
        match set {
            [None, Some(_), None] => {
                let first = public_key(environment, PUBLIC_KEY)?.ok_or(ConfigError::new(PUBLIC_KEY, "is not set"))?;
                Ok(Self::Fixed(PUBLIC_KEY, Keys { first, second: next }))
            }
            [Some(_), None, None] | [None, None, Some(_)] if next.is_some() => {
                Err(ConfigError::new(NEXT_PUBLIC_KEY, "is set without JWT_PUBLIC_KEY, which is the current key"))
            }
            [Some(secret), None, None] => VerificationKey::from_secret(secret)
                .map(|first| Self::Fixed(SECRET, Keys { first, second: None }))
                .ok_or(ConfigError::new(SECRET, "is shorter than 32 bytes")),
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

    /// The algorithms of the keys, each once.
    pub(crate) fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms: Vec<_> = match self {
            Self::Fixed(_, keys) => keys.algorithms().collect(),
            Self::Kept(_) => vec![Algorithm::HS256],
        };
        algorithms.dedup();
        algorithms
    }

    /// Reads the secret for the first time, if the source is a secret.
    pub(crate) async fn prepare(&self, services: Services<'_>) -> Result<(), ConfigError> {
        match self {
            Self::Fixed(..) => Ok(()),
            Self::Kept(secret) => {
                secret.prepare(services.secrets).await.map_err(|problem| ConfigError::new(SECRET_ARN, problem))
            }
        }
    }

    pub(crate) async fn keys(&self, services: Services<'_>, call: &Call) -> Result<Keys, Fault> {
        match self {
            Self::Fixed(_, keys) => Ok(keys.clone()),
            Self::Kept(secret) => secret.keys(services.secrets, call).await,
        }
    }
}

fn public_key(environment: &Environment, variable: &'static str) -> Result<Option<VerificationKey>, ConfigError> {
    let parse = |text| public_key::parse(text).map_err(|problem| ConfigError::new(variable, problem));
    environment.optional(variable).map(parse).transpose()
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
