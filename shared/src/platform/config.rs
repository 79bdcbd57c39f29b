//! The configuration, read once at start. Only this module reads the environment.
//!
//! An invalid variable stops the process. The error contains the name of the variable, never its value. An empty
//! variable counts as unset, since a template passes an empty variable for each empty parameter.

mod authorizer;
mod aws;
mod environment;
mod events;
mod store;

use lambda_http::http::Uri;

use super::log::LogLevel;
use crate::domain::MaxExpiresIn;
pub use authorizer::{AuthorizerConfig, ResponseForm};
pub use aws::AwsConfig;
pub(crate) use aws::TrustedRoots;
pub use environment::{ConfigError, Environment};
pub use events::EventsConfig;
pub use store::StoreConfig;

/// The configuration that both functions have.
#[derive(Debug)]
pub struct Config {
    /// The address of the runtime API (`AWS_LAMBDA_RUNTIME_API`).
    pub(crate) runtime_api: Uri,
    /// The table of keys, and how to reach it.
    pub store: StoreConfig,
    /// The configuration for events other than HTTP.
    pub events: EventsConfig,
    /// The configuration for Lambda authorizers.
    pub authorizer: AuthorizerConfig,
    /// The limit on `expiresIn` (`MAX_EXPIRES_IN`).
    pub max_expires_in: MaxExpiresIn,
    /// The lowest severity of the request lines that are logged (`LOG_LEVEL`).
    pub log_level: LogLevel,
}

impl Config {
    /// Reads and checks every variable that both functions use.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            runtime_api: runtime_api(environment)?,
            store: StoreConfig::read(environment)?,
            events: EventsConfig::read(environment)?,
            authorizer: AuthorizerConfig::read(environment)?,
            max_expires_in: max_expires_in(environment)?,
            log_level: log_level(environment)?,
        })
    }
}

fn runtime_api(environment: &Environment) -> Result<Uri, ConfigError> {
    let variable = "AWS_LAMBDA_RUNTIME_API";
    let problem = "is not set: this program runs inside AWS Lambda or an emulator of it";
    let address = environment.optional(variable).ok_or(ConfigError::new(variable, problem))?;
    let uri = address.parse().ok().filter(|uri: &Uri| uri.authority().is_some());
    uri.ok_or(ConfigError::new(variable, "is not a host and a port"))
}

fn max_expires_in(environment: &Environment) -> Result<MaxExpiresIn, ConfigError> {
    let variable = "MAX_EXPIRES_IN";
    match environment.optional(variable) {
        None => Ok(MaxExpiresIn::DEFAULT),
        Some(text) => Some(text)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
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

fn checked<'a>(
    environment: &'a Environment,
    variable: &'static str,
    is_valid: fn(&str) -> bool,
    problem: &'static str,
) -> Result<&'a str, ConfigError> {
    let value = environment.required(variable)?;
    if is_valid(value) { Ok(value) } else { Err(ConfigError::new(variable, problem)) }
}

/// Reads exactly `true` or `false`. An unset variable gives `unless_set`.
fn flag(environment: &Environment, variable: &'static str, unless_set: bool) -> Result<bool, ConfigError> {
    match environment.optional(variable) {
        None => Ok(unless_set),
        Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(ConfigError::new(variable, "is neither true nor false")),
    }
}

/// The endpoint of a service: its own variable, else `AWS_ENDPOINT_URL`, else AWS's (AWS SDKs and Tools Reference Guide,
/// "Service-specific endpoints"). `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` is not read: it is there to overrule a shared
/// configuration file, and the functions read none.
fn endpoint_url(environment: &Environment, own_variable: &'static str) -> Result<Option<String>, ConfigError> {
    for variable in [own_variable, "AWS_ENDPOINT_URL"] {
        if let Some(url) = environment.optional(variable) {
            return match url.parse::<Uri>() {
                Ok(uri) if is_endpoint(&uri) => Ok(Some(url.to_owned())),
                _ => Err(ConfigError::new(variable, "is not an http or https URL")),
            };
        }
    }
    Ok(None)
}

fn is_endpoint(uri: &Uri) -> bool {
    let (host, port) = (uri.host().unwrap_or(""), uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default());
    // The authority consists of host and port only: no user name, and no port that is out of range.
    let authority = uri.authority().map(|authority| authority.as_str());
    let is_plain = authority == Some(&format!("{host}{port}")) && !host.is_empty();
    is_plain && matches!(uri.scheme_str(), Some("http" | "https")) && uri.query().is_none()
}
