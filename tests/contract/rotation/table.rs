//! Every row of `tests/data/rotation.tsv`: a secret, its state, a step, and the expected answer.
//!
//! | Column | Meaning |
//! |---|---|
//! | `settings` | which of `DELIVERY_PREFIX` and `PROVISIONER_SECRET_ARN` are set |
//! | `secret` | `SecretId`; `{arn}`, `{name}`, `{prefix}` are the secret's, `{provisioner}` is the provisioner's ARN |
//! | `current`, `pending` | the values of the two versions, see `value`; `-` is none |
//! | `token` | the version in `ClientRequestToken`, see `token`, or any text |
//! | `step` | `Step`; `*` is all four |
//! | `calls` | the number of requests of one step to Secrets Manager; `-` is any number |

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::rotation::{Rotation, Step};
use tests::secrets_manager::{Version, new_token};
use tests::stored_key::fence;

use super::scene::{Scene, delivered};
use crate::failures::Failures;
use crate::support::StoredKey;

const ROWS: &str = include_str!("../../data/rotation.tsv");

struct Row {
    id: &'static str,
    settings: &'static str,
    secret: &'static str,
    current: &'static str,
    pending: &'static str,
    token: &'static str,
    step: &'static str,
    answer: &'static str,
    calls: &'static str,
}

fn rows() -> Vec<Row> {
    let row = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, settings, secret, current, pending, token, step, answer, calls, _note] = columns[..] else {
            panic!("ten columns: {line}");
        };
        Row { id, settings, secret, current, pending, token, step, answer, calls }
    };
    ROWS.lines().skip(1).map(row).collect()
}

#[test]
fn each_row_has_its_own_id() {
    let ids: BTreeSet<_> = rows().iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows().len());
    assert!(rows().len() > 60);
}

#[tokio::test]
async fn every_row_gets_its_answer_and_a_refusal_changes_nothing() {
    let mut scene = Scene::new().await;
    let (prefix, provisioner) = (scene.prefix.clone(), scene.provisioner.arn.clone());
    let mut failures = Failures::default();
    for row in rows() {
        let has = |setting: &str| row.settings == "both" || row.settings == setting;
        scene.set("DELIVERY_PREFIX", if has("prefix") { &prefix } else { "" });
        scene.set("PROVISIONER_SECRET_ARN", if has("provisioner") { &provisioner } else { "" });
        failures.check(row.id, check(&scene, &row)).await;
    }
    failures.assert_none();
}

/// Prepares the state of a row, and runs its steps.
async fn check(scene: &Scene, row: &Row) {
    let old = StoredKey::new();
    scene.dynamo.put_item(old.item.clone()).await;
    let arn = scene.keep(&value(scene, row.current, &old).await).await;
    let rotation = scene.begin(&arn).await;
    if row.pending != "-" {
        let staged = value(scene, row.pending, &old).await;
        scene.secrets.put(&arn, rotation.token(), &["AWSPENDING"], &staged).await;
    }
    let token = token(scene, row, &rotation).await;
    let state = scene.state(&arn).await;
    let steps = if row.step == "*" { Step::ALL.map(Step::name).to_vec() } else { vec![row.step] };
    let calls = scene.calls();
    // At the same time, since a refused step first waits for a version that could still appear.
    let event = |step| json!({ "Step": step, "SecretId": secret_id(scene, row, &arn), "ClientRequestToken": token });
    let answers = join_all(steps.iter().map(async |step| scene.invoke(&event(*step)).await)).await;
    let [to_secrets, to_dynamo] = [scene.calls().0 - calls.0, scene.calls().1 - calls.1];
    let expected = if row.answer == "null" { Ok(Value::Null) } else { Err(row.answer) };
    for (step, answer) in steps.iter().zip(answers) {
        assert_eq!(answer, expected, "{} {step}", row.id);
    }
    let calls = row.calls.parse::<usize>().map(|calls| calls * steps.len());
    assert!(calls.is_err() || calls == Ok(to_secrets), "{}: {to_secrets} calls", row.id);
    assert!(calls != Ok(0) || to_dynamo == 0, "{}: {to_dynamo} calls to DynamoDB", row.id);
    assert!(row.answer == "null" || scene.state(&arn).await == state, "{}: changed from {state:?}", row.id);
}

fn secret_id(scene: &Scene, row: &Row, arn: &str) -> String {
    let (_, resource) = arn.split_once(":secret:").unwrap();
    let (name, _) = resource.rsplit_once('-').unwrap();
    let folder = scene.prefix.trim_end_matches('/');
    row.secret
        .replace("{arn}", arn)
        .replace("{name}", name)
        .replace("{prefix}", &scene.prefix)
        .replace("{folder}", folder)
        .replace("{FOLDER}", &folder.to_uppercase())
        .replace("{provisioner}", &scene.provisioner.arn)
}

async fn token(scene: &Scene, row: &Row, rotation: &Rotation) -> String {
    match row.token {
        "pending" => rotation.token().to_owned(),
        "current" => scene.secrets.try_version_with(rotation.arn(), "AWSCURRENT").await.unwrap().unwrap(),
        "custom" => {
            let token = new_token();
            scene.secrets.put(rotation.arn(), &token, &["CUSTOM"], "{}").await;
            token
        }
        "superseded" => {
            scene.secrets.put(rotation.arn(), &new_token(), &["AWSPENDING"], "{}").await;
            rotation.token().to_owned()
        }
        "upper" => rotation.token().to_uppercase(),
        "padded" => format!("{} ", rotation.token()),
        "disabled" => {
            rotation.disable().await.unwrap();
            rotation.token().to_owned()
        }
        "previous" => {
            // The version that was current before another value was stored.
            let previous = scene.secrets.try_version_with(rotation.arn(), "AWSCURRENT").await.unwrap().unwrap();
            let value = scene.secrets.value(rotation.arn(), Version::CURRENT).await.unwrap();
            scene.secrets.put(rotation.arn(), &new_token(), &["AWSCURRENT"], &value).await;
            previous
        }
        text => text.to_owned(),
    }
}

/// The secret's value with this name in the table. `old` is the key of `delivered`.
async fn value(scene: &Scene, name: &str, old: &StoredKey) -> String {
    let whole = delivered(old);
    let with = |member: &str, value: Value| {
        let mut whole = whole.clone();
        whole[member] = value;
        whole.to_string()
    };
    let without = |member: &str| {
        let mut whole = whole.clone();
        whole.as_object_mut().unwrap().remove(member);
        whole.to_string()
    };
    // A key with the same name, level and user, as `createSecret` stages it.
    let new = StoredKey::new();
    let staged = |member: &str, value: Value| {
        let mut whole = delivered(&new);
        whole[member] = value;
        whole.to_string()
    };
    match name {
        "delivered" => whole.to_string(),
        "password" => "a password".to_owned(),
        "list" => json!([old.key, old.secret]).to_string(),
        "empty" => "{}".to_owned(),
        "other" => json!({ "username": "x", "password": "y" }).to_string(),
        "response" => json!({ "result": "success", "apikey": whole }).to_string(),
        "twice" => whole.to_string().replacen('{', &format!(r#"{{"key":"{}","#, old.key), 1),
        "trailing" => format!("{whole} x"),
        "noKey" => without("key"),
        "noSecret" => without("secret"),
        "mistypedKey" => with("key", json!(7)),
        "upperCaseKey" => with("key", old.key.to_uppercase().into()),
        "shortSecret" => with("secret", old.secret[1..].into()),
        "wrongSecret" => with("secret", "0".repeat(64).into()),
        "unknown" => delivered(&new).to_string(),
        "stored" | "storedApikey" | "expired" | "damaged" | "revoked" | "fenced" | "later" => {
            let stored = new.clone();
            let other = AttributeValue::S(StoredKey::new().key);
            let stored = match name {
                "expired" => stored.expires_in(-1),
                "damaged" => stored.without("level"),
                "revoked" => stored.revoked(),
                "fenced" => {
                    scene.dynamo.put_item(fence(other.as_s().unwrap())).await;
                    stored.with("chain", other)
                }
                "later" => stored.with("chain", other),
                _ => stored,
            };
            scene.dynamo.put_item(stored.item).await;
            if name == "storedApikey" { super::scene::apikey(&new) } else { delivered(&new).to_string() }
        }
        // A stored successor of the current key, which is then revoked or deleted.
        "successorOfRevoked" | "successorOfDeleted" | "successorOfFenced" => {
            let lineage = AttributeValue::S(format!("rotation:{}", old.key));
            let stored = new.clone().with("createdBy", lineage).with("chain", AttributeValue::S(old.key.clone()));
            scene.dynamo.put_item(stored.item).await;
            match name {
                "successorOfDeleted" => scene.dynamo.delete_item(&old.key).await,
                "successorOfFenced" => scene.dynamo.put_item(fence(&old.key)).await,
                _ => scene.dynamo.put_item(old.clone().revoked().item).await,
            }
            delivered(&new).to_string()
        }
        "upperCaseSecret" => with("secret", "AB".repeat(32).into()),
        "bom" => format!("\u{feff}{whole}"),
        "deep" => with("more", (0..200).fold(Value::Null, |deep, _| json!([deep]))),
        "textExpiresIn" => with("expiresIn", "3600".into()),
        "storedOther" => {
            let stored = new.clone().number("userId", 7).level(8);
            scene.dynamo.put_item(stored.item.clone()).await;
            delivered(&stored).to_string()
        }
        "longExpiresIn" => staged("expiresIn", json!(3_000_000_000_u64)),
        "successor" => delivered(&new).to_string(),
        "otherLevel" => staged("level", json!(5)),
        "lowerLevel" => staged("level", json!(3)),
        "impossibleLevel" => staged("level", json!(9)),
        "otherName" => staged("name", "another".into()),
        "otherUser" => staged("userId", json!(62)),
        "noExpiresIn" => staged("expiresIn", Value::Null),
        "localExpiresAt" => staged("expiresAt", "2199-01-01".into()),
        _ => panic!("unknown value: {name}"),
    }
}
