//! `make revoke`: its output, and the keys that it deletes.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::dynamo::{REGION, TABLE_NAME};
use tests::event::Request;
use tests::fault::{Fault, Proxy};
use tests::host;
use tests::rotation::Rotation;
use tests::secrets_manager::{SecretsManager, Version, unique_prefix};
use tests::stored_key::basic;
use tests::token::Claims;

use crate::support::{Answer, Endpoint, StoredKey, World, assert_refused};

const VALUE: &str = "5d3f2d35-6d0e-4f5c-9f6f-0c6f3f1d7c11";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// The result of a run.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    gone: Vec<String>,
    said: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let gone = text(&output.stdout).lines().map(str::to_owned).collect();
        Self { code: output.status.code(), gone, said: text(&output.stderr) }
    }

    /// Asserts that the run succeeded and deleted exactly these keys, in any order.
    fn assert_gone(&self, keys: &[&str]) {
        let (mut gone, mut keys) = (self.gone.clone(), keys.to_vec());
        gone.sort();
        keys.sort_unstable();
        assert_eq!((self.code, gone), (Some(0), keys.iter().map(|key| (*key).to_owned()).collect()), "{}", self.said);
    }

    /// Asserts that the run failed, and that its last line contains this text.
    fn assert_failed(&self, code: i32, line: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let last: Vec<_> = self.said.lines().filter(|said| said.starts_with("revoke: ")).collect();
        assert!(
            last.len() == 1 && last[0].contains(line) && self.said.ends_with(&format!("{}\n", last[0])),
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

async fn state(world: &World) -> Vec<String> {
    let sorted = |item| std::collections::BTreeMap::from_iter(item);
    let mut items: Vec<_> = world.dynamo.items().await.into_iter().map(|item| format!("{:?}", sorted(item))).collect();
    items.sort();
    items
}

#[tokio::test]
async fn without_apply_everything_is_shown_and_nothing_is_deleted() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    let child = by_key(&world, &parent).await;
    let before = state(&world).await;
    for apply in ["--apply=", "--apply=0"] {
        let run = revoke(&world, &["--key", &key(&parent), "--descendants=1", apply]);
        run.assert_gone(&[]);
        let row = |answer: &Answer, created_by: &str| {
            let end = answer.apikey("expiresAt").as_str().unwrap().replace(".000Z", "Z");
            format!(
                "{}  4  7  {created_by}  {end}  {}\n",
                key(answer),
                answer.apikey("name").to_string().replace('"', "'")
            )
        };
        assert!(run.said.contains(&row(&parent, "jwt")), "{run:?}");
        assert!(run.said.contains(&row(&child, &format!("key:{}", key(&parent)))), "{run:?}");
        let how = format!("To delete: make revoke KEY={} DESCENDANTS=1 APPLY=1\n", key(&parent));
        assert!(run.said.contains("2 keys are there, and nothing was deleted") && run.said.ends_with(&how), "{run:?}");
        assert!(run.said.contains("<DeliveryPrefix>7/..."), "{run:?}");
        assert_eq!(state(&world).await, before);
    }
    assert_alive(&world, &[&parent, &child]).await;
}

#[tokio::test]
async fn without_descendants_only_the_named_key_is_deleted() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    let child = by_key(&world, &parent).await;
    revoke(&world, &["--key", &key(&parent), "--apply=1"]).assert_gone(&[&key(&parent)]);
    assert_dead(&world, &[&parent]).await;
    assert_alive(&world, &[&child]).await;
    for descendants in ["--descendants=", "--descendants=0"] {
        let run = revoke(&world, &["--key", &key(&parent), descendants, "--apply=1"]);
        run.assert_failed(1, "is there: it never was");
    }
    assert_alive(&world, &[&child]).await;
}

#[tokio::test]
async fn revoking_descendants_deletes_three_generations_and_no_other_key() {
    let world = World::new().await;
    let (root, sibling) = (by_user(&world, 7).await, by_user(&world, 7).await);
    let (child, other) = (by_key(&world, &root).await, by_key(&world, &root).await);
    let grandchild = by_key(&world, &child).await;
    let last = by_key(&world, &grandchild).await;
    let run = revoke(&world, &["--key", &key(&child), "--descendants=1", "--apply=1"]);
    run.assert_gone(&[&key(&child), &key(&grandchild), &key(&last)]);
    assert_eq!(run.gone, [key(&child), key(&last), key(&grandchild)], "the named key first, then the newest");
    assert_dead(&world, &[&child, &grandchild, &last]).await;
    assert_alive(&world, &[&root, &other, &sibling]).await;
}

#[tokio::test]
async fn the_descendants_of_a_deleted_key_are_deleted_too() {
    let world = World::new().await;
    let root = by_user(&world, 7).await;
    let child = by_key(&world, &root).await;
    world.dynamo.delete_item(&key(&root)).await;
    revoke(&world, &["--key", &key(&root), "--descendants=1", "--apply=1"]).assert_gone(&[&key(&child)]);
    assert_dead(&world, &[&child]).await;
}

#[tokio::test]
async fn a_deleted_generation_hides_the_next_one_and_is_reported() {
    let world = World::new().await;
    let root = by_user(&world, 7).await;
    let child = by_key(&world, &root).await;
    let grandchild = by_key(&world, &child).await;
    let foreign = by_user(&world, 8).await;
    let foreign_child = by_key(&world, &foreign).await;
    world.dynamo.delete_item(&key(&child)).await;
    world.dynamo.delete_item(&key(&foreign)).await;
    for apply in ["--apply=0", "--apply=1"] {
        let run = revoke(&world, &["--key", &key(&root), "--descendants=1", apply]);
        assert!(run.said.contains(&format!("\n  KEY={} DESCENDANTS=1\n", key(&child))), "{run:?}");
        assert!(!run.said.contains(&key(&foreign)), "{run:?}");
    }
    assert_alive(&world, &[&grandchild, &foreign_child]).await;
    revoke(&world, &["--key", &key(&child), "--descendants=1", "--apply=1"]);
    assert_dead(&world, &[&root, &grandchild]).await;
}

#[tokio::test]
async fn a_rotations_successor_is_a_descendant_except_with_descendants_keys() {
    let (secrets, prefix) = (SecretsManager::shared(), unique_prefix());
    let endpoint = secrets.endpoint();
    let world = World::with(&[("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint), ("DELIVERY_PREFIX", &prefix)]).await;
    let old = by_user(&world, 7).await;
    let child = by_key(&world, &old).await;
    let value = json!({ "key": old.apikey("key"), "secret": old.apikey("secret") }).to_string();
    let arn = secrets.create(&format!("{prefix}7/ci"), &value).await;
    let rotation = Rotation::begin(secrets, &arn).await.unwrap();
    let call = || Call::at(Timestamp::now(), 60_000, Randomness::draw());
    rotation.run(async |event| world.invoke_raw(Endpoint::Key, &event, call()).await).await.unwrap();
    let new: serde_json::Value = serde_json::from_str(&secrets.value(&arn, Version::CURRENT).await.unwrap()).unwrap();
    let (new, secret) = (new["key"].as_str().unwrap(), new["secret"].as_str().unwrap());
    let successor = async || {
        let request = World::anonymous(Endpoint::Key).header("Authorization", &basic(new, secret));
        world.send(Endpoint::Key, &request.body(asks("of a successor"))).await
    };
    let grandchild = successor().await;
    let run = revoke(&world, &["--key", &key(&old), "--descendants=keys", "--apply=1"]);
    run.assert_gone(&[&key(&old), &key(&child)]);
    assert_alive(&world, &[&grandchild]).await;
    world.dynamo.delete_item(&key(&by_key(&world, &grandchild).await)).await;
    revoke(&world, &["--key", &key(&old), "--descendants=1", "--apply=1"]);
    assert_dead(&world, &[&old, &child, &grandchild]).await;
    assert_refused(&successor().await, 403, "authenticationFailed", "the successor");
    assert_eq!(secrets.versions(&arn).await.len(), 2, "the secret is kept");
}

#[tokio::test]
async fn revoking_a_user_deletes_all_keys_of_that_user_and_nothing_else() {
    let world = World::new().await;
    let bearer = world.bearer(&Claims::new().id(7).role("admin"));
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &bearer).body(asks("kept"));
    let kept = world.send(Endpoint::Jwt, &request.clone().header("Idempotency-Key", VALUE)).await;
    let (second, foreign) = (by_user(&world, 7).await, by_user(&world, 77).await);
    let child = by_key(&world, &kept).await;
    let run = revoke(&world, &["--user=7", "--apply=1"]);
    run.assert_gone(&[&key(&kept), &key(&second), &key(&child)]);
    assert!(!run.said.contains("idem#"), "{run:?}");
    assert_dead(&world, &[&kept, &second, &child]).await;
    assert_alive(&world, &[&foreign]).await;
    let memos =
        world.dynamo.items().await.iter().filter(|item| item["key"].as_s().unwrap().starts_with("idem#")).count();
    assert_eq!(memos, 1);
    let again = world.send(Endpoint::Jwt, &request.header("Idempotency-Key", VALUE)).await;
    assert!(again.replayed() && again.body == kept.body, "the answer is stored for 24 hours");
    let run = revoke(&world, &["--user=7", "--apply=1"]);
    run.assert_gone(&[]);
    assert!(run.said.contains("User 7 has no keys"), "{run:?}");
}

#[tokio::test]
async fn an_unknown_or_revoked_key_is_reported_as_unknown() {
    let world = World::new().await;
    let parent = by_user(&world, 7).await;
    revoke(&world, &["--key", &key(&parent), "--apply=1"]).assert_gone(&[&key(&parent)]);
    for unknown in [&key(&parent), NOBODY] {
        for more in
            [["--apply=1", "--descendants=0"], ["--apply=0", "--descendants=1"], ["--apply=1", "--descendants=1"]]
        {
            let run = revoke(&world, &["--key", unknown, more[0], more[1]]);
            run.assert_failed(1, &format!("no key {unknown} is there"));
            assert!(run.gone.is_empty(), "{run:?}");
        }
    }
}

#[test]
fn malformed_arguments_are_one_error_line_before_any_read() {
    let upper = VALUE.to_uppercase();
    for arguments in [
        &["--apply=1"] as &[&str],
        &["--key", VALUE, "--user=7"],
        &["--key="],
        &["--key", &upper],
        &["--key", "idem#1"],
        &["--key", &format!("{VALUE}\n")],
        &["--user="],
        &["--user=0"],
        &["--user=-7"],
        &["--user=07"],
        &["--user=7.0"],
        &["--user=root"],
        &["--user=9007199254740992"],
        &["--user=\u{667}"],
        &["--user=7", "--descendants=2"],
        &["--user=7", "--apply=yes"],
        &["--user=7", "--table="],
        &["--user=7", "--table=apikeys", "--region="],
        &["--user=7", "--region=us-east-1"],
        &["--user=7", "--else=1"],
    ] {
        let run = revoke_at(1, arguments);
        run.assert_failed(2, "");
        assert_eq!((run.gone.len(), run.said.lines().count()), (0, 1), "{arguments:?} {run:?}");
    }
}

#[tokio::test]
async fn cycles_of_created_by_end_and_items_that_are_no_keys_stay() {
    let world = World::new().await;
    let by = |stored: StoredKey, parent: &str| stored.with("createdBy", AttributeValue::S(format!("key:{parent}")));
    let (first, second) = (StoredKey::new(), StoredKey::new());
    let (first, second) = (by(first.clone(), &second.key), by(second, &first.key));
    let itself = StoredKey::new();
    let itself = by(itself.clone(), &itself.key);
    let mut strangers = Vec::new();
    for stranger in ["idem#00".to_owned(), format!("x\n{VALUE}"), VALUE.to_uppercase()] {
        strangers.push(by(StoredKey::new(), &first.key).with("key", AttributeValue::S(stranger)));
    }
    for stored in [&first, &second, &itself].into_iter().chain(&strangers) {
        world.dynamo.put_item(stored.item.clone()).await;
    }
    for (key, circle, count) in
        [(&first.key, vec![&*first.key, &second.key], "2 keys are"), (&itself.key, vec![&*itself.key], "1 key is")]
    {
        let run = revoke(&world, &["--key", key, "--descendants=1"]);
        assert!(run.said.contains(&format!("{count} there, and")), "{run:?}");
        revoke(&world, &["--key", key, "--descendants=1", "--apply=1"]).assert_gone(&circle);
    }
    for stranger in &strangers {
        assert!(world.dynamo.item(stranger.item["key"].as_s().unwrap()).await.is_some(), "{stranger:?}");
    }
}

#[tokio::test]
async fn a_damaged_record_can_be_revoked_and_is_printed_escaped() {
    let world = World::new().await;
    let named = |name: &str| StoredKey::new().with("name", AttributeValue::S(name.to_owned()));
    for damaged in [
        named("\u{1b}[2J\r\u{202e}"),
        named("x").without("userId").without("secretHash").with("createdBy", AttributeValue::Bool(true)),
        named("x").without("name").with("level", AttributeValue::S("\n".to_owned())).number("expiresAt", i64::MAX),
        named("x").number("expiresAt", 1_000_000_000_000),
        named("x").with("expiresAt", AttributeValue::N("9".repeat(30))),
        named("x").with("expiresAt", AttributeValue::S("\t".to_owned())),
        named("x").with("userId", AttributeValue::Null(true)).with("secretHash", AttributeValue::Null(true)),
    ] {
        world.dynamo.put_item(damaged.item.clone()).await;
        let run = revoke(&world, &["--key", &damaged.key, "--descendants=1", "--apply=1"]);
        run.assert_gone(&[&damaged.key]);
        assert!(!run.said.contains(['\u{1b}', '\r', '\t', '\u{202e}']), "{run:?}");
        assert!(run.said.lines().any(|line| line.starts_with(&damaged.key) && line.len() > 50), "{run:?}");
    }
}

#[tokio::test]
async fn every_page_is_read_with_consistent_reads() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let root = StoredKey::new();
    world.dynamo.put_item(root.item.clone()).await;
    let mut keys = vec![root.key.clone()];
    for _ in 0..12 {
        let child = StoredKey::new().with("createdBy", AttributeValue::S(format!("key:{}", root.key)));
        keys.push(child.key.clone());
        world.dynamo.put_item(child.with("padding", AttributeValue::S("x".repeat(300_000))).item).await;
    }
    let run = revoke_at(proxy.port(), &["--key", &root.key, "--descendants=1"]);
    assert!(run.said.contains("13 keys are there, and"), "{run:?}");
    let run = revoke_at(proxy.port(), &["--key", &root.key, "--descendants=1", "--apply=1"]);
    run.assert_gone(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(proxy.count("Scan") > 3, "{}", proxy.count("Scan"));
    for read in proxy.requests().iter().filter(|seen| ["Scan", "GetItem"].contains(&seen.operation.as_str())) {
        assert!(read.body.contains(r#""ConsistentRead": true"#), "{read:?}");
    }
}

#[tokio::test]
async fn transient_faults_and_lost_replies_are_retried() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let root = by_user(&world, 7).await;
    let child = by_key(&world, &root).await;
    proxy.on("GetItem", 1, Fault::dynamodb(500, "InternalServerError"));
    proxy.on("Scan", 1, Fault::dynamodb(400, "ThrottlingException"));
    proxy.on("DeleteItem", 1, Fault::Reset);
    proxy.on("DeleteItem", 3, Fault::ApplyThenLose);
    let run = revoke_at(proxy.port(), &["--key", &key(&root), "--descendants=1", "--apply=1"]);
    run.assert_gone(&[&key(&root), &key(&child)]);
    assert_eq!(proxy.count("DeleteItem"), 4);
    assert_dead(&world, &[&root, &child]).await;
}

#[tokio::test]
async fn a_run_that_fails_reports_it_and_the_next_run_completes_it() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    let root = by_user(&world, 7).await;
    let child = by_key(&world, &root).await;
    let grandchild = by_key(&world, &child).await;
    let last = by_key(&world, &grandchild).await;
    proxy.on("DeleteItem", 3, Fault::dynamodb(400, "AccessDeniedException"));
    let arguments = ["--key", &key(&root), "--descendants=1", "--apply=1"];
    let run = revoke_at(proxy.port(), &arguments);
    run.assert_failed(1, "2 keys are gone, more may be there: repeat it.");
    assert!(run.said.contains("AccessDeniedException"), "{run:?}");
    assert_eq!(run.gone, [key(&root), key(&last)]);
    revoke_at(proxy.port(), &arguments).assert_gone(&[&key(&child), &key(&grandchild)]);
    assert_dead(&world, &[&root, &child, &grandchild, &last]).await;
}

/// Starts a run, calls `act` while the nth deletion is held, and then lets the run continue.
async fn meanwhile(proxy: &Proxy, nth: usize, arguments: &[&str], act: impl AsyncFnOnce()) -> Run {
    proxy.on("DeleteItem", nth, Fault::Hold);
    let run = command(proxy.port(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = tokio::time::timeout(Duration::from_secs(60), async {
        while proxy.count("DeleteItem") < nth {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    begun.await.unwrap();
    act().await;
    proxy.release();
    Run::of(&run.wait_with_output().unwrap())
}

#[tokio::test]
async fn an_item_that_changed_after_it_was_shown_is_kept() {
    let world = World::new().await;
    for (attribute, value) in
        [("userId", AttributeValue::N("8".to_owned())), ("secretHash", AttributeValue::B(vec![0; 32].into()))]
    {
        let proxy = Proxy::to(world.dynamo.port()).await;
        let stored = StoredKey::new();
        world.dynamo.put_item(stored.item.clone()).await;
        let other = stored.clone().with(attribute, value);
        let put = async || world.dynamo.put_item(other.item.clone()).await;
        let run = meanwhile(&proxy, 1, &["--key", &stored.key, "--apply=1"], put).await;
        run.assert_failed(1, "0 keys are gone, 1 changed meanwhile");
        assert!(run.gone.is_empty() && world.dynamo.item(&stored.key).await == Some(other.item), "{run:?}");
    }
}

#[tokio::test]
async fn a_key_created_during_the_revocation_of_its_parent_is_deleted() {
    for who in ["--key", "--user"] {
        let world = World::new().await;
        let proxy = Proxy::to(world.dynamo.port()).await;
        let root = by_user(&world, 7).await;
        let child = by_key(&world, &root).await;
        let mut late = None;
        let named = if who == "--key" { key(&root) } else { "7".to_owned() };
        let make = async || late = Some(by_key(&world, &child).await);
        let run =
            meanwhile(&proxy, if who == "--key" { 2 } else { 1 }, &[who, &named, "--descendants=1", "--apply=1"], make)
                .await;
        let late = late.unwrap();
        run.assert_gone(&[&key(&root), &key(&child), &key(&late)]);
        assert_dead(&world, &[&root, &child, &late]).await;
    }
}

#[test]
fn the_default_table_is_the_local_one() {
    let home = std::env::temp_dir().join(format!("apikeys-{}", hex::encode(host::random::<8>())));
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), "[no section").unwrap();
    // The run deletes nothing, and fails with or without a running `make run`, since the key does not exist.
    let mut command = Command::new(python());
    command.env_clear().env("HOME", &home).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let program = host::repository().join("tests/tools/revoke.py");
    let run = Run::of(&command.arg(program).args(["--key", NOBODY]).output().unwrap());
    std::fs::remove_dir_all(home).unwrap();
    assert!(run.said.starts_with(&format!("Table {TABLE_NAME} at http://127.0.0.1:9001\n")), "{run:?}");
    run.assert_failed(1, "");
}

#[tokio::test]
async fn make_takes_no_argument_from_the_environment() {
    let world = World::new().await;
    let (root, by_shell) = (by_user(&world, 7).await, by_user(&world, 61).await);
    let (root_key, region) = (format!("KEY={}", key(&root)), format!("REGION={REGION}"));
    let table = format!("TABLE={TABLE_NAME}");
    let shell = [("USER", "61"), ("DESCENDANTS", "1"), ("KEY", NOBODY), ("APPLY", "1")];
    let run = make(&world, &shell, &[&table, &region]);
    assert_eq!((run.code, run.gone.len()), (Some(2), 0), "{run:?}");
    assert!(run.said.starts_with("revoke: name a key or a user: make revoke"), "{run:?}");
    let run = make(&world, &shell, &[&table, &region, &root_key]);
    run.assert_gone(&[]);
    let how = format!("To delete: make revoke {root_key} {table} {region} APPLY=1\n");
    assert!(run.said.contains("1 key is there, and nothing was deleted") && run.said.ends_with(&how), "{run:?}");
    assert_alive(&world, &[&root, &by_shell]).await;
    let run = make(&world, &[("TABLE", TABLE_NAME)], &[&format!("KEY={NOBODY}")]);
    assert!(run.said.starts_with("Table apikeys at http://127.0.0.1:9001\n"), "{run:?}");
}

#[tokio::test]
async fn make_passes_on_the_variables_of_its_command_line() {
    let world = World::new().await;
    let (root, foreign) = (by_user(&world, 7).await, by_user(&world, 61).await);
    let child = by_key(&world, &root).await;
    let (table, region) = (format!("TABLE={TABLE_NAME}"), format!("REGION={REGION}"));
    let odd = make(&world, &[], &[&table, &region, "USER=7' || echo gone; '"]);
    assert_eq!((odd.code, odd.gone.len()), (Some(2), 0), "{odd:?}");
    let run = make(&world, &[], &[&table, &region, &format!("KEY={}", key(&root)), "DESCENDANTS=1", "APPLY=1"]);
    run.assert_gone(&[&key(&root), &key(&child)]);
    let user = by_user(&world, 7).await;
    make(&world, &[("USER", "61")], &[&table, &region, "USER=7", "APPLY=1"]).assert_gone(&[&key(&user)]);
    assert_dead(&world, &[&root, &child, &user]).await;
    assert_alive(&world, &[&foreign]).await;
    let absent = make(&world, &[], &["TABLE=no-such-table", &region, "USER=7"]);
    assert!(
        absent.code == Some(2) && absent.said.contains("revoke: ") && !absent.said.contains("Traceback"),
        "{absent:?}"
    );
}
