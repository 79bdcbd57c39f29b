//! From a compact token to a principal: header, signature, claims, in this order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use shared::authenticate::{Authenticate, EventAuthority, Services};
use shared::authorization;
use shared::call::Call;
use shared::clock::Timestamp;
use shared::config::{ConfigError, Environment, SecretArn};
use shared::error::{Error, EventError};
use shared::http::HttpChallenge;
use shared::principal::Principal;
use shared::provision::Source;
use shared::store::Store;

use crate::claims::{ClaimsPolicy, VerifiedClaims};
use crate::verification_key::VerificationKey;
use crate::{header, provider, self_test};

/// Verifies tokens of one issuer, for one audience, by one algorithm.
pub struct TokenVerifier {
    key: DecodingKey,
    algorithm: Algorithm,
    policy: ClaimsPolicy,
}

impl TokenVerifier {
    /// Reads the key and what the claims must say, and sees that the cryptography works.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn configure(environment: &Environment) -> Result<Self, ConfigError> {
        let policy = ClaimsPolicy::read(environment)?;
        let VerificationKey { variable, algorithm, key } = VerificationKey::read(environment)?;
        provider::install();
        if !self_test::passes(algorithm) {
            return Err(ConfigError::new(variable, "is of an algorithm that this build can't verify"));
        }
        Ok(Self { key, algorithm, policy })
    }

    /// What a token says, at a given moment.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for a token that does not verify.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedClaims, Error> {
        let malformed = || Error::unauthenticated("tokenMalformed");
        let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        header::check(&decode(header).ok_or_else(malformed)?, self.algorithm)?;
        // The segments of a token hold no dot: a fourth one is no base64url.
        let payload = decode(payload).ok_or_else(malformed)?;
        match crypto::verify(signature, message.as_bytes(), &self.key, self.algorithm) {
            Ok(true) => self.policy.check(&payload, now),
            _ => Err(Error::unauthenticated("signatureWrong")),
        }
    }
}

impl HttpChallenge for TokenVerifier {
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;
}

impl Authenticate for TokenVerifier {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";

    async fn authenticate(&self, credential: &str, _: &Store, call: &Call) -> Result<Principal, Error> {
        Ok(self.verify(credential, call.now)?.principal)
    }
}

impl EventAuthority for TokenVerifier {
    const ROTATES: bool = false;

    async fn authority(
        &self,
        authorization: Option<&str>,
        source: Source,
        _: Services<'_>,
        call: &Call,
    ) -> Result<Principal, Error> {
        let value = authorization.ok_or(Error::AuthenticationRequired)?;
        let claims = self.verify(authorization::of_event(value, Self::SCHEME)?, call.now)?;
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
