//! Placeholders for credentials and ids in event files: `{{bearer role=curator}}`, `{{basic level=3}}`, `{{id}}`.
//!
//! A file holds no secret. Each filling makes new credentials and ids.

use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;

use super::rotation_state::RotationState;
use crate::stored_key::{StoredKey, basic};
use crate::token::Claims;

/// A parsed placeholder.
#[derive(Clone, Debug)]
pub enum Placeholder {
    /// A token with these claims.
    Bearer(Claims),
    /// A key for the table, and its `Authorization` value.
    Basic(Box<StoredKey>, String),
    /// The id of another key of the default user.
    Key,
    /// The id of the key of the last `{{basic}}`.
    Own,
    /// A unique id.
    Id,
    /// The `deliverTo` of a secret that exists already.
    TakenName,
    /// The ARN of a secret whose rotation has begun.
    Secret(RotationState),
    /// The id of the pending version of that secret.
    Token,
}

impl FromStr for Placeholder {
    type Err = String;

    /// Parses the text between the braces.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        match words.next() {
            Some("bearer") => words.try_fold(Claims::new(), claim).map(Self::Bearer),
            Some("basic") => key(words),
            Some("key") => Ok(Self::Key),
            Some("own") => Ok(Self::Own),
            // A word after `id` makes it a different id.
            Some("id") => Ok(Self::Id),
            Some("taken") => Ok(Self::TakenName),
            Some("secret") => RotationState::parse(words).map(Self::Secret),
            Some("token") => Ok(Self::Token),
            _ => Err(format!("{{{{{text}}}}} is not one of bearer, basic, key, own, id, taken, secret, token")),
        }
    }
}

fn claim(claims: Claims, word: &str) -> Result<Claims, String> {
    match word.split_once('=') {
        Some(("role", role)) => Ok(claims.role(role)),
        Some(("id", id)) => number(word, id).map(|id| claims.with("_id", id)),
        Some(("status", status)) => number(word, status).map(|status| claims.with("status", status)),
        Some(("exp", seconds)) => number(word, seconds).map(|seconds| claims.expires_in(seconds)),
        _ => Err(format!("{word} is not one of role=, id=, status=, exp=")),
    }
}

fn key<'word>(words: impl Iterator<Item = &'word str>) -> Result<Placeholder, String> {
    let mut stored = StoredKey::new();
    let mut authorization = stored.authorization();
    for word in words {
        stored = match word.split_once('=') {
            Some(("level", level)) => stored.level(number(word, level)?),
            Some(("id", id)) => stored.number("userId", number(word, id)?),
            Some(("chain", seconds)) => stored.chain_expires_in(number(word, seconds)?),
            None if word == "expired" => stored.expires_in(-60),
            None if word == "damaged" => stored.with("level", AttributeValue::S("four".to_owned())),
            None if word == "wrong-secret" => {
                authorization = basic(&stored.key, &StoredKey::new().secret);
                stored
            }
            _ => return Err(format!("{word} is not one of level=, id=, chain=, expired, damaged, wrong-secret")),
        };
    }
    Ok(Placeholder::Basic(Box::new(stored), authorization))
}

fn number(word: &str, text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{word} needs a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(text: &str) -> (StoredKey, String) {
        match text.parse() {
            Ok(Placeholder::Basic(stored, authorization)) => (*stored, authorization),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_takes_its_claims_from_the_words() {
        let Ok(Placeholder::Bearer(claims)) = "bearer role=curator id=7 status=0".parse() else {
            panic!("it is a token");
        };
        let claims = claims.to_json();
        for member in [r#""role":"curator""#, r#""_id":7"#, r#""status":0"#] {
            assert!(claims.contains(member), "{claims}");
        }
    }

    #[test]
    fn a_key_takes_its_attributes_from_the_words() {
        let (stored, authorization) = stored("basic level=3 id=7 damaged");
        assert_eq!(stored.item["userId"], AttributeValue::N("7".to_owned()));
        assert_eq!(stored.item["level"], AttributeValue::S("four".to_owned()));
        assert_eq!(authorization, stored.authorization());
    }

    #[test]
    fn a_wrong_secret_is_the_secret_of_another_key() {
        let (stored, authorization) = stored("basic wrong-secret");
        assert_ne!(authorization, stored.authorization());
    }

    #[test]
    fn an_unknown_word_is_an_error_that_names_it() {
        for (text, word) in
            [("digest", "digest"), ("bearer level=3", "level=3"), ("basic id=x", "id=x"), ("secret at=x", "at=x")]
        {
            let error = text.parse::<Placeholder>().unwrap_err();
            assert!(error.contains(word), "{error}");
        }
    }
}
