//! The successor: the new key of a rotation, with the properties of the old key.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::domain::Timestamp;
use tests::rotation::{Rotation, Step};

use super::scene::{Held, Scene, later, number};
use crate::support::StoredKey;

#[tokio::test]
async fn a_delivered_secret_rotates_to_a_new_key_and_both_authenticate() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.rotate(&old.arn).await;
    let new = scene.assert_rotated(&old, &rotation, "a delivered secret").await;
    assert_is_successor(&scene, &old, &new).await;
}

#[tokio::test]
async fn a_provisioners_secret_may_be_the_apikey_object_of_a_201() {
    let scene = Scene::new().await;
    let before = scene.value(&scene.provisioner.arn, "AWSCURRENT").await.unwrap();
    assert_eq!((before.get("result"), before.get("expiresIn")), (None, None));
    let rotation = scene.rotate(&scene.provisioner.arn).await;
    let new = scene.assert_rotated(&scene.provisioner, &rotation, "the provisioner's").await;
    assert_is_successor(&scene, &scene.provisioner, &new).await;
}

#[tokio::test]
async fn a_secret_with_only_a_key_and_its_secret_rotates() {
    let scene = Scene::new().await;
    let stored = StoredKey::new().level(2);
    scene.dynamo.put_item(stored.item.clone()).await;
    let value = serde_json::json!({ "key": stored.key, "secret": stored.secret, "other": { "member": [null] } });
    let arn = scene.keep(&value.to_string()).await;
    let old = Held { arn, key: stored.key, secret: stored.secret };
    let rotation = scene.rotate(&old.arn).await;
    let new = scene.assert_rotated(&old, &rotation, "the least").await;
    assert_is_successor(&scene, &old, &new).await;
}

/// Asserts that a new key has the properties of the old one, except those that a rotation changes.
async fn assert_is_successor(scene: &Scene, old: &Held, new: &Held) {
    let (old_record, record) = (scene.record(&old.key).await, scene.record(&new.key).await);
    for attribute in ["name", "level", "userId", "chain"] {
        assert_eq!(record[attribute], old_record[attribute], "{attribute}");
    }
    let hash = shared::domain::Secret::from_hex(&new.secret).unwrap().hash();
    assert_eq!(record["secretHash"], AttributeValue::B(Blob::new(hash.as_bytes())));
    assert_eq!(record.len(), 10, "{record:?}");
    let lifetime = |item| number(item, "expiresAt") - number(item, "createdAt");
    assert!((lifetime(&old_record)..=lifetime(&old_record) + 1).contains(&lifetime(&record)), "{record:?}");
    let value = scene.value(&new.arn, "AWSCURRENT").await.unwrap();
    let members: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["expiresAt", "expiresIn", "key", "level", "name", "secret", "userId"]);
    assert_eq!(value["name"].as_str(), record["name"].as_s().ok().map(String::as_str));
    assert_eq!((value["level"].as_u64(), value["userId"].as_u64()), (Some(number(&record, "level")), Some(61)));
    assert_eq!(value["expiresIn"], 3600);
    assert!(!format!("{record:?}").contains(&new.secret));
}

#[tokio::test]
async fn a_successor_renews_the_end_of_its_chain_and_stays_in_it() {
    let scene = Scene::new().await;
    let first = StoredKey::new().key;
    let stored = StoredKey::new().chain_expires_in(3600).with("chain", AttributeValue::S(first.clone()));
    scene.dynamo.put_item(stored.item.clone()).await;
    let arn = scene.keep(&super::scene::delivered(&stored).to_string()).await;
    for _ in 0..2 {
        scene.rotate(&arn).await;
        let record = scene.record(&scene.held(&arn, "AWSCURRENT").await.key).await;
        let chain = number(&record, "chainExpiresAt") - number(&record, "createdAt");
        assert!((31_536_000..=31_536_001).contains(&chain), "{chain}");
        assert_eq!(record["chain"], AttributeValue::S(first.clone()));
    }
}

#[tokio::test]
async fn keys_of_every_level_rotate() {
    let scene = Scene::new().await;
    for level in 0..=8 {
        let old = scene.deliver(level).await;
        let rotation = scene.rotate(&old.arn).await;
        let new = scene.assert_rotated(&old, &rotation, &format!("level {level}")).await;
        assert_eq!(number(&scene.record(&new.key).await, "level"), u64::from(level));
    }
}

#[tokio::test]
async fn a_name_of_any_script_and_length_stays_the_same() {
    let scene = Scene::new().await;
    for name in ["é\"\\/ \u{1f511}".to_owned(), "\u{10ffff}".repeat(256)] {
        let stored = StoredKey::new().with("name", AttributeValue::S(name.clone()));
        scene.dynamo.put_item(stored.item.clone()).await;
        let arn = scene.keep(&super::scene::apikey(&stored)).await;
        scene.rotate(&arn).await;
        let new = scene.value(&arn, "AWSCURRENT").await.unwrap();
        assert_eq!(new["name"], Value::String(name.clone()));
        assert_eq!(scene.record(new["key"].as_str().unwrap()).await["name"], AttributeValue::S(name));
    }
}

#[tokio::test]
async fn a_secret_can_be_rotated_repeatedly() {
    let scene = Scene::new().await;
    for held in [scene.deliver(5).await, scene.provisioner.clone()] {
        let mut old = held;
        for round in 0..3 {
            let rotation = scene.rotate(&old.arn).await;
            old = scene.assert_rotated(&old, &rotation, &format!("rotation {round}")).await;
        }
        // Each lifetime is the previous one, rounded up to a second.
        let record = scene.record(&old.key).await;
        let lifetime = number(&record, "expiresAt") - number(&record, "createdAt");
        assert!((3600..=3602).contains(&lifetime), "{lifetime}");
    }
}

#[tokio::test]
async fn a_repeated_step_changes_nothing() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    for step in Step::ALL {
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{step:?}");
        let state = scene.state(&old.arn).await;
        for _ in 0..2 {
            assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{step:?}");
            assert_eq!(scene.state(&old.arn).await, state, "{step:?}");
        }
    }
    scene.assert_rotated(&old, &rotation, "each step three times").await;
}

#[tokio::test]
async fn every_step_succeeds_and_changes_nothing_once_its_version_is_current() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.rotate(&old.arn).await;
    let state = scene.state(&old.arn).await;
    // A completed rotation succeeds again even if its key has been revoked.
    for revoked in [false, true] {
        if revoked {
            scene.dynamo.delete_item(&scene.held(&old.arn, "AWSCURRENT").await.key).await;
        }
        for step in Step::ALL {
            assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{step:?}");
        }
    }
    assert_eq!(scene.secrets.versions(&old.arn).await, state.versions);
}

#[tokio::test]
async fn test_secret_accepts_the_current_value_at_awspending() {
    let scene = Scene::new().await;
    for arn in [scene.deliver(4).await.arn, scene.provisioner.arn.clone()] {
        let rotation = scene.begin(&arn).await;
        let current = scene.value(&arn, "AWSCURRENT").await.unwrap().to_string();
        scene.secrets.put(&arn, rotation.token(), &["AWSPENDING"], &current).await;
        let state = scene.state(&arn).await;
        assert_eq!(scene.step(&rotation, Step::Test).await, Ok(Value::Null));
        assert_eq!(scene.state(&arn).await, state);
    }
}

#[tokio::test]
async fn the_new_key_authenticates_after_set_secret_and_the_old_one_always() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    for step in Step::ALL {
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null));
        let pending = scene.held(&old.arn, "AWSPENDING").await;
        assert_eq!(scene.authenticates_at(&pending, Timestamp::now()).await, step != Step::Create, "{step:?}");
        assert!(scene.authenticates_at(&old, Timestamp::now()).await, "{step:?}");
        let current = scene.held(&old.arn, "AWSCURRENT").await;
        assert_eq!(current.key == old.key, step != Step::Finish, "{step:?}");
    }
}

#[tokio::test]
async fn a_rotation_by_name_works_like_one_by_arn() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation: Rotation = scene.begin(&old.arn).await;
    let name = scene.secrets.names(&scene.prefix).await.remove(0);
    for step in Step::ALL {
        let mut event = rotation.payload(step);
        event["SecretId"] = name.clone().into();
        assert_eq!(scene.invoke_at(&event, later(0)).await, Ok(Value::Null), "{step:?}");
    }
    scene.assert_rotated(&old, &rotation, "by name").await;
}
