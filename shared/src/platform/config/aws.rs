//! The configuration of AWS calls: region, credentials and trusted certificates.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::environment::{ConfigError, Environment};
use super::{checked, flag};

/// The configuration that all clients of AWS services share.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    pub(crate) region: String,
    pub(crate) trusted_roots: TrustedRoots,
    pub(crate) credentials: AwsCredentials,
    pub(crate) use_fips: bool,
    pub(crate) use_dual_stack: bool,
}

impl AwsConfig {
    /// Reads `AWS_REGION`, `AWS_CA_BUNDLE`, the role's credentials, and whether to use FIPS and dual-stack endpoints.
    ///
    /// # Errors
    /// The first [`ConfigError`] found.
    pub fn read(environment: &Environment) -> Result<Self, ConfigError> {
        let region = checked(environment, "AWS_REGION", is_region, "is not the name of a region")?;
        Ok(Self {
            region: region.to_owned(),
            trusted_roots: TrustedRoots::read(environment, region)?,
            credentials: AwsCredentials::read(environment)?,
            use_fips: flag(environment, "AWS_USE_FIPS_ENDPOINT", false)?,
            use_dual_stack: flag(environment, "AWS_USE_DUALSTACK_ENDPOINT", false)?,
        })
    }
}

/// The credentials that Lambda sets in the environment when it starts the process.
#[derive(Clone)]
pub(crate) struct AwsCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
    pub(crate) session_token: Option<String>,
}

impl AwsCredentials {
    fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            access_key_id: environment.required("AWS_ACCESS_KEY_ID")?.to_owned(),
            secret_access_key: environment.required("AWS_SECRET_ACCESS_KEY")?.to_owned(),
            session_token: environment.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        })
    }
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AwsCredentials(..)")
    }
}

/// The certificate authorities that connections to AWS trust.
#[derive(Clone, Debug)]
pub(crate) enum TrustedRoots {
    /// The five that AWS documents for its commercial regions.
    Amazon,
    /// Those of the operating system.
    System,
    /// Those of a PEM file.
    Pem(Vec<u8>),
}

impl TrustedRoots {
    fn read(environment: &Environment, region: &str) -> Result<Self, ConfigError> {
        match environment.optional("AWS_CA_BUNDLE") {
            // The endpoints of other partitions can have other roots.
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

/// The SDK panics at the first call if it can't read the bundle, so the bundle is checked at start.
fn holds_certificates(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let readable =
        CertificateDer::pem_slice_iter(pem).all(|certificate| certificate.is_ok_and(|der| roots.add(der).is_ok()));
    readable && !roots.is_empty()
}

fn is_region(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commercial_regions_trust_the_five_amazon_roots() {
        let none = Environment::from_iter([]);
        for region in ["us-east-1", "eu-central-1", "us-west-2", "ca-central-1", "cnx-1"] {
            assert!(matches!(TrustedRoots::read(&none, region), Ok(TrustedRoots::Amazon)), "{region}");
        }
        for region in
            ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"]
        {
            assert!(matches!(TrustedRoots::read(&none, region), Ok(TrustedRoots::System)), "{region}");
        }
    }

    #[test]
    fn debug_output_contains_no_credentials() {
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let environment = Environment::from_iter(names.map(|name| (name.to_owned(), "canary".to_owned())));
        assert_eq!(
            format!("{:?} {environment:?}", AwsCredentials::read(&environment).unwrap()),
            "AwsCredentials(..) Environment(..)"
        );
    }
}
