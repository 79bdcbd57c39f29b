//! The documented limits are exactly those of the code.

use serde_json::{Value, json};
use tests::token::Claims;

use super::document::{Document, matches};
use crate::support::{Endpoint, World, assert_refused};

fn members(document: &Document) -> &Value {
    &Document::content(&document.operation(Endpoint::Jwt)["requestBody"])["schema"]["properties"]
}

#[tokio::test]
async fn numbers_are_valid_exactly_within_the_documented_bounds() {
    let document = Document::read();
    let world = World::new().await;
    for (member, below, above) in
        [("level", "invalidLevel", "invalidLevel"), ("expiresIn", "invalidExpiresIn", "expiresInHigherThanMaximum")]
    {
        let schema = &members(&document)[member];
        let (least, most) = (schema["minimum"].as_i64().unwrap(), schema["maximum"].as_i64().unwrap());
        for endpoint in Endpoint::ALL {
            for (number, refusal) in [(least - 1, Some(below)), (least, None), (most, None), (most + 1, Some(above))] {
                let mut body = json!({"name": "a", "level": 3, "expiresIn": 60});
                body[member] = number.into();
                let answer = world.send(endpoint, &world.request(endpoint).body(body.to_string())).await;
                match refusal {
                    Some(code) => assert_refused(&answer, 400, code, &body.to_string()),
                    None => world.assert_created(&answer, &body.to_string()).await,
                }
            }
        }
    }
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
    for name in names {
        let answer = world.send(Endpoint::Jwt, &anyone.clone().body(json!({ "name": name }).to_string())).await;
        assert_eq!(matches(schema, &name), answer.body.contains("levelMissing"), "{name:?}: {}", answer.body);
    }
}

/// If the idempotency key is valid, the level is refused, since it is higher than the caller's.
#[tokio::test]
async fn an_idempotency_key_is_valid_exactly_if_the_documented_pattern_matches() {
    let document = Document::read();
    let schema = &document.operation(Endpoint::Key)["parameters"][0]["schema"];
    let example = document.operation(Endpoint::Key)["parameters"][0]["example"].as_str().unwrap();
    let digit = |index: usize, digit: u32| format!("{}{digit:x}{}", &example[..index], &example[index + 1..]);
    let mut values: Vec<String> = (0..16).flat_map(|value| [digit(14, value), digit(19, value)]).collect();
    values.extend(["", "order-1", "\"\""].map(str::to_owned));
    values.extend([example.to_uppercase(), example.replace('-', ""), format!("{{{example}}}"), format!("{example}0")]);
    values.extend([format!("\"{example}\""), format!("\"{example}"), format!("{example}\""), format!("'{example}'")]);
    values.extend([format!("{example},{example}"), example.replace("2b", "2g"), format!("urn:uuid:{example}")]);
    let world = World::new().await;
    let user = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new()));
    let user = user.body(r#"{"name":"a","level":8,"expiresIn":60}"#);
    for value in values {
        let answer = world.send(Endpoint::Jwt, &user.clone().header("Idempotency-Key", &value)).await;
        // The schema does not include the quotes of a structured field, since generated clients should not send them.
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&value);
        assert_eq!(matches(schema, bare), answer.body.contains("keyLevelExceedsRoleLevel"), "{value:?}");
    }
}

#[tokio::test]
async fn the_largest_body_has_the_documented_16_kib() {
    let document = Document::read();
    let world = World::new().await;
    for endpoint in Endpoint::ALL {
        let description = document.operation(endpoint)["requestBody"]["description"].as_str().unwrap();
        assert!(description.contains("at most 16 KiB"), "{description}");
        let body = |bytes: usize| {
            let body = r#"{"name":"a","level":3,"expiresIn":60,"padding":""}"#;
            body.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - body.len())))
        };
        let answer = world.send(endpoint, &world.request(endpoint).body(body(16 * 1024))).await;
        world.assert_created(&answer, "16 KiB").await;
        let answer = world.send(endpoint, &world.request(endpoint).body(body(16 * 1024 + 1))).await;
        assert_refused(&answer, 400, "postBodyInvalid", "one byte more");
    }
}
