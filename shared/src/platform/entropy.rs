//! Randomness as a value. Only this module draws it for keys.

use ring::rand::{SecureRandom, SystemRandom};

use crate::domain::{Fault, KeyId, Secret};

/// The randomness for the creation of one key.
#[derive(Debug)]
pub struct Randomness {
    /// The new key's id.
    pub key_id: KeyId,
    /// The id to use if the first id belongs to another record.
    pub spare_key_id: KeyId,
    /// The new key's secret.
    pub secret: Secret,
    /// The salt of the key that seals an answer which is stored for retries.
    pub salt: [u8; 32],
}

impl Randomness {
    /// Draws from the operating system's generator.
    ///
    /// # Errors
    /// A [`Fault`] when the generator fails.
    pub fn draw() -> Result<Self, Fault> {
        let mut bytes = [[0; 16]; 6];
        SystemRandom::new().fill(bytes.as_flattened_mut()).map_err(|_| Fault::new("randomnessUnavailable"))?;
        Ok(Self::from_random_bytes(bytes))
    }

    /// Makes two ids, a secret and a salt from random bytes.
    #[must_use]
    pub fn from_random_bytes([key_id, spare_key_id, secret, secret_end, salt, salt_end]: [[u8; 16]; 6]) -> Self {
        let secret = Secret::from_random_bytes(joined(secret, secret_end));
        Self {
            key_id: KeyId::from_random_bytes(key_id),
            spare_key_id: KeyId::from_random_bytes(spare_key_id),
            secret,
            salt: joined(salt, salt_end),
        }
    }
}

fn joined(start: [u8; 16], end: [u8; 16]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&start);
    bytes[16..].copy_from_slice(&end);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Randomness;

    #[test]
    fn ids_are_version_4_uuids() {
        let randomness = Randomness::from_random_bytes([[0xff; 16], [0; 16], [1; 16], [2; 16], [3; 16], [4; 16]]);
        assert_eq!(randomness.key_id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(randomness.spare_key_id.to_string(), "00000000-0000-4000-8000-000000000000");
        assert_eq!(randomness.secret.expose(), ["01".repeat(16), "02".repeat(16)].concat());
    }

    #[test]
    fn draws_do_not_repeat_and_their_bits_are_balanced() {
        let mut seen = HashSet::new();
        let mut ones = 0_u64;
        for _ in 0..20_000 {
            let randomness = Randomness::draw().unwrap();
            let secret = randomness.secret.expose();
            ones += secret
                .chars()
                .filter_map(|digit| digit.to_digit(16))
                .map(|digit| u64::from(digit.count_ones()))
                .sum::<u64>();
            assert!(seen.insert(secret) && randomness.key_id != randomness.spare_key_id);
        }
        // 5,120,000 fair bits have the mean 2,560,000 and the standard deviation 1,131. A deviation of six standard
        // deviations has a probability of one in 500 million.
        assert!(ones.abs_diff(2_560_000) < 6 * 1_132, "{ones}");
    }
}
