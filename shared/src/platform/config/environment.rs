//! The environment variables of the process, read once.

use std::collections::HashMap;
use std::fmt;

use crate::domain::SecretArn;

/// A missing or invalid variable, with which the process does not start.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The name of the variable.
    pub variable: &'static str,
    /// What is wrong, without the value.
    pub problem: &'static str,
}

impl ConfigError {
    /// Names the variable and what is wrong with it.
    #[must_use]
    pub const fn new(variable: &'static str, problem: &'static str) -> Self {
        Self { variable, problem }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.variable, self.problem)
    }
}

/// The environment variables as a value.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The variables of this process. A variable that is not UTF-8 counts as unset.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that may be unset.
    #[must_use]
    pub fn optional(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A variable that must be set.
    ///
    /// # Errors
    /// [`ConfigError`] when it is unset.
    pub fn required(&self, variable: &'static str) -> Result<&str, ConfigError> {
        self.optional(variable).ok_or(ConfigError::new(variable, "is not set"))
    }

    /// A variable that is unset or the full ARN of a secret.
    ///
    /// # Errors
    /// [`ConfigError`] for any other text.
    pub fn secret_arn(&self, variable: &'static str) -> Result<Option<SecretArn>, ConfigError> {
        let parse = |text| SecretArn::parse(text).ok_or(ConfigError::new(variable, "is not the ARN of a secret"));
        self.optional(variable).map(parse).transpose()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Environment(..)")
    }
}
