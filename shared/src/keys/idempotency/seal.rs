//! AES-256-GCM with a key that HKDF-SHA-256 derives from value and salt. RFC 5869, NIST SP 800-38D.
//!
//! Each salt, and so each key, seals one stored answer, so the nonce can be constant. The item's id is authenticated
//! with the answer.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

/// The purpose of the derived key: `info` in RFC 5869 section 3.2.
const PURPOSE: &[u8] = b"apikeys Idempotency-Key 1";

/// Seals an answer.
pub(super) fn seal(value: &str, salt: &[u8; 32], id: &str, answer: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = answer.to_vec();
    key(value, salt)?.seal_in_place_append_tag(nonce(), Aad::from(id), &mut sealed).ok()?;
    Some(sealed)
}

/// Opens what [`seal`] sealed, with the same value, salt and id.
pub(super) fn open(value: &str, salt: &[u8; 32], id: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let mut opened = sealed.to_vec();
    let length = key(value, salt)?.open_in_place(nonce(), Aad::from(id), &mut opened).ok()?.len();
    opened.truncate(length);
    Some(opened)
}

fn key(value: &str, salt: &[u8; 32]) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, salt).extract(value.as_bytes());
    Some(LessSafeKey::new(UnboundKey::from(secret.expand(&[PURPOSE], &AES_256_GCM).ok()?)))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "2b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55";

    #[test]
    fn only_the_same_value_salt_and_id_open_an_answer() {
        let sealed = seal(VALUE, &[1; 32], "idem#1", b"answer").unwrap();
        assert_eq!(open(VALUE, &[1; 32], "idem#1", &sealed).unwrap(), b"answer");
        assert_eq!(open("3b0ff0b4-0b6d-4d0c-9b3e-0f3a7a6f1c55", &[1; 32], "idem#1", &sealed), None);
        assert_eq!(open(VALUE, &[2; 32], "idem#1", &sealed), None);
        assert_eq!(open(VALUE, &[1; 32], "idem#2", &sealed), None);
        let mut tampered = sealed.clone();
        tampered[0] ^= 1;
        assert_eq!(open(VALUE, &[1; 32], "idem#1", &tampered), None);
        assert_eq!(open(VALUE, &[1; 32], "idem#1", &sealed[..10]), None);
    }

    #[test]
    fn a_sealed_answer_is_unreadable_and_differs_for_each_salt() {
        let sealed = seal(VALUE, &[1; 32], "idem#1", b"answer").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"answer"));
        assert_ne!(sealed, seal(VALUE, &[2; 32], "idem#1", b"answer").unwrap());
    }
}
