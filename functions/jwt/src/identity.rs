//! The user and the role in a token: FreeSewing's claims, unless the configuration names others.

use shared::domain::{PermissionLevel, UserId};
use shared::platform::config::{ConfigError, Environment};
use shared::text::{Object, Value};

use crate::claim_name::ClaimName;
use crate::roles::Roles;

/// Which claims hold the user and the role, and the level of each role.
#[derive(Debug)]
pub(crate) struct IdentityPolicy {
    user_claim: Option<ClaimName>,
    role_claim: Option<ClaimName>,
    roles: Roles,
}

impl IdentityPolicy {
    /// Reads `JWT_USER_CLAIM`, `JWT_ROLE_CLAIM` and `ROLE_LEVELS`.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            user_claim: ClaimName::read(environment, "JWT_USER_CLAIM")?,
            role_claim: ClaimName::read(environment, "JWT_ROLE_CLAIM")?,
            roles: Roles::read(environment)?,
        })
    }

    /// The user: a whole number. A configured claim may hold it as decimal digits, since many issuers only map text.
    pub(crate) fn user_id(&self, claims: &Object<'_>) -> Option<UserId> {
        let Some(name) = &self.user_claim else {
            return freesewings_user_id(claims);
        };
        match name.value(claims)? {
            Value::Number(id) => id.to_u64().and_then(UserId::new),
            // `061` would be the user `61`, whom the issuer may know as another.
            Value::String(digits) if !digits.starts_with('0') => of_digits(digits),
            _ => None,
        }
    }

    /// The level of the token's role. A configured claim may hold a list of roles, exactly one of which is known: of
    /// several, none is certain to be the intended one.
    pub(crate) fn level(&self, claims: &Object<'_>) -> Option<PermissionLevel> {
        let value = match &self.role_claim {
            None => claims.get("role"),
            Some(name) => name.value(claims),
        };
        match value? {
            Value::String(role) => self.roles.level(role),
            Value::Array(roles) if self.role_claim.is_some() => self.roles.only_level(roles),
            _ => None,
        }
    }
}

/// FreeSewing's `_id`, or the standard `sub` if there is no `_id`.
fn freesewings_user_id(claims: &Object<'_>) -> Option<UserId> {
    match (claims.get("_id"), claims.get("sub")) {
        (Some(Value::Number(id)), _) => id.to_u64().and_then(UserId::new),
        (None, Some(Value::String(sub))) => of_digits(sub),
        _ => None,
    }
}

fn of_digits(text: &str) -> Option<UserId> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_decimal).and_then(UserId::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(variables: &[(&str, &str)]) -> IdentityPolicy {
        let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        IdentityPolicy::read(&environment).unwrap()
    }

    #[test]
    fn sub_is_used_only_without_id_and_as_decimal_digits() {
        let policy = policy(&[]);
        let user = |claims: &str| policy.user_id(&Object::parse(claims).unwrap()).map(UserId::get);
        assert_eq!(user(r#"{"sub":"61"}"#), Some(61));
        assert_eq!(user(r#"{"_id":7,"sub":"61"}"#), Some(7));
        for claims in [
            r#"{"_id":null,"sub":"61"}"#,
            r#"{"_id":"61"}"#,
            r#"{"sub":61}"#,
            r#"{"sub":""}"#,
            r#"{"sub":"0"}"#,
            r#"{"sub":"+61"}"#,
            r#"{"sub":"6.1e1"}"#,
            r#"{"sub":"٦١"}"#,
            r#"{"sub":"9007199254740992"}"#,
            r#"{"sub":"99999999999999999999"}"#,
        ] {
            assert_eq!(user(claims), None, "{claims}");
        }
    }

    #[test]
    fn a_configured_user_claim_replaces_id_and_sub_and_may_be_text() {
        let policy = policy(&[("JWT_USER_CLAIM", "uid")]);
        let user = |claims: &str| policy.user_id(&Object::parse(claims).unwrap()).map(UserId::get);
        for value in ["61", r#""61""#, "61.0"] {
            assert_eq!(user(&format!(r#"{{"uid":{value},"_id":7,"sub":"8"}}"#)), Some(61), "{value}");
        }
        for value in ["null", r#""""#, r#""061""#, r#""0""#, r#""61 ""#, r#""x61""#, r#""9007199254740992""#, "[61]"] {
            assert_eq!(user(&format!(r#"{{"uid":{value},"_id":7,"sub":"8"}}"#)), None, "{value}");
        }
        assert_eq!(user(r#"{"_id":7,"sub":"8"}"#), None);
    }

    #[test]
    fn a_configured_role_claim_replaces_role_and_may_list_one_known_role() {
        let policy = policy(&[("JWT_ROLE_CLAIM", "groups")]);
        let level = |claims: &str| policy.level(&Object::parse(claims).unwrap());
        for value in [r#""curator""#, r#"["curator"]"#, r#"["offline_access","curator","uma"]"#] {
            let claims = format!(r#"{{"groups":{value},"role":"admin"}}"#);
            assert_eq!(level(&claims), PermissionLevel::new(5), "{value}");
        }
        for value in
            [r#"["curator","admin"]"#, r#"["curator","curator"]"#, r#"["curator",7]"#, r#"[["curator"]]"#, "[]", "9"]
        {
            assert_eq!(level(&format!(r#"{{"groups":{value},"role":"admin"}}"#)), None, "{value}");
        }
        assert_eq!(level(r#"{"role":"admin"}"#), None);
    }
}
