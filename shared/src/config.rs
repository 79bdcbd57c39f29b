//! Configuration: read once at start from the environment, which only this module does.
//!
//! What is wrong stops the process, and is reported by the variable's name, never by its value. An empty variable
//! counts as unset, since a template passes one for each parameter that was left empty.

mod environment;
mod store;

use crate::expiry::MaxExpiresIn;
use crate::log::LogLevel;
pub use environment::{ConfigError, Environment};
pub use store::StoreConfig;
pub(crate) use store::TrustedRoots;

/// What both functions read.
#[derive(Debug)]
pub struct Config {
    /// Where the records are.
    pub store: StoreConfig,
    /// The limit on `expiresIn` (`MAX_EXPIRES_IN`).
    pub max_expires_in: MaxExpiresIn,
    /// Which of our own lines are written (`LOG_LEVEL`).
    pub log_level: LogLevel,
}

impl Config {
    /// Reads and checks every variable that both functions know.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        environment.required("AWS_LAMBDA_RUNTIME_API").map_err(|error| {
            ConfigError::new(error.variable, "is not set: this program runs inside AWS Lambda or an emulator of it")
        })?;
        Ok(Self {
            store: StoreConfig::read(environment)?,
            max_expires_in: max_expires_in(environment)?,
            log_level: log_level(environment)?,
        })
    }
}

fn max_expires_in(environment: &Environment) -> Result<MaxExpiresIn, ConfigError> {
    let variable = "MAX_EXPIRES_IN";
    match environment.optional(variable) {
        None => Ok(MaxExpiresIn::DEFAULT),
        Some(text) => text
            .parse()
            .ok()
            .and_then(MaxExpiresIn::new)
            .ok_or(ConfigError::new(variable, "is not a whole number of seconds from 1 to 3153600000")),
    }
}

fn log_level(environment: &Environment) -> Result<LogLevel, ConfigError> {
    match environment.optional("LOG_LEVEL") {
        None => Ok(LogLevel::Info),
        Some(text) => LogLevel::parse(text).ok_or(ConfigError::new("LOG_LEVEL", "is none of ERROR, WARN, INFO, DEBUG")),
    }
}
