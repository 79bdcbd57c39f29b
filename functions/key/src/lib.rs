//! `POST /apikeys/key`: authenticates the caller by an existing key and its secret. RFC 7617.
//!
//! A malformed key or secret is refused without a read of the table. An event without a credential acts with the
//! provisioner's key, which is stored in a secret.

mod provisioner;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::domain::{Principal, SecretArn};
use shared::inbound::authorization;
use shared::inbound::events::{AuthenticateEvent, EventAuthenticateError, Source};
use shared::inbound::rotation::RotateSecrets;
use shared::keys::{Authenticate, AuthenticateError, PresentedKey, Rejection, Services, verify};
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

use provisioner::Provisioner;

/// Verifies HTTP Basic credentials against the stored keys.
#[derive(Debug)]
pub struct KeyVerifier {
    provisioner: Option<Provisioner>,
}

impl KeyVerifier {
    /// Reads the provisioner's secret, if one is configured.
    ///
    /// # Errors
    /// A [`ConfigError`] if `PROVISIONER_SECRET_ARN` is not the ARN of a secret.
    pub fn configure(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { provisioner: Provisioner::configure(environment)? })
    }
}

impl Authenticate for KeyVerifier {
    const ENDPOINT: &'static str = "key";
    const CALLER_IS_KEY: bool = true;
    const SCHEME: &'static str = "Basic";
    const CHALLENGE: &'static str = r#"Basic realm="apikeys", charset="UTF-8""#;

    async fn authenticate(
        &self,
        credential: &str,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, AuthenticateError> {
        let presented = presented(credential).ok_or(Rejection::new("credentialMalformed"))?;
        Ok(verify(&presented, call.now, services.store, call.deadline).await?.into())
    }
}

impl AuthenticateEvent for KeyVerifier {
    async fn authenticate_event(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, EventAuthenticateError> {
        match (authorization, &self.provisioner) {
            (None, Some(provisioner)) => Ok(provisioner.principal(services, call).await?),
            (None, None) if source.is_bus() => Err(EventAuthenticateError::Disabled),
            (None, None) => Err(AuthenticateError::CredentialMissing.into()),
            // By default a key can be valid for a year, which is too long for a credential in a queue or an archive.
            (Some(_), _) if source.is_bus() => Err(EventAuthenticateError::CredentialRefused),
            (Some(value), _) => {
                let credential = authorization::from_value(value, Self::SCHEME)?;
                Ok(self.authenticate(credential, services, call).await?)
            }
        }
    }
}

impl RotateSecrets for KeyVerifier {
    const ROTATES: bool = true;

    fn provisioner(&self) -> Option<&SecretArn> {
        self.provisioner.as_ref().map(Provisioner::secret)
    }
}

/// Base64 with padding, UTF-8, split at the first colon.
fn presented(credential: &str) -> Option<PresentedKey> {
    let decoded = String::from_utf8(STANDARD.decode(credential).ok()?).ok()?;
    let (key, secret) = decoded.split_once(':')?;
    PresentedKey::parse(key, secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

    #[test]
    fn only_a_canonical_key_and_secret_are_accepted() {
        let secret = "ab".repeat(32);
        let encoded = |text: &str| presented(&STANDARD.encode(text)).is_some();
        assert!(encoded(&format!("{KEY}:{secret}")));
        for text in [
            "",
            ":",
            KEY,
            &format!("{KEY}:"),
            &format!(":{secret}"),
            &format!("{KEY}:{secret}:"),
            &format!("{KEY}::{secret}"),
            &format!("{}:{secret}", KEY.to_uppercase()),
            &format!("{KEY}:{}", secret.to_uppercase()),
            &format!("{KEY}:{secret}\0"),
            &format!("{KEY}:{}", &secret[1..]),
        ] {
            assert!(!encoded(text), "{text}");
        }
    }

    #[test]
    fn only_padded_standard_base64_is_decoded() {
        let good = STANDARD.encode(format!("{KEY}:{}", "ab".repeat(32)));
        assert!(presented(&good).is_some());
        for text in [good.trim_end_matches('='), &format!("{good}\n"), &format!(" {good}"), &format!("{good}====")] {
            assert!(presented(text).is_none(), "{text}");
        }
        assert!(presented("////").is_none());
    }
}
