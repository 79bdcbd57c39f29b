use std::cell::RefCell;

use super::*;
use crate::secrets_manager::{SecretsManager, Version, unique_prefix};

/// A secret with the value `old`.
async fn secret() -> (Secrets, String) {
    let secrets = SecretsManager::shared();
    let arn = secrets.create(&format!("{}61/a", unique_prefix()), "old").await;
    (secrets, arn)
}

/// A minimal rotation function.
async fn function(secrets: Secrets, event: Value) -> Result<Value, String> {
    let [secret, token] = ["SecretId", "ClientRequestToken"].map(|name| event[name].as_str().unwrap().to_owned());
    if event["Step"] == "createSecret" {
        secrets.put(&secret, &token, &["AWSPENDING"], &format!("new {token}")).await;
    }
    if event["Step"] == "finishSecret" {
        let current = secrets.try_version_with(&secret, "AWSCURRENT").await?.unwrap();
        let request = secrets.client().update_secret_version_stage().secret_id(&secret).version_stage("AWSCURRENT");
        let request = request.move_to_version_id(&token).remove_from_version_id(current);
        request.send().await.map_err(line)?;
    }
    Ok(Value::Null)
}

#[tokio::test]
async fn a_rotation_begins_with_a_version_without_a_value() {
    let (secrets, arn) = secret().await;
    let rotation = Rotation::begin(secrets, &arn).await.unwrap();
    let described = secrets.client().describe_secret().secret_id(&arn).send().await.unwrap();
    assert_eq!(described.rotation_enabled, Some(true));
    assert_eq!(secrets.versions(&arn).await[rotation.token()], ["AWSPENDING"]);
    assert_eq!(secrets.value(&arn, Version::Id(rotation.token())).await, None);
    assert_eq!(secrets.value(&arn, Version::Stage("AWSPENDING")).await, None);
    assert_eq!(secrets.value(&arn, Version::CURRENT).await.as_deref(), Some("old"));
}

#[tokio::test]
async fn the_four_steps_can_rotate_a_secret_repeatedly() {
    let (secrets, arn) = secret().await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let rotation = Rotation::begin(secrets, &arn).await.unwrap();
        let steps = RefCell::new(Vec::new());
        let run = rotation.run(async |event| {
            steps.borrow_mut().push(event["Step"].as_str().unwrap().to_owned());
            function(secrets, event).await
        });
        run.await.unwrap();
        assert_eq!(steps.into_inner(), ["createSecret", "setSecret", "testSecret", "finishSecret"]);
        assert_eq!(secrets.value(&arn, Version::CURRENT).await, Some(format!("new {}", rotation.token())));
        tokens.push(rotation.token().to_owned());
    }
    let versions = secrets.versions(&arn).await;
    assert_eq!((versions.len(), &versions[&tokens[1]]), (2, &vec!["AWSPREVIOUS".to_owned()]));
}

#[tokio::test]
async fn an_interrupted_rotation_continues_with_the_same_version() {
    let (secrets, arn) = secret().await;
    let rotation = Rotation::begin(secrets, &arn).await.unwrap();
    let failed = rotation.run(async |event| if event["Step"] == "setSecret" { Err("no") } else { Ok(event) }).await;
    assert_eq!(failed, Err((Step::Set, "no")));
    let again = Rotation::begin(secrets, &arn).await.unwrap();
    assert_eq!(again.token(), rotation.token());
    assert_eq!(secrets.value(&arn, Version::CURRENT).await.as_deref(), Some("old"));
}

#[tokio::test]
async fn a_disabled_rotation_keeps_its_versions() {
    let (secrets, arn) = secret().await;
    let rotation = Rotation::begin(secrets, &arn).await.unwrap();
    rotation.disable().await.unwrap();
    let described = secrets.client().describe_secret().secret_id(&arn).send().await.unwrap();
    assert_eq!(described.rotation_enabled, Some(false));
    assert_eq!(secrets.versions(&arn).await[rotation.token()], ["AWSPENDING"]);
}

#[tokio::test]
async fn a_missing_secret_cannot_be_rotated() {
    let error = Rotation::begin(SecretsManager::shared(), &unique_prefix()).await.unwrap_err();
    assert!(error.contains("ResourceNotFoundException"), "{error}");
}
