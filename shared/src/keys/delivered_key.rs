//! A key as the value of a secret, which deliveries and rotations write and read.
//!
//! Others may have written the secret. A delivery compares its value with the request and the caller, and a rotation
//! with the key that it replaces.

use std::fmt;

use serde::Serialize;

use super::verify::PresentedKey;
use crate::domain::{ExpiresAt, ExpiresIn, KeyId, KeyLevel, KeyName, KeyRequest, MaxExpiresIn, Record, Secret, UserId};
use crate::outbound::{SecretText, parse_rfc3339};
use crate::text::{Object, Value};

/// The key and all that a consumer of the secret needs. `Debug` prints `DeliveredKey(..)`.
pub struct DeliveredKey {
    /// The key's id.
    pub key_id: KeyId,
    /// The key's secret.
    pub secret: Secret,
    /// The key's name.
    pub name: KeyName,
    /// The key's level.
    pub level: KeyLevel,
    /// The time at which the key expires. After a rotation it can be earlier, since the lifetime begins in setSecret.
    pub expires_at: ExpiresAt,
    /// The owner.
    pub user_id: UserId,
    /// The requested lifetime. A rotation gives the new key the same lifetime.
    pub expires_in: ExpiresIn,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    key: KeyId,
    secret: String,
    name: &'a KeyName,
    level: KeyLevel,
    expires_at: ExpiresAt,
    user_id: UserId,
    expires_in: u64,
}

impl DeliveredKey {
    /// A new key, which is delivered before its record is stored.
    #[must_use]
    pub fn new(record: &Record, secret: Secret, expires_in: ExpiresIn) -> Self {
        let Record {
            key_id,
            secret_hash: _,
            name,
            level,
            user_id,
            created_at: _,
            expires_at,
            created_by: _,
            chain: _,
            chain_expires_at: _,
        } = record;
        let (key_id, level, expires_at, user_id) = (*key_id, *level, *expires_at, *user_id);
        Self { key_id, secret, name: name.clone(), level, expires_at, user_id, expires_in }
    }

    /// The secret's value, a JSON object.
    #[must_use]
    pub fn to_text(&self) -> SecretText {
        let Self { key_id, secret, name, level, expires_at, user_id, expires_in } = self;
        let written = Written {
            key: *key_id,
            secret: secret.expose(),
            name,
            level: *level,
            expires_at: *expires_at,
            user_id: *user_id,
            expires_in: expires_in.seconds(),
        };
        // Every value of this structure serializes.
        SecretText::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// Parses the text that [`DeliveredKey::to_text`] writes.
    #[must_use]
    pub fn parse(text: &SecretText) -> Option<Self> {
        let object = Object::parse(text.expose()).ok()?;
        Some(Self {
            key_id: KeyId::parse(string(&object, "key")?)?,
            secret: Secret::from_hex(string(&object, "secret")?)?,
            name: KeyName::parse(string(&object, "name")?).ok()?,
            level: KeyLevel::new(number(&object, "level")?)?,
            expires_at: parse_rfc3339(string(&object, "expiresAt")?)?,
            user_id: UserId::new(number(&object, "userId")?)?,
            expires_in: expires_in(&object)?,
        })
    }

    /// Whether the key was made for the same request.
    #[must_use]
    pub fn answers(&self, request: &KeyRequest) -> bool {
        let KeyRequest { name, level, expires_in } = request;
        self.name == *name && self.level == *level && self.expires_in == *expires_in
    }

    /// Whether the key may replace another key: a rotation does not change the name, the level or the owner.
    #[must_use]
    pub fn is_successor_of(&self, replaced: &Record) -> bool {
        let Self { key_id: _, secret: _, name, level, expires_at: _, user_id, expires_in: _ } = self;
        *name == replaced.name && *level == replaced.level && *user_id == replaced.user_id
    }

    /// The key as a caller presents it.
    #[must_use]
    pub fn presented(&self) -> PresentedKey {
        PresentedKey::new(self.key_id, &self.secret)
    }
}

impl fmt::Debug for DeliveredKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DeliveredKey(..)")
    }
}

/// The members that a secret must have: the key and its secret. The `apikey` object of a 201 has them.
pub struct KeptKey {
    /// The key as a caller presents it.
    pub presented: PresentedKey,
    /// The requested lifetime, if the secret contains it.
    pub expires_in: Option<ExpiresIn>,
}

impl KeptKey {
    /// Reads `key`, `secret` and, if present, `expiresIn`.
    #[must_use]
    pub fn parse(text: &SecretText) -> Option<Self> {
        let object = Object::parse(text.expose()).ok()?;
        let presented = PresentedKey::parse(string(&object, "key")?, string(&object, "secret")?)?;
        Some(Self { presented, expires_in: expires_in(&object) })
    }
}

fn string<'a>(object: &'a Object<'_>, name: &str) -> Option<&'a str> {
    match object.get(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn number(object: &Object<'_>, name: &str) -> Option<u64> {
    match object.get(name)? {
        Value::Number(number) => number.to_u64(),
        _ => None,
    }
}

fn expires_in(object: &Object<'_>) -> Option<ExpiresIn> {
    ExpiresIn::new(number(object, "expiresIn")?, MaxExpiresIn::LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = concat!(
        r#"{"key":"7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52","#,
        r#""secret":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""name":"x","level":3,"expiresAt":"2022-11-06T15:57:30.000Z","userId":61,"expiresIn":60}"#
    );

    fn parse(text: &str) -> Option<DeliveredKey> {
        DeliveredKey::parse(&SecretText::new(text.to_owned()))
    }

    #[test]
    fn a_written_key_parses_to_the_same_key() {
        let delivered = parse(TEXT).unwrap();
        assert_eq!(delivered.expires_at.epoch_seconds(), 1_667_750_250);
        assert_eq!(delivered.to_text().expose(), TEXT);
    }

    #[test]
    fn debug_output_does_not_contain_the_key() {
        assert_eq!(format!("{:?}", parse(TEXT).unwrap()), "DeliveredKey(..)");
    }

    #[test]
    fn an_incomplete_or_invalid_value_is_not_a_key() {
        for (member, other) in [
            (r#""level":3"#, r#""level":9"#),
            (r#""level":3"#, r#""level":"3""#),
            (r#""userId":61"#, r#""userId":0"#),
            (r#""expiresIn":60"#, r#""expiresIn":0"#),
            (r#","expiresIn":60"#, ""),
            ("2022-11-06T15:57:30.000Z", "1667750250"),
            ("2022-11-06T15:57:30.000Z", "1922-11-06T15:57:30.000Z"),
            (r#""name":"x""#, r#""name":"\u0000""#),
            (r#""name":"x""#, r#""name":"x","name":"x""#),
            ("7eba7d5c", "7EBA7D5C"),
        ] {
            assert!(parse(TEXT).is_some() && parse(&TEXT.replace(member, other)).is_none(), "{other}");
        }
        for text in ["", "null", "[]", "{}", "a password"] {
            assert!(parse(text).is_none() && KeptKey::parse(&SecretText::new(text.to_owned())).is_none(), "{text}");
        }
    }
}
