//! The lifetime of a successor: it begins with the record, and is the previous lifetime or, if lower, the limit.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::domain::Timestamp;
use tests::fault::Fault;
use tests::rotation::Step;

use super::scene::{Scene, delivered, later, number};
use crate::failures::check_each;
use crate::support::StoredKey;

#[tokio::test]
async fn a_successors_lifetime_begins_in_set_secret() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    // The second step runs half an hour after the first, as after failed attempts.
    for (step, now) in [(Step::Create, later(10)), (Step::Set, later(1_800)), (Step::Test, later(1_800))] {
        let began = Instant::now();
        assert_eq!(scene.invoke_at(&rotation.payload(step), now).await, Ok(Value::Null), "{step:?}");
        let value = scene.value(&old.arn, "AWSPENDING").await.unwrap();
        let seconds = seconds_of(&value["expiresAt"]);
        if step == Step::Create {
            assert_counts_from(seconds - 3600, now, began.elapsed());
        }
        if step == Step::Set {
            let record = scene.record(value["key"].as_str().unwrap()).await;
            assert_counts_from(number(&record, "expiresAt") - 3600, now, began.elapsed());
            assert_counts_from(number(&record, "chainExpiresAt") - 31_536_000, now, began.elapsed());
            let created = number(&record, "createdAt");
            assert!((now.seconds()..=now.after(began.elapsed()).seconds()).contains(&created), "{created}");
            assert!(number(&record, "expiresAt") >= seconds);
        }
    }
}

/// Asserts that a number of seconds is a time during the invocation, rounded up.
fn assert_counts_from(seconds: u64, began: Timestamp, took: Duration) {
    let range = began.seconds_rounded_up()..=began.after(took).seconds_rounded_up();
    assert!(range.contains(&seconds), "{seconds} is not in {range:?}");
}

fn seconds_of(expires_at: &Value) -> u64 {
    use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
    let moment = DateTime::from_str(expires_at.as_str().unwrap(), DateTimeFormat::DateTime).unwrap();
    moment.secs().try_into().unwrap()
}

#[tokio::test]
async fn a_successors_lifetime_begins_when_it_is_stored() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    scene.step(&rotation, Step::Create).await.unwrap();
    // Each call times out after 900 ms and is retried.
    scene.to_secrets.inject_at("GetSecretValue", 1, Fault::Hang);
    scene.to_dynamo.inject_at("GetItem", 1, Fault::Hang);
    let now = later(100);
    scene.invoke_at(&rotation.payload(Step::Set), now).await.unwrap();
    let record = scene.record(&scene.held(&old.arn, "AWSPENDING").await.key).await;
    assert!(number(&record, "createdAt") > now.seconds(), "{record:?}");
    assert!(number(&record, "expiresAt") >= now.after(Duration::from_millis(1_800)).seconds_rounded_up() + 3600);
}

#[tokio::test]
async fn the_old_key_is_valid_until_it_expires_and_the_new_key_longer() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    scene.run_at(&rotation, later(1_800)).await;
    let new = scene.assert_rotated(&old, &rotation, "half an hour on").await;
    let [old_ends, new_ends] = [scene.record(&old.key).await, scene.record(&new.key).await]
        .map(|record| Timestamp::from_millis(number(&record, "expiresAt") * 1000));
    let before = |end: Timestamp| Timestamp::from_millis(end.millis() - 1);
    let cases = [
        (before(old_ends), [true, true]),
        (old_ends, [false, true]),
        (before(new_ends), [false, true]),
        (new_ends, [false, false]),
    ];
    check_each(cases, async |(now, lives)| {
        for (held, lives) in [&old, &new].into_iter().zip(lives) {
            assert_eq!(scene.authenticates_at(held, now).await, lives, "at {now:?}: {held:?}");
        }
    })
    .await;
    // A secret can also be rotated when only its new key is valid.
    let rotation = scene.begin(&old.arn).await;
    scene.run_at(&rotation, old_ends).await;
    assert_ne!(scene.held(&old.arn, "AWSCURRENT").await.key, new.key);
}

#[tokio::test]
async fn a_lowered_limit_applies_to_the_successor() {
    let mut scene = Scene::new().await;
    let old = scene.deliver(4).await;
    scene.set("MAX_EXPIRES_IN", "60");
    check_each([&old.arn, &scene.provisioner.arn], async |arn| {
        scene.rotate(arn).await;
        let value = scene.value(arn, "AWSCURRENT").await.unwrap();
        assert_eq!(value["expiresIn"], 60);
        let record = scene.record(value["key"].as_str().unwrap()).await;
        for end in ["expiresAt", "chainExpiresAt"] {
            let seconds = number(&record, end) - number(&record, "createdAt");
            assert!((60..=61).contains(&seconds), "{end}: {seconds}");
        }
        assert!(number(&record, "expiresAt") >= seconds_of(&value["expiresAt"]));
    })
    .await;
}

#[tokio::test]
async fn a_staged_lifetime_above_the_limit_is_reduced_to_the_limit() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    scene.step(&rotation, Step::Create).await.unwrap();
    let mut value = scene.value(&old.arn, "AWSPENDING").await.unwrap();
    value["expiresIn"] = 3_153_600_000_u64.into();
    value["expiresAt"] = "2199-01-01T00:00:00.000Z".into();
    scene.secrets.put(&old.arn, rotation.token(), &["AWSPENDING"], &value.to_string()).await;
    scene.step(&rotation, Step::Set).await.unwrap();
    let record = scene.record(value["key"].as_str().unwrap()).await;
    for end in ["expiresAt", "chainExpiresAt"] {
        let seconds = number(&record, end) - number(&record, "createdAt");
        assert!((31_536_000..=31_536_001).contains(&seconds), "{end}: {seconds}");
    }
}

/// The secret's `expiresIn` determines the lifetime. If it is missing or invalid, the record's lifetime is used.
#[tokio::test]
async fn a_lifetime_is_the_secrets_expires_in_or_else_the_records() {
    let scene = Scene::new().await;
    let cases = [
        (json!(600), 600),
        (json!(600.0), 600),
        (json!("600"), 3600),
        (json!(0), 3600),
        (json!(-7), 3600),
        (json!(1.5), 3600),
        (json!(null), 3600),
        (json!(3_153_600_001_u64), 3600),
        (json!(3_153_600_000_u64), 31_536_000),
    ];
    check_each(cases, async |(expires_in, expected)| {
        let stored = StoredKey::new();
        scene.dynamo.put_item(stored.item.clone()).await;
        let mut value = delivered(&stored);
        value["expiresIn"] = expires_in.clone();
        let arn = scene.keep(&value.to_string()).await;
        scene.rotate(&arn).await;
        let value = scene.value(&arn, "AWSCURRENT").await.unwrap();
        assert_eq!(value["expiresIn"], expected, "{expires_in}");
        let record = scene.record(value["key"].as_str().unwrap()).await;
        let lifetime = number(&record, "expiresAt") - number(&record, "createdAt");
        assert!((expected..=expected + 1).contains(&lifetime), "{expires_in}: {lifetime}");
    })
    .await;
}
