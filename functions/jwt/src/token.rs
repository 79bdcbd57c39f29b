//! From a compact token to a principal: header, signature, claims, in this order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto;
use shared::authenticate::{Authenticate, EventAuthority, Services};
use shared::authorization;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::config::{ConfigError, Environment, SecretArn};
use shared::error::{Error, EventError};
use shared::http::HttpChallenge;
use shared::principal::Principal;
use shared::provision::Source;

use crate::claims::{ClaimsPolicy, VerifiedClaims};
use crate::kept_secret::Keys;
use crate::key_source::KeySource;
use crate::{header, provider, self_test};

/// Verifies tokens of one issuer, for one audience, by one algorithm.
pub struct TokenVerifier {
    keys: KeySource,
    policy: ClaimsPolicy,
}

impl TokenVerifier {
    /// Reads the key and what the claims must say, and sees that the cryptography works.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn configure(environment: &Environment) -> Result<Self, ConfigError> {
        let policy = ClaimsPolicy::read(environment)?;
        let keys = KeySource::read(environment)?;
        provider::install();
        if !self_test::passes(keys.algorithm()) {
            return Err(ConfigError::new(keys.variable(), "is of an algorithm that this build can't verify"));
        }
        Ok(Self { keys, policy })
    }

    /// What a token says, at a given moment.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for a token that does not verify.
    fn verify(&self, token: &str, keys: &Keys, now: Timestamp) -> Result<VerifiedClaims, Error> {
        let malformed = || Error::unauthenticated("tokenMalformed");
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        header::check(&decode(header).ok_or_else(malformed)?, self.keys.algorithm())?;
        // The segments of a token hold no dot: a fourth one is no base64url.
        let payload = decode(payload).ok_or_else(malformed)?;
        let signed_with =
            |key| crypto::verify(signature, message.as_bytes(), key, self.keys.algorithm()).unwrap_or(false);
        if signed_with(&keys.current) || keys.previous.as_ref().is_some_and(signed_with) {
            self.policy.check(&payload, now)
        } else {
            Err(Error::unauthenticated("signatureWrong"))
        }
    }

    async fn claims(&self, token: &str, services: Services<'_>, call: &Call) -> Result<VerifiedClaims, Error> {
        let keys = self.keys.keys(services, call).await?;
        self.verify(token, &keys, call.now)
    }
}

impl HttpChallenge for TokenVerifier {
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;
}

impl Authenticate for TokenVerifier {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";

    async fn prepare(&self, services: Services<'_>) -> Result<(), ConfigError> {
        self.keys.prepare(services).await
    }

    async fn authenticate(&self, credential: &str, services: Services<'_>, call: &Call) -> Result<Principal, Error> {
        Ok(self.claims(credential, services, call).await?.principal)
    }
}

impl EventAuthority for TokenVerifier {
    const ROTATES: bool = false;

    async fn authority(
        &self,
        authorization: Option<&str>,
        source: Source,
        services: Services<'_>,
        call: &Call,
    ) -> Result<Principal, Error> {
        let value = authorization.ok_or(Error::AuthenticationRequired)?;
        let token = authorization::of_event(value, Self::SCHEME)?;
        let claims = self.claims(token, services, call).await?;
        if source.is_bus() && !claims.is_short_lived {
            return Err(EventError::CredentialRefused.into());
        }
        Ok(claims.principal)
    }

    /// Every event brings a token.
    fn provisioner(&self) -> Option<&SecretArn> {
        None
    }
}

/// A segment as text: base64url without padding, in its one spelling (RFC 7515 section 2).
fn decode(segment: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(segment).ok()?).ok()
}
