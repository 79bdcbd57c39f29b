//! The process ends between any two calls of a step. The same step then completes the work.

use serde_json::Value;
use tests::fault::{Fault, Proxy};
use tests::rotation::Step;

use super::scene::Scene;
use crate::failures::check_each;

/// The calls of each step to Secrets Manager and DynamoDB. The function's role needs exactly these permissions.
const CALLS: [(Step, &[&str], &[&str]); 4] = [
    (Step::Create, &["DescribeSecret", "GetSecretValue", "GetSecretValue", "PutSecretValue"], &["GetItem"]),
    (Step::Set, &["DescribeSecret", "GetSecretValue", "GetSecretValue"], &["GetItem", "GetItem", "TransactWriteItems"]),
    // The new key is not the first of its chain, so its fence is read as well.
    (Step::Test, &["DescribeSecret", "GetSecretValue"], &["GetItem", "GetItem"]),
    // The last read is that of the replaced record.
    (
        Step::Finish,
        &["DescribeSecret", "GetSecretValue", "UpdateSecretVersionStage"],
        &["GetItem", "GetItem", "GetItem"],
    ),
];

#[derive(Clone, Copy, Debug)]
enum Service {
    SecretsManager,
    DynamoDb,
}

impl Service {
    fn proxy(self, scene: &Scene) -> &Proxy {
        match self {
            Self::SecretsManager => &scene.to_secrets,
            Self::DynamoDb => &scene.to_dynamo,
        }
    }
}

/// Every call: its step, its service, and its index among the operations of the step that use this service.
fn calls() -> impl Iterator<Item = (Step, Service, &'static [&'static str], usize)> {
    CALLS.into_iter().flat_map(|(step, secrets, dynamo)| {
        let services = [(Service::SecretsManager, secrets), (Service::DynamoDb, dynamo)];
        services.into_iter().flat_map(move |(service, operations)| {
            (0..operations.len()).map(move |index| (step, service, operations, index))
        })
    })
}

#[tokio::test]
async fn each_step_makes_these_calls_and_no_others() {
    let scene = Scene::new().await;
    let operations = |proxy: &Proxy, since: usize| -> Vec<String> {
        proxy.requests().into_iter().skip(since).map(|request| request.operation).collect()
    };
    let secrets = [("delivered", scene.deliver(4).await.arn), ("provisioner", scene.provisioner.arn.clone())];
    check_each(secrets, async |(_, arn)| {
        let rotation = scene.begin(&arn).await;
        for (step, secrets, dynamo) in CALLS {
            let (secrets_before, dynamo_before) = scene.calls();
            scene.step(&rotation, step).await.unwrap();
            assert_eq!(operations(&scene.to_secrets, secrets_before), secrets, "{step:?}");
            assert_eq!(operations(&scene.to_dynamo, dynamo_before), dynamo, "{step:?}");
        }
    })
    .await;
}

/// The transaction stores the record on the conditions that the id is free, that the replaced record has its hash, and
/// that its chain has no fence.
#[tokio::test]
async fn the_successor_is_stored_in_one_transaction_with_three_conditions() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    scene.rotate(&old.arn).await;
    let requests = scene.to_dynamo.requests();
    let writes: Vec<_> = requests.iter().filter(|request| request.operation == "TransactWriteItems").collect();
    assert_eq!(writes.len(), 1);
    let body: Value = serde_json::from_str(&writes[0].body).unwrap();
    let [put, stands, has_no_fence] = body["TransactItems"].as_array().unwrap().as_slice() else { panic!("{body}") };
    assert_eq!(put["Put"]["ConditionExpression"], "attribute_not_exists(#key)");
    let (stands, has_no_fence) = (&stands["ConditionCheck"], &has_no_fence["ConditionCheck"]);
    assert_eq!(stands["Key"]["key"]["S"], old.key);
    assert_eq!(stands["ConditionExpression"], "#secretHash = :hash");
    assert_eq!(has_no_fence["Key"]["key"]["S"], format!("fence#{}", old.key));
    assert_eq!(has_no_fence["ConditionExpression"], "attribute_not_exists(#key)");
}

#[tokio::test]
async fn a_step_that_ends_before_any_call_is_completed_by_its_retry() {
    die_at_every_call(&Fault::Reset).await;
}

#[tokio::test]
async fn a_step_that_ends_after_any_call_is_completed_by_its_retry() {
    die_at_every_call(&Fault::ApplyThenLose).await;
}

/// One rotation for each call. The process ends at that call.
async fn die_at_every_call(fault: &Fault) {
    let scene = Scene::new().await;
    let cases = calls().map(|(step, service, operations, index)| {
        let nth = operations[..=index].iter().filter(|known| **known == operations[index]).count();
        (step, service, operations[index], nth)
    });
    check_each(cases, async |(fatal, service, operation, nth)| {
        let context = format!("{fault:?} at {operation} {nth} of {fatal:?}");
        let proxies = [&scene.to_secrets, &scene.to_dynamo];
        proxies.iter().for_each(|proxy| proxy.heal());
        let proxy = service.proxy(&scene);
        die_once(&scene, fatal, || proxy.die_on(operation, nth, fault.clone(), &proxies), &context).await;
    })
    .await;
}

async fn die_once(scene: &Scene, fatal: Step, plan: impl Fn(), context: &str) {
    let old = scene.deliver(4).await;
    let records = scene.dynamo.items().await.len();
    let rotation = scene.begin(&old.arn).await;
    for step in Step::ALL {
        if step == fatal {
            plan();
            assert_eq!(scene.step(&rotation, step).await, Err("createApikeyFailed"), "{context}");
            for proxy in [&scene.to_secrets, &scene.to_dynamo] {
                proxy.heal();
            }
            assert!(scene.authenticates_at(&old, shared::domain::Timestamp::now()).await, "{context}");
        }
        assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{context}, {step:?}");
    }
    // `authenticates_at` creates one record, and the rotation creates the other.
    assert_eq!(scene.dynamo.items().await.len(), records + 2, "{context}");
    scene.assert_rotated(&old, &rotation, context).await;
}

#[tokio::test]
async fn one_lost_reply_does_not_fail_a_step() {
    let scene = Scene::new().await;
    check_each(calls(), async |(faulty, service, operations, index)| {
        let operation = operations[index];
        let proxy = service.proxy(&scene);
        proxy.heal();

        let old = scene.deliver(4).await;
        let rotation = scene.begin(&old.arn).await;
        for step in Step::ALL {
            if step == faulty {
                proxy.inject_at(operation, 1, Fault::ApplyThenLose);
            }
            assert_eq!(scene.step(&rotation, step).await, Ok(Value::Null), "{operation} of {step:?}");
        }
        scene.assert_rotated(&old, &rotation, operation).await;
    })
    .await;
}

#[tokio::test]
async fn a_value_that_another_attempt_staged_is_kept() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    let rotation = scene.begin(&old.arn).await;
    // AWS's answer. moto overwrites the value instead.
    scene.to_secrets.inject_at("PutSecretValue", 1, Fault::secrets_manager(400, "ResourceExistsException"));
    assert_eq!(scene.step(&rotation, Step::Create).await, Ok(Value::Null));
    assert_eq!(scene.step(&rotation, Step::Set).await, Err("rotationPendingMissing"));
    scene.run_at(&rotation, shared::domain::Timestamp::now()).await;
    scene.assert_rotated(&old, &rotation, "after all").await;
}
