//! The secret of a key and the hash of the secret. They are different types, so neither can be used as the other.
//!
//! [`Secret`] has no `Clone`, `Display` or `Serialize`. The record of a key contains only the [`SecretHash`].

use std::fmt;

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

/// The 32 random bytes that prove possession of a key.
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes 32 bytes from a cryptographically secure generator.
    #[must_use]
    pub const fn from_random_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Parses exactly 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The secret as 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn expose(&self) -> String {
        // `hex::encode` would append to a `String` digit by digit.
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits)
            .map_or_else(|_| hex::encode(self.0), |()| String::from_utf8_lossy(&digits).into_owned())
    }

    /// SHA-256 of the 32 bytes. A slow hash is not needed, since 256 random bits can't be guessed.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, &self.0).as_ref());
        SecretHash(hash)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// SHA-256 of a [`Secret`]. It has no `PartialEq`: hashes are compared in constant time.
#[derive(Clone)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Reads a stored hash.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The hash of a revoked key, and the hash to compare with if there is no record. No secret with this hash is known.
    #[must_use]
    pub const fn of_nothing() -> Self {
        Self([0; 32])
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_64_lower_case_hex_digits() {
        let hex = "0123456789abcdef".repeat(4);
        assert_eq!(Secret::from_hex(&hex).unwrap().expose(), hex);
        for text in ["", &hex[1..], &format!("{hex}0"), &hex.to_uppercase(), &"g".repeat(64), &"é".repeat(32)] {
            assert!(Secret::from_hex(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_hash_is_sha_256_of_the_raw_bytes() {
        // `head -c 32 /dev/zero | sha256sum`
        let hash = Secret::from_random_bytes([0; 32]).hash();
        assert_eq!(hex::encode(hash.as_bytes()), "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925");
    }

    #[test]
    fn only_the_same_secret_matches() {
        let hash = Secret::from_random_bytes([1; 32]).hash();
        assert!(hash.matches(&Secret::from_random_bytes([1; 32]).hash()));
        assert!(!hash.matches(&Secret::from_random_bytes([2; 32]).hash()));
        assert!(!hash.matches(&SecretHash::of_nothing()));
    }

    #[test]
    fn debug_output_contains_neither_secret_nor_hash() {
        let secret = Secret::from_random_bytes([7; 32]);
        assert_eq!(format!("{secret:?} {:?}", secret.hash()), "Secret(..) SecretHash(..)");
    }
}
