//! The documented limits are exactly those of the code.

use serde_json::{Value, json};
use tests::token::Claims;

use super::document::{Document, matches};
use super::operation::{Action, Operation};
use crate::failures::{check_each, pairs};
use crate::support::{Endpoint, StoredKey, World, assert_refused};

const CREATE: Operation = Operation::new(Action::Create, Endpoint::Jwt);

fn members(document: &Document) -> &Value {
    &Document::content(&document.operation(CREATE)["requestBody"])["schema"]["properties"]
}

#[tokio::test]
async fn numbers_are_valid_exactly_within_the_documented_bounds() {
    let document = Document::read();
    let world = World::new().await;
    let bounded =
        [("level", "invalidLevel", "invalidLevel"), ("expiresIn", "invalidExpiresIn", "expiresInHigherThanMaximum")];
    let cases = bounded.into_iter().flat_map(|(member, below, above)| {
        let schema = &members(&document)[member];
        let (least, most) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
        [(least - 1, Some(below)), (least, None), (most, None), (most + 1, Some(above))]
            .map(|(number, refusal)| (member, number, refusal))
    });
    let cases: Vec<_> = cases.collect();
    check_each(pairs(Endpoint::ALL, cases), async |(endpoint, (member, number, refusal))| {
        let mut body = json!({"name": "a", "level": 3, "expiresIn": 60});
        body[member] = number.into();
        let answer = world.send(endpoint, &world.request(endpoint).body(body.to_string())).await;
        match refusal {
            Some(code) => assert_refused(&answer, 400, code, &body.to_string()),
            None => world.assert_created(&answer, &body.to_string()).await,
        }
    })
    .await;
}

/// If the name is valid, the missing level is refused.
#[tokio::test]
async fn a_name_is_valid_exactly_if_the_documented_schema_accepts_it() {
    let document = Document::read();
    let schema = &members(&document)["name"];
    let world = World::new().await;
    let anyone = world.request(Endpoint::Jwt);
    // These ranges contain every character with a special meaning.
    let ranges = ['\0'..'\u{180}', '\u{1670}'..'\u{1690}', '\u{1ff0}'..'\u{2080}', '\u{2ff0}'..'\u{3010}'];
    let samples = ['\u{fdd0}', '\u{feff}', '\u{ffff}', '\u{10000}', '\u{e0001}', '\u{10ffff}'];
    let mut names = Vec::new();
    for character in ranges.into_iter().flatten().chain(samples) {
        names.extend([
            character.to_string(),
            format!("a{character}"),
            format!("{character}a"),
            format!(" {character} "),
        ]);
    }
    for (first, length) in [("x", 255), ("x", 256), ("😀", 255), ("😀", 256), (" ", 255), (" ", 256)] {
        names.push(format!("{first}{}", "y".repeat(length)));
    }
    names.extend(["", "\u{a0}\u{3000}", "  a", "a\n", "\na", "مفتاح", "👩‍👩‍👧"].map(str::to_owned));
    check_each(names, async |name| {
        let answer = world.send(Endpoint::Jwt, &anyone.clone().body(json!({ "name": name }).to_string())).await;
        assert_eq!(matches(schema, &name), answer.body.contains("levelMissing"), "{name:?}: {}", answer.body);
    })
    .await;
}

/// If the idempotency key is valid, the level is refused, since it is higher than the caller's.
#[tokio::test]
async fn an_idempotency_key_is_valid_exactly_if_the_documented_pattern_matches() {
    let document = Document::read();
    let (schema, example) = document.parameter(CREATE, "Idempotency-Key");
    let example = example.as_str().unwrap();
    let digit = |index: usize, digit: u32| format!("{}{digit:x}{}", &example[..index], &example[index + 1..]);
    let mut values: Vec<String> = (0..16).flat_map(|value| [digit(14, value), digit(19, value)]).collect();
    values.extend(["", "order-1", "\"\""].map(str::to_owned));
    values.extend([example.to_uppercase(), example.replace('-', ""), format!("{{{example}}}"), format!("{example}0")]);
    values.extend([format!("\"{example}\""), format!("\"{example}"), format!("{example}\""), format!("'{example}'")]);
    values.extend([format!("{example},{example}"), example.replace("2b", "2g"), format!("urn:uuid:{example}")]);
    for prefix in ["order-1:", "a", "-", ".", "_", " ", "/", "+", "é", "\"", "a\u{0}", &"x".repeat(64), &"x".repeat(65)]
    {
        values.push(format!("{prefix}{example}"));
    }
    let world = World::new().await;
    let user = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new()));
    let user = user.body(r#"{"name":"a","level":8,"expiresIn":60}"#);
    check_each(values, async |value| {
        let answer = world.send(Endpoint::Jwt, &user.clone().header("Idempotency-Key", &value)).await;
        // The schema does not include the quotes of a structured field, since generated clients should not send them.
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&value);
        assert_eq!(matches(schema, bare), answer.body.contains("keyLevelExceedsRoleLevel"), "{value:?}");
    })
    .await;
}

#[tokio::test]
async fn the_largest_body_has_the_documented_16_kib() {
    let document = Document::read();
    let world = World::new().await;
    check_each(Endpoint::ALL, async |endpoint| {
        let create = Operation::new(Action::Create, endpoint);
        let description = document.operation(create)["requestBody"]["description"].as_str().unwrap();
        assert!(description.contains("at most 16 KiB"), "{description}");
        let body = |bytes: usize| {
            let body = r#"{"name":"a","level":3,"expiresIn":60,"padding":""}"#;
            body.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - body.len())))
        };
        let answer = world.send(endpoint, &world.request(endpoint).body(body(16 * 1024))).await;
        world.assert_created(&answer, "16 KiB").await;
        let answer = world.send(endpoint, &world.request(endpoint).body(body(16 * 1024 + 1))).await;
        assert_refused(&answer, 400, "postBodyInvalid", "one byte more");
    })
    .await;
}

/// The code of the answer to a list or a revocation with one parameter; `null` for success.
async fn code(world: &World, operation: Operation, name: &str, value: &str) -> Value {
    let authorization = world.authorization(operation.endpoint);
    let request = operation.request_by(&authorization, "no-uuid").query(name, value);
    let answer = operation.send(world, &request).await;
    serde_json::from_str::<Value>(&answer.body).unwrap()["error"].take()
}

#[tokio::test]
async fn numbers_of_a_list_are_valid_exactly_within_the_documented_bounds() {
    let document = Document::read();
    let world = World::new().await;
    let parameters = [("limit", "limitInvalid"), ("userId", "userIdInvalid")];
    check_each(pairs(Endpoint::ALL, parameters), async |(endpoint, (name, refusal))| {
        let list = Operation::new(Action::List, endpoint);

        let (schema, _) = document.parameter(list, name);
        let (least, most) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
        let numbers = [(least - 1, false), (least, true), (most, true), (most + 1, false)];
        check_each(numbers, async |(number, is_legal)| {
            let code = code(&world, list, name, &number.to_string()).await;
            assert_eq!(code != refusal, is_legal, "{endpoint:?}, {name}={number}: {code}");
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_list_without_a_limit_has_the_documented_number_of_keys() {
    let document = Document::read();
    let list = Operation::new(Action::List, Endpoint::Jwt);
    let default = document.parameter(list, "limit").0["default"].as_u64().unwrap();
    let world = World::new().await;
    for _ in 0..default {
        world.dynamo.put_item(StoredKey::new().item).await;
    }
    let answer = list.send(&world, &list.request_by(&world.authorization(Endpoint::Jwt), "")).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    // One more key is the caller of the key function.
    assert_eq!((body["apikeys"].as_array().unwrap().len() as u64, body["cursor"].is_string()), (default, true));
}

#[tokio::test]
async fn a_cursor_is_valid_exactly_if_the_documented_pattern_matches() {
    let document = Document::read();
    let list = Operation::new(Action::List, Endpoint::Jwt);
    let (schema, _) = document.parameter(list, "cursor");
    let world = World::new().await;
    let legal = "AAAAAGNny1p-un1cC5xNCo1vKk0cajtS";
    let mut values: Vec<String> = ('-'..='z').map(|character| format!("{}{character}", &legal[..31])).collect();
    values.extend(["", "0", &legal[1..], &legal[..31]].map(str::to_owned));
    values.extend([format!("{legal}A"), format!("{}=", &legal[..31]), format!("{legal}=")]);
    // These characters have a meaning in a query.
    values.retain(|value| !value.contains(['%', '&', '+', ';', '#']));
    check_each(values, async |value| {
        let code = code(&world, list, "cursor", &value).await;
        assert_eq!(matches(schema, &value), code != "cursorInvalid", "{value:?}: {code}");
    })
    .await;
}

/// If the parameter is valid, the malformed id is not found, or the level of the key does not suffice.
#[tokio::test]
async fn a_chain_is_valid_exactly_as_a_documented_boolean() {
    let document = Document::read();
    let world = World::new().await;
    let values = ["true", "false", "", "TRUE", "True", "1", "0", "null", "yes"];
    check_each(pairs(Endpoint::ALL, values), async |(endpoint, value)| {
        let revoke = Operation::new(Action::Revoke, endpoint);
        let (schema, _) = document.parameter(revoke, "chain");
        assert_eq!((&schema["type"], &schema["default"]), (&json!("boolean"), &json!(false)));

        let code = code(&world, revoke, "chain", value).await;
        assert_eq!(["true", "false"].contains(&value), code != "chainInvalid", "{endpoint:?}, {value:?}: {code}");
    })
    .await;
}
