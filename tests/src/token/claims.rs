//! The claims that the FreeSewing backend signs.
//!
//! New claims authenticate user 61 with the role `user` for an hour.

use serde_json::{Map, Value, json};

use super::{Signer, Token};
use crate::host;

/// The issuer on this machine.
pub const ISSUER: &str = "http://localhost:9000";

/// The audience on this machine.
pub const AUDIENCE: &str = ISSUER;

/// A token's claims. Tests can change or remove each of them.
#[derive(Clone, Debug)]
pub struct Claims(Map<String, Value>);

impl Default for Claims {
    fn default() -> Self {
        Self::new()
    }
}

impl Claims {
    /// `{_id, username, role, status, aud, iss, iat, exp}` of an ordinary user.
    #[must_use]
    pub fn new() -> Self {
        let now = host::now();
        let claims = json!({
            "_id": 61,
            "username": "user-61",
            "role": "user",
            "status": 1,
            "aud": AUDIENCE,
            "iss": ISSUER,
            "iat": now,
            "exp": now + 3600,
        });
        Self(claims.as_object().cloned().unwrap_or_default())
    }

    /// Sets a claim to any value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Sets the user id.
    #[must_use]
    pub fn id(self, id: u64) -> Self {
        self.with("_id", id).with("username", format!("user-{id}"))
    }

    /// Sets the role.
    #[must_use]
    pub fn role(self, role: &str) -> Self {
        self.with("role", role)
    }

    /// Sets the expiry, in seconds from now; a negative number is in the past.
    #[must_use]
    pub fn expires_in(self, seconds: i64) -> Self {
        self.with("exp", host::now() + seconds)
    }

    /// The payload's JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The signed token with these claims and the default header.
    #[must_use]
    pub fn sign(&self, signer: &Signer) -> String {
        Token::new(self).sign(signer)
    }
}
