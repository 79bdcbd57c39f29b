//! What is kept of a key. It has no field that could hold the secret.

use std::fmt;

use uuid::Uuid;

use crate::expiry::{ExpiresAt, ExpiresIn, MaxExpiresIn};
use crate::key_name::KeyName;
use crate::level::KeyLevel;
use crate::principal::{Credential, Principal};
use crate::secret::SecretHash;
use crate::user_id::UserId;

/// One issued key.
#[derive(Clone, Debug)]
pub struct Record {
    /// The key's public half.
    pub key: Uuid,
    /// The hash of its private half.
    pub secret_hash: SecretHash,
    /// The name its user gave it.
    pub name: KeyName,
    /// What it may do.
    pub level: KeyLevel,
    /// Whose it is.
    pub user_id: UserId,
    /// The second of its creation, since the Unix epoch.
    pub created_at: u64,
    /// When it ends.
    pub expires_at: ExpiresAt,
    /// Where it comes from.
    pub created_by: CreatedBy,
    /// When the chain that it belongs to ends.
    pub chain_expires_at: ExpiresAt,
}

impl Record {
    /// How long the key was to live.
    #[must_use]
    pub fn lifetime(&self) -> Option<ExpiresIn> {
        let seconds = self.expires_at.epoch_seconds().checked_sub(self.created_at)?;
        ExpiresIn::new(seconds, MaxExpiresIn::LONGEST)
    }

    /// The caller that shows this key and its secret.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal {
            user_id: self.user_id,
            level: self.level.into(),
            active: true,
            credential: Credential::Key { id: self.key, chain_expires_at: self.chain_expires_at },
            provisioner: None,
        }
    }
}

/// A key's lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatedBy {
    /// A signed-in user.
    Jwt,
    /// Another key.
    Key(Uuid),
    /// The rotation of the secret that held the key it replaces.
    Rotation(Uuid),
}

impl CreatedBy {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "jwt" {
            return Some(Self::Jwt);
        }
        let (kind, key) = text.split_once(':')?;
        let key = parse_key(key)?;
        match kind {
            "key" => Some(Self::Key(key)),
            "rotation" => Some(Self::Rotation(key)),
            _ => None,
        }
    }
}

impl fmt::Display for CreatedBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jwt => formatter.write_str("jwt"),
            Self::Key(key) => write!(formatter, "key:{key}"),
            Self::Rotation(key) => write!(formatter, "rotation:{key}"),
        }
    }
}

/// A key as it is written: a lower-case UUID with hyphens. `Uuid::try_parse` alone takes four other spellings.
#[must_use]
pub fn parse_key(text: &str) -> Option<Uuid> {
    let key = Uuid::try_parse(text).ok()?;
    (key.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";

    #[test]
    fn a_key_has_one_spelling() {
        assert!(parse_key(KEY).is_some());
        for text in [&KEY.to_uppercase(), &KEY.replace('-', ""), &format!("{{{KEY}}}"), &format!("urn:uuid:{KEY}"), ""]
        {
            assert_eq!(parse_key(text), None, "{text}");
        }
    }

    #[test]
    fn a_lineage_reads_back_as_it_was_written() {
        let key = parse_key(KEY).unwrap();
        for lineage in [CreatedBy::Jwt, CreatedBy::Key(key), CreatedBy::Rotation(key)] {
            assert_eq!(CreatedBy::parse(&lineage.to_string()), Some(lineage));
        }
        for text in ["", "key", "key:", "jwt:1", "user:7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52", "key:61"] {
            assert_eq!(CreatedBy::parse(text), None, "{text}");
        }
    }
}
