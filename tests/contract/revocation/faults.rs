//! Network faults at each call of each route that lists, reads or revokes.
//!
//! The answer is a success or the route's own 500. After a 500, the chain is revoked as a whole or not at all, and the
//! next request succeeds.

use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fault::Fault;

use super::{Ask, Scene, code};
use crate::support::Endpoint;

/// A route, its calls of DynamoDB with the number of each, its success and the code of its failure.
struct Row {
    name: &'static str,
    ask: fn(&Scene) -> Ask,
    calls: &'static [(&'static str, usize)],
    success: u64,
    failure: &'static str,
}

/// The calling key is not the first of its chain, so the second `GetItem` reads its fence.
const CALLER: [(&str, usize); 2] = [("GetItem", 1), ("GetItem", 2)];

const ROWS: [Row; 9] = [
    Row {
        name: "read with a token",
        ask: |scene| of_owner(scene, "GET", &format!("/apikeys/{}/jwt", scene.child.key)),
        calls: &[("GetItem", 1), ("GetItem", 2)],
        success: 200,
        failure: "readApikeyFailed",
    },
    Row {
        name: "list with a token",
        ask: |scene| of_owner(scene, "GET", "/apikeys/jwt"),
        calls: &[("Query", 1), ("BatchGetItem", 1)],
        success: 200,
        failure: "listApikeysFailed",
    },
    Row {
        name: "revoke with a token",
        ask: |scene| scene.revoke(&scene.child),
        calls: &[("UpdateItem", 1)],
        success: 204,
        failure: "removeApikeyFailed",
    },
    Row {
        name: "revoke a chain",
        ask: |scene| scene.revoke_chain(&scene.child),
        calls: &[("GetItem", 1), ("TransactWriteItems", 1)],
        success: 204,
        failure: "removeApikeyFailed",
    },
    Row {
        name: "whoami",
        ask: |scene| of_parent(scene, "GET", "/whoami/key"),
        calls: &CALLER,
        success: 200,
        failure: "readApikeyFailed",
    },
    Row {
        name: "read with a key",
        ask: |scene| of_parent(scene, "GET", &format!("/apikeys/{}/key", scene.child.key)),
        calls: &[CALLER[0], CALLER[1], ("GetItem", 3), ("GetItem", 4)],
        success: 200,
        failure: "readApikeyFailed",
    },
    Row {
        name: "list with a key",
        ask: |scene| of_parent(scene, "GET", "/apikeys/key"),
        calls: &[CALLER[0], CALLER[1], ("Query", 1), ("BatchGetItem", 1)],
        success: 200,
        failure: "listApikeysFailed",
    },
    Row {
        name: "revoke with a key",
        ask: |scene| of_parent(scene, "DELETE", &format!("/apikeys/{}/key", scene.child.key)),
        calls: &[CALLER[0], CALLER[1], ("UpdateItem", 1)],
        success: 204,
        failure: "removeApikeyFailed",
    },
    Row {
        name: "create with a key",
        ask: |scene| Ask::create(&scene.parent.authorization()),
        calls: &[CALLER[0], CALLER[1], ("PutItem", 1)],
        success: 201,
        failure: "createApikeyFailed",
    },
];

fn of_owner(scene: &Scene, method: &str, path: &str) -> Ask {
    Ask::new(Endpoint::Jwt, method, path, &scene.owner())
}

fn of_parent(scene: &Scene, method: &str, path: &str) -> Ask {
    Ask::new(Endpoint::Key, method, path, &scene.parent.authorization())
}

fn respond(body: &str) -> Fault {
    Fault::Respond { status: 200, content_type: "application/x-amz-json-1.0".to_owned(), body: body.to_owned() }
}

/// Faults that a retry of the SDK gets past.
fn transient() -> [Fault; 9] {
    [
        Fault::ApplyThenLose,
        Fault::Reset,
        Fault::ResetPooled,
        Fault::Truncate,
        Fault::Hang,
        Fault::html(503),
        Fault::dynamodb(500, "InternalServerError"),
        Fault::dynamodb(400, "ThrottlingException"),
        Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
    ]
}

/// Replies that the SDK takes for an answer or for a final error: unreadable, without a request id, or refused.
fn final_replies() -> [Fault; 8] {
    [
        Fault::html(200),
        respond(""),
        respond("{\"Item\":"),
        respond("{}"),
        respond(r#"{"Item":{"key":{"S":"x"}},"Items":[],"Count":0,"Responses":{}}"#),
        Fault::dynamodb(400, "AccessDeniedException"),
        Fault::dynamodb(400, "ValidationException"),
        Fault::dynamodb(400, "ResourceNotFoundException"),
    ]
}

impl Scene {
    /// What is wrong after an answer: the chain is half revoked, or a success has not its effect.
    async fn problems(&self, row: &Row, is_done: bool) -> Vec<String> {
        let state =
            [self.fence().await.is_some(), self.is_marked(&self.child).await, self.is_marked(&self.first).await];
        let (whole, living) = match row.name {
            "revoke a chain" => ([true; 3], [false; 4]),
            "revoke with a token" | "revoke with a key" => ([false, true, false], [true, true, false, true]),
            _ => ([false; 3], [true; 4]),
        };
        if !is_done {
            let is_whole = [whole, [false; 3]].contains(&state);
            return if is_whole { Vec::new() } else { vec![format!("fence, key and first key: {state:?}")] };
        }
        let found = (state, self.living().await);
        if found == (whole, living) { Vec::new() } else { vec![format!("the state and the living keys: {found:?}")] }
    }
}

#[tokio::test]
async fn one_transient_fault_at_any_call_still_succeeds() {
    let failures = each_row(async |scene, row, operation, nth, failures| {
        for fault in transient() {
            let context = format!("{}, {operation} {nth}, {fault:?}", row.name);
            scene.store().await;
            scene.proxy.inject_at(operation, nth, fault);
            let answer = scene.send(&(row.ask)(scene)).await;
            scene.proxy.heal();
            if answer.status != row.success {
                failures.push(format!("{context}: {answer:?}"));
            }
            failures.extend(scene.problems(row, true).await.iter().map(|problem| format!("{context}: {problem}")));
        }
    });
    assert_eq!(failures.await, Vec::<String>::new());
}

/// Includes each verification of a key whose record or fence can't be read: it is a 500, and never a success or a 403.
#[tokio::test]
async fn a_lasting_fault_is_the_routes_500_and_the_next_request_succeeds() {
    let failures = each_row(async |scene, row, operation, nth, failures| {
        let lasting = [
            Fault::ApplyThenLose,
            Fault::Reset,
            Fault::dynamodb(500, "InternalServerError"),
            Fault::dynamodb(400, "ThrottlingException"),
        ];
        for fault in final_replies().into_iter().chain(lasting) {
            let context = format!("{}, {operation} {nth}, {fault:?}", row.name);
            scene.store().await;
            // More than the attempts of the SDK.
            (nth..nth + 6).for_each(|nth| scene.proxy.inject_at(operation, nth, fault.clone()));
            let answer = scene.send(&(row.ask)(scene)).await;
            scene.proxy.heal();
            if (answer.status, code(&answer).as_str()) != (500, row.failure) {
                failures.push(format!("{context}: {answer:?}"));
            }
            failures.extend(scene.problems(row, false).await.iter().map(|problem| format!("{context}: {problem}")));
            let again = scene.send(&(row.ask)(scene)).await;
            if again.status != row.success {
                failures.push(format!("{context}, again: {again:?}"));
            }
            failures.extend(scene.problems(row, true).await.iter().map(|problem| format!("{context}: {problem}")));
        }
    });
    assert_eq!(failures.await, Vec::<String>::new());
}

/// Runs a check for each call of each row. The rows run concurrently, each with its own deployment.
async fn each_row(check: impl AsyncFn(&Scene, &Row, &'static str, usize, &mut Vec<String>)) -> Vec<String> {
    let checks = ROWS.iter().map(async |row| {
        let (scene, mut failures) = (Scene::new().await, Vec::new());
        for (operation, nth) in row.calls {
            check(&scene, row, operation, *nth, &mut failures).await;
        }
        failures
    });
    futures_util::future::join_all(checks).await.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_call_that_hangs_until_the_deadline_is_the_routes_500() {
    let mut running = tokio::task::JoinSet::new();
    for row in &ROWS {
        for (operation, nth) in row.calls {
            running.spawn(async move {
                let scene = Scene::new().await;
                (*nth..nth + 6).for_each(|nth| scene.proxy.inject_at(operation, nth, Fault::Hang));
                let call = Call::at(Timestamp::now(), 2_000, Randomness::draw());
                let answer = scene.send_with(&(row.ask)(&scene), call).await;
                scene.proxy.heal();
                let is_failure = (answer.status, code(&answer).as_str()) == (500, row.failure);
                let again = scene.send(&(row.ask)(&scene)).await;
                let is_done = again.status == row.success && scene.problems(row, true).await.is_empty();
                let shown = format!("{}, {operation} {nth}: {answer:?}, {again:?}", row.name);
                (!is_failure || !is_done).then_some(shown)
            });
        }
    }
    let failures: Vec<_> = running.join_all().await.into_iter().flatten().collect();
    assert_eq!(failures, Vec::<String>::new());
}

#[tokio::test]
async fn a_store_that_refuses_connections_is_the_routes_500() {
    let scene = Scene::new().await;
    for row in &ROWS {
        scene.store().await;
        scene.proxy.refuse().await;
        let answer = scene.send(&(row.ask)(&scene)).await;
        scene.proxy.accept().await;
        assert_eq!((answer.status, code(&answer).as_str()), (500, row.failure), "{}", row.name);
        assert_eq!(scene.send(&(row.ask)(&scene)).await.status, row.success, "{}", row.name);
    }
}

/// The first key of a chain has no fence to read, since the revocation of its chain marks it.
#[tokio::test]
async fn the_first_key_of_a_chain_needs_no_fence() {
    let scene = Scene::new().await;
    scene.proxy.inject_at("GetItem", 2, Fault::dynamodb(400, "AccessDeniedException"));
    assert!(scene.authenticates(&scene.first.authorization()).await);
    scene.proxy.heal();
    assert_eq!(scene.send(&scene.revoke_chain(&scene.sibling)).await.status, 204);
    let reads = scene.proxy.count("GetItem");
    assert!(!scene.authenticates(&scene.first.authorization()).await);
    assert_eq!(scene.proxy.count("GetItem") - reads, 1);
}

/// Any unreadable reply for the fence, at every route that verifies a key.
#[tokio::test]
async fn a_fence_that_can_not_be_read_authenticates_nobody() {
    let scene = Scene::new().await;
    assert_eq!(scene.send(&scene.revoke_chain(&scene.first)).await.status, 204);
    for row in ROWS.iter().filter(|row| row.calls.starts_with(&CALLER)) {
        for fault in final_replies().into_iter().chain([Fault::Reset]) {
            (2..8).for_each(|nth| scene.proxy.inject_at("GetItem", nth, fault.clone()));
            let answer = scene.send(&(row.ask)(&scene)).await;
            scene.proxy.heal();
            assert_eq!((answer.status, code(&answer).as_str()), (500, row.failure), "{}, {fault:?}", row.name);
        }
    }
    assert_eq!(scene.living().await, [false; 4]);
}
