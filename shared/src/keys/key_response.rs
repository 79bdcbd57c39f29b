//! The answer to a create request. Only this answer returns a secret to a caller.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{ExpiresAt, KeyId, KeyLevel, KeyName, Record, Secret, UserId};

/// The JSON of a new key: the body of a 201, or the answer to a direct invocation. `Debug` prints `KeyResponse(..)`.
pub struct KeyResponse {
    json: String,
    key_id: KeyId,
}

impl KeyResponse {
    /// The answer with a new key and its secret.
    #[must_use]
    pub fn with_secret(record: &Record, secret: &Secret) -> Self {
        Self::write(record, Some(secret.expose()), None)
    }

    /// The answer with a new key and the ARN of the secret that it was delivered in.
    #[must_use]
    pub fn delivered(record: &Record, secret_arn: String) -> Self {
        Self::write(record, None, Some(secret_arn))
    }

    fn write(record: &Record, secret: Option<String>, secret_arn: Option<String>) -> Self {
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
        let apikey = Apikey { key: key_id, secret, secret_arn, level, expires_at, name, user_id };
        // Every value of this structure serializes.
        let json = serde_json::to_string(&Success { result: "success", apikey }).unwrap_or_default();
        Self { json, key_id }
    }

    /// Reads an answer that was sealed and opened again.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let json = String::from_utf8(bytes).ok()?;
        let key_id = KeyId::parse(serde_json::from_str::<Sealed<'_>>(&json).ok()?.apikey.key)?;
        Some(Self { json, key_id })
    }

    /// The id of the new key.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The JSON text, which only the caller may see.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.json
    }
}

impl fmt::Debug for KeyResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyResponse(..)")
    }
}

#[derive(Serialize)]
struct Success<'a> {
    result: &'static str,
    apikey: Apikey<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Apikey<'a> {
    key: KeyId,
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

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str =
        r#"{"result":"success","apikey":{"key":"7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52","secret":"canary"}}"#;

    #[test]
    fn a_parsed_response_has_its_key_id_and_prints_no_secret() {
        let body = KeyResponse::from_bytes(BODY.as_bytes().to_vec()).unwrap();
        assert_eq!(body.key_id().to_string(), "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52");
        assert_eq!((body.expose(), format!("{body:?}").as_str()), (BODY, "KeyResponse(..)"));
    }
}
