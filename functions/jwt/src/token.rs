//! Verifies a compact token: header, signature, claims, in this order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use shared::domain::{Principal, Timestamp};
use shared::inbound::authorization;
use shared::inbound::events::{AuthenticateEvent, EventAuthenticateError, Source};
use shared::inbound::rotation::RotateSecrets;
use shared::keys::{Authenticate, AuthenticateError, Rejection, Services};
use shared::platform::Call;
use shared::platform::config::{ConfigError, Environment};

use crate::claims::{ClaimsPolicy, VerifiedClaims};
use crate::key_source::KeySource;
use crate::keys::Keys;
use crate::verification_key::VerificationKey;
use crate::{header, provider, self_test};

/// Verifies tokens of one issuer and one audience.
pub struct TokenVerifier {
    keys: KeySource,
    policy: ClaimsPolicy,
}

impl TokenVerifier {
    /// Reads the key and the required claims, and tests the cryptography.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn configure(environment: &Environment) -> Result<Self, ConfigError> {
        let policy = ClaimsPolicy::read(environment)?;
        let keys = KeySource::read(environment)?;
        provider::install();
        if !keys.algorithms().into_iter().all(self_test::passes) {
            return Err(ConfigError::new(keys.variable(), "is of an algorithm that this build can't verify"));
        }
        Ok(Self { keys, policy })
    }

    /// Verifies a token at the time `now`.
    ///
    /// # Errors
    /// A [`Rejection`] of a token that does not verify.
    fn verify(&self, token: &str, keys: &Keys, now: Timestamp) -> Result<VerifiedClaims, Rejection> {
        let malformed = || Rejection::new("tokenMalformed");
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        let algorithm = header::check(&decode(header).ok_or_else(malformed)?, keys.algorithms())?;
        // With a fourth segment, `payload` contains a dot, which is not base64url.
        let payload = decode(payload).ok_or_else(malformed)?;
        let has_signed = |key: &VerificationKey| {
            key.algorithm == algorithm
                && crypto::verify(signature, message.as_bytes(), &key.key, algorithm).unwrap_or(false)
        };
        if keys.iter().any(has_signed) {
            self.policy.check(&payload, now)
        } else {
            Err(Rejection::new("signatureWrong"))
        }
    }

    async fn claims(
        &self,
        token: &str,
        services: Services<'_>,
        call: &Call,
    ) -> Result<VerifiedClaims, AuthenticateError> {
        let keys = self.keys.keys(services, call).await?;
        Ok(self.verify(token, &keys, call.now)?)
    }
}

impl Authenticate for TokenVerifier {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;

    async fn prepare(&self, services: Services<'_>) -> Result<(), ConfigError> {
        self.keys.prepare(services).await
    }

    async fn authenticate(
        &self,
        credential: &str,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, AuthenticateError> {
        Ok(self.claims(credential, services, call).await?.principal)
    }
}

impl AuthenticateEvent for TokenVerifier {
    async fn authenticate_event(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, EventAuthenticateError> {
        let value = authorization.ok_or(AuthenticateError::CredentialMissing)?;
        let token = authorization::from_value(value, Self::SCHEME)?;
        let claims = self.claims(token, services, call).await?;
        if source.is_bus() && !claims.is_short_lived {
            return Err(EventAuthenticateError::CredentialRefused);
        }
        Ok(claims.principal)
    }
}

impl RotateSecrets for TokenVerifier {}

/// Decodes a segment, which is text in canonical base64url without padding (RFC 7515 section 2).
fn decode(segment: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(segment).ok()?).ok()
}
