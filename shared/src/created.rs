//! The answer to a creation: the one place in which a secret becomes visible to a caller.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::expiry::ExpiresAt;
use crate::key_name::KeyName;
use crate::level::KeyLevel;
use crate::record::{Record, parse_key};
use crate::secret::Secret;
use crate::user_id::UserId;

/// The body of a 201, or the answer to a direct invocation. It prints as `CreatedBody(..)`.
pub struct CreatedBody {
    json: String,
    key: Uuid,
}

impl CreatedBody {
    /// Shows a new key and its secret.
    #[must_use]
    pub fn new(record: &Record, secret: &Secret) -> Self {
        Self::showing(record, Some(secret.expose()), None)
    }

    /// Shows a new key, and where its secret lies.
    #[must_use]
    pub fn delivered(record: &Record, secret_arn: String) -> Self {
        Self::showing(record, None, Some(secret_arn))
    }

    fn showing(record: &Record, secret: Option<String>, secret_arn: Option<String>) -> Self {
        let apikey = Apikey {
            key: Hyphenated(record.key),
            secret,
            secret_arn,
            level: record.level,
            expires_at: record.expires_at,
            name: &record.name,
            user_id: record.user_id,
        };
        // Nothing in this structure can fail to be JSON.
        let json = serde_json::to_string(&Created { result: "success", apikey }).unwrap_or_default();
        Self { json, key: record.key }
    }

    /// Takes back what was sealed, if it is an answer of ours.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(bytes).ok()?;
        let key = parse_key(serde_json::from_str::<Sealed<'_>>(&json).ok()?.apikey.key)?;
        Some(Self { json, key })
    }

    /// The key that it shows.
    #[must_use]
    pub const fn key(&self) -> Uuid {
        self.key
    }

    /// The JSON text, for the caller alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.json
    }
}

impl fmt::Debug for CreatedBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CreatedBody(..)")
    }
}

#[derive(Serialize)]
struct Created<'a> {
    result: &'static str,
    apikey: Apikey<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Apikey<'a> {
    key: Hyphenated,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_arn: Option<String>,
    level: KeyLevel,
    expires_at: ExpiresAt,
    name: &'a KeyName,
    user_id: UserId,
}

#[derive(Deserialize)]
struct Sealed<'a> {
    #[serde(borrow)]
    apikey: SealedKey<'a>,
}

#[derive(Deserialize)]
struct SealedKey<'a> {
    key: &'a str,
}

struct Hyphenated(Uuid);

impl Serialize for Hyphenated {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str =
        r#"{"result":"success","apikey":{"key":"7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52","secret":"canary"}}"#;

    #[test]
    fn a_body_that_is_read_again_knows_its_key_and_prints_nothing_of_what_it_holds() {
        let body = CreatedBody::from_bytes(BODY.as_bytes().to_vec()).unwrap();
        assert_eq!(body.key().to_string(), "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52");
        assert_eq!((body.expose(), format!("{body:?}").as_str()), (BODY, "CreatedBody(..)"));
    }
}
