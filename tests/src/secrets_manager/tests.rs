use aws_sdk_secretsmanager::error::ProvideErrorMetadata as _;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretOutput;
use aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueOutput;

use super::*;
use crate::fault::{Fault, Proxy};

/// The tokens of two versions.
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A secret that only one test uses.
struct Own {
    secrets: Secrets,
    name: String,
}

impl Own {
    /// A new name.
    fn name() -> Self {
        Self { secrets: SecretsManager::shared(), name: format!("{}61/a", unique_prefix()) }
    }

    /// A secret with the value `old`, whose version is `A`.
    async fn secret() -> Self {
        let own = Self::name();
        own.create(A, "old").await.unwrap();
        own
    }

    /// The same after `AWSCURRENT` moved to `B`, whose value is `new`.
    async fn rotated() -> Self {
        let own = Self::secret().await;
        own.put(B, &["AWSPENDING"], "new").await.unwrap();
        own.move_current(B, Some(A)).await.unwrap();
        own
    }

    async fn create(&self, token: &str, value: &str) -> Result<CreateSecretOutput, String> {
        let request = self.secrets.client().create_secret().name(&self.name).secret_string(value);
        request.client_request_token(token).send().await.map_err(|error| error.code().unwrap().to_owned())
    }

    async fn put(&self, token: &str, stages: &[&str], value: &str) -> Result<PutSecretValueOutput, String> {
        let stages = stages.iter().map(|stage| (*stage).to_owned()).collect();
        let request = self.secrets.client().put_secret_value().secret_id(&self.name).client_request_token(token);
        let request = request.set_version_stages(Some(stages)).secret_string(value).rotation_token("r".repeat(40));
        request.send().await.map_err(|error| error.code().unwrap().to_owned())
    }

    async fn get(&self, version: Option<&str>, stage: Option<&str>) -> Result<String, String> {
        let request = self.secrets.client().get_secret_value().secret_id(&self.name);
        let request = request.set_version_id(version.map(str::to_owned)).set_version_stage(stage.map(str::to_owned));
        let output = request.send().await.map_err(|error| error.code().unwrap().to_owned())?;
        Ok(output.secret_string.unwrap())
    }

    async fn move_current(&self, to: &str, from: Option<&str>) -> Result<(), String> {
        let request = self.secrets.client().update_secret_version_stage().secret_id(&self.name);
        let request = request.version_stage("AWSCURRENT").move_to_version_id(to);
        let request = request.set_remove_from_version_id(from.map(str::to_owned));
        request.send().await.map(drop).map_err(|error| error.code().unwrap().to_owned())
    }

    /// The stages of `A` and of `B`, as moto lists them.
    async fn stages(&self) -> [Vec<String>; 2] {
        let output = self.secrets.client().describe_secret().secret_id(&self.name).send().await.unwrap();
        let mut versions = output.version_ids_to_stages.unwrap();
        [A, B].map(|version| versions.remove(version).unwrap_or_default())
    }
}

/// The expected result of a refused call.
fn refused<T>(code: &str) -> Result<T, String> {
    Err(code.to_owned())
}

#[tokio::test]
async fn a_secret_can_be_created_read_listed_and_deleted() {
    let secrets = SecretsManager::shared();
    let prefix = unique_prefix();
    let name = format!("{prefix}61/a");
    let arn = secrets.create(&name, "value").await;
    assert!(arn.starts_with(&format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-")), "{arn}");
    for id in [&name, &arn] {
        assert_eq!(secrets.value(id, Version::CURRENT).await.as_deref(), Some("value"));
    }
    let versions = secrets.versions(&name).await;
    assert_eq!(versions.values().collect::<Vec<_>>(), [&["AWSCURRENT"]]);
    let version = versions.keys().next().unwrap();
    assert_eq!(secrets.value(&name, Version::Id(version)).await.as_deref(), Some("value"));
    assert_eq!(secrets.names(&prefix).await, [name.as_str()]);
    secrets.delete(&name).await;
    assert_eq!((secrets.value(&name, Version::CURRENT).await, secrets.names(&prefix).await), (None, vec![]));
}

#[tokio::test]
async fn a_used_name_is_refused_unless_token_and_value_are_the_same() {
    let own = Own::secret().await;
    let arn = own.create(A, "old").await.unwrap().arn;
    assert!(arn.is_some());
    for (token, value) in [(A, "new"), (B, "old"), (B, "new")] {
        assert_eq!(own.create(token, value).await, refused("ResourceExistsException"), "{token} {value}");
    }
    assert_eq!(own.get(None, Some("AWSCURRENT")).await.as_deref(), Ok("old"));
}

#[tokio::test]
async fn one_of_many_concurrent_creations_of_a_name_succeeds() {
    for _ in 0..20 {
        let own = Own::name();
        let creates = [0; 8].map(|_| new_token()).map(|token| {
            let own = Own { secrets: own.secrets, name: own.name.clone() };
            tokio::spawn(async move { own.create(&token, &token).await.is_ok() })
        });
        let mut created = 0;
        for create in creates {
            created += usize::from(create.await.unwrap());
        }
        assert_eq!(created, 1);
    }
}

#[tokio::test]
async fn a_version_is_read_by_id_and_stage_only_if_both_match() {
    let own = Own::secret().await;
    assert_eq!(own.get(Some(A), Some("AWSCURRENT")).await.as_deref(), Ok("old"));
    assert_eq!(own.get(Some(A), Some("AWSPENDING")).await, refused("InvalidRequestException"));
    for (version, stage) in [(Some(B), None), (Some(B), Some("AWSPENDING")), (None, Some("AWSPENDING"))] {
        assert_eq!(own.get(version, stage).await, refused("ResourceNotFoundException"));
    }
    assert_eq!(Own::name().get(None, None).await, refused("ResourceNotFoundException"));
}

#[tokio::test]
async fn the_current_stage_moves_only_from_the_current_version() {
    let own = Own::secret().await;
    own.put(B, &["AWSPENDING"], "new").await.unwrap();
    for from in [None, Some(B)] {
        assert_eq!(own.move_current(B, from).await, refused("InvalidParameterException"));
    }
    own.move_current(B, Some(A)).await.unwrap();
    assert_eq!(own.stages().await, [vec!["AWSPREVIOUS"], vec!["AWSPENDING", "AWSCURRENT"]]);
    assert_eq!(own.get(None, Some("AWSCURRENT")).await.as_deref(), Ok("new"));
}

#[tokio::test]
async fn moto_differs_from_aws_in_these_ways() {
    let own = Own::rotated().await;
    assert_eq!(own.get(None, None).await.as_deref(), Ok("old"), "the default version");
    own.put(&new_token(), &["AWSCURRENT"], "newest").await.unwrap();
    assert_eq!(own.stages().await[1], ["AWSPENDING", "AWSCURRENT"], "a second current version");

    let own = Own::secret().await;
    own.put(B, &["AWSPENDING"], "new").await.unwrap();
    own.put(B, &["AWSPENDING"], "another").await.unwrap();
    assert_eq!(own.get(Some(B), None).await.as_deref(), Ok("another"), "a pending version's value");
    own.put(&new_token(), &["AWSPENDING"], "third").await.unwrap();
    let output = own.secrets.client().describe_secret().secret_id(&own.name).send().await.unwrap();
    assert_eq!(output.version_ids_to_stages.unwrap()[B], [""; 0], "a version without a stage");
    assert_eq!(output.rotation_enabled, None, "a secret that never rotated");

    own.secrets.client().delete_secret().secret_id(&own.name).send().await.unwrap();
    assert_eq!(own.create(B, "old").await, refused("ResourceExistsException"), "a secret that will be deleted");
    own.create(A, "old").await.unwrap();

    let own = Own { name: format!("{} *", unique_prefix()), ..Own::name() };
    own.create(A, "old").await.unwrap();
    own.secrets.client().rotate_secret().secret_id(&own.name).client_request_token(B).send().await.unwrap();
    assert_eq!(own.stages().await, [["AWSPREVIOUS"], ["AWSCURRENT"]], "a rotation without a function");
    assert_eq!(own.get(Some(B), None).await, refused("ResourceNotFoundException"));
}

#[tokio::test]
async fn moto_differs_from_aws_for_a_version_that_is_still_pending() {
    let rotate = async |own: &Own| {
        let request = own.secrets.client().rotate_secret().secret_id(&own.name).rotation_lambda_arn("none");
        request.send().await.unwrap_err().code().map(str::to_owned)
    };
    let own = Own::rotated().await;
    assert_eq!(rotate(&own).await.as_deref(), Some("InvalidRequestException"), "it is current");
    let own = Own::secret().await;
    own.put(B, &["AWSPENDING"], "new").await.unwrap();
    assert_eq!(rotate(&own).await.as_deref(), Some("ResourceNotFoundException"), "it isn't current");
    assert_eq!(own.stages().await, [vec!["AWSCURRENT"], vec![]]);
}

#[tokio::test]
async fn a_proxy_injects_the_planned_faults() {
    let secrets = SecretsManager::shared();
    let proxy = Proxy::to(secrets.port()).await;
    let broken = Secrets::at(proxy.port());
    let name = format!("{}61/a", unique_prefix());
    proxy.inject_at("CreateSecret", 1, Fault::ApplyThenLose);
    // The client's retry finds its own secret, with the same token and value.
    broken.create(&name, "value").await;
    proxy.next(Fault::secrets_manager(400, "AccessDeniedException"));
    let error = broken.try_value(&name, Version::CURRENT).await.unwrap_err();
    assert!(error.contains("AccessDeniedException"), "{error}");
    let seen: Vec<String> = proxy.requests().into_iter().map(|request| request.operation).collect();
    assert_eq!(seen, ["CreateSecret", "CreateSecret", "GetSecretValue"]);
}

#[tokio::test]
async fn a_connection_through_a_proxy_stays_open_as_in_aws() {
    let proxy = Proxy::to(SecretsManager::shared().port()).await;
    let client = Secrets::at(proxy.port()).client();
    for _ in 0..2 {
        client.list_secrets().max_results(1).send().await.unwrap();
    }
    assert_eq!(proxy.requests().iter().map(|request| request.pooled).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let error = SecretsManager::start(SecretsManager::shared().port()).unwrap_err();
    assert!(error.contains("can't be used") && !error.contains('\n'), "{error}");
}
