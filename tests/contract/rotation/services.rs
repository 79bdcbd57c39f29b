//! Rotation steps whose services fail, and the requests of the steps.

use std::time::Duration;

use serde_json::Value;
use shared::platform::{Call, Randomness};
use tests::fault::{Fault, Proxy};
use tests::rotation::Step;
use tokio::time::Instant;

use super::scene::{Scene, later};
use crate::failures::check_each;
use crate::support::invoke;

/// Every call of a step: the operation, its number among the calls of this operation, and whether it calls Secrets
/// Manager.
const CALLS: [(Step, &str, usize, bool); 19] = [
    (Step::Create, "DescribeSecret", 1, true),
    (Step::Create, "GetSecretValue", 1, true),
    (Step::Create, "GetSecretValue", 2, true),
    (Step::Create, "GetItem", 1, false),
    (Step::Create, "PutSecretValue", 1, true),
    (Step::Set, "DescribeSecret", 1, true),
    (Step::Set, "GetSecretValue", 1, true),
    (Step::Set, "GetItem", 1, false),
    (Step::Set, "GetSecretValue", 2, true),
    (Step::Set, "GetItem", 2, false),
    (Step::Set, "TransactWriteItems", 1, false),
    (Step::Test, "DescribeSecret", 1, true),
    (Step::Test, "GetSecretValue", 1, true),
    (Step::Test, "GetItem", 1, false),
    (Step::Test, "GetItem", 2, false),
    (Step::Finish, "GetItem", 1, false),
    (Step::Finish, "GetItem", 2, false),
    (Step::Finish, "GetItem", 3, false),
    (Step::Finish, "UpdateSecretVersionStage", 1, true),
];

impl Scene {
    fn proxy(&self, is_secrets: bool) -> &Proxy {
        if is_secrets { &self.to_secrets } else { &self.to_dynamo }
    }
}

/// Faults of a service or of the network.
fn faults(is_secrets: bool) -> [Fault; 5] {
    let own = |status, kind| {
        if is_secrets { Fault::secrets_manager(status, kind) } else { Fault::dynamodb(status, kind) }
    };
    let server_error = if is_secrets { "InternalServiceError" } else { "InternalServerError" };
    [
        own(400, "ThrottlingException"),
        own(500, server_error),
        own(400, "AccessDeniedException"),
        Fault::html(502),
        Fault::Reset,
    ]
}

#[tokio::test]
async fn a_step_whose_service_fails_changes_nothing_and_succeeds_later() {
    let scene = Scene::new().await;
    check_each(CALLS, async |(step, operation, nth, is_secrets)| {
        let proxy = scene.proxy(is_secrets);
        let rotation = scene.begun(step).await;
        let state = scene.state(rotation.arn()).await;
        check_each(faults(is_secrets), async |fault| {
            proxy.heal();
            // The SDK makes three attempts.
            (nth..nth + 3).for_each(|nth| proxy.inject_at(operation, nth, fault.clone()));
            let context = format!("{fault:?} at {operation} {nth} of {step:?}");
            assert_eq!(scene.step(&rotation, step).await, Err("createApikeyFailed"), "{context}");
            proxy.heal();
            assert_eq!(scene.state(rotation.arn()).await, state, "{context}");
        })
        .await;
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{operation} {nth} of {step:?}");
    })
    .await;
}

#[tokio::test]
async fn one_transient_fault_is_retried_within_the_step() {
    let scene = Scene::new().await;
    check_each(CALLS, async |(step, operation, nth, is_secrets)| {
        let rotation = scene.begun(step).await;
        let [throttled, server_error, ..] = faults(is_secrets);
        check_each([throttled, server_error, Fault::Reset], async |fault| {
            scene.proxy(is_secrets).heal();
            scene.proxy(is_secrets).inject_at(operation, nth, fault.clone());
            let answer = scene.step(&rotation, step).await;
            assert_eq!(answer, Ok(Value::Null), "{fault:?} at {operation} {nth} of {step:?}");
        })
        .await;
    })
    .await;
}

/// Uses tokio's clock. A paused clock advances only while every task waits, so the machine's speed has no effect.
#[tokio::test]
async fn calls_of_a_hanging_secrets_manager_end_before_the_invocation() {
    let scene = Scene::new().await;
    let rotation = scene.begun(Step::Create).await;
    let function = scene.key_function().await;
    scene.to_secrets.always(Fault::Hang);
    tokio::time::pause();
    check_each([(60_000, 10_000), (2_000, 1_500), (500, 0)], async |(millis_left, longest)| {
        let started = Instant::now();
        let call = Call::at(later(0), millis_left, Randomness::draw());
        let answer = invoke(&function, &rotation.payload(Step::Create), call).await;
        assert_eq!(answer, Err("createApikeyFailed"));
        // tokio's timers have a resolution of one millisecond.
        assert!(started.elapsed() <= Duration::from_millis(longest + 2), "{millis_left}: {:?}", started.elapsed());
    })
    .await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_rotation_token_is_sent_only_with_put_secret_value() {
    let scene = Scene::new().await;
    let rotation = scene.begin(&scene.deliver(4).await.arn).await;
    for step in Step::ALL {
        let mut event = rotation.payload(step);
        event["RotationToken"] = "canary-rotation-token".into();
        scene.invoke(&event).await.unwrap();
    }
    let requests = [scene.to_secrets.requests(), scene.to_dynamo.requests()].concat();
    for request in &requests {
        let is_put = request.operation == "PutSecretValue";
        assert_eq!(request.body.contains("canary-rotation-token"), is_put, "{}", request.operation);
        if is_put {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(body["RotationToken"], "canary-rotation-token");
            assert!(!body["SecretString"].as_str().unwrap().contains("canary"));
        }
    }
    assert_eq!(requests.iter().filter(|request| request.operation == "PutSecretValue").count(), 1);
}

#[tokio::test]
async fn without_a_rotation_token_none_is_sent() {
    let scene = Scene::new().await;
    scene.rotate(&scene.deliver(4).await.arn).await;
    assert!(scene.to_secrets.requests().iter().all(|request| !request.body.contains("RotationToken")));
}

#[tokio::test]
async fn every_version_is_read_by_stage_and_the_pending_one_also_by_id() {
    let scene = Scene::new().await;
    let rotation = scene.rotate(&scene.deliver(4).await.arn).await;
    let reads = scene.to_secrets.requests().into_iter().filter(|request| request.operation == "GetSecretValue");
    for request in reads {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let version = (body["VersionStage"].as_str().unwrap(), body["VersionId"].as_str());
        assert!([("AWSCURRENT", None), ("AWSPENDING", Some(rotation.token()))].contains(&version), "{body}");
    }
}

#[tokio::test]
async fn awscurrent_moves_only_from_the_version_that_had_it() {
    let scene = Scene::new().await;
    let rotation = scene.begun(Step::Finish).await;
    let state = scene.state(rotation.arn()).await;
    // Another rotation ends between `DescribeSecret` and `UpdateSecretVersionStage`.
    let description = scene.secrets.client().describe_secret().secret_id(rotation.arn()).send().await.unwrap();
    let versions = format!(r#"{{"{}":["AWSPENDING"],"another":["AWSCURRENT"]}}"#, rotation.token());
    let body = format!(
        r#"{{"ARN":"{}","Name":"{}","RotationEnabled":true,"VersionIdsToStages":{versions}}}"#,
        rotation.arn(),
        description.name().unwrap()
    );
    let respond = Fault::Respond { status: 200, content_type: "application/x-amz-json-1.1".to_owned(), body };
    scene.to_secrets.inject_at("DescribeSecret", 1, respond);
    assert_eq!(scene.step(&rotation, Step::Finish).await, Err("createApikeyFailed"));
    assert_eq!(scene.state(rotation.arn()).await, state);
}
