//! The configured name of a claim: a member of the token, or a path through its objects.

use shared::platform::config::{ConfigError, Environment};
use shared::text::{Object, Value};

/// The longest name, in bytes.
const LONGEST: usize = 256;

/// Claims with another meaning. One of them as the user or the role is a mistake.
const OTHER_CLAIMS: [&str; 7] = ["aud", "exp", "iat", "iss", "jti", "nbf", "status"];

/// The name of a claim. Dots separate the steps of a path, as in `realm_access.roles`, except in a name with a colon or
/// a slash: such a name is a URL or has another namespace, as in `https://example.com/role`, and is one member's.
#[derive(Debug)]
pub(crate) struct ClaimName(String);

impl ClaimName {
    /// Reads a variable that may be unset.
    pub(crate) fn read(environment: &Environment, variable: &'static str) -> Result<Option<Self>, ConfigError> {
        let problem = "is not the name of a claim, or names joined by dots, for a user or a role";
        let parse = |text| Self::parse(text).ok_or(ConfigError::new(variable, problem));
        environment.optional(variable).map(parse).transpose()
    }

    fn parse(text: &str) -> Option<Self> {
        let name = Self(text.to_owned());
        let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_whole = !name.is_path() || text.split('.').all(|step| !step.is_empty());
        (is_plain && is_whole && !OTHER_CLAIMS.contains(&text)).then_some(name)
    }

    fn is_path(&self) -> bool {
        self.0.contains('.') && !self.0.contains([':', '/'])
    }

    /// The value of the claim; `None` if a token has both a member of this name and a value at this path.
    pub(crate) fn value<'a, 'text>(&self, claims: &'a Object<'text>) -> Option<&'a Value<'text>> {
        let nested = if self.is_path() { self.at_path(claims) } else { None };
        match (claims.get(&self.0), nested) {
            (Some(value), None) | (None, Some(value)) => Some(value),
            _ => None,
        }
    }

    fn at_path<'a, 'text>(&self, claims: &'a Object<'text>) -> Option<&'a Value<'text>> {
        let mut steps = self.0.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| match value {
            Value::Object(object) => object.get(step),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_member_or_a_path_and_nothing_else() {
        for text in ["sub", "_id", "a.b", "cognito:groups", "https://example.com/a..b", "x".repeat(256).as_str()] {
            assert!(ClaimName::parse(text).is_some(), "{text}");
        }
        for text in [".", "a.", ".a", "a..b", "a b", "a\n", "é", "exp", "aud", "status", "x".repeat(257).as_str()] {
            assert!(ClaimName::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_claim_is_found_in_one_place_only() {
        let number =
            |name: &str, claims: &str| match ClaimName::parse(name).unwrap().value(&Object::parse(claims).ok()?) {
                Some(Value::Number(number)) => number.to_u64(),
                _ => None,
            };
        assert_eq!(number("a", r#"{"a":1}"#), Some(1));
        assert_eq!(number("a.b.c", r#"{"a":{"b":{"c":1}}}"#), Some(1));
        assert_eq!(number("a.b", r#"{"a.b":1}"#), Some(1));
        assert_eq!(number("a.b", r#"{"a.b":1,"a":{"c":2}}"#), Some(1));
        assert_eq!(number("x:a.b", r#"{"x:a.b":1,"x:a":{"b":2}}"#), Some(1));
        for (name, claims) in [
            ("a.b", r#"{"a.b":1,"a":{"b":1}}"#),
            ("a.b", r#"{"a":{"B":1}}"#),
            ("a.b", r#"{"a":[{"b":1}]}"#),
            ("a.b", r#"{"a":1}"#),
            ("x:a.b", r#"{"x:a":{"b":1}}"#),
            ("a", r#"{"A":1}"#),
        ] {
            assert_eq!(number(name, claims), None, "{name} in {claims}");
        }
    }
}
