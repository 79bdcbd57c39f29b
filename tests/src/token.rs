//! Valid and invalid JSON Web Tokens for tests and the local stack.
//!
//! They are signed with ring, not with the library that the function verifies tokens with.

mod claims;
mod rfc7515;
mod signer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

pub use claims::{AUDIENCE, Claims, ISSUER};
pub use signer::Signer;

/// An unsigned token, with any bytes as header and payload.
#[derive(Clone, Debug)]
pub struct Token {
    header: Option<Vec<u8>>,
    payload: Vec<u8>,
}

impl Token {
    /// A token with these claims and the default header of its signer.
    #[must_use]
    pub fn new(claims: &Claims) -> Self {
        Self { header: None, payload: claims.to_json().into_bytes() }
    }

    /// Sets the header to any bytes.
    #[must_use]
    pub fn header(mut self, header: impl Into<Vec<u8>>) -> Self {
        self.header = Some(header.into());
        self
    }

    /// Sets the payload to any bytes.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.payload = payload.into();
        self
    }

    /// Signs it: `header.payload.signature`.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        let own = || json!({ "alg": signer.algorithm(), "typ": "JWT" }).to_string().into_bytes();
        let header = self.header.clone().unwrap_or_else(own);
        let message = compact(&[&segment(header), &segment(&self.payload)]);
        compact(&[&message, &segment(signer.sign(message.as_bytes()))])
    }
}

/// Bytes as a segment of a token: base64url without padding.
#[must_use]
pub fn segment(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Joins raw segments with dots, for malformed tokens.
#[must_use]
pub fn compact(segments: &[&str]) -> String {
    segments.join(".")
}

/// Replaces the signature of a token.
///
/// # Panics
///
/// Panics if the token has no signature.
#[must_use]
pub fn with_signature(token: &str, signature: impl AsRef<[u8]>) -> String {
    let (message, _) = token.rsplit_once('.').expect("the token has a signature");
    compact(&[message, &segment(signature)])
}

#[cfg(test)]
mod tests;
