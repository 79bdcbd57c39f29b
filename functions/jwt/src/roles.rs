//! The permission level of each role.

use shared::domain::PermissionLevel;
use shared::platform::config::{ConfigError, Environment};
use shared::text::{Object, Value};

const VARIABLE: &str = "ROLE_LEVELS";

/// FreeSewing's roles.
const DEFAULT: &str = r#"{"user":4,"tester":4,"curator":5,"bughunter":6,"support":8,"admin":9}"#;

/// A table of roles. A role that is not in the table has no level.
#[derive(Debug)]
pub(crate) struct Roles(Vec<(String, PermissionLevel)>);

impl Roles {
    /// Reads `ROLE_LEVELS`, which replaces the default table as a whole.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Self::parse(environment.optional(VARIABLE).unwrap_or(DEFAULT))
            .ok_or(ConfigError::new(VARIABLE, "is not a JSON object of whole numbers from 0 to 9"))
    }

    fn parse(text: &str) -> Option<Self> {
        let object = Object::parse(text).ok().filter(|object| !object.is_empty())?;
        object.iter().map(|(role, value)| Some((role.to_owned(), level(value)?))).collect::<Option<_>>().map(Self)
    }

    /// The level of the only known role in a list of texts; `None` if no role or several roles are known.
    pub(crate) fn only_level(&self, roles: &[Value<'_>]) -> Option<PermissionLevel> {
        let names = roles.iter().map(|role| match role {
            Value::String(name) => Some(name),
            _ => None,
        });
        let names: Vec<_> = names.collect::<Option<_>>()?;
        let mut levels = names.into_iter().filter_map(|name| self.level(name));
        levels.next().filter(|_| levels.next().is_none())
    }

    /// The level of a role, compared exactly.
    pub(crate) fn level(&self, role: &str) -> Option<PermissionLevel> {
        self.0.iter().find_map(|(name, level)| (name == role).then_some(*level))
    }
}

fn level(value: &Value<'_>) -> Option<PermissionLevel> {
    match value {
        Value::Number(number) => number.to_u64().and_then(PermissionLevel::new),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_table_is_freesewings() {
        let roles = Roles::parse(DEFAULT).unwrap();
        for (role, level) in
            [("user", 4), ("tester", 4), ("curator", 5), ("bughunter", 6), ("support", 8), ("admin", 9)]
        {
            assert_eq!(roles.level(role), PermissionLevel::new(level), "{role}");
        }
        for role in ["", "Admin", " admin", "admin ", "root"] {
            assert_eq!(roles.level(role), None, "{role}");
        }
    }

    #[test]
    fn a_configured_table_replaces_the_default_table() {
        let roles = Roles::parse(r#"{"writer":3,"owner":9}"#).unwrap();
        assert_eq!(roles.level("writer"), PermissionLevel::new(3));
        assert_eq!(roles.level("admin"), None);
        for text in ["{}", "[]", "x", r#"{"a":10}"#, r#"{"a":-1}"#, r#"{"a":1.5}"#, r#"{"a":"4"}"#, r#"{"a":1,"a":2}"#]
        {
            assert!(Roles::parse(text).is_none(), "{text}");
        }
    }
}
