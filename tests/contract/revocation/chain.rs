//! The revocation of a chain against other transactions, other revocations and TTL; and fences that a list can't read.

use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::TABLE_NAME;
use tests::fault::Fault;

use super::{Ask, Scene, code, text};
use crate::support::Endpoint;

const TRANSACTION: &str = "TransactWriteItems";

fn cancelled(codes: &[&str]) -> Fault {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let body = json!({ "__type": kind, "message": "canary", "CancellationReasons": reasons }).to_string();
    Fault::Respond { status: 400, content_type: "application/x-amz-json-1.0".to_owned(), body }
}

#[tokio::test]
async fn conflicts_with_other_transactions_are_waited_out() {
    for conflict in [
        cancelled(&["TransactionConflict", "None", "None"]),
        cancelled(&["None", "TransactionConflict", "None"]),
        cancelled(&["None", "None", "TransactionConflict"]),
        cancelled(&["None", "ThrottlingError", "ProvisionedThroughputExceeded"]),
        Fault::dynamodb(400, "TransactionInProgressException"),
    ] {
        let scene = Scene::new().await;
        (1..=4).for_each(|nth| scene.proxy.inject_at(TRANSACTION, nth, conflict.clone()));
        assert_eq!(scene.send(&scene.revoke_chain(&scene.child)).await.status, 204, "{conflict:?}");
        assert_eq!(scene.proxy.count(TRANSACTION), 5, "{conflict:?}");
        assert_eq!(scene.living().await, [false; 4], "{conflict:?}");
    }
}

#[tokio::test]
async fn a_conflict_without_end_is_a_500_before_the_deadline_and_revokes_nothing() {
    let scene = Scene::new().await;
    scene.proxy.always(Fault::Pass);
    (1..=40)
        .for_each(|nth| scene.proxy.inject_at(TRANSACTION, nth, cancelled(&["TransactionConflict", "None", "None"])));
    let ask = scene.revoke_chain(&scene.child);
    let answer = scene.send_with(&ask, Call::at(Timestamp::now(), 2_000, Randomness::draw())).await;
    assert_eq!((answer.status, code(&answer).as_str()), (500, "removeApikeyFailed"));
    // The pauses get longer: 25 ms and twice as long each time.
    assert!((2..10).contains(&scene.proxy.count(TRANSACTION)), "{}", scene.proxy.count(TRANSACTION));
    scene.proxy.heal();
    assert_eq!(scene.living().await, [true; 4]);
    assert_eq!(scene.send(&ask).await.status, 204);
}

#[tokio::test]
async fn reasons_that_name_no_cause_are_a_500_and_revoke_nothing() {
    let scene = Scene::new().await;
    let failed = "ConditionalCheckFailed";
    for codes in [
        [].as_slice(),
        &["None"],
        &["None", "None", "None"],
        &["None", "None", "None", "None"],
        &["ValidationError", "None", "None"],
        &["None", "AccessDenied", "None"],
        &[failed, "None"],
    ] {
        scene.proxy.inject_at(TRANSACTION, 1, cancelled(codes));
        let answer = scene.send(&scene.revoke_chain(&scene.child)).await;
        scene.proxy.heal();
        assert_eq!((answer.status, code(&answer).as_str()), (500, "removeApikeyFailed"), "{codes:?}");
        assert_eq!(scene.living().await, [true; 4], "{codes:?}");
    }
}

/// A reply was lost, and the retry of the SDK finds the transaction in progress. The next transaction finds its writes.
#[tokio::test]
async fn an_applied_transaction_whose_reply_is_lost_is_a_204() {
    for lost in
        [vec![Fault::ApplyThenLose], vec![Fault::ApplyThenLose, Fault::dynamodb(400, "TransactionInProgressException")]]
    {
        let scene = Scene::new().await;
        lost.iter().enumerate().for_each(|(nth, fault)| scene.proxy.inject_at(TRANSACTION, nth + 1, fault.clone()));
        assert_eq!(scene.send(&scene.revoke_chain(&scene.child)).await.status, 204, "{lost:?}");
        assert_eq!(scene.living().await, [false; 4], "{lost:?}");
    }
}

/// What happens between the read of the key and the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    KeyRevoked,
    FirstRevoked,
    BothRevoked,
    SameChainRevoked,
    ChainRevokedByFirst,
    ChainRevokedBySibling,
    FirstGone,
    KeyRevokedAndFirstGone,
}

#[tokio::test]
async fn whatever_is_done_in_between_the_chain_is_revoked_as_a_whole() {
    use Between as B;
    let mut failures = Vec::new();
    for between in [
        B::KeyRevoked,
        B::FirstRevoked,
        B::BothRevoked,
        B::SameChainRevoked,
        B::ChainRevokedByFirst,
        B::ChainRevokedBySibling,
        B::FirstGone,
        B::KeyRevokedAndFirstGone,
    ] {
        let scene = Scene::new().await;
        let (first, child) = (&scene.first, &scene.child);
        let administrator = scene.administrator();
        let by_administrator =
            |ask: Ask| Ask { request: ask.request.only_header("Authorization", &administrator), ..ask };
        let running = scene.hold(scene.revoke_chain(child), TRANSACTION, 1).await;
        let others = match between {
            B::KeyRevoked => vec![scene.revoke(child)],
            B::FirstRevoked => vec![scene.revoke(first)],
            B::BothRevoked => vec![scene.revoke(first), scene.revoke(child)],
            B::SameChainRevoked => vec![scene.revoke_chain(child)],
            B::ChainRevokedByFirst => vec![scene.revoke_chain(first)],
            B::ChainRevokedBySibling => vec![scene.revoke_chain(&scene.sibling)],
            B::FirstGone => vec![],
            B::KeyRevokedAndFirstGone => vec![scene.revoke(child)],
        };
        for other in others {
            assert_eq!(scene.send(&by_administrator(other)).await.status, 204, "{between:?}");
        }
        if matches!(between, B::FirstGone | B::KeyRevokedAndFirstGone) {
            scene.world.dynamo.delete_item(&first.key).await;
        }
        let before = [scene.fence().await, scene.item(child).await, scene.item(first).await];
        let answer = scene.release(running).await;
        let after = [scene.fence().await, scene.item(child).await, scene.item(first).await];
        if answer.status != 204 || scene.living().await != [false; 4] {
            failures.push(format!("{between:?}: {answer:?}, {:?} live", scene.living().await));
        }
        let is_revoked =
            |item: &Option<tests::dynamo::Item>| item.as_ref().is_some_and(|i| i.contains_key("revokedAt"));
        if !is_revoked(&after[0]) || !is_revoked(&after[1]) || after[2].is_some() && !is_revoked(&after[2]) {
            failures.push(format!("{between:?}: {after:?}"));
        }
        // Evidence stays, and an item that is gone stays away.
        for (before, after) in before.iter().zip(&after) {
            if is_revoked(before) && before != after {
                failures.push(format!("{between:?}: the evidence has changed"));
            }
        }
        if before[2].is_none() && after[2].is_some() {
            failures.push(format!("{between:?}: the first key is back"));
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

#[tokio::test]
async fn a_chain_whose_first_key_has_expired_is_revoked() {
    let scene = Scene::new().await;
    for gone in [false, true] {
        scene.store().await;
        scene.world.dynamo.put_item(scene.first.clone().expires_in(-5).item).await;
        if gone {
            scene.world.dynamo.delete_item(&scene.first.key).await;
        }
        assert_eq!(scene.send(&scene.revoke_chain(&scene.sibling)).await.status, 204, "gone: {gone}");
        assert_eq!(scene.living().await, [false; 4], "gone: {gone}");
        assert_eq!(text(&scene.fence().await.unwrap(), "revokedBy"), "jwt:61");
        assert_eq!(scene.item(&scene.first).await.is_some(), !gone);
    }
}

fn shown(body: &str) -> Vec<String> {
    let body: Value = serde_json::from_str(body).unwrap();
    let mut keys: Vec<_> =
        body["apikeys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys
}

/// The body of a `BatchGetItem` that reads nothing and leaves this key.
fn unprocessed(key: &Value) -> Fault {
    let names = json!({ "#key": "key" });
    let left = json!({ TABLE_NAME: {
        "Keys": [key], "ConsistentRead": true, "ProjectionExpression": "#key", "ExpressionAttributeNames": names,
    } });
    Fault::Succeed { body: json!({ "Responses": { TABLE_NAME: [] }, "UnprocessedKeys": left }).to_string() }
}

#[tokio::test]
async fn fences_that_are_left_unprocessed_are_read_again() {
    let scene = Scene::new().await;
    let ask = Ask::new(Endpoint::Jwt, "GET", "/apikeys/jwt", &scene.owner());
    assert_eq!(scene.send(&scene.revoke_chain(&scene.first)).await.status, 204);
    let keys = shown(&scene.send(&ask).await.body);
    assert!(scene.keys().iter().all(|key| !keys.contains(&key.key)), "the chain is revoked");
    let fence = json!({ "key": { "S": scene.fence_id() } });
    for times in 1..=3 {
        let calls = scene.proxy.count("BatchGetItem");
        (1..=times).for_each(|nth| scene.proxy.inject_at("BatchGetItem", nth, unprocessed(&fence)));
        let answer = scene.send(&ask).await;
        assert_eq!((answer.status, shown(&answer.body)), (200, keys.clone()), "{times}");
        let requests = scene.proxy.requests();
        let asked: Vec<_> = requests.iter().filter(|request| request.operation == "BatchGetItem").skip(calls).collect();
        assert_eq!(asked.len(), times + 1);
        for request in asked {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let request = &body["RequestItems"][TABLE_NAME];
            assert_eq!((&request["Keys"], &request["ConsistentRead"]), (&json!([fence]), &json!(true)));
        }
    }
}

#[tokio::test]
async fn fences_that_are_never_read_are_a_500_without_a_storm_of_calls() {
    let scene = Scene::new().await;
    let fence = json!({ "key": { "S": scene.fence_id() } });
    scene.proxy.inject_at("Query", 1, Fault::Pass);
    (1..=500).for_each(|nth| scene.proxy.inject_at("BatchGetItem", nth, unprocessed(&fence)));
    let ask = Ask::new(Endpoint::Jwt, "GET", "/apikeys/jwt", &scene.owner());
    let answer = scene.send_with(&ask, Call::at(Timestamp::now(), 2_500, Randomness::draw())).await;
    assert_eq!((answer.status, code(&answer).as_str()), (500, "listApikeysFailed"));
    assert!(scene.proxy.count("BatchGetItem") < 20, "{} calls", scene.proxy.count("BatchGetItem"));
}
