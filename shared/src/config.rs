//! Configuration: read once at start from the environment, which only this module does.
//!
//! What is wrong stops the process, and is reported by the variable's name, never by its value. An empty variable
//! counts as unset, since a template passes one for each parameter that was left empty.

use std::collections::HashMap;
use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::expiry::MaxExpiresIn;
use crate::log::LogLevel;

/// A variable that the process can't start with.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// What is wrong, without its value.
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

/// The environment's variables, by value.
#[derive(Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The variables of this process. One that isn't UTF-8 counts as unset.
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
    /// [`ConfigError`] when it isn't.
    pub fn required(&self, variable: &'static str) -> Result<&str, ConfigError> {
        self.optional(variable).ok_or(ConfigError::new(variable, "is not set"))
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

/// How to reach the records.
#[derive(Debug)]
pub struct StoreConfig {
    pub(crate) table: String,
    pub(crate) region: String,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) trusted_roots: TrustedRoots,
    pub(crate) credentials: Option<AwsCredentials>,
}

impl StoreConfig {
    /// Reads `TABLE_NAME`, `AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_CA_BUNDLE` and the role's credentials.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let region = checked(environment, "AWS_REGION", is_region, "is not the name of a region")?;
        Ok(Self {
            table: checked(environment, "TABLE_NAME", is_table, "is not the name or ARN of a table")?.to_owned(),
            region: region.to_owned(),
            endpoint_url: endpoint_url(environment)?,
            trusted_roots: TrustedRoots::read(environment, region)?,
            credentials: AwsCredentials::read(environment),
        })
    }
}

/// The credentials that Lambda puts into the environment for the life of a sandbox.
pub(crate) struct AwsCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl AwsCredentials {
    /// `None` leaves it to the SDK's default chain.
    fn read(environment: &Environment) -> Option<Self> {
        Some(Self {
            access_key_id: environment.optional("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret_access_key: environment.optional("AWS_SECRET_ACCESS_KEY")?.to_owned(),
            session_token: environment.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        })
    }
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AwsCredentials(..)")
    }
}

/// Which certificate authorities may vouch for DynamoDB.
#[derive(Debug)]
pub(crate) enum TrustedRoots {
    /// The five that AWS documents for its commercial regions.
    Amazon,
    /// The machine's own.
    System,
    /// Those of a PEM file.
    Pem(Vec<u8>),
}

impl TrustedRoots {
    fn read(environment: &Environment, region: &str) -> Result<Self, ConfigError> {
        match environment.optional("AWS_CA_BUNDLE") {
            // Other partitions may chain elsewhere.
            None if ["cn-", "us-gov-", "us-iso", "eu-iso", "eusc-"].iter().any(|prefix| region.starts_with(prefix)) => {
                Ok(Self::System)
            }
            None => Ok(Self::Amazon),
            Some("system") => Ok(Self::System),
            Some(path) => {
                let invalid =
                    ConfigError::new("AWS_CA_BUNDLE", "is neither `system` nor a readable file of PEM certificates");
                match std::fs::read(path) {
                    Ok(pem) if holds_certificates(&pem) => Ok(Self::Pem(pem)),
                    _ => Err(invalid),
                }
            }
        }
    }
}

/// The SDK panics at the first call over a bundle that it can't read, so it is read here first.
fn holds_certificates(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let readable =
        CertificateDer::pem_slice_iter(pem).all(|certificate| certificate.is_ok_and(|der| roots.add(der).is_ok()));
    readable && !roots.is_empty()
}

fn checked<'a>(
    environment: &'a Environment,
    variable: &'static str,
    is_valid: fn(&str) -> bool,
    problem: &'static str,
) -> Result<&'a str, ConfigError> {
    environment
        .required(variable)
        .and_then(|value| if is_valid(value) { Ok(value) } else { Err(ConfigError::new(variable, problem)) })
}

fn is_region(text: &str) -> bool {
    text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// DynamoDB's own rule for names; an ARN is taken as it is.
fn is_table(text: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    text.starts_with("arn:") || ((3..=255).contains(&text.len()) && text.bytes().all(is_name))
}

fn endpoint_url(environment: &Environment) -> Result<Option<String>, ConfigError> {
    let variable = "AWS_ENDPOINT_URL_DYNAMODB";
    match environment.optional(variable) {
        None => Ok(None),
        Some(url) => match url.parse::<lambda_http::http::Uri>() {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => {
                Ok(Some(url.to_owned()))
            }
            _ => Err(ConfigError::new(variable, "is not an http or https URL")),
        },
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
