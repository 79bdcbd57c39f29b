//! A request for a key: the members `name`, `level` and `expiresIn` of a JSON object.

use super::digest::length_prefixed;
use super::expiry::{ExpiresIn, MaxExpiresIn};
use super::key_name::{KeyName, KeyNameError};
use super::level::KeyLevel;
use crate::text::{Object, Value, Whole};

/// Which rule a request for a key breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidRequest {
    /// There is no body, or the object has no members.
    BodyMissing,
    /// The body is not a JSON object of the required form.
    BodyInvalid,
    /// `name` is absent or blank.
    NameMissing,
    /// `name` is not a string.
    NameNotString,
    /// `name` is too long or contains a forbidden character.
    NameInvalid,
    /// `level` is absent.
    LevelMissing,
    /// `level` is not a number.
    LevelNotNumeric,
    /// `level` is not a whole number from 0 to 8.
    LevelInvalid,
    /// `expiresIn` is absent.
    ExpiresInMissing,
    /// `expiresIn` is not a number.
    ExpiresInNotNumeric,
    /// `expiresIn` is not a whole number above zero.
    ExpiresInInvalid,
    /// `expiresIn` is above the limit.
    ExpiresInTooHigh,
}

/// A well-formed request for a key, which has not been granted yet.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// The name of the key.
    pub name: KeyName,
    /// The level of the key.
    pub level: KeyLevel,
    /// The lifetime of the key.
    pub expires_in: ExpiresIn,
}

impl KeyRequest {
    /// SHA-256 over the three members, which identifies the request.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Self { name, level, expires_in } = self;
        length_prefixed(&[name.as_str().as_bytes(), &[level.get()], &expires_in.seconds().to_be_bytes()])
    }

    /// Reads the three members. Other members are ignored.
    ///
    /// # Errors
    /// The first broken rule, in the order `name`, `level`, `expiresIn`.
    pub fn from_object(object: &Object<'_>, limit: MaxExpiresIn) -> Result<Self, InvalidRequest> {
        Ok(Self {
            name: name(object.get("name"))?,
            level: level(object.get("level"))?,
            expires_in: expires_in(object.get("expiresIn"), limit)?,
        })
    }
}

fn name(member: Option<&Value<'_>>) -> Result<KeyName, InvalidRequest> {
    match member {
        None | Some(Value::Null) => Err(InvalidRequest::NameMissing),
        Some(Value::String(text)) => KeyName::parse(text).map_err(|error| match error {
            KeyNameError::Blank => InvalidRequest::NameMissing,
            KeyNameError::Invalid => InvalidRequest::NameInvalid,
        }),
        Some(_) => Err(InvalidRequest::NameNotString),
    }
}

fn level(member: Option<&Value<'_>>) -> Result<KeyLevel, InvalidRequest> {
    match member {
        None | Some(Value::Null) => Err(InvalidRequest::LevelMissing),
        Some(Value::Number(number)) => number.to_u64().and_then(KeyLevel::new).ok_or(InvalidRequest::LevelInvalid),
        Some(_) => Err(InvalidRequest::LevelNotNumeric),
    }
}

fn expires_in(member: Option<&Value<'_>>, limit: MaxExpiresIn) -> Result<ExpiresIn, InvalidRequest> {
    match member {
        None | Some(Value::Null) => Err(InvalidRequest::ExpiresInMissing),
        Some(Value::Number(number)) => match number.whole() {
            Whole::Value(0) | Whole::Negative | Whole::Fraction => Err(InvalidRequest::ExpiresInInvalid),
            Whole::Value(seconds) => ExpiresIn::new(seconds, limit).ok_or(InvalidRequest::ExpiresInTooHigh),
            Whole::TooLarge => Err(InvalidRequest::ExpiresInTooHigh),
        },
        Some(_) => Err(InvalidRequest::ExpiresInNotNumeric),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<KeyRequest, InvalidRequest> {
        KeyRequest::from_object(&Object::parse(text).unwrap(), MaxExpiresIn::DEFAULT)
    }

    #[test]
    fn rules_are_checked_in_the_order_name_level_expires_in() {
        use InvalidRequest as E;
        for (text, expected) in [
            (r#"{"x":1}"#, E::NameMissing),
            (r#"{"name":null}"#, E::NameMissing),
            (r#"{"name":" "}"#, E::NameMissing),
            (r#"{"name":7}"#, E::NameNotString),
            (r#"{"name":"a\u0000"}"#, E::NameInvalid),
            (r#"{"name":"a"}"#, E::LevelMissing),
            (r#"{"name":"a","level":null}"#, E::LevelMissing),
            (r#"{"name":"a","level":"3"}"#, E::LevelNotNumeric),
            (r#"{"name":"a","level":true}"#, E::LevelNotNumeric),
            (r#"{"name":"a","level":9}"#, E::LevelInvalid),
            (r#"{"name":"a","level":-1}"#, E::LevelInvalid),
            (r#"{"name":"a","level":2.5}"#, E::LevelInvalid),
            (r#"{"name":"a","level":1e400}"#, E::LevelInvalid),
            (r#"{"name":"a","level":3}"#, E::ExpiresInMissing),
            (r#"{"name":"a","level":3,"expiresIn":null}"#, E::ExpiresInMissing),
            (r#"{"name":"a","level":3,"expiresIn":"60"}"#, E::ExpiresInNotNumeric),
            (r#"{"name":"a","level":3,"expiresIn":0}"#, E::ExpiresInInvalid),
            (r#"{"name":"a","level":3,"expiresIn":-1e400}"#, E::ExpiresInInvalid),
            (r#"{"name":"a","level":3,"expiresIn":60.5}"#, E::ExpiresInInvalid),
            (r#"{"name":"a","level":3,"expiresIn":31536001}"#, E::ExpiresInTooHigh),
            (r#"{"name":"a","level":3,"expiresIn":1e400}"#, E::ExpiresInTooHigh),
        ] {
            assert_eq!(parse(text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_count_by_value_and_other_members_are_ignored() {
        let request =
            parse(r#"{"name":"a","level":-0,"expiresIn":6e1,"userId":1,"role":"admin","secret":"s"}"#).unwrap();
        assert_eq!(request.level, KeyLevel::new(0).unwrap());
        assert_eq!(request.expires_in, ExpiresIn::new(60, MaxExpiresIn::DEFAULT).unwrap());
    }
}
