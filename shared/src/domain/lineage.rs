//! The origin of a key: the record's `createdBy`.

use std::fmt;

use serde::{Serialize, Serializer};

use super::key_id::KeyId;

/// The credential or rotation that created a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lineage {
    /// The JSON Web Token of a signed-in user.
    Jwt,
    /// Another key.
    Key(KeyId),
    /// A rotation, which replaced the key of this id.
    Rotation(KeyId),
}

impl Lineage {
    /// Parses the text that [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "jwt" {
            return Some(Self::Jwt);
        }
        let (kind, key_id) = text.split_once(':')?;
        let key_id = KeyId::parse(key_id)?;
        match kind {
            "key" => Some(Self::Key(key_id)),
            "rotation" => Some(Self::Rotation(key_id)),
            _ => None,
        }
    }
}

impl fmt::Display for Lineage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jwt => formatter.write_str("jwt"),
            Self::Key(key_id) => write!(formatter, "key:{key_id}"),
            Self::Rotation(key_id) => write!(formatter, "rotation:{key_id}"),
        }
    }
}

impl Serialize for Lineage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_lineage_parses_to_the_same_lineage() {
        let key_id = KeyId::from_random_bytes([7; 16]);
        for lineage in [Lineage::Jwt, Lineage::Key(key_id), Lineage::Rotation(key_id)] {
            assert_eq!(Lineage::parse(&lineage.to_string()), Some(lineage));
        }
        for text in ["", "key", "key:", "jwt:1", "user:7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52", "key:61"] {
            assert_eq!(Lineage::parse(text), None, "{text}");
        }
    }
}
