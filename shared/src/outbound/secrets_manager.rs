//! The secrets in Secrets Manager: delivered keys, the provisioner's key and the secret that verifies tokens. Only this
//! module uses the operations of Secrets Manager.
//!
//! The client is built on first use. A function that only serves HTTP needs it only for `JWT_SECRET_ARN`.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretError;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueError;

use super::sdk::fault;
use crate::domain::{Fault, Timestamp, secret_region};
use crate::platform::Deadline;

/// The stage of the current version.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the previous version.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The stage of the pending version, which a rotation prepares.
pub const PENDING: &str = "AWSPENDING";

/// The reason of a [`Fault`] when the function's role may not use the KMS key of a secret.
pub const KMS_REFUSED: &str = "kmsRefused";

/// The value of a secret, as text. `Debug` prints `SecretText(..)`.
pub struct SecretText(String);

impl SecretText {
    /// Wraps a text that contains a secret.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, which contains a secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(..)")
    }
}

/// The result of creating a secret.
#[derive(Debug, PartialEq, Eq)]
pub enum SecretCreation {
    /// The secret was created.
    Created {
        /// The ARN of the new secret.
        arn: String,
    },
    /// A secret of that name exists, or is scheduled for deletion.
    NameTaken,
}

/// The result of storing a pending version.
#[derive(Debug, PartialEq, Eq)]
pub enum PendingInsertion {
    /// The value was stored.
    Stored,
    /// The version already has another value, which stays.
    Taken,
    /// The secret is a replica.
    Replica,
}

/// The version of a secret to read.
#[derive(Clone, Copy, Debug)]
pub enum Version<'a> {
    /// The current version.
    Current,
    /// The previous version.
    Previous,
    /// The version with that id, at any stage.
    Id(&'a str),
    /// The version with that id, if it is the pending version.
    Pending(&'a str),
}

/// A version of a secret that was read.
#[derive(Debug)]
pub struct SecretVersion {
    /// The ARN of the secret.
    pub arn: String,
    /// The value.
    pub text: SecretText,
    /// Whether it is the current version.
    pub is_current: bool,
    /// When the version was created.
    pub created: Option<Timestamp>,
}

/// The metadata of a secret.
#[derive(Debug)]
pub struct Description {
    /// The full ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// Whether the secret is a replica of one in another Region.
    pub is_replica: bool,
    /// Whether rotation is enabled.
    pub rotation_enabled: bool,
    /// The stages of each version.
    versions: HashMap<String, Vec<String>>,
}

impl Description {
    /// Whether the secret has a version with that id.
    #[must_use]
    pub fn has_version(&self, id: &str) -> bool {
        self.versions.contains_key(id)
    }

    /// Whether a rotation to the version with that id is under way or done, or impossible.
    #[must_use]
    pub fn is_settled_for(&self, id: &str) -> bool {
        let is_staged = self.is_at_stage(id, PENDING) || self.is_at_stage(id, CURRENT);
        self.is_replica || (self.rotation_enabled && is_staged)
    }

    /// Whether the version with that id has that stage.
    #[must_use]
    pub fn is_at_stage(&self, id: &str, stage: &str) -> bool {
        self.versions.get(id).is_some_and(|stages| stages.iter().any(|known| known == stage))
    }

    /// The id of the current version.
    #[must_use]
    pub fn current_version(&self) -> Option<&str> {
        self.versions.keys().find(|id| self.is_at_stage(id, CURRENT)).map(String::as_str)
    }
}

/// The secrets of the account that the function's role may access.
#[derive(Debug)]
pub struct Secrets {
    sdk: SdkConfig,
    endpoint_url: Option<String>,
    client: OnceLock<Client>,
}

impl Secrets {
    /// Takes the configuration of the client.
    #[must_use]
    pub(crate) const fn new(sdk: SdkConfig, endpoint_url: Option<String>) -> Self {
        Self { sdk, endpoint_url, client: OnceLock::new() }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let mut builder = Builder::from(&self.sdk);
            if let Some(endpoint_url) = &self.endpoint_url {
                builder = builder.endpoint_url(endpoint_url);
            }
            Client::from_conf(builder.build())
        })
    }

    /// Creates a secret whose first version has the given id. An existing secret is never changed.
    ///
    /// # Errors
    /// A [`Fault`] when Secrets Manager refuses, fails or does not answer in time.
    pub async fn create(
        &self,
        name: &str,
        version_id: &str,
        value: &SecretText,
        deadline: Deadline,
    ) -> Result<SecretCreation, Fault> {
        let call = self
            .client()
            .create_secret()
            .name(name)
            .client_request_token(version_id)
            .secret_string(value.expose())
            .description("An API key, delivered by the service that issued it")
            .send();
        match deadline.run(call).await? {
            Ok(created) => {
                created.arn.map(|arn| SecretCreation::Created { arn }).ok_or_else(|| Fault::new("replyUnknown"))
            }
            Err(error) => match error.as_service_error() {
                // The second error means that the secret of this name is scheduled for deletion.
                Some(CreateSecretError::ResourceExistsException(_) | CreateSecretError::InvalidRequestException(_)) => {
                    Ok(SecretCreation::NameTaken)
                }
                _ => Err(fault(&error)),
            },
        }
    }

    /// Reads one version of a secret; `None` if the secret, the version or the value does not exist.
    ///
    /// # Errors
    /// A [`Fault`] when Secrets Manager refuses, fails or does not answer in time.
    pub async fn read(
        &self,
        secret_id: &str,
        version: Version<'_>,
        deadline: Deadline,
    ) -> Result<Option<SecretVersion>, Fault> {
        let call = self.client().get_secret_value().secret_id(secret_id);
        let call = match version {
            Version::Current => call.version_stage(CURRENT),
            Version::Previous => call.version_stage(PREVIOUS),
            Version::Id(id) => call.version_id(id),
            Version::Pending(id) => call.version_id(id).version_stage(PENDING),
        };
        match deadline.run(call.send()).await? {
            Ok(read) => {
                let arn = read.arn.ok_or(Fault::new("replyUnknown"))?;
                let text = match (read.secret_string, read.secret_binary) {
                    (Some(text), _) => SecretText(text),
                    // A binary value counts as empty, since neither is a key.
                    (None, Some(_)) => SecretText(String::new()),
                    // A rotation registers its version before it has a value.
                    (None, None) => return Ok(None),
                };
                let created = read.created_date.and_then(|moment| u64::try_from(moment.to_millis().ok()?).ok());
                let is_current = read.version_stages.unwrap_or_default().iter().any(|stage| stage == CURRENT);
                Ok(Some(SecretVersion { arn, text, is_current, created: created.map(Timestamp::from_millis) }))
            }
            Err(error) => match error.as_service_error() {
                // The second error means that the secret is scheduled for deletion.
                Some(
                    GetSecretValueError::ResourceNotFoundException(_) | GetSecretValueError::InvalidRequestException(_),
                ) => Ok(None),
                Some(refusal) if is_from_kms(refusal) => Err(Fault { reason: KMS_REFUSED.into(), ..fault(&error) }),
                _ => Err(fault(&error)),
            },
        }
    }

    /// Describes a secret; `None` if it does not exist.
    ///
    /// # Errors
    /// A [`Fault`] when Secrets Manager refuses, fails or does not answer in time.
    pub async fn describe(&self, secret_id: &str, deadline: Deadline) -> Result<Option<Description>, Fault> {
        let call = self.client().describe_secret().secret_id(secret_id).send();
        match deadline.run(call).await? {
            Ok(described) => {
                let incomplete = || Fault::new("replyUnknown");
                let arn = described.arn.ok_or_else(incomplete)?;
                Ok(Some(Description {
                    // A primary secret names its own Region, or none.
                    is_replica: described.primary_region.is_some_and(|primary| secret_region(&arn) != Some(&primary)),
                    arn,
                    name: described.name.ok_or_else(incomplete)?,
                    rotation_enabled: described.rotation_enabled.unwrap_or_default(),
                    versions: described.version_ids_to_stages.unwrap_or_default(),
                }))
            }
            Err(error) => match error.as_service_error() {
                Some(DescribeSecretError::ResourceNotFoundException(_)) => Ok(None),
                _ => Err(fault(&error)),
            },
        }
    }

    /// Stores a value as the pending version, unless the version already has one.
    ///
    /// # Errors
    /// A [`Fault`] when Secrets Manager refuses, fails or does not answer in time.
    pub async fn put_pending(
        &self,
        secret_id: &str,
        version_id: &str,
        rotation_token: Option<&str>,
        value: &SecretText,
        deadline: Deadline,
    ) -> Result<PendingInsertion, Fault> {
        let call = self
            .client()
            .put_secret_value()
            .secret_id(secret_id)
            .client_request_token(version_id)
            .secret_string(value.expose())
            .version_stages(PENDING)
            .set_rotation_token(rotation_token.map(str::to_owned));
        match deadline.run(call.send()).await? {
            Ok(_) => Ok(PendingInsertion::Stored),
            Err(error) => match error.as_service_error() {
                Some(PutSecretValueError::ResourceExistsException(_)) => Ok(PendingInsertion::Taken),
                Some(refusal) if is_of_replica(refusal) => Ok(PendingInsertion::Replica),
                _ => Err(fault(&error)),
            },
        }
    }

    /// Makes a version the current version, in place of the version `in_place_of`.
    ///
    /// # Errors
    /// A [`Fault`] when Secrets Manager refuses, fails or does not answer in time.
    pub async fn make_current(
        &self,
        secret_id: &str,
        version_id: &str,
        in_place_of: Option<&str>,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        let call = self
            .client()
            .update_secret_version_stage()
            .secret_id(secret_id)
            .version_stage(CURRENT)
            .move_to_version_id(version_id)
            .set_remove_from_version_id(in_place_of.map(str::to_owned));
        deadline.run(call.send()).await?.map(|_| ()).map_err(|error| fault(&error))
    }
}

/// Secrets Manager passes on a refusal of KMS with the code of its own, and only the message tells them apart.
fn is_from_kms(error: &impl ProvideErrorMetadata) -> bool {
    error.code() == Some("AccessDeniedException") && error.message().is_some_and(|message| message.contains("KMS"))
}

/// A change of a replica is refused as an invalid parameter or request, and only the message tells why.
fn is_of_replica(error: &impl ProvideErrorMetadata) -> bool {
    matches!(error.code(), Some("InvalidParameterException" | "InvalidRequestException"))
        && error.message().is_some_and(|message| message.contains("replica secret"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_contain_the_text() {
        assert_eq!(format!("{:?}", SecretText::new("canary".to_owned())), "SecretText(..)");
    }
}
