//! JSON Web Tokens of every kind, good and bad, for tests and local work.
//!
//! Made with ring alone, never with the library that the function verifies with.

mod claims;
mod rfc7515;
mod signer;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

pub use claims::{AUDIENCE, Claims, ISSUER};
pub use signer::Signer;

/// A token before it is signed: any bytes where its header and payload belong.
#[derive(Clone, Debug)]
pub struct Token {
    header: Option<Vec<u8>>,
    payload: Vec<u8>,
}

impl Token {
    /// A token with these claims and the header that its signer asks for.
    #[must_use]
    pub fn new(claims: &Claims) -> Self {
        Self { header: None, payload: claims.to_json().into_bytes() }
    }

    /// Takes any bytes as the header, whatever the signer is.
    #[must_use]
    pub fn header(mut self, header: impl Into<Vec<u8>>) -> Self {
        self.header = Some(header.into());
        self
    }

    /// Takes any bytes as the payload.
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

/// Raw segments joined by dots, for tokens that no signer would make.
#[must_use]
pub fn compact(segments: &[&str]) -> String {
    segments.join(".")
}

/// A token's signature put in place of whatever it had, for tokens that were tampered with.
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
