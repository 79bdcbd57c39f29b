//! `POST /apikeys/key`: who is calling is proven by an existing key and its secret. RFC 7617.
//!
//! Text that can't be a key of ours is refused without a read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use shared::call::Call;
use shared::error::Error;
use shared::function::Authenticate;
use shared::http::HttpScheme;
use shared::principal::Principal;
use shared::store::Store;
use shared::verify::{PresentedKey, verify};

/// Verifies HTTP Basic credentials against the stored keys.
#[derive(Debug)]
pub struct KeyVerifier;

impl HttpScheme for KeyVerifier {
    const SCHEME: &'static str = "Basic";
    const CHALLENGE: &'static str = r#"Basic realm="apikeys", charset="UTF-8""#;
}

impl Authenticate for KeyVerifier {
    const ENDPOINT: &'static str = "key";

    async fn authenticate(&self, credential: &str, store: &Store, call: &Call) -> Result<Principal, Error> {
        let presented = presented(credential).ok_or(Error::unauthenticated("credentialMalformed"))?;
        Ok(verify(&presented, call.now, store, call.deadline).await?.principal())
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
    fn only_a_key_and_a_secret_in_their_one_spelling_are_presented() {
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
