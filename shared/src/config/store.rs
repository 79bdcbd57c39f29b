//! How to reach DynamoDB: its table, its address, whom to trust and what to sign with.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::environment::{ConfigError, Environment};

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
