//! Neighbours in group E: HTTP Basic, and records that are unusual, damaged or both.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tests::stored_key::basic;

use crate::matrix::basic::ATTRIBUTES;
use crate::matrix::{Expected, FAILED, Rows};
use crate::support::{Endpoint, StoredKey, World};

const FAULT: Expected = Expected::Refused(500, "createApikeyFailed");

pub(super) async fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let [caller, other] = [StoredKey::new(), StoredKey::new()];
    for key in [&caller, &other] {
        world.dynamo.put_item(key.item.clone()).await;
    }
    let now = rows.now();
    let mut add = |id: &'static str, what: &str, authorization: &str, expected: Expected| {
        let request = World::anonymous(Endpoint::Key).header("Authorization", authorization);
        rows.add(id, what, Endpoint::Key, &request, expected);
    };
    texts(&mut add, &caller);
    encodings(&mut add, &caller);
    borrowed(&mut add, &caller, &other);
    for (id, what, key, expected) in records(now) {
        world.dynamo.put_item(key.item.clone()).await;
        add(id, &what, &key.authorization(), expected);
    }
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, &str, Expected) + 'a;

fn texts(add: &mut Add<'_>, StoredKey { key, secret, .. }: &StoredKey) {
    let upper_digit = secret.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
    for text in [
        format!("\u{feff}{key}:{secret}"),
        format!("{key}\u{ff1a}{secret}"),
        format!("{key}%3A{secret}"),
        format!("{key};{secret}"),
        format!("{secret}:{key}"),
        format!("{key}:0x{secret}"),
        format!("{key}:{}", &secret[2..]),
        format!("{key}:{}", secret.replacen(|c: char| c.is_ascii_digit(), "\u{ff11}", 1)),
        format!("{key}:{upper_digit}"),
        format!("\"{key}\":\"{secret}\""),
        format!("{{\"key\":\"{key}\",\"secret\":\"{secret}\"}}"),
    ] {
        add("E+1", &text, &format!("Basic {}", STANDARD.encode(&text)), FAILED);
    }
}

fn encodings(add: &mut Add<'_>, StoredKey { key, secret, .. }: &StoredKey) {
    let good = format!("{key}:{secret}");
    let encoded = STANDARD.encode(&good);
    // Each half is valid base64. The result has padding in the middle.
    let halves = format!("{}{}", STANDARD.encode(&good[..40]), STANDARD.encode(&good[40..]));
    assert!(halves.trim_end_matches('=').contains('='));
    // The last base64 digit of 101 bytes has two unused bits.
    let last = encoded.trim_end_matches('=').len() - 1;
    let unused = ["BFJNRVZdhlptx159", "CGKOSWaeimquy26+", "DHLPTXbfjnrvz37/"];
    let quads = "AEIMQUYcgkosw048";
    let at = quads.find(&encoded[last..=last]).unwrap();
    for (bits, characters) in (1..).zip(unused) {
        let odd = format!("{}{}{}", &encoded[..last], &characters[at..=at], &encoded[last + 1..]);
        add("E+2", &format!("unused bits {bits}"), &format!("Basic {odd}"), FAILED);
    }
    for (what, text) in [
        ("in two halves", halves),
        ("twice", STANDARD.encode(&encoded)),
        ("hexadecimal digits", hex::encode(&good)),
        ("a parameter", format!("credentials={encoded}")),
        ("quoted", format!("\"{encoded}\"")),
        ("percent-encoded padding", encoded.replace('=', "%3D")),
    ] {
        add("E+2", what, &format!("Basic {text}"), FAILED);
    }
}

/// Secrets that a caller could take from another credential or from the table.
fn borrowed(add: &mut Add<'_>, caller: &StoredKey, other: &StoredKey) {
    let hash = hex::encode(caller.item["secretHash"].as_b().unwrap());
    add("E+3", "the stored hash as the secret", &basic(&caller.key, &hash), FAILED);
    add("E+3", "another key's secret", &basic(&caller.key, &other.secret), FAILED);
    add("E+3", "the key of the other", &basic(&other.key, &caller.secret), FAILED);
    add("E+3", "no secret at all, hashed", &basic(&caller.key, &"0".repeat(64)), FAILED);
}

type Record = (&'static str, String, StoredKey, Expected);

fn records(now: i64) -> Vec<Record> {
    let mut records = Vec::new();
    for key in ["c232ab00-9414-11ec-b3c8-9f6bdeced846", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"] {
        let stored = StoredKey::new().with("key", AttributeValue::S(key.to_owned()));
        records.push(("E+4", key.to_owned(), StoredKey { key: key.to_owned(), ..stored }, Expected::Created));
    }
    let mut with = |id, attribute: &str, value: AttributeValue, expected| {
        records.push((id, format!("{attribute} {value:?}"), StoredKey::new().with(attribute, value), expected));
    };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";
    for lineage in [format!("key:{key}"), format!("rotation:{key}")] {
        with("E+4", "createdBy", text(&lineage), Expected::Created);
    }
    for lineage in [format!("key:{}", key.to_uppercase()), "key:".to_owned(), "jwt ".to_owned(), format!("Key:{key}")] {
        with("E+5", "createdBy", text(&lineage), FAULT);
    }
    // A name is checked only when it is stored, so that a later rule cannot make a key invalid.
    for name in [" ", "a\u{202e}b", &"x".repeat(300)] {
        with("E+4", "name", text(name), Expected::Created);
    }
    with("E+4", "disabled", AttributeValue::Bool(true), Expected::Created);
    // DynamoDB refuses other types than N for the keys of the index.
    for attribute in ATTRIBUTES.into_iter().filter(|name| !["userId", "createdAt"].contains(name)) {
        with("E+5", attribute, AttributeValue::Ns(vec!["4".to_owned()]), FAULT);
        with("E+5", attribute, AttributeValue::Bs(vec![Blob::new([0; 32])]), FAULT);
        with("E+5", attribute, AttributeValue::M([("S".to_owned(), text("jwt"))].into()), FAULT);
    }
    numbers(&mut with);
    dated(&mut records, now);
    records
}

/// DynamoDB normalizes each number, and keeps up to 38 digits.
fn numbers(with: &mut dyn FnMut(&'static str, &str, AttributeValue, Expected)) {
    let mut number = |attribute: &str, text: &str, expected| {
        with("E+6", attribute, AttributeValue::N(text.to_owned()), expected);
    };
    for level in ["4.0", "04", "4e0", "+4", "0.4E1", "40e-1"] {
        number("level", level, Expected::Created);
    }
    for level in ["4.0000000000000000001", "1e30", "18446744073709551620", "-4"] {
        number("level", level, FAULT);
    }
    for attribute in ["userId", "createdAt", "expiresAt", "chainExpiresAt"] {
        for text in ["18446744073709551616", "1e30", "-1", "4102444800.5"] {
            number(attribute, text, FAULT);
        }
    }
    number("expiresAt", "18446744073709551615", Expected::Created);
    number("chainExpiresAt", "9223372036854775807", Expected::Created);
    number("createdAt", "4102444800", Expected::Created);
}

/// Expired records. The function cannot read a record that is also damaged, so the answer is a 500.
fn dated(records: &mut Vec<Record>, now: i64) {
    let expired = || StoredKey::new().number("expiresAt", now - 1);
    records.push(("E+7", "expired and damaged".to_owned(), expired().without("level"), FAULT));
    records.push(("E+7", "expired, of level 3".to_owned(), expired().level(3), FAILED));
    records.push(("E+7", "expired, its chain too".to_owned(), expired().number("chainExpiresAt", now - 1), FAILED));
    let stranger = StoredKey { secret: "0".repeat(64), ..expired().without("level") };
    records.push(("E+7", "expired, damaged, wrong secret".to_owned(), stranger, FAILED));
    let over = StoredKey::new().number("expiresAt", now);
    records.push(("E+7", "this very second".to_owned(), over, FAILED));
}
