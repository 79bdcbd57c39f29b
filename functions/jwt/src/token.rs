//! From a compact token to a principal: header, signature, claims, in this order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::value::RawValue;
use shared::clock::Timestamp;
use shared::config::{ConfigError, Environment};
use shared::error::Error;
use shared::function::{Authenticate, Call};
use shared::principal::Principal;
use shared::store::Store;

use crate::claims::Expected;
use crate::keys::VerificationKey;
use crate::{header, provider, self_test};

/// Verifies tokens of one issuer, for one audience, by one algorithm.
pub struct TokenVerifier {
    key: DecodingKey,
    algorithm: Algorithm,
    validation: Validation,
    expected: Expected,
}

impl TokenVerifier {
    /// Reads the key and what the claims must say, and sees that the cryptography works.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn configure(environment: &Environment) -> Result<Self, ConfigError> {
        let expected = Expected::read(environment)?;
        let VerificationKey { variable, algorithm, key } = VerificationKey::read(environment)?;
        provider::install();
        if !self_test::passes(algorithm) {
            return Err(ConfigError::new(variable, "is of an algorithm that this build can't verify"));
        }
        Ok(Self { key, algorithm, validation: signature_only(algorithm), expected })
    }

    /// The principal that a token speaks for, at a given moment.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`] for a token that does not verify, [`Error::AccountStatusLacking`] for one whose
    /// user may not act.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Principal, Error> {
        let (header, _) = token.split_once('.').ok_or(Error::unauthenticated("tokenMalformed"))?;
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Error::unauthenticated("tokenMalformed"))?;
        header::check(&header, self.algorithm)?;
        let claims = jsonwebtoken::decode::<Box<RawValue>>(token, &self.key, &self.validation)
            .map_err(|_| Error::unauthenticated("tokenNotVerified"))?
            .claims;
        self.expected.check(claims.get(), now)
    }
}

impl Authenticate for TokenVerifier {
    const ENDPOINT: &'static str = "jwt";
    const SCHEME: &'static str = "Bearer";
    const CHALLENGE: &'static str = r#"Bearer realm="apikeys""#;

    async fn authenticate(&self, credential: &str, _: &Store, call: &Call) -> Result<Principal, Error> {
        self.verify(credential, call.now)
    }
}

/// The library verifies the compact form, the algorithm and the signature. The claims are ours to check
/// ([`Expected::check`]): its own checks let a missing or mistyped `aud` and `iss` pass, and read another clock.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}
