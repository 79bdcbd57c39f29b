//! `make revoke`: its output, and the keys that it revokes.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::{Item, REGION, TABLE_NAME};
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};
use tests::host;
use tests::rotation::Rotation;
use tests::secrets_manager::{SecretsManager, Version, unique_prefix};
use tests::stored_key::basic;
use tests::token::Claims;

use crate::failures::{check_each, check_each_sync, pairs};
use crate::support::{Answer, Endpoint, StoredKey, World, assert_refused};

const VALUE: &str = "5d3f2d35-6d0e-4f5c-9f6f-0c6f3f1d7c11";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// The result of a run.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    revoked: Vec<String>,
    stderr: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let revoked = text(&output.stdout).lines().map(str::to_owned).collect();
        Self { code: output.status.code(), revoked, stderr: text(&output.stderr) }
    }

    /// Asserts that the run succeeded and named exactly these keys as revoked, in any order.
    fn assert_revoked(&self, keys: &[&str]) {
        let (mut revoked, mut keys) = (self.revoked.clone(), keys.to_vec());
        revoked.sort();
        keys.sort_unstable();
        assert_eq!(
            (self.code, revoked),
            (Some(0), keys.iter().map(|key| (*key).to_owned()).collect()),
            "{}",
            self.stderr
        );
    }

    /// Asserts that the run failed, and that its last line contains this text.
    fn assert_failed(&self, code: i32, line: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let last: Vec<_> = self.stderr.lines().filter(|line| line.starts_with("revoke: ")).collect();
        assert!(
            last.len() == 1 && last[0].contains(line) && self.stderr.ends_with(&format!("{}\n", last[0])),
            "{self:?}"
        );
    }
}

fn python() -> std::path::PathBuf {
    let named = host::variable("APIKEYS_PYTHON").unwrap_or_else(|| ".local/venv/bin/python".to_owned());
    host::repository().join(named)
}

/// The program, for the table at a port. Its environment has AWS and proxy settings that cannot work.
fn command(port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new(python());
    let nowhere = "http://127.0.0.1:1";
    command
        .env_clear()
        .envs([
            ("AWS_ENDPOINT_URL", nowhere),
            ("AWS_PROFILE", "none"),
            ("http_proxy", nowhere),
            ("HTTP_PROXY", nowhere),
        ])
        .arg(host::repository().join("tests/tools/revoke.py"))
        .args(["--port", &port.to_string()])
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn revoke_at(port: u16, arguments: &[&str]) -> Run {
    Run::of(&command(port, arguments).output().unwrap())
}

fn revoke(world: &World, arguments: &[&str]) -> Run {
    revoke_at(world.dynamo.port(), arguments)
}

/// Runs `make revoke` with the table on its command line and with these environment variables.
fn make(world: &World, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let venv = python().parent().and_then(|folder| folder.parent()).unwrap().display().to_string();
    let mut command = Command::new("make");
    command
        .env_clear()
        .env("PATH", host::variable("PATH").unwrap())
        .envs([("AWS_ENDPOINT_URL_DYNAMODB", world.dynamo.endpoint().as_str())])
        .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
        .envs(environment.iter().copied())
        .current_dir(host::repository())
        // `-o` keeps make from installing the tools again.
        .args(["-o", &format!("{venv}/.stamp"), &format!("VENV={venv}"), "revoke"])
        .args(arguments)
        .stdin(Stdio::null());
    Run::of(&command.output().unwrap())
}

fn key(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.apikey("key").as_str().unwrap().to_owned()
}

fn asks(name: &str) -> String {
    json!({ "name": name, "level": 4, "expiresIn": 3600 }).to_string()
}

async fn by_user(world: &World, id: u64) -> Answer {
    let bearer = world.bearer(&Claims::new().id(id).role("admin"));
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &bearer);
    world.send(Endpoint::Jwt, &request.body(asks("of a user"))).await
}

fn request_of(parent: &Answer) -> Request {
    World::anonymous(Endpoint::Key).header("Authorization", &parent.basic()).body(asks("of a key"))
}

async fn by_key(world: &World, parent: &Answer) -> Answer {
    world.send(Endpoint::Key, &request_of(parent)).await
}

async fn assert_dead(world: &World, answers: &[&Answer]) {
    for answer in answers {
        assert_refused(&by_key(world, answer).await, 403, "authenticationFailed", &answer.body);
    }
}

async fn assert_alive(world: &World, answers: &[&Answer]) {
    for answer in answers {
        assert_eq!(by_key(world, answer).await.status, 201, "{}", answer.body);
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// Sends a request whose answer need not be that of a create, and returns the status.
async fn status(world: &World, request: &Request, endpoint: Endpoint) -> u64 {
    let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
    let answer = world.invoke_raw(endpoint, &request.event(Source::HttpApi), call).await.unwrap();
    answer["statusCode"].as_u64().unwrap()
}

/// Revokes a key over HTTP, as its user.
async fn delete(world: &World, key: &str, chain: bool) {
    let bearer = world.bearer(&Claims::new().id(7));
    let request = Request::new("DELETE", &format!("/apikeys/{key}/jwt")).header("Authorization", &bearer);
    let request = if chain { request.query("chain", "true") } else { request };
    assert_eq!(status(world, &request, Endpoint::Jwt).await, 204);
}

fn fence(chain: &str) -> String {
    format!("fence#{chain}")
}

async fn state(world: &World) -> Vec<String> {
    let sorted = |item| BTreeMap::from_iter(item);
    let mut items: Vec<_> = world.dynamo.items().await.into_iter().map(|item| format!("{:?}", sorted(item))).collect();
    items.sort();
    items
}

#[tokio::test]
async fn without_apply_keys_are_shown_and_nothing_is_written() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    let child = by_key(&world, &parent).await;
    let before = state(&world).await;
    let row = |answer: &Answer, created_by: &str| {
        let end = answer.apikey("expiresAt").as_str().unwrap().replace(".000Z", "Z");
        let name = answer.apikey("name").to_string().replace('"', "'");
        format!("{}  4  7  {created_by}  {}  {end}  {name}\n", key(answer), key(&parent))
    };
    let (root, by_parent) = (row(&parent, "jwt"), row(&child, &format!("key:{}", key(&parent))));
    let of_key = ["--key".to_owned(), key(&parent)];
    let of_chain = [of_key[0].clone(), key(&child), "--chain=1".to_owned()];
    let of_user = ["--user".to_owned(), "7".to_owned()];
    let cases = [
        (&of_key as &[String], vec![&root], format!("KEY={}", key(&parent))),
        (&of_chain, vec![&root, &by_parent], format!("KEY={} CHAIN=1", key(&child))),
        (&of_user, vec![&root, &by_parent], "USER=7".to_owned()),
    ];
    check_each(pairs(cases, ["--apply=", "--apply=0"]), async |((arguments, rows, command), apply)| {
        let run = revoke(&world, &[arguments.iter().map(String::as_str).collect(), vec![apply]].concat());
        run.assert_revoked(&[]);
        assert!(rows.iter().all(|row| run.stderr.contains(*row)), "{run:?}");
        let how = format!("Nothing was revoked. To revoke: make revoke {command} APPLY=1\n");
        assert!(run.stderr.ends_with(&how) && run.stderr.contains("<DeliveryPrefix>7/..."), "{run:?}");
        assert_eq!(state(&world).await, before);
    })
    .await;
    assert_alive(&world, &[&parent, &child]).await;
}

#[tokio::test]
async fn a_key_is_marked_and_the_keys_that_it_created_stay_valid() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    let child = by_key(&world, &parent).await;
    let before = world.dynamo.item(&key(&parent)).await.unwrap();
    revoke(&world, &["--key", &key(&parent), "--apply=1"]).assert_revoked(&[&key(&parent)]);
    assert_dead(&world, &[&parent]).await;
    assert_alive(&world, &[&child]).await;
    let marked = world.dynamo.item(&key(&parent)).await.unwrap();
    let seconds: u64 = marked["revokedAt"].as_n().unwrap().parse().unwrap();
    assert!(Timestamp::now().seconds().abs_diff(seconds) < 600, "{seconds}");
    let mut expected = before;
    expected.insert("secretHash".to_owned(), AttributeValue::B(vec![0; 32].into()));
    expected.insert("revokedAt".to_owned(), marked["revokedAt"].clone());
    expected.insert("revokedBy".to_owned(), text("operator"));
    assert_eq!(marked, expected);
}

#[tokio::test]
async fn a_revoked_key_stays_as_it_is_and_the_run_succeeds() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    delete(&world, &key(&parent), false).await;
    let before = state(&world).await;
    let cases = [("--apply=1", vec![key(&parent)]), ("--apply=0", Vec::new())];
    check_each(cases, async |(apply, named)| {
        let run = revoke(&world, &["--key", &key(&parent), apply]);
        run.assert_revoked(&named.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(run.stderr.contains("is revoked already, since 20") && run.stderr.contains("by jwt:7."), "{run:?}");
        assert_eq!(state(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_chain_ends_with_one_transaction() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let (root, foreign) = (by_user(&world, 7).await, by_user(&world, 7).await);
    let (child, sibling) = (by_key(&world, &root).await, by_key(&world, &root).await);
    let grandchild = by_key(&world, &child).await;
    let run = revoke_at(proxy.port(), &["--key", &key(&child), "--chain=1", "--apply=1"]);
    run.assert_revoked(&[&key(&child), &key(&root)]);
    assert_eq!((proxy.count("TransactWriteItems"), proxy.count("UpdateItem"), proxy.count("Scan")), (1, 0, 0));
    assert_dead(&world, &[&root, &child, &sibling, &grandchild]).await;
    assert_alive(&world, &[&foreign]).await;
    let run = revoke(&world, &["--key", &key(&sibling), "--chain=1"]);
    assert!(run.stderr.contains("is revoked already.") && run.stderr.contains(" has 2 keys "), "{run:?}");
    let before = state(&world).await;
    revoke(&world, &["--key", &key(&child), "--chain=1", "--apply=1"]).assert_revoked(&[&key(&child), &key(&root)]);
    assert_eq!(state(&world).await, before, "a repeated run changes nothing");
}

/// The items of a world after a revocation. Names that differ in each world are replaced.
async fn normal_state(world: &World, answers: &[&Answer]) -> Vec<BTreeMap<String, String>> {
    let mut items = Vec::new();
    for (number, answer) in answers.iter().enumerate() {
        for name in [key(answer), fence(&key(answer))] {
            let Some(item) = world.dynamo.item(&name).await else { continue };
            let shown = |(name, value): (String, AttributeValue)| {
                let mut value = format!("{value:?}");
                for (other, answer) in answers.iter().enumerate() {
                    value = value.replace(&key(answer), &format!("<key {other}>"));
                }
                let varies = name.ends_with("At") || (name == "secretHash" && !value.contains("[0, 0, 0, 0"));
                (name, if varies { "varies".to_owned() } else { value })
            };
            let mut item: BTreeMap<_, _> = Item::into_iter(item).map(shown).collect();
            item.entry("revokedBy".to_owned()).and_modify(|by| *by = "somebody".to_owned());
            item.insert("number".to_owned(), number.to_string());
            items.push(item);
        }
    }
    items
}

#[tokio::test]
async fn its_writes_are_those_of_the_functions() {
    check_each([false, true], async |chain| {
        let mut states = Vec::new();
        for by_operator in [false, true] {
            let world = World::new().await;
            let root = by_user(&world, 7).await;
            let (child, sibling) = (by_key(&world, &root).await, by_key(&world, &root).await);
            if by_operator {
                let chain = format!("--chain={}", u8::from(chain));
                assert_eq!(revoke(&world, &["--key", &key(&child), &chain, "--apply=1"]).code, Some(0));
            } else {
                delete(&world, &key(&child), chain).await;
            }
            states.push(normal_state(&world, &[&root, &child, &sibling]).await);
        }
        assert_eq!(states[0].len(), if chain { 4 } else { 3 }, "{:?}", states[0]);
        assert_eq!(states[0], states[1], "chain {chain}");
    })
    .await;
}

#[tokio::test]
async fn a_chain_is_fenced_also_where_its_first_key_is_gone() {
    check_each([false, true], async |expired| {
        let world = World::new().await;
        let root = StoredKey::new();
        let child = StoredKey::new().with("chain", text(&root.key));
        let named = if expired { child.clone().expires_in(-60) } else { child.clone() };
        let other = StoredKey::new().with("chain", text(&root.key));
        for stored in [&named, &other] {
            world.dynamo.put_item(stored.item.clone()).await;
        }
        let revoked: &[&str] = if expired { &[] } else { &[&child.key] };
        revoke(&world, &["--key", &child.key, "--chain=1", "--apply=1"]).assert_revoked(revoked);
        let request = World::anonymous(Endpoint::Key).header("Authorization", &other.authorization());
        assert_refused(&world.send(Endpoint::Key, &request).await, 403, "authenticationFailed", "fenced");
        let fence = world.dynamo.item(&fence(&root.key)).await.unwrap();
        let expected = [
            ("key", fence["key"].clone()),
            ("owner", AttributeValue::N("61".to_owned())),
            ("revokedAt", fence["revokedAt"].clone()),
            ("revokedBy", text("operator")),
        ];
        assert_eq!(fence, expected.map(|(name, value)| (name.to_owned(), value)).into());
    })
    .await;
}

#[tokio::test]
async fn a_rotations_successor_ends_with_the_chain() {
    let (secrets, prefix) = (SecretsManager::shared(), unique_prefix());
    let endpoint = secrets.endpoint();
    let world = World::with(&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint), ("DELIVERY_PREFIX", &prefix)]).await;
    let old = by_user(&world, 7).await;
    let value = json!({ "key": old.apikey("key"), "secret": old.apikey("secret") }).to_string();
    let arn = secrets.create(&format!("{prefix}7/ci"), &value).await;
    let rotation = Rotation::begin(secrets, &arn).await.unwrap();
    let call = || Call::at(Timestamp::now(), 60_000, Randomness::draw());
    rotation.run(async |event| world.invoke_raw(Endpoint::Key, &event, call()).await).await.unwrap();
    let new: serde_json::Value = serde_json::from_str(&secrets.value(&arn, Version::CURRENT).await.unwrap()).unwrap();
    let basic = basic(new["key"].as_str().unwrap(), new["secret"].as_str().unwrap());
    let request = World::anonymous(Endpoint::Key).header("Authorization", &basic).body(asks("of a successor"));
    assert_eq!(world.send(Endpoint::Key, &request).await.status, 201);
    let run = revoke(&world, &["--key", &key(&old), "--chain=1", "--apply=1"]);
    run.assert_revoked(&[&key(&old)]);
    assert_refused(&world.send(Endpoint::Key, &request).await, 403, "authenticationFailed", "the successor");
    assert_eq!(secrets.versions(&arn).await.len(), 2, "the secret is kept");
}

#[tokio::test]
async fn no_redelivered_event_brings_a_revoked_key_back() {
    let (secrets, prefix) = (SecretsManager::shared(), unique_prefix());
    let endpoint = secrets.endpoint();
    let world = World::with(&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint), ("DELIVERY_PREFIX", &prefix)]).await;
    let cases = [(None, "--chain=0"), (None, "--chain=1"), (Some("7"), "--chain=0")];
    check_each(cases, async |(user, chain)| {
        let to = format!("ci-{}-{}", user.is_some(), chain.ends_with('1'));
        let event = json!({ "name": "delivered", "level": 4, "expiresIn": 3600, "deliverTo": to, "idempotencyKey": to,
            "authorization": world.bearer(&Claims::new().id(7)) });
        let deliver = async || {
            let call = Call::at(Timestamp::now(), 60_000, Randomness::draw());
            world.invoke_raw(Endpoint::Jwt, &event, call).await.unwrap()
        };
        let first = deliver().await;
        let name = format!("{prefix}7/{to}");
        let value: serde_json::Value =
            serde_json::from_str(&secrets.value(&name, Version::CURRENT).await.unwrap()).unwrap();
        let (key, secret) = (value["key"].as_str().unwrap(), value["secret"].as_str().unwrap());
        let request = World::anonymous(Endpoint::Key).header("Authorization", &basic(key, secret)).body(asks("x"));
        assert_eq!(world.send(Endpoint::Key, &request).await.status, 201, "{to}");
        let who = user.map_or(["--key", key], |user| ["--user", user]);
        let run = revoke(&world, &[who[0], who[1], chain, "--apply=1"]);
        assert!(run.code == Some(0) && run.revoked.contains(&key.to_owned()), "{run:?}");
        let record = world.dynamo.item(key).await;
        assert_eq!(deliver().await, first, "{to}: the delivery is done");
        assert_eq!(world.dynamo.item(key).await, record, "{to}");
        assert_refused(&world.send(Endpoint::Key, &request).await, 403, "authenticationFailed", &to);
    })
    .await;
}

#[tokio::test]
async fn the_keys_of_a_user_end_with_their_chains_without_a_scan() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let bearer = world.bearer(&Claims::new().id(7).role("admin"));
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &bearer).body(asks("kept"));
    let kept = world.send(Endpoint::Jwt, &request.clone().header("Idempotency-Key", VALUE)).await;
    let (second, foreign) = (by_user(&world, 7).await, by_user(&world, 77).await);
    let child = by_key(&world, &kept).await;
    let run = revoke_at(proxy.port(), &["--user=7", "--apply=1"]);
    run.assert_revoked(&[&key(&kept), &key(&second), &key(&child)]);
    assert!(!run.stderr.contains("idem#") && run.stderr.ends_with("3 keys are revoked.\n"), "{run:?}");
    assert_eq!((proxy.count("Scan"), proxy.count("GetItem")), (0, 0));
    assert_dead(&world, &[&kept, &second, &child]).await;
    assert_alive(&world, &[&foreign]).await;
    let chains =
        [("kept", &kept, true), ("second", &second, true), ("child", &child, false), ("foreign", &foreign, false)];
    check_each(chains, async |(name, first, has_fence)| {
        assert_eq!(world.dynamo.item(&fence(&key(first))).await.is_some(), has_fence, "{name}");
    })
    .await;
    let again = world.send(Endpoint::Jwt, &request.header("Idempotency-Key", VALUE)).await;
    assert!(again.replayed() && again.body == kept.body, "the answer is stored for 24 hours");
    let run = revoke(&world, &["--user=7", "--apply=1"]);
    run.assert_revoked(&[]);
    assert!(run.stderr.contains("User 7 has no living keys"), "{run:?}");
}

#[tokio::test]
async fn every_page_of_the_index_is_read() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let mut keys = Vec::new();
    for _ in 0..12 {
        let stored = StoredKey::new().with("name", text(&"x".repeat(300_000)));
        keys.push(stored.key.clone());
        world.dynamo.put_item(stored.item).await;
    }
    let run = revoke_at(proxy.port(), &["--user=61", "--apply=1"]);
    assert!(proxy.count("Query") > 4, "{}", proxy.count("Query"));
    for key in &keys {
        assert!(run.revoked.contains(key), "{key}");
    }
}

#[tokio::test]
async fn a_key_that_is_unknown_or_over_is_a_failure() {
    let world = World::new().await;
    let over = StoredKey::new().expires_in(-60);
    world.dynamo.put_item(over.item.clone()).await;
    let before = state(&world).await;
    check_each_sync(pairs(["--chain=0", "--chain=1"], ["--apply=0", "--apply=1"]), |(chain, apply)| {
        let run = revoke(&world, &["--key", NOBODY, chain, apply]);
        run.assert_failed(1, &format!("no key {NOBODY} is there"));
        assert!(run.revoked.is_empty(), "{run:?}");
    });
    check_each_sync(["--apply=0", "--apply=1"], |apply| {
        let run = revoke(&world, &["--key", &over.key, apply]);
        run.assert_failed(1, &format!("{} is over", over.key));
    });
    assert_eq!(state(&world).await, before);
}

#[test]
fn a_malformed_option_is_one_line_before_anything_is_read() {
    let upper = VALUE.to_uppercase();
    let cases = [
        &["--apply=1"] as &[&str],
        &["--key", VALUE, "--user=7"],
        &["--key="],
        &["--key", &upper],
        &["--key", "idem#1"],
        &["--key", "fence#1"],
        &["--key", &format!("{VALUE}\n")],
        &["--user="],
        &["--user=0"],
        &["--user=-7"],
        &["--user=07"],
        &["--user=7.0"],
        &["--user=root"],
        &["--user=9007199254740992"],
        &["--user=\u{667}"],
        &["--user=7", "--chain=1"],
        &["--key", VALUE, "--chain=2"],
        &["--key", VALUE, "--descendants=1"],
        &["--user=7", "--apply=yes"],
        &["--user=7", "--table="],
        &["--user=7", "--table=apikeys", "--region="],
        &["--user=7", "--region=us-east-1"],
        &["--user=7", "--else=1"],
    ];
    check_each_sync(cases, |arguments| {
        let run = revoke_at(1, arguments);
        run.assert_failed(2, "");
        assert_eq!((run.revoked.len(), run.stderr.lines().count()), (0, 1), "{arguments:?} {run:?}");
    });
}

#[tokio::test]
async fn an_item_that_is_no_key_is_left_alone() {
    let world = World::new().await;
    let key = StoredKey::new();
    let mut strangers = Vec::new();
    for stranger in ["idem#00".to_owned(), format!("x\n{VALUE}"), VALUE.to_uppercase(), fence(VALUE)] {
        strangers.push(key.clone().with("key", text(&stranger)));
    }
    for stored in std::iter::once(&key).chain(&strangers) {
        world.dynamo.put_item(stored.item.clone()).await;
    }
    let run = revoke(&world, &["--user=61", "--apply=1"]);
    assert!(run.code == Some(0) && run.revoked.contains(&key.key), "{run:?}");
    for stranger in &strangers {
        let item = world.dynamo.item(stranger.item["key"].as_s().unwrap()).await;
        assert_eq!(item.as_ref(), Some(&stranger.item));
    }
}

#[tokio::test]
async fn a_damaged_record_prints_nothing_raw() {
    let world = World::new().await;
    let named = |name: &str| StoredKey::new().with("name", text(name));
    let cases = [
        ("control characters in the name", named("\u{1b}[2J\r\u{202e}"), true),
        ("createdBy", named("x").without("userId").with("createdBy", AttributeValue::Bool(true)), true),
        ("level", named("x").without("name").with("level", text("\n")).number("expiresAt", i64::MAX), true),
        ("no chain", named("x").number("expiresAt", 1_000_000_000_000).without("chain"), true),
        ("30 digits", named("x").with("expiresAt", AttributeValue::N("9".repeat(30))), true),
        ("null secretHash", named("x").with("secretHash", AttributeValue::Null(true)), true),
        ("expiresAt", named("x").with("expiresAt", text("\t")), false),
        ("no expiresAt", named("x").without("expiresAt"), false),
        ("no secretHash", named("x").without("secretHash"), false),
    ];
    check_each(cases, async |(_, damaged, is_markable)| {
        world.dynamo.put_item(damaged.item.clone()).await;
        let run = revoke(&world, &["--key", &damaged.key, "--apply=1"]);
        if is_markable {
            run.assert_revoked(&[&damaged.key]);
        } else {
            run.assert_failed(1, "has a damaged record");
            assert_eq!(world.dynamo.item(&damaged.key).await, Some(damaged.item.clone()));
        }
        assert!(!run.stderr.contains(['\u{1b}', '\r', '\t', '\u{202e}']), "{run:?}");
        assert!(run.stderr.lines().any(|line| line.starts_with(&damaged.key) && line.len() > 50), "{run:?}");
    })
    .await;
    let cases = [
        ("no chain", named("x").without("chain")),
        ("chain", named("x").with("chain", text("\u{1b}"))),
        ("no userId", named("x").without("userId")),
    ];
    check_each(cases, async |(_, damaged)| {
        world.dynamo.put_item(damaged.item.clone()).await;
        revoke(&world, &["--key", &damaged.key, "--chain=1", "--apply=1"]).assert_failed(1, "has a damaged record");
    })
    .await;
}

#[tokio::test]
async fn a_damaged_key_of_a_user_does_not_stop_the_others() {
    let world = World::new().await;
    let damaged = [StoredKey::new().without("secretHash"), StoredKey::new().without("chain")];
    for stored in &damaged {
        world.dynamo.put_item(stored.clone().number("userId", 7).number("createdAt", 1).item).await;
    }
    let (root, other) = (by_user(&world, 7).await, by_user(&world, 7).await);
    let child = by_key(&world, &root).await;
    let run = revoke(&world, &["--user=7", "--apply=1"]);
    run.assert_revoked(&[&key(&root), &key(&other), &key(&child), &damaged[1].key]);
    assert_dead(&world, &[&root, &other, &child]).await;
}

#[tokio::test]
async fn transient_faults_are_retried_and_a_lost_reply_is_no_failure() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let (root, single) = (by_user(&world, 7).await, by_user(&world, 7).await);
    let child = by_key(&world, &root).await;
    proxy.inject_at("GetItem", 1, Fault::dynamodb(500, "InternalServerError"));
    proxy.inject_at("UpdateItem", 1, Fault::dynamodb(400, "ThrottlingException"));
    proxy.inject_at("UpdateItem", 2, Fault::ApplyThenLose);
    revoke_at(proxy.port(), &["--key", &key(&single), "--apply=1"]).assert_revoked(&[&key(&single)]);
    assert_eq!(proxy.count("UpdateItem"), 3);
    proxy.inject_at("TransactWriteItems", 1, Fault::Reset);
    proxy.inject_at("TransactWriteItems", 2, Fault::ApplyThenLose);
    let run = revoke_at(proxy.port(), &["--key", &key(&child), "--chain=1", "--apply=1"]);
    run.assert_revoked(&[&key(&child), &key(&root)]);
    assert_dead(&world, &[&root, &child, &single]).await;
}

/// The reply to a transaction that DynamoDB has canceled for these reasons.
fn canceled(codes: &[&str]) -> Fault {
    let reasons: Vec<_> = codes.iter().map(|code| json!({ "Code": code })).collect();
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({ "__type": kind, "Message": "canary", "CancellationReasons": reasons });
    Fault::Respond { status: 400, content_type: "application/x-amz-json-1.0".to_owned(), body: body.to_string() }
}

#[tokio::test]
async fn a_conflict_of_transactions_is_waited_out() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let root = by_user(&world, 7).await;
    proxy.inject_at("TransactWriteItems", 1, canceled(&["None", "TransactionConflict"]));
    proxy.inject_at("TransactWriteItems", 2, canceled(&["ThrottlingError", "None"]));
    let arguments = ["--key", &key(&root), "--chain=1", "--apply=1"];
    revoke_at(proxy.port(), &arguments).assert_revoked(&[&key(&root)]);
    assert_eq!(proxy.count("TransactWriteItems"), 3);
    proxy.inject_at("TransactWriteItems", 1, canceled(&["ValidationError", "None"]));
    revoke_at(proxy.port(), &arguments).assert_failed(1, "DynamoDB canceled the transaction: ValidationError");
}

#[tokio::test]
async fn a_run_that_fails_half_way_says_so_and_the_next_one_ends_it() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let (first, second) = (by_user(&world, 7).await, by_user(&world, 7).await);
    proxy.inject_at("TransactWriteItems", 2, Fault::dynamodb(400, "AccessDeniedException"));
    let run = revoke_at(proxy.port(), &["--user=7", "--apply=1"]);
    run.assert_failed(1, "1 key is revoked, more may be living: repeat it.");
    assert!(run.stderr.contains("AccessDeniedException") && run.revoked.len() == 1, "{run:?}");
    let run = revoke_at(proxy.port(), &["--user=7", "--apply=1"]);
    assert!(run.code == Some(0) && run.revoked.len() == 1, "{run:?}");
    assert_dead(&world, &[&first, &second]).await;
}

/// Starts a run, calls `act` while the first call of an operation is held, and then lets the run continue.
async fn meanwhile(proxy: &Proxy, operation: &str, arguments: &[&str], act: impl AsyncFnOnce()) -> Run {
    proxy.inject_at(operation, 1, Fault::Hold);
    let run = command(proxy.port(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = tokio::time::timeout(Duration::from_secs(60), async {
        while proxy.count(operation) < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    begun.await.unwrap();
    act().await;
    proxy.release();
    Run::of(&run.wait_with_output().unwrap())
}

#[tokio::test]
async fn keys_that_are_created_meanwhile_end_too() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let root = by_user(&world, 7).await;
    let mut late = Vec::new();
    let create = async || late.extend([by_key(&world, &root).await, by_user(&world, 7).await]);
    let run = meanwhile(&proxy, "TransactWriteItems", &["--user=7", "--apply=1"], create).await;
    run.assert_revoked(&[&key(&root), &key(&late[0]), &key(&late[1])]);
    assert_dead(&world, &[&root, &late[0], &late[1]]).await;
}

#[tokio::test]
async fn two_revocations_at_once_keep_the_evidence_of_the_first() {
    let cases = [("UpdateItem", "--chain=0"), ("TransactWriteItems", "--chain=1")];
    check_each(cases, async |(operation, chain)| {
        let world = World::new().await;
        let proxy = Proxy::to(world.dynamo.port()).await;
        let root = by_user(&world, 7).await;
        let first = async || delete(&world, &key(&root), true).await;
        let run = meanwhile(&proxy, operation, &["--key", &key(&root), chain, "--apply=1"], first).await;
        run.assert_revoked(&[&key(&root)]);
        for name in [key(&root), fence(&key(&root))] {
            assert_eq!(world.dynamo.item(&name).await.unwrap()["revokedBy"], text("jwt:7"), "{chain}");
        }
    })
    .await;
}

#[test]
fn without_a_table_it_is_the_local_one() {
    let home = std::env::temp_dir().join(format!("apikeys-{}", hex::encode(host::random::<8>())));
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), "[no section").unwrap();
    // The run revokes nothing, and fails with or without a running `make run`, since the key does not exist.
    let mut command = Command::new(python());
    command.env_clear().env("HOME", &home).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let program = host::repository().join("tests/tools/revoke.py");
    let run = Run::of(&command.arg(program).args(["--key", NOBODY]).output().unwrap());
    std::fs::remove_dir_all(home).unwrap();
    assert!(run.stderr.starts_with(&format!("Table {TABLE_NAME} at http://127.0.0.1:9001\n")), "{run:?}");
    run.assert_failed(1, "");
}

#[tokio::test]
async fn make_takes_nothing_from_the_environment() {
    let world = World::new().await;
    let (root, by_shell) = (by_user(&world, 7).await, by_user(&world, 61).await);
    let (root_key, region) = (format!("KEY={}", key(&root)), format!("REGION={REGION}"));
    let table = format!("TABLE={TABLE_NAME}");
    let shell = [("USER", "61"), ("CHAIN", "1"), ("KEY", NOBODY), ("APPLY", "1")];
    let run = make(&world, &shell, &[&table, &region]);
    assert_eq!((run.code, run.revoked.len()), (Some(2), 0), "{run:?}");
    assert!(run.stderr.starts_with("revoke: name a key or a user: make revoke"), "{run:?}");
    let run = make(&world, &shell, &[&table, &region, &root_key]);
    run.assert_revoked(&[]);
    let how = format!("Nothing was revoked. To revoke: make revoke {root_key} {table} {region} APPLY=1\n");
    assert!(run.stderr.contains("1 key is living.") && run.stderr.ends_with(&how), "{run:?}");
    assert_alive(&world, &[&root, &by_shell]).await;
    let run = make(&world, &[("TABLE", TABLE_NAME)], &[&format!("KEY={NOBODY}")]);
    assert!(run.stderr.starts_with("Table apikeys at http://127.0.0.1:9001\n"), "{run:?}");
}

#[tokio::test]
async fn make_passes_on_what_its_command_line_has() {
    let world = World::new().await;
    let (root, foreign) = (by_user(&world, 7).await, by_user(&world, 61).await);
    let child = by_key(&world, &root).await;
    let (table, region) = (format!("TABLE={TABLE_NAME}"), format!("REGION={REGION}"));
    let odd = make(&world, &[], &[&table, &region, "USER=7' || echo revoked; '"]);
    assert_eq!((odd.code, odd.revoked.len()), (Some(2), 0), "{odd:?}");
    let run = make(&world, &[], &[&table, &region, &format!("KEY={}", key(&root)), "CHAIN=1", "APPLY=1"]);
    run.assert_revoked(&[&key(&root)]);
    let user = by_user(&world, 7).await;
    let run = make(&world, &[("USER", "61")], &[&table, &region, "USER=7", "APPLY=1"]);
    run.assert_revoked(&[&key(&user), &key(&root), &key(&child)]);
    assert_dead(&world, &[&root, &child, &user]).await;
    assert_alive(&world, &[&foreign]).await;
    let absent = make(&world, &[], &["TABLE=no-such-table", &region, "USER=7"]);
    assert!(
        absent.code == Some(2) && absent.stderr.contains("revoke: ") && !absent.stderr.contains("Traceback"),
        "{absent:?}"
    );
}
