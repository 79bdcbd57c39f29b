//! Two requests at once: one stops before one of its calls, the other runs to its end, and the first continues.

use std::sync::Arc;

use tests::fault::Fault;
use tests::token::Claims;

use super::{Ask, Scene, code, text};
use crate::support::{Answer, Endpoint, StoredKey};

/// What runs while the creation has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    /// The calling key is revoked.
    Key,
    /// The creator of the calling key is revoked.
    Creator,
    /// The chain is revoked, by naming another key of it.
    Chain,
}

/// A creation that has read its key before the revocation succeeds. The new key is one of the chain.
#[tokio::test]
async fn a_creation_that_a_revocation_overtakes_gets_past_no_fence() {
    let calls = [("GetItem", 1), ("GetItem", 2), ("PutItem", 1)];
    let once = [("GetItem", 1), ("GetItem", 2), ("TransactWriteItems", 1)];
    let mut failures = Vec::new();
    for (is_once, (operation, nth)) in calls.map(|call| (false, call)).into_iter().chain(once.map(|call| (true, call)))
    {
        for meanwhile in [Meanwhile::Key, Meanwhile::Creator, Meanwhile::Chain] {
            let context = format!("{operation} {nth}, once: {is_once}, {meanwhile:?}");
            let scene = Scene::new().await;
            let ask = Ask::create(&scene.parent.authorization());
            let ask = if is_once { ask.once() } else { ask };
            let revocation = match meanwhile {
                Meanwhile::Key => scene.revoke(&scene.parent),
                Meanwhile::Creator => scene.revoke(&scene.first),
                Meanwhile::Chain => scene.revoke_chain(&scene.sibling),
            };
            let running = scene.hold(ask, operation, nth).await;
            let revoked = scene.send(&revocation).await.status;
            let answer = scene.release(running).await;
            let lives = answer.status == 201 && scene.authenticates(&answer.basic()).await;
            // The record is read by the first call, and the fence by the second one.
            let expected = match (meanwhile, operation, nth) {
                (Meanwhile::Creator, ..) => (204, 201, true),
                (Meanwhile::Key, "GetItem", 1) | (Meanwhile::Chain, "GetItem", _) => (204, 403, false),
                (Meanwhile::Key, ..) => (204, 201, true),
                (Meanwhile::Chain, ..) => (204, 201, false),
            };
            if (revoked, answer.status, lives) != expected {
                failures.push(format!("{context}: {:?}, not {expected:?}", (revoked, answer.status, lives)));
            }
            let living = match meanwhile {
                Meanwhile::Key => [true, false, true, true],
                Meanwhile::Creator => [false, true, true, true],
                Meanwhile::Chain => [false; 4],
            };
            if scene.living().await != living {
                failures.push(format!("{context}: {:?} live", scene.living().await));
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
}

/// The answer to a creation that was repeated after its key was revoked is the same; the new key stays dead.
#[tokio::test]
async fn a_lost_reply_that_a_revocation_overtakes_is_a_201_of_a_dead_key() {
    for is_once in [false, true] {
        let scene = Scene::new().await;
        let operation = if is_once { "TransactWriteItems" } else { "PutItem" };
        let ask = Ask::create(&scene.parent.authorization());
        let ask = if is_once { ask.once() } else { ask };
        // The first attempt is applied, and its reply is lost. The second one stops.
        scene.proxy.inject_at(operation, 1, Fault::ApplyThenLose);
        let running = scene.hold(ask, operation, 2).await;
        let items = scene.world.dynamo.items().await;
        let new = items.iter().find(|item| item.get("name").is_some_and(|name| name.as_s().is_ok_and(|n| n == "new")));
        let new = text(new.unwrap(), "key").to_owned();
        let revoke = Ask::new(Endpoint::Jwt, "DELETE", &format!("/apikeys/{new}/jwt"), &scene.owner());
        assert_eq!(scene.send(&revoke).await.status, 204, "once: {is_once}");
        let before = scene.world.dynamo.item(&new).await;
        let answer = scene.release(running).await;
        assert_eq!((answer.status, answer.apikey("key")), (201, new.as_str().into()), "once: {is_once}");
        assert_eq!(scene.world.dynamo.item(&new).await, before, "once: {is_once}");
        assert!(!scene.authenticates(&answer.basic()).await, "once: {is_once}");
    }
}

#[tokio::test]
async fn of_two_revocations_at_once_the_first_write_leaves_the_evidence() {
    let scene = Scene::new().await;
    let path = |key: &StoredKey, by: &str| format!("/apikeys/{}/{by}", key.key);
    let (parent, child) = (&scene.parent, &scene.child);
    let by_key = |key: &StoredKey| Ask::new(Endpoint::Key, "DELETE", &path(child, "key"), &key.authorization());
    for (held, other, evidence) in [
        (scene.revoke(child), by_key(parent), format!("key:{}", parent.key)),
        (scene.revoke(child), by_key(child), format!("key:{}", child.key)),
        (by_key(parent), scene.revoke(child), "jwt:61".to_owned()),
        (by_key(child), scene.revoke(child), "jwt:61".to_owned()),
        (
            scene.revoke(child),
            Ask::new(Endpoint::Jwt, "DELETE", &path(child, "jwt"), &scene.administrator()),
            "jwt:7".to_owned(),
        ),
    ] {
        scene.store().await;
        let context = format!("{evidence}: {held:?}");
        let running = scene.hold(held, "UpdateItem", 1).await;
        assert_eq!(scene.send(&other).await.status, 204, "{context}");
        let before = scene.item(child).await.unwrap();
        assert_eq!(scene.release(running).await.status, 204, "{context}");
        assert_eq!(text(&before, "revokedBy"), evidence);
        assert_eq!(scene.item(child).await, Some(before), "{context}");
        assert_eq!(scene.living().await, [true, true, false, true], "{context}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_revocations_at_once_are_all_204_and_leave_one_evidence() {
    for with_chain in [false, true] {
        let scene = Scene::new().await;
        let asks: Vec<_> = (0..16)
            .map(|nth| {
                let ask =
                    if with_chain { scene.revoke_chain(scene.keys()[nth % 4]) } else { scene.revoke(&scene.child) };
                let bearer = if nth % 2 == 0 { scene.owner() } else { scene.administrator() };
                let request = ask.request.only_header("Authorization", &bearer);
                Ask { request, ..ask }
            })
            .collect();
        let mut running = tokio::task::JoinSet::new();
        for ask in asks {
            let scene = Arc::clone(&scene);
            running.spawn(async move { scene.send(&ask).await });
        }
        let answers: Vec<_> = running.join_all().await.iter().map(|answer| answer.status).collect();
        assert_eq!(answers, [204; 16], "chain: {with_chain}");
        let living = scene.living().await;
        assert_eq!(living, if with_chain { [false; 4] } else { [true, true, false, true] }, "chain: {with_chain}");
        let marked = scene.item(&scene.child).await.unwrap();
        assert!(["jwt:61", "jwt:7"].contains(&text(&marked, "revokedBy")));
    }
}

/// DynamoDB's TTL deletes an item at any time after its end, and between the calls of a request.
#[tokio::test]
async fn a_key_that_is_gone_before_the_write_is_404_and_nothing_is_written() {
    let scene = Scene::new().await;
    for (ask, operation) in [
        (scene.revoke(&scene.child), "UpdateItem"),
        (scene.revoke_chain(&scene.child), "GetItem"),
        (scene.revoke_chain(&scene.child), "TransactWriteItems"),
        (scene.revoke_chain(&scene.first), "TransactWriteItems"),
    ] {
        scene.store().await;
        let gone = if format!("{ask:?}").contains(&scene.first.key) { &scene.first } else { &scene.child };
        let running = scene.hold(ask, operation, 1).await;
        scene.world.dynamo.delete_item(&gone.key).await;
        let before = sorted(&scene).await;
        let answer = scene.release(running).await;
        assert_eq!((answer.status, code(&answer).as_str()), (404, "notFound"), "{operation}");
        assert_eq!(sorted(&scene).await, before, "{operation}");
    }
}

async fn sorted(scene: &Scene) -> Vec<String> {
    let items = scene.world.dynamo.items().await;
    let mut items: Vec<_> =
        items.iter().map(|item| format!("{:?}", item.iter().collect::<std::collections::BTreeMap<_, _>>())).collect();
    items.sort();
    items
}

/// Reads that have seen the key before its revocation may show it; the next ones do not.
#[tokio::test]
async fn a_read_or_a_list_after_the_204_does_not_show_the_key() {
    for with_chain in [false, true] {
        for (path, operation, nth) in [
            ("/apikeys/{id}/jwt", "GetItem", 1),
            ("/apikeys/{id}/jwt", "GetItem", 2),
            ("/apikeys/jwt", "Query", 1),
            ("/apikeys/jwt", "BatchGetItem", 1),
        ] {
            let context = format!("{path}, {operation} {nth}, chain: {with_chain}");
            let scene = Scene::new().await;
            let child = &scene.child;
            let owner = scene.owner();
            let ask = Ask::new(Endpoint::Jwt, "GET", &path.replace("{id}", &child.key), &owner);
            let revoke = if with_chain { scene.revoke_chain(&scene.parent) } else { scene.revoke(child) };
            let running = scene.hold(ask.clone(), operation, nth).await;
            assert_eq!(scene.send(&revoke).await.status, 204, "{context}");
            let overtaken = scene.release(running).await;
            assert!([200, 404].contains(&overtaken.status), "{context}: {overtaken:?}");
            // The record was read before the revocation. The fence is always read after it.
            let is_early = !with_chain && [("GetItem", 2), ("BatchGetItem", 1)].contains(&(operation, nth));
            assert_eq!(shows(&overtaken, child), is_early, "{context}: {overtaken:?}");
            assert!(!shows(&scene.send(&ask).await, child), "{context}");
        }
    }
}

fn shows(answer: &Answer, key: &StoredKey) -> bool {
    // The id is also the `createdBy` of the key's children.
    answer.body.contains(&format!(r#""key":"{}""#, key.key))
}

/// A revocation does not wait for requests that the key has begun, and they can't undo it.
#[tokio::test]
async fn a_revocation_by_a_key_that_is_revoked_meanwhile_is_applied() {
    let scene = Scene::new().await;
    let path = format!("/apikeys/{}/key", scene.child.key);
    let ask = Ask::new(Endpoint::Key, "DELETE", &path, &scene.parent.authorization());
    for (operation, nth, expected) in [("GetItem", 1, 403), ("GetItem", 2, 204), ("UpdateItem", 1, 204)] {
        scene.store().await;
        let running = scene.hold(ask.clone(), operation, nth).await;
        assert_eq!(scene.send(&scene.revoke(&scene.parent)).await.status, 204);
        assert_eq!(scene.release(running).await.status, expected, "{operation} {nth}");
        assert_eq!(scene.living().await, [true, false, expected == 403, true], "{operation} {nth}");
    }
}

#[tokio::test]
async fn a_stranger_wins_no_race() {
    let scene = Scene::new().await;
    let stranger = scene.world.bearer(&Claims::new().id(62));
    for ask in [scene.revoke(&scene.child), scene.revoke_chain(&scene.child)] {
        let own = ask.clone();
        let ask = Ask { request: ask.request.only_header("Authorization", &stranger), ..ask };
        let before = sorted(&scene).await;
        assert_eq!(scene.send(&ask).await.status, 404);
        assert_eq!(sorted(&scene).await, before);
        assert_eq!(scene.send(&own).await.status, 204);
        let before = sorted(&scene).await;
        assert_eq!(scene.send(&ask).await.status, 404, "also after the revocation");
        assert_eq!(sorted(&scene).await, before);
    }
}
