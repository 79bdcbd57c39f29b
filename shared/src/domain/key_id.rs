//! The id of an API key: the public part of the key, and the partition key of its record.

use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// A UUID (RFC 9562), written in lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(Uuid);

impl KeyId {
    /// Parses the canonical form only. `Uuid::try_parse` accepts four other forms.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        (id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(id))
    }

    /// Makes a version 4 UUID from 16 random bytes (RFC 9562 section 5.4).
    #[must_use]
    pub const fn from_random_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// Takes the 16 bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyId;

    #[test]
    fn only_the_canonical_form_is_a_key_id() {
        let id = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";
        assert!(KeyId::parse(id).is_some());
        for text in [&id.to_uppercase(), &id.replace('-', ""), &format!("{{{id}}}"), &format!("urn:uuid:{id}"), ""] {
            assert_eq!(KeyId::parse(text), None, "{text}");
        }
    }
}
