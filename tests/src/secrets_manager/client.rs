//! A client of the local Secrets Manager for tests.

use std::collections::BTreeMap;
use std::error::Error;

use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, ReplicaRegionType};

use crate::dynamo::REGION;
use crate::host;

/// The Region of the primary secrets whose replicas are in [`REGION`].
const PRIMARY_REGION: &str = "eu-west-1";

/// Selects a value of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// The version with this stage.
    Stage(&'a str),
    /// The version with this id, which is the `ClientRequestToken` of its creation.
    Id(&'a str),
}

impl Version<'static> {
    /// The current version.
    pub const CURRENT: Self = Self::Stage("AWSCURRENT");
}

/// The secrets in a local Secrets Manager, which may belong to another process.
#[derive(Clone, Copy, Debug)]
pub struct Secrets {
    port: u16,
}

impl Secrets {
    /// The secrets in the Secrets Manager on a port of 127.0.0.1.
    #[must_use]
    pub const fn at(port: u16) -> Self {
        Self { port }
    }

    /// The port of 127.0.0.1 that Secrets Manager listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The value of `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A new client. Its connections belong to the first runtime that uses the client, so tests don't share clients.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client_in(REGION)
    }

    fn client_in(&self, region: &'static str) -> Client {
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(self.endpoint())
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .http_client(http)
            .build();
        Client::from_conf(config)
    }

    /// Creates a secret, and returns its ARN.
    ///
    /// # Errors
    ///
    /// Returns one line if the secret exists or Secrets Manager doesn't answer.
    pub async fn try_create(&self, name: &str, value: &str) -> Result<String, String> {
        let request = self.client().create_secret().name(name).secret_string(value).client_request_token(new_token());
        let output = request.send().await.map_err(line)?;
        output.arn.ok_or_else(|| "CreateSecret answers without an ARN".to_owned())
    }

    /// Creates a secret in another Region with a replica in this one, and returns the replica's ARN.
    ///
    /// # Errors
    ///
    /// Returns one line if the secret exists or Secrets Manager doesn't answer.
    pub async fn try_create_replica(&self, name: &str, value: &str) -> Result<String, String> {
        let here = ReplicaRegionType::builder().region(REGION).build();
        let request = self.client_in(PRIMARY_REGION).create_secret().name(name).secret_string(value);
        let output = request.client_request_token(new_token()).add_replica_regions(here).send().await.map_err(line)?;
        let primary = output.arn.ok_or("CreateSecret answers without an ARN")?;
        Ok(primary.replace(PRIMARY_REGION, REGION))
    }

    /// A value of a secret, by the secret's name or ARN; `None` if there is no such secret, version or value.
    ///
    /// # Errors
    ///
    /// Returns one line for any other error, such as a secret that is scheduled for deletion.
    pub async fn try_value(&self, secret: &str, version: Version<'_>) -> Result<Option<String>, String> {
        let request = self.client().get_secret_value().secret_id(secret);
        let request = match version {
            Version::Stage(stage) => request.version_stage(stage),
            Version::Id(id) => request.version_id(id),
        };
        match request.send().await {
            Ok(output) => Ok(output.secret_string),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(line(error)),
        }
    }

    /// Each version's id with its stages. As in AWS, versions without a stage are left out.
    ///
    /// # Errors
    ///
    /// Returns one line if there is no such secret or Secrets Manager doesn't answer.
    pub async fn try_versions(&self, secret: &str) -> Result<BTreeMap<String, Vec<String>>, String> {
        let output = self.client().describe_secret().secret_id(secret).send().await.map_err(line)?;
        let versions = output.version_ids_to_stages.unwrap_or_default().into_iter();
        let staged = versions.filter(|(_, stages)| !stages.is_empty()).map(|(id, mut stages)| {
            stages.sort();
            (id, stages)
        });
        Ok(staged.collect())
    }

    /// The id of the version with a stage, if any.
    ///
    /// # Errors
    ///
    /// Returns one line if there is no such secret or Secrets Manager doesn't answer.
    pub async fn try_version_with(&self, secret: &str, stage: &str) -> Result<Option<String>, String> {
        let versions = self.try_versions(secret).await?;
        Ok(versions.into_iter().find(|(_, stages)| stages.iter().any(|known| known == stage)).map(|(id, _)| id))
    }

    /// Sets the value and the stages of a version.
    ///
    /// # Errors
    ///
    /// Returns one line if there is no such secret or Secrets Manager doesn't answer.
    pub async fn try_put(&self, secret: &str, version: &str, stages: &[&str], value: &str) -> Result<(), String> {
        let stages = stages.iter().map(|stage| (*stage).to_owned()).collect();
        let request = self.client().put_secret_value().secret_id(secret).client_request_token(version);
        let output = request.set_version_stages(Some(stages)).secret_string(value).send().await;
        output.map(drop).map_err(line)
    }

    /// The sorted names of all secrets with a prefix.
    ///
    /// # Errors
    ///
    /// Returns one line if Secrets Manager doesn't answer.
    pub async fn try_names(&self, prefix: &str) -> Result<Vec<String>, String> {
        let pages = self.client().list_secrets().into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.map_err(line)?;
        let secrets = pages.into_iter().flat_map(|page| page.secret_list.unwrap_or_default());
        let mut names: Vec<String> = secrets.filter_map(|secret| secret.name).collect();
        names.retain(|name| name.starts_with(prefix));
        names.sort();
        Ok(names)
    }

    /// Creates a secret, and returns its ARN.
    ///
    /// # Panics
    ///
    /// Panics with the cause if that fails. The other helpers do the same.
    pub async fn create(&self, name: &str, value: &str) -> String {
        self.try_create(name, value).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sets the value and the stages of a version.
    pub async fn put(&self, secret: &str, version: &str, stages: &[&str], value: &str) {
        self.try_put(secret, version, stages, value).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// A value of a secret, by the secret's name or ARN, if there is one.
    pub async fn value(&self, secret: &str, version: Version<'_>) -> Option<String> {
        self.try_value(secret, version).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Each version's id with its stages, sorted.
    pub async fn versions(&self, secret: &str) -> BTreeMap<String, Vec<String>> {
        self.try_versions(secret).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The sorted names of all secrets with a prefix.
    pub async fn names(&self, prefix: &str) -> Vec<String> {
        self.try_names(prefix).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// All secrets with a prefix, by name, with the ids of their versions. Each new value is a new version.
    pub async fn listed(&self, prefix: &str) -> BTreeMap<String, Vec<String>> {
        let named = Filter::builder().key(FilterNameStringType::Name).values(prefix).build();
        let pages = self.client().list_secrets().filters(named).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap_or_else(|error| panic!("{}", line(error)));
        let secrets = pages.into_iter().flat_map(|page| page.secret_list.unwrap_or_default());
        let listed = secrets.map(|secret| {
            let mut versions: Vec<_> = secret.secret_versions_to_stages.unwrap_or_default().into_keys().collect();
            versions.sort();
            (secret.name.unwrap_or_default(), versions)
        });
        // The filter ignores case.
        listed.filter(|(name, _)| name.starts_with(prefix)).collect()
    }

    /// Deletes a secret immediately, without a recovery window.
    pub async fn delete(&self, secret: &str) {
        let request = self.client().delete_secret().secret_id(secret).force_delete_without_recovery(true);
        request.send().await.unwrap_or_else(|error| panic!("{}", line(error)));
    }
}

/// A new version id in the format of Secrets Manager.
#[must_use]
pub fn new_token() -> String {
    uuid::Builder::from_random_bytes(host::random()).into_uuid().to_string()
}

pub(crate) fn line(error: impl Error) -> String {
    DisplayErrorContext(error).to_string()
}
