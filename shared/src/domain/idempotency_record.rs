//! The stored answer to a create request with an `Idempotency-Key`.

use std::fmt;

use super::expiry::ExpiresAt;

/// A sealed (encrypted) answer. `Debug` prints `IdempotencyRecord(..)`.
#[derive(Clone)]
pub struct IdempotencyRecord {
    /// The partition key of the item: `idem#` and a hash of the caller and the header's value.
    pub id: String,
    /// SHA-256 over the members of the request.
    pub request_hash: [u8; 32],
    /// The salt of the sealing key, different for each record.
    pub salt: [u8; 32],
    /// The sealed answer.
    pub sealed: Vec<u8>,
    /// The second from which on the record counts as absent.
    pub expires_at: ExpiresAt,
}

impl fmt::Debug for IdempotencyRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdempotencyRecord(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idempotency_record_prints_none_of_its_values() {
        let record = IdempotencyRecord {
            id: "idem#canary".to_owned(),
            request_hash: [7; 32],
            salt: [7; 32],
            sealed: b"canary".to_vec(),
            expires_at: ExpiresAt::from_epoch_seconds(1),
        };
        assert_eq!(format!("{record:?}"), "IdempotencyRecord(..)");
    }
}
