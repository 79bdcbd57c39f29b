//! Which secrets may be rotated.

use super::RotateError;
use crate::domain::{MaxExpiresIn, SecretArn, secret_name};
use crate::outbound::Description;

/// Which secrets may be rotated, and the limit on lifetimes.
#[derive(Debug)]
pub struct RotationPolicy<'a> {
    /// The prefix of the names of delivered secrets.
    pub delivery_prefix: Option<&'a str>,
    /// The provisioner's secret.
    pub provisioner: Option<&'a SecretArn>,
    /// The limit on lifetimes.
    pub limit: MaxExpiresIn,
}

impl RotationPolicy<'_> {
    /// Checks the id of the secret, before the first call to Secrets Manager.
    pub(super) fn admit(&self, secret_id: &str) -> Result<(), RotateError> {
        if self.delivery_prefix.is_none() && self.provisioner.is_none() {
            return Err(RotateError::Disabled);
        }
        self.check(secret_name(secret_id).unwrap_or(secret_id), secret_id)
    }

    /// Checks the name and the ARN that Secrets Manager returned.
    pub(super) fn admit_described(&self, description: &Description) -> Result<(), RotateError> {
        self.check(&description.name, &description.arn)
    }

    fn check(&self, name: &str, arn: &str) -> Result<(), RotateError> {
        let is_delivered = self.delivery_prefix.is_some_and(|prefix| name.starts_with(prefix));
        let is_provisioner = self.provisioner.is_some_and(|provisioner| provisioner.as_str() == arn);
        if is_delivered || is_provisioner { Ok(()) } else { Err(RotateError::SecretRefused) }
    }
}
