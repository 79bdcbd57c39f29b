//! The configuration for Lambda authorizers.

use super::environment::{ConfigError, Environment};
use crate::domain::PermissionLevel;

/// The response to an HTTP API with payload 2.0, whose event does not show the form that the API expects. The other
/// APIs always expect a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseForm {
    /// `isAuthorized` and a context: the authorizer has `EnableSimpleResponses`.
    Simple,
    /// An IAM policy.
    Policy,
}

/// Whom a function admits to other APIs, and the form of its response.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizerConfig {
    /// The lowest level that is admitted (`AUTHORIZER_MIN_LEVEL`).
    pub(crate) min_level: PermissionLevel,
    /// The form of a response (`AUTHORIZER_RESPONSE`).
    pub(crate) response: ResponseForm,
}

impl AuthorizerConfig {
    /// Reads the variables, all of which may be unset.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self { min_level: min_level(environment)?, response: response(environment)? })
    }
}

fn min_level(environment: &Environment) -> Result<PermissionLevel, ConfigError> {
    let variable = "AUTHORIZER_MIN_LEVEL";
    match environment.optional(variable).unwrap_or("0").as_bytes() {
        [digit @ b'0'..=b'9'] => PermissionLevel::new(u64::from(digit - b'0')),
        _ => None,
    }
    .ok_or(ConfigError::new(variable, "is not a whole number from 0 to 9"))
}

fn response(environment: &Environment) -> Result<ResponseForm, ConfigError> {
    let variable = "AUTHORIZER_RESPONSE";
    match environment.optional(variable) {
        None | Some("simple") => Ok(ResponseForm::Simple),
        Some("policy") => Ok(ResponseForm::Policy),
        Some(_) => Err(ConfigError::new(variable, "is neither simple nor policy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variable: &str, value: &str) -> Result<(PermissionLevel, ResponseForm), ConfigError> {
        let environment = Environment::from_iter([(variable.to_owned(), value.to_owned())]);
        AuthorizerConfig::read(&environment).map(|config| (config.min_level, config.response))
    }

    #[test]
    fn without_variables_every_level_is_admitted_and_the_response_is_simple() {
        let expected = Ok((PermissionLevel::new(0).unwrap(), ResponseForm::Simple));
        assert_eq!(read("OTHER", ""), expected);
        assert_eq!(read("AUTHORIZER_MIN_LEVEL", ""), expected);
        assert_eq!(read("AUTHORIZER_RESPONSE", ""), expected);
    }

    #[test]
    fn a_minimum_level_is_one_digit() {
        for level in 0..=9 {
            let read = read("AUTHORIZER_MIN_LEVEL", &level.to_string()).unwrap();
            assert_eq!(read.0, PermissionLevel::new(level).unwrap());
        }
        for value in ["10", "-1", "00", "1.0", "+1", " 1", "1 ", "four", "٤", "0x1", "1e0"] {
            assert_eq!(read("AUTHORIZER_MIN_LEVEL", value).unwrap_err().variable, "AUTHORIZER_MIN_LEVEL", "{value}");
        }
    }

    #[test]
    fn a_response_is_simple_or_policy() {
        assert_eq!(read("AUTHORIZER_RESPONSE", "simple").unwrap().1, ResponseForm::Simple);
        assert_eq!(read("AUTHORIZER_RESPONSE", "policy").unwrap().1, ResponseForm::Policy);
        for value in ["Simple", "POLICY", "iam", "true", " simple", "simple,policy"] {
            assert_eq!(read("AUTHORIZER_RESPONSE", value).unwrap_err().variable, "AUTHORIZER_RESPONSE", "{value}");
        }
    }
}
