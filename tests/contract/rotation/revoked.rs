//! Keys that are revoked during a rotation. A revoked key has no successor in use, and no retry changes that.

use serde_json::Value;
use shared::domain::Timestamp;
use tests::fault::Fault;
use tests::rotation::{Rotation, Step};

use super::scene::{Held, Scene};

/// What is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The current key alone.
    Current,
    /// The pending key alone.
    Pending,
    /// The chain of both keys, by its first key.
    Chain,
}

type Answers = [Result<Value, &'static str>; 4];

const DONE: Result<Value, &'static str> = Ok(Value::Null);
const REVOKED: Result<Value, &'static str> = Err("rotationKeyRevoked");
const NOT_STAGED: Result<Value, &'static str> = Err("rotationPendingMissing");
const NOT_STORED: Result<Value, &'static str> = Err("authenticationFailed");

/// The answers of createSecret, setSecret, testSecret and finishSecret after a revocation, which comes before the given
/// step.
const ANSWERS: [(Step, What, Answers); 8] = [
    (Step::Create, What::Current, [REVOKED, NOT_STAGED, NOT_STAGED, NOT_STAGED]),
    (Step::Create, What::Chain, [REVOKED, NOT_STAGED, NOT_STAGED, NOT_STAGED]),
    // The pending key is staged, and has no record.
    (Step::Set, What::Current, [DONE, REVOKED, NOT_STORED, NOT_STORED]),
    (Step::Set, What::Chain, [DONE, REVOKED, NOT_STORED, NOT_STORED]),
    // The pending key has its record. Only the last step looks at the current key again.
    (Step::Test, What::Current, [DONE, DONE, DONE, REVOKED]),
    (Step::Test, What::Pending, [DONE, REVOKED, REVOKED, REVOKED]),
    (Step::Test, What::Chain, [DONE, REVOKED, REVOKED, REVOKED]),
    (Step::Finish, What::Current, [DONE, DONE, DONE, REVOKED]),
];

/// A secret that was delivered, or that was also rotated once, so that its key is not the first of its chain.
async fn delivered(scene: &Scene, is_rotated: bool) -> (Held, String) {
    let first = scene.deliver(4).await;
    if !is_rotated {
        return (first.clone(), first.key);
    }
    scene.rotate(&first.arn).await;
    (scene.held(&first.arn, "AWSCURRENT").await, first.key)
}

async fn revoke(scene: &Scene, what: What, arn: &str, first: &str) {
    match what {
        What::Current => scene.revoke(&scene.held(arn, "AWSCURRENT").await.key, false).await,
        What::Pending => scene.revoke(&scene.held(arn, "AWSPENDING").await.key, false).await,
        What::Chain => scene.revoke(first, true).await,
    }
}

/// A rotation in which all steps before this one are complete.
async fn begun(scene: &Scene, arn: &str, before: Step) -> Rotation {
    let rotation = scene.begin(arn).await;
    for step in Step::ALL.into_iter().take_while(|step| *step != before) {
        assert_eq!(scene.step(&rotation, step).await, DONE);
    }
    rotation
}

#[tokio::test]
async fn a_step_after_a_revocation_is_refused_and_changes_nothing() {
    let scene = Scene::new().await;
    let mut failures = Vec::new();
    for (before, what, answers) in &ANSWERS {
        for is_rotated in [false, true] {
            let context = format!("{what:?} before {before:?}, rotated before: {is_rotated}");
            let (current, first) = delivered(&scene, is_rotated).await;
            let rotation = begun(&scene, &current.arn, *before).await;
            revoke(&scene, *what, &current.arn, &first).await;
            let state = scene.state(&current.arn).await;
            // Twice, since Secrets Manager retries a rotation.
            for (step, expected) in Step::ALL.into_iter().chain(Step::ALL).zip(answers.iter().chain(answers)) {
                let answer = scene.step(&rotation, step).await;
                if answer != *expected {
                    failures.push(format!("{context}: {step:?} answers {answer:?}, not {expected:?}"));
                }
            }
            if scene.state(&current.arn).await != state
                || scene.held(&current.arn, "AWSCURRENT").await.key != current.key
            {
                failures.push(format!("{context}: the secret or a record has changed"));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test]
async fn nothing_of_a_revoked_chain_authenticates_in_the_middle_of_a_rotation() {
    let scene = Scene::new().await;
    for is_rotated in [false, true] {
        let (current, first) = delivered(&scene, is_rotated).await;
        let rotation = begun(&scene, &current.arn, Step::Finish).await;
        let pending = scene.held(&current.arn, "AWSPENDING").await;
        for held in [&current, &pending] {
            assert!(scene.authenticates_at(held, Timestamp::now()).await, "{is_rotated}");
        }
        scene.revoke(&first, true).await;
        for held in [&current, &pending] {
            assert!(!scene.authenticates_at(held, Timestamp::now()).await, "{is_rotated}");
        }
        assert_eq!(scene.step(&rotation, Step::Finish).await, REVOKED);
    }
}

#[tokio::test]
async fn a_finished_rotation_is_done_whatever_is_revoked_later() {
    for what in [What::Current, What::Chain] {
        let scene = Scene::new().await;
        let old = scene.deliver(4).await;
        let rotation = scene.rotate(&old.arn).await;
        revoke(&scene, what, &old.arn, &old.key).await;
        for step in Step::ALL {
            assert_eq!(scene.step(&rotation, step).await, DONE, "{what:?}, {step:?}");
        }
    }
}

#[tokio::test]
async fn revoking_the_successor_leaves_the_key_that_it_replaced() {
    let scene = Scene::new().await;
    let old = scene.deliver(4).await;
    scene.rotate(&old.arn).await;
    let new = scene.held(&old.arn, "AWSCURRENT").await;
    scene.revoke(&new.key, false).await;
    assert!(!scene.authenticates_at(&new, Timestamp::now()).await);
    assert!(scene.authenticates_at(&old, Timestamp::now()).await);
}

/// setSecret has read and verified the current key, and its transaction is on the way, when the key is revoked.
#[tokio::test]
async fn a_revocation_between_the_read_and_the_transaction_leaves_no_successor() {
    for (what, is_rotated) in [(What::Current, false), (What::Current, true), (What::Chain, false), (What::Chain, true)]
    {
        let scene = Scene::new().await;
        let (arn, key) = loop {
            let (current, first) = delivered(&scene, is_rotated).await;
            let rotation = begun(&scene, &current.arn, Step::Set).await;
            let before = scene.to_dynamo.count("TransactWriteItems");
            scene.to_dynamo.inject_at("TransactWriteItems", 1, Fault::Hold);
            let race = async {
                while scene.to_dynamo.count("TransactWriteItems") == before {
                    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                }
                revoke(&scene, what, &current.arn, &first).await;
                // The SDK sends a transaction again after 900 ms. On a slow machine, that can come before the
                // revocation has ended.
                let was_first = scene.to_dynamo.count("TransactWriteItems") == before + 1;
                scene.to_dynamo.release();
                was_first
            };
            let (answer, was_first) = tokio::join!(scene.step(&rotation, Step::Set), race);
            scene.to_dynamo.heal();
            if was_first {
                assert_eq!(answer, REVOKED, "{what:?}, {is_rotated}");
                break (current.arn.clone(), scene.held(&current.arn, "AWSPENDING").await.key);
            }
        };
        assert!(scene.dynamo.item(&key).await.is_none(), "{what:?}, {is_rotated}: {arn} has a successor");
    }
}
