//! Reads of Secrets Manager that miss what was written just before, since it is eventually consistent; and replicas.

use serde_json::{Value, json};
use tests::fault::Fault;
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::{Version, new_token};

use super::scene::Scene;
use crate::failures::check_each;
use crate::support::StoredKey;

/// The reads of each step that an earlier call has prepared, and their numbers among the calls of the operation.
const READS: [(Step, &str, usize); 9] = [
    (Step::Create, "DescribeSecret", 1),
    (Step::Create, "GetSecretValue", 2),
    (Step::Set, "DescribeSecret", 1),
    (Step::Set, "GetSecretValue", 1),
    (Step::Set, "GetSecretValue", 2),
    (Step::Test, "DescribeSecret", 1),
    (Step::Test, "GetSecretValue", 1),
    (Step::Finish, "DescribeSecret", 1),
    (Step::Finish, "GetSecretValue", 1),
];

fn respond(status: u16, body: &Value) -> Fault {
    let content_type = "application/x-amz-json-1.1".to_owned();
    Fault::Respond { status, content_type, body: body.to_string() }
}

fn not_found() -> Fault {
    Fault::secrets_manager(400, "ResourceNotFoundException")
}

fn name(arn: &str) -> &str {
    arn.rsplit_once(':').unwrap().1.rsplit_once('-').unwrap().0
}

fn described(arn: &str, is_enabled: bool, versions: &Value) -> Fault {
    respond(
        200,
        &json!({ "ARN": arn, "Name": name(arn), "RotationEnabled": is_enabled, "VersionIdsToStages": versions }),
    )
}

/// A version that was registered without a value.
fn placeholder(rotation: &Rotation) -> Fault {
    let (arn, token) = (rotation.arn(), rotation.token());
    respond(
        200,
        &json!({ "ARN": arn, "Name": name(arn), "VersionId": token, "VersionStages": ["AWSPENDING"], "CreatedDate": 1.0 }),
    )
}

/// The answers to a read that misses the rotation, and the refusal if every read misses it.
fn stale_answers(rotation: &Rotation, operation: &str) -> Vec<(Fault, &'static str)> {
    let (arn, token) = (rotation.arn(), rotation.token());
    if operation == "DescribeSecret" {
        vec![
            (not_found(), "rotationSecretRefused"),
            (described(arn, false, &json!({ token: ["AWSPENDING"] })), "rotationNotEnabled"),
            (described(arn, true, &json!({ "other": ["AWSCURRENT"] })), "rotationVersionUnknown"),
            (described(arn, true, &json!({ token: ["CUSTOM"] })), "rotationVersionNotPending"),
        ]
    } else {
        let stages = Fault::secrets_manager(400, "InvalidRequestException");
        [not_found(), stages, placeholder(rotation)].map(|fault| (fault, "")).to_vec()
    }
}

#[tokio::test]
async fn one_stale_read_does_not_fail_a_step() {
    let scene = Scene::new().await;
    check_each(READS, async |(step, operation, nth)| {
        let rotation = scene.begun(step).await;
        scene.to_secrets.inject_at(operation, nth, not_found());
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{operation} {nth} of {step:?}");
        scene.to_secrets.heal();
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_stale_answer_is_read_again_three_times_and_then_counts() {
    let scene = Scene::new().await;
    let rotation = scene.begun(Step::Test).await;
    for (operation, missing) in [("DescribeSecret", ""), ("GetSecretValue", "rotationPendingMissing")] {
        for (stale, refusal) in stale_answers(&rotation, operation) {
            for misses in [3, 4] {
                scene.to_secrets.heal();
                (1..=misses).for_each(|nth| scene.to_secrets.inject_at(operation, nth, stale.clone()));
                let refusal = if refusal.is_empty() { missing } else { refusal };
                let expected = if misses == 3 { Ok(Value::Null) } else { Err(refusal) };
                assert_eq!(scene.step(&rotation, Step::Test).await, expected, "{misses}: {stale:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_reply_of_the_last_call_and_a_stale_description_are_no_failure() {
    let scene = Scene::new().await;
    let rotation = scene.begun(Step::Finish).await;
    scene.to_secrets.inject_at("UpdateSecretVersionStage", 1, Fault::ApplyThenLose);
    let pending = json!({ rotation.token(): ["AWSPENDING"] });
    scene.to_secrets.inject_at("DescribeSecret", 2, described(rotation.arn(), true, &pending));
    assert_eq!(scene.step(&rotation, Step::Finish).await, Ok(Value::Null));
    let current = scene.secrets.try_version_with(rotation.arn(), "AWSCURRENT").await.unwrap();
    assert_eq!(current.as_deref(), Some(rotation.token()));
}

#[tokio::test]
async fn a_registered_version_without_a_value_gets_one() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    scene.to_secrets.inject_at("GetSecretValue", 1, placeholder(&rotation));
    assert_eq!(scene.step(&rotation, Step::Create).await, Ok(Value::Null));
    for step in [Step::Set, Step::Test, Step::Finish] {
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{step:?}");
    }
    scene.assert_rotated(&old, &rotation, "a placeholder").await;
}

#[tokio::test]
async fn a_replica_is_refused_before_anything_is_written() {
    let scene = Scene::new().await;
    let name = format!("{}61/{}", scene.prefix, new_token());
    let stored = StoredKey::new();
    scene.dynamo.put_item(stored.item.clone()).await;
    let rotation = Rotation::of_replica(scene.secrets, &name, &stored.delivered()).await.unwrap();
    let state = scene.state(rotation.arn()).await;
    for step in Step::ALL {
        let calls = scene.calls();
        assert_eq!(scene.step(&rotation, step).await, Err("rotationSecretReplica"), "{step:?}");
        assert_eq!(scene.calls(), (calls.0 + 1, calls.1), "{step:?}");
    }
    assert_eq!(scene.state(rotation.arn()).await, state);
}

#[tokio::test]
async fn a_secret_that_names_its_own_region_as_primary_is_no_replica() {
    let scene = Scene::new().await;
    let rotation = scene.begun(Step::Create).await;
    let region = rotation.arn().split(':').nth(3).unwrap().to_owned();
    for (primary, expected) in [("eu-central-1", Err("rotationSecretReplica")), (&region, Ok(Value::Null))] {
        let versions = json!({ rotation.token(): ["AWSPENDING"] });
        let body = json!({
            "ARN": rotation.arn(), "Name": name(rotation.arn()), "RotationEnabled": true,
            "VersionIdsToStages": versions, "PrimaryRegion": primary,
        });
        scene.to_secrets.inject_at("DescribeSecret", 1, respond(200, &body));
        assert_eq!(scene.step(&rotation, Step::Create).await, expected, "{primary}");
    }
}

#[tokio::test]
async fn a_write_that_is_refused_since_the_secret_is_a_replica_is_final() {
    let scene = Scene::new().await;
    let replica = "Operation not permitted on a replica secret. Call must be made in primary secret's region.";
    let cases = [
        ("InvalidParameterException", replica, "rotationSecretReplica"),
        ("InvalidRequestException", replica, "rotationSecretReplica"),
        ("InvalidParameterException", "canary", "createApikeyFailed"),
        ("AccessDeniedException", replica, "createApikeyFailed"),
    ];
    check_each(cases, async |(kind, message, code)| {
        let rotation = scene.begun(Step::Create).await;
        scene.to_secrets.heal();
        scene.to_secrets.inject_at("PutSecretValue", 1, respond(400, &json!({ "__type": kind, "Message": message })));
        assert_eq!(scene.step(&rotation, Step::Create).await, Err(code), "{kind}: {message}");
        assert_eq!(scene.secrets.value(rotation.arn(), Version::Id(rotation.token())).await, None);
    })
    .await;
}
