//! The life of a key: list, read, whoami and revoke.
//!
//! Each row of `tests/data/lifecycle.tsv` is sent to a user's keys. The test checks the status, the body and every
//! header of the answer, and every item of the user afterwards. The other modules test what one request cannot show.

mod answers;
mod calls;
mod chain;
mod log;
mod not_found;
mod pages;
mod revoked;
mod row;
mod scene;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{FutureExt, StreamExt, stream};
use tests::dynamo::Item;
use tests::host;

use crate::support::{World, assert_refused};
use row::Row;
use scene::{Items, LISTED, LISTED_OF_OTHER, Scene, apikey, number, text};

#[tokio::test]
async fn every_request_gets_its_answer_and_changes_only_what_it_may() {
    let world = scene::world().await;
    let rows = Row::all();
    let mut failed = Vec::new();
    let mut users = (1_000..).step_by(2);
    for rows in rows.chunk_by(|row, next| row.id == next.id && row.level() == next.level()) {
        if rows[0].changes_a_scene() {
            let rows = rows.iter().zip(&mut users);
            failed.extend(failures(rows.map(|(row, user)| (row.id, assert_change(&world, row, user)))).await);
        } else {
            let scene = Scene::new(&world, users.next().unwrap(), rows[0].level()).await;
            let before = scene.items().await;
            let answers = rows.iter().map(|row| (row.id, assert_answer(&world, &scene, row, &before)));
            failed.extend(failures(answers).await);
            assert_changes(&before, before.clone(), scene.items().await, host::now(), rows[0].id);
        }
    }
    assert!(failed.is_empty(), "{} rows failed: {}", failed.len(), failed.join(", "));
}

/// Runs checks, a few at a time, and returns the ids of those that fail.
async fn failures<T>(checks: impl Iterator<Item = (&'static str, impl Future<Output = T>)>) -> Vec<&'static str> {
    let results = checks.map(|(id, check)| async move { (id, AssertUnwindSafe(check).catch_unwind().await.is_err()) });
    let results: Vec<_> = stream::iter(results).buffered(8).collect().await;
    results.into_iter().filter(|(_, failed)| *failed).map(|(id, _)| id).collect()
}

#[test]
fn each_row_has_its_own_id() {
    assert_eq!(Row::ids().collect::<BTreeSet<_>>().len(), Row::ids().count());
}

async fn assert_change(world: &World, row: &Row, user: u64) {
    let scene = Scene::new(world, user, row.level()).await;
    let (before, began) = (scene.items().await, host::now());
    let expected = assert_answer(world, &scene, row, &before).await;
    assert_changes(&before, expected, scene.items().await, began, row.id);
}

/// Asserts the answer to a row, and returns the items that are expected afterwards.
async fn assert_answer(world: &World, scene: &Scene<'_>, row: &Row, before: &Items) -> Items {
    let caller = scene.caller(row.who);
    let context = format!("{}: {} by {} through {:?}", row.id, row.request, row.who, row.source);
    let (status, rest) = row.expected.split_once(' ').unwrap_or((row.expected, ""));
    let status: u64 = status.parse().unwrap();
    let answer = scene.send(caller.endpoint, &row.request(scene, &caller), row.source).await;
    assert_eq!(answer.status, status, "{context}: {}", answer.body);
    let mut expected = before.clone();
    let item = |name: &str| &before[&scene.key(name).key];
    match (status, rest.split(' ').collect::<Vec<_>>().as_slice()) {
        (200, ["read", name]) => {
            let name = match *name {
                "*" => row.target(),
                "self" => row.who.strip_prefix("key").unwrap(),
                name => name,
            };
            let body = format!(r#"{{"result":"success","apikey":{}}}"#, apikey(item(name)));
            assert_eq!(answer.body, body, "{context}");
        }
        (200, ["list", names @ ..]) => {
            let names = match names {
                ["own"] => &LISTED,
                ["others"] => LISTED_OF_OTHER.as_slice(),
                names => names,
            };
            let keys: Vec<_> = names.iter().map(|name| apikey(item(name))).collect();
            let body = format!(r#"{{"result":"success","apikeys":[{}]}}"#, keys.join(","));
            assert_eq!(answer.body, body, "{context}");
        }
        (204, ["again"]) => {}
        (204, ["revoked", name]) => {
            let name = if *name == "*" { row.target() } else { name };
            revoke(&mut expected, &scene.key(name).key, &caller.scope);
        }
        (204, ["chain", "*"]) => {
            let target = item(row.target());
            let first = target["chain"].as_s().unwrap();
            put_fence(&mut expected, first, number(target, "userId"), &caller.scope);
            revoke(&mut expected, target["key"].as_s().unwrap(), &caller.scope);
            revoke(&mut expected, first, &caller.scope);
        }
        (201, [""]) => world.assert_created(&answer, &context).await,
        (404, [""]) => assert_refused(&answer, 404, "notFound", &context),
        (405, _) => {
            assert_refused(&answer, 405, "methodNotAllowed", &context);
            assert_eq!(answer.allow(), Some(rest), "{context}");
        }
        (_, [code]) => assert_refused(&answer, status, code, &context),
        _ => panic!("{context}: {} is no expected answer", row.expected),
    }
    expected
}

/// Asserts that the items are the expected ones; a new `revokedAt` is the time of the request.
fn assert_changes(before: &Items, mut expected: Items, mut after: Items, began: i64, context: &str) {
    for (key, item) in &mut after {
        let is_new = |item: &Item| item.get("revokedAt") != before.get(key).and_then(|item| item.get("revokedAt"));
        if item.contains_key("revokedAt") && is_new(item) {
            let at = i64::try_from(number(item, "revokedAt")).unwrap();
            assert!((began..=host::now()).contains(&at), "{context}: revoked at {at}");
            item.insert("revokedAt".to_owned(), AttributeValue::N("0".to_owned()));
        }
    }
    // A difference is shown per item, since a scene has many.
    for key in expected.keys().chain(after.keys()).cloned().collect::<BTreeSet<_>>() {
        assert_eq!(after.remove(&key).map(sorted), expected.remove(&key).map(sorted), "{context}: {key}");
    }
}

fn sorted(item: Item) -> BTreeMap<String, AttributeValue> {
    item.into_iter().collect()
}

/// Marks the item of a key, if it is a living key. `revokedAt` is 0 for the time of the request.
fn revoke(items: &mut Items, key: &str, by: &str) {
    if let Some(item) = items.get_mut(key).filter(|item| !item.contains_key("revokedAt")) {
        item.insert("secretHash".to_owned(), AttributeValue::B(Blob::new([0; 32])));
        item.insert("revokedAt".to_owned(), AttributeValue::N("0".to_owned()));
        item.insert("revokedBy".to_owned(), text(by));
    }
}

fn put_fence(items: &mut Items, chain: &str, owner: u64, by: &str) {
    let mut fence = scene::fence(chain, owner);
    fence.insert("revokedAt".to_owned(), AttributeValue::N("0".to_owned()));
    fence.insert("revokedBy".to_owned(), text(by));
    items.entry(format!("fence#{chain}")).or_insert(fence);
}
