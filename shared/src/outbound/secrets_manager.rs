//! The secrets in Secrets Manager: delivered keys, the provisioner's key and the secret that verifies tokens. Only this
//! module uses the operations of Secrets Manager.
//!
//! The client is built on first use. A function that only serves HTTP needs it only for `JWT_SECRET_ARN`.

mod values;

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
pub use values::{
    CURRENT, Description, PENDING, PREVIOUS, PendingInsertion, SecretCreation, SecretText, SecretVersion, Version,
};

/// The reason of a [`Fault`] when the function's role may not use the KMS key of a secret.
pub const KMS_REFUSED: &str = "kmsRefused";

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
                    (Some(text), _) => SecretText::new(text),
                    // A binary value counts as empty, since neither is a key.
                    (None, Some(_)) => SecretText::new(String::new()),
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
