//! The position in a list of keys at which the next page begins.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

use super::key_id::KeyId;

/// The length of the text: 24 bytes in base64url (RFC 4648 section 5) without padding.
const CHARS: usize = 32;

/// The last key that a page has looked at. It names a position and gives no access: the list's user is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The second of the key's creation, since the Unix epoch.
    pub created_at: u64,
    /// The id of the key, since several keys can be created in the same second.
    pub key_id: KeyId,
}

impl Cursor {
    /// Parses the text that [`fmt::Display`] writes, and no other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (created_at, key_id) = bytes.split_first_chunk::<8>()?;
        Some(Self { created_at: u64::from_be_bytes(*created_at), key_id: KeyId::from_bytes(key_id.try_into().ok()?) })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.created_at.to_be_bytes());
        bytes[8..].copy_from_slice(self.key_id.as_bytes());
        formatter.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_cursor_parses_to_the_same_position() {
        for created_at in [0, 1_700_000_000, u64::MAX] {
            let cursor = Cursor { created_at, key_id: KeyId::from_random_bytes([0xfe; 16]) };
            assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
        }
    }

    #[test]
    fn only_32_characters_of_base64url_are_a_cursor() {
        let text = Cursor { created_at: u64::MAX, key_id: KeyId::from_random_bytes([0xff; 16]) }.to_string();
        assert!(Cursor::parse(&text).is_some());
        for other in ["", "x", &text[1..], &format!("{text}A"), &format!("{}=", &text[1..]), &text.replace('_', "/")] {
            assert_eq!(Cursor::parse(other), None, "{other}");
        }
    }
}
