//! Refusals that are not in `tests/data/rotation.tsv`.

use aws_sdk_secretsmanager::primitives::Blob;
use serde_json::json;
use tests::fault::Fault;
use tests::rotation::Step;
use tests::secrets_manager::new_token;

use super::scene::Scene;

#[tokio::test]
async fn a_secret_whose_description_has_another_name_is_refused() {
    let scene = Scene::new().await;
    let rotation = scene.begin(&scene.deliver(4).await.arn).await;
    for (arn, name) in [
        (rotation.arn().replace("61/", "7/"), "backend/database".to_owned()),
        (scene.provisioner.arn.replace("secret:", "secret:x"), format!("x{}61/ci", scene.prefix)),
    ] {
        let versions = json!({ rotation.token(): ["AWSPENDING"] });
        let body = json!({ "ARN": arn, "Name": name, "RotationEnabled": true, "VersionIdsToStages": versions });
        let content_type = "application/x-amz-json-1.1".to_owned();
        scene.to_secrets.inject_at(
            "DescribeSecret",
            1,
            Fault::Respond { status: 200, content_type, body: body.to_string() },
        );
        let calls = scene.calls();
        assert_eq!(scene.step(&rotation, Step::Create).await, Err("rotationSecretRefused"), "{name}");
        assert_eq!(scene.calls(), (calls.0 + 1, calls.1), "{name}");
    }
}

#[tokio::test]
async fn a_binary_value_is_refused() {
    let scene = Scene::new().await;
    let binary = || Blob::new(super::scene::apikey(&crate::support::StoredKey::new()));
    let name = format!("{}61/binary", scene.prefix);
    let create = scene.secrets.client().create_secret().name(&name).client_request_token(new_token());
    let arn = create.secret_binary(binary()).send().await.unwrap().arn.unwrap();
    let rotation = scene.begin(&arn).await;
    assert_eq!(scene.step(&rotation, Step::Create).await, Err("rotationSecretInvalid"));

    let rotation = scene.begin(&scene.deliver(4).await.arn).await;
    let put = scene.secrets.client().put_secret_value().secret_id(rotation.arn()).version_stages("AWSPENDING");
    put.client_request_token(rotation.token()).secret_binary(binary()).send().await.unwrap();
    for step in Step::ALL {
        assert_eq!(scene.step(&rotation, step).await, Err("rotationSecretInvalid"), "{step:?}");
    }
}

#[tokio::test]
async fn a_secret_scheduled_for_deletion_does_not_rotate() {
    let scene = Scene::new().await;
    let rotation = scene.begin(&scene.deliver(4).await.arn).await;
    let delete = scene.secrets.client().delete_secret().secret_id(rotation.arn()).recovery_window_in_days(7);
    delete.send().await.unwrap();
    let records = scene.dynamo.items().await;
    assert_eq!(scene.step(&rotation, Step::Create).await, Err("rotationSecretInvalid"));
    assert_eq!(scene.dynamo.items().await, records);
}

#[tokio::test]
async fn a_staged_key_with_the_id_of_another_key_is_refused() {
    let scene = Scene::new().await;
    let rotation = scene.begin(&scene.deliver(4).await.arn).await;
    scene.step(&rotation, Step::Create).await.unwrap();
    let mut value = scene.value(rotation.arn(), "AWSPENDING").await.unwrap();
    value["key"] = scene.provisioner.key.clone().into();
    scene.secrets.put(rotation.arn(), rotation.token(), &["AWSPENDING"], &value.to_string()).await;
    let state = scene.state(rotation.arn()).await;
    for step in [Step::Set, Step::Test, Step::Finish] {
        assert_eq!(scene.step(&rotation, step).await, Err("authenticationFailed"), "{step:?}");
    }
    assert_eq!(scene.state(rotation.arn()).await, state);
}
