//! From a compact token to a principal: header, signature, claims, in this order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use shared::call::Call;
use shared::clock::Timestamp;
use shared::config::{ConfigError, Environment};
use shared::error::Error;
use shared::function::Authenticate;
use shared::http::HttpScheme;
use shared::principal::Principal;
use shared::store::Store;

use crate::claims::ClaimsPolicy;
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

    /// The principal that a token speaks for, at a given moment.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for a token that does not verify.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Error> {
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

impl HttpScheme for TokenVerifier {
    const SCHEME: &'static str = "Bearer";
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;
}

impl Authenticate for TokenVerifier {
    const ENDPOINT: &'static str = "jwt";

    async fn authenticate(&self, credential: &str, _: &Store, call: &Call) -> Result<Principal, Error> {
        self.verify(credential, call.now)
    }
}

/// A segment as text: base64url without padding, in its one spelling (RFC 7515 section 2).
fn decode(segment: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(segment).ok()?).ok()
}
