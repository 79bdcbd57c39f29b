//! Rotations of the provisioner's secret, and the events that use its key.

use aws_sdk_dynamodb::types::AttributeValue;
use key::KeyVerifier;
use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::lambda::Function;
use tests::dynamo::Item;
use tests::secrets_manager::new_token;

use super::scene::{Scene, at, later, number};
use crate::support::{StoredKey, invoke};

/// An event that requests a key. The id identifies the event.
fn event(id: &str) -> Value {
    let detail = json!({ "name": id, "level": 1, "expiresIn": 60, "deliverTo": id });
    json!({ "id": id, "detail-type": "x", "source": "y", "detail": detail })
}

/// The records of the keys that an event created.
async fn made_by(scene: &Scene, id: &str) -> Vec<Item> {
    let items = scene.dynamo.items().await;
    items.into_iter().filter(|item| item["name"] == AttributeValue::S(id.to_owned())).collect()
}

/// Sends an event, and returns the `createdBy` of the new key.
async fn send(scene: &Scene, function: &Function<KeyVerifier>, now: Timestamp) -> String {
    let id = new_token();
    assert_eq!(invoke(function, &event(&id), at(now)).await, Ok(Value::Null));
    let [record] = made_by(scene, &id).await.try_into().unwrap();
    record["createdBy"].as_s().unwrap().clone()
}

#[tokio::test]
async fn after_the_old_key_expired_the_next_event_reads_the_secret_again() {
    let scene = Scene::new().await;
    let function = scene.key_function().await;
    let old = scene.provisioner.clone();
    let reads = || scene.to_secrets.count("GetSecretValue");
    for expected in [1, 1] {
        assert_eq!(send(&scene, &function, later(0)).await, format!("key:{}", old.key));
        assert_eq!(reads(), expected);
    }
    let rotation = scene.begin(&old.arn).await;
    scene.run_at(&rotation, later(1_800)).await;
    let new = scene.held(&old.arn, "AWSCURRENT").await;
    let before = reads();
    assert_eq!(send(&scene, &function, later(1_800)).await, format!("key:{}", old.key), "not yet expired");
    assert_eq!(reads(), before);
    for _ in 0..2 {
        assert_eq!(send(&scene, &function, later(3_700)).await, format!("key:{}", new.key));
        assert_eq!(reads(), before + 1);
    }
}

#[tokio::test]
async fn after_the_old_key_was_revoked_the_next_event_reads_the_secret_again() {
    let scene = Scene::new().await;
    let function = scene.key_function().await;
    send(&scene, &function, later(0)).await;
    scene.rotate(&scene.provisioner.arn).await;
    scene.dynamo.delete_item(&scene.provisioner.key).await;
    let new = scene.held(&scene.provisioner.arn, "AWSCURRENT").await;
    assert_eq!(send(&scene, &function, later(0)).await, format!("key:{}", new.key));
}

#[tokio::test]
async fn a_process_that_serves_events_can_also_rotate() {
    let scene = Scene::new().await;
    let function = scene.key_function().await;
    send(&scene, &function, later(0)).await;
    let rotation = scene.begin(&scene.provisioner.arn).await;
    let run = rotation.run(async |step| invoke(&function, &step, at(later(0))).await);
    run.await.unwrap();
    scene.assert_rotated(&scene.provisioner, &rotation, "a warm function").await;
    send(&scene, &function, later(0)).await;
}

#[tokio::test]
async fn a_repeated_event_after_a_rotation_finds_the_first_delivery() {
    let scene = Scene::new().await;
    let id = new_token();
    assert_eq!(scene.invoke(&event(&id)).await, Ok(Value::Null));
    let [record] = made_by(&scene, &id).await.try_into().unwrap();
    scene.rotate(&scene.provisioner.arn).await;
    assert_eq!(scene.invoke(&event(&id)).await, Ok(Value::Null));
    assert_eq!(made_by(&scene, &id).await, [record]);
}

#[tokio::test]
async fn a_rotation_lets_a_provisioner_at_the_end_of_its_chain_continue() {
    let scene = Scene::new().await;
    let stored = StoredKey::new().chain_expires_in(50);
    let value = json!({ "key": stored.key, "secret": stored.secret }).to_string();
    scene.dynamo.put_item(stored.item.clone()).await;
    scene.secrets.put(&scene.provisioner.arn, &new_token(), &["AWSCURRENT"], &value).await;
    assert_eq!(scene.invoke(&event(&new_token())).await, Err("expiresInHigherThanMaximum"));
    scene.rotate(&scene.provisioner.arn).await;
    scene.dynamo.delete_item(&stored.key).await;
    let id = new_token();
    assert_eq!(scene.invoke(&event(&id)).await, Ok(Value::Null));
    let [record] = made_by(&scene, &id).await.try_into().unwrap();
    assert!(number(&record, "chainExpiresAt") > later(31_000_000).seconds());
}
