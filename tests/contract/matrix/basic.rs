//! Group E: HTTP Basic with an existing key. RFC 7617.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use tests::stored_key::basic;

use super::{Endpoint, Expected, FAILED, Rows, World, assert_rows};
use crate::support::StoredKey;

#[tokio::test]
async fn only_a_valid_key_with_its_own_secret_authenticates() {
    let world = World::new().await;
    assert_rows(&world, rows(&world).await).await;
}

const FAULT: Expected = Expected::Refused(500, "createApikeyFailed");

pub(super) async fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let caller = StoredKey::new();
    world.dynamo.put_item(caller.item.clone()).await;
    credentials(&mut rows, &caller);
    // A random secret need not contain a letter; this one does.
    let lettered = StoredKey::with_secret([0xab; 32]);
    world.dynamo.put_item(lettered.item.clone()).await;
    add(&mut rows, "E19", "lower case", &lettered.authorization(), Expected::Created);
    add(&mut rows, "E19", "upper case", &basic(&lettered.key, &lettered.secret.to_uppercase()), FAILED);
    encodings(&mut rows, &caller);
    records(&mut rows, world).await;
    rows
}

fn add(rows: &mut Rows, id: &'static str, what: &str, authorization: &str, expected: Expected) {
    let request = World::anonymous(Endpoint::Key).header("Authorization", authorization);
    rows.add_twice(id, what, Endpoint::Key, &request, expected);
}

fn credentials(rows: &mut Rows, caller: &StoredKey) {
    let StoredKey { key, secret, .. } = caller;
    let mut plain = |id, text: &str, expected| {
        add(rows, id, text, &format!("Basic {}", STANDARD.encode(text)), expected);
    };
    plain("E01", &format!("{key}:{secret}"), Expected::Created);
    plain("E02", key, FAILED);
    plain("E02", &format!("{key}{secret}"), FAILED);
    plain("E02", "", FAILED);
    plain("E03", &format!(":{secret}"), FAILED);
    plain("E03", ":", FAILED);
    plain("E04", &format!("{key}:"), FAILED);
    plain("E06", &format!("{key}:{secret}:"), FAILED);
    plain("E06", &format!("{key}::{secret}"), FAILED);
    plain("E06", &format!("{key}:{key}:{secret}"), FAILED);
    for odd in ["\0", "\n", "\u{7f}", " ", "é"] {
        plain("E12", &format!("{key}{odd}:{secret}"), FAILED);
        plain("E12", &format!("{key}:{secret}{odd}"), FAILED);
    }
    for spelling in [
        key.to_uppercase(),
        key.replace('-', ""),
        format!("{{{key}}}"),
        format!("urn:uuid:{key}"),
        "admin".to_owned(),
        "idem#".to_owned() + secret,
    ] {
        plain("E13", &format!("{spelling}:{secret}"), FAILED);
    }
    plain("E15", &format!("00000000-0000-0000-0000-000000000000:{secret}"), FAILED);
    plain("E15", &format!("ffffffff-ffff-ffff-ffff-ffffffffffff:{secret}"), FAILED);
    plain("E16", &format!("{}:{secret}", "k".repeat(2_049)), FAILED);
    let wrong = "0".repeat(64);
    plain("E18", &format!("{key}:{wrong}"), FAILED);
    plain("E18", &format!("7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52:{secret}"), FAILED);
    let other_end = if secret.ends_with('0') { '1' } else { '0' };
    for text in [&secret[..63], &secret[..32], &format!("{secret}0"), &format!("{}{other_end}", &secret[..63])] {
        plain("E21", &format!("{key}:{text}"), FAILED);
    }
}

fn encodings(rows: &mut Rows, caller: &StoredKey) {
    let StoredKey { key, secret, .. } = caller;
    let good = format!("{key}:{secret}");
    let encoded = STANDARD.encode(&good);
    let scheme = |text: &str| format!("Basic {text}");
    for text in ["!!!!", "YWJj*A==", "a", "====", &encoded[1..], &format!("{encoded}A"), &good] {
        add(rows, "E07", text, &scheme(text), FAILED);
    }
    add(rows, "E07", "not UTF-8", &scheme(&STANDARD.encode([good.as_bytes(), &[0xff]].concat())), FAILED);
    add(
        rows,
        "E07",
        "UTF-16",
        &scheme(&STANDARD.encode(good.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
        FAILED,
    );
    assert!(encoded.ends_with('='), "the credential has no padding");
    add(rows, "E09", "no padding", &scheme(&STANDARD_NO_PAD.encode(&good)), FAILED);
    add(rows, "E09", "too much padding", &scheme(&format!("{encoded}=")), FAILED);
    let url_safe = URL_SAFE.encode([0xfb, 0xff, 0xfe]);
    add(rows, "E07", "URL-safe alphabet", &scheme(&url_safe), FAILED);
    for odd in ["\n", "\r\n", " "] {
        add(
            rows,
            "E10",
            &format!("{odd:?} within"),
            &scheme(&format!("{}{odd}{}", &encoded[..40], &encoded[40..])),
            FAILED,
        );
        add(rows, "E10", &format!("{odd:?} after"), &scheme(&format!("{encoded}{odd}")), FAILED);
    }
}

async fn records(rows: &mut Rows, world: &World) {
    let number = |value: i64| AttributeValue::N(value.to_string());
    let now = rows.now();
    let mut keys: Vec<(&'static str, String, StoredKey, Expected)> = Vec::new();
    for (end, expected) in
        [(now - 1, FAILED), (now, FAILED), (now - 31_536_000, FAILED), (0, FAILED), (now + 60, Expected::Created)]
    {
        keys.push(("E22", format!("expiresAt {end}"), StoredKey::new().with("expiresAt", number(end)), expected));
    }
    for level in 0..=3 {
        keys.push((
            "E24",
            level.to_string(),
            StoredKey::new().level(level),
            Expected::Refused(403, "insufficientAccessLevel"),
        ));
    }
    for level in [4, 5, 8] {
        keys.push(("E25", level.to_string(), StoredKey::new().level(level), Expected::Created));
    }
    for (what, key) in damaged() {
        keys.push(("E27", what, key, FAULT));
    }
    for (id, what, key, expected) in keys {
        world.dynamo.put_item(key.item.clone()).await;
        add(rows, id, &what, &key.authorization(), expected);
        let hash_is_readable =
            key.item.get("secretHash").is_some_and(|hash| hash.as_b().is_ok_and(|hash| hash.as_ref().len() == 32));
        let stranger = StoredKey { secret: "0".repeat(64), ..key };
        add(
            rows,
            id,
            &format!("{what}, wrong secret"),
            &stranger.authorization(),
            if hash_is_readable { FAILED } else { FAULT },
        );
    }
}

/// Every attribute of a record but its key.
pub(super) const ATTRIBUTES: [&str; 9] =
    ["secretHash", "name", "level", "userId", "createdAt", "expiresAt", "createdBy", "chain", "chainExpiresAt"];

/// Records in which an attribute is missing, has another type, or is out of its range.
fn damaged() -> Vec<(String, StoredKey)> {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: &str| AttributeValue::N(value.to_owned());
    let mut damaged = Vec::new();
    for attribute in ATTRIBUTES {
        damaged.push((format!("no {attribute}"), StoredKey::new().without(attribute)));
        // DynamoDB refuses other types for the keys of the index.
        if ["userId", "createdAt"].contains(&attribute) {
            continue;
        }
        for value in [AttributeValue::Null(true), AttributeValue::Bool(true), AttributeValue::L(vec![])] {
            damaged.push((format!("{attribute} {value:?}"), StoredKey::new().with(attribute, value)));
        }
    }
    for (attribute, value) in [
        ("secretHash", text(&"0".repeat(64))),
        ("secretHash", AttributeValue::B(Blob::new([0; 31]))),
        ("secretHash", AttributeValue::B(Blob::new([0; 33]))),
        ("name", number("1")),
        ("level", text("4")),
        ("level", number("99")),
        ("level", number("9")),
        ("level", number("-1")),
        ("level", number("4.5")),
        ("userId", number("0")),
        ("userId", number("9007199254740992")),
        ("userId", number("61.5")),
        ("createdAt", number("-1")),
        ("createdAt", number("1700000000.5")),
        ("expiresAt", text("4102444800")),
        ("expiresAt", number("4102444800.5")),
        ("expiresAt", number("-1")),
        ("createdBy", text("admin")),
        ("createdBy", number("1")),
        ("chainExpiresAt", text("4102444800")),
        ("chain", number("1")),
        ("chain", text("")),
        ("chain", text("7EBA7D5C-0B9C-4D0A-8D6F-2A4D1C6A3B52")),
        ("chain", text("fence#7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52")),
    ] {
        damaged.push((format!("{attribute} {value:?}"), StoredKey::new().with(attribute, value)));
    }
    damaged
}
