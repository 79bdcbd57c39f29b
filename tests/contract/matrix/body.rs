//! Group F: the body as JSON. RFC 8259.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use super::{Endpoint, Expected, INVALID_BODY, Request, Rows, World, assert_rows};
use crate::support::BODY;

#[tokio::test]
async fn the_body_is_one_small_json_object_with_a_correct_content_type() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

const MISSING: Expected = Expected::Refused(400, "postBodyMissing");

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let request = world.request(endpoint);
        let mut add =
            |id, what: &str, request: &Request, expected| rows.add_twice(id, what, endpoint, request, expected);
        absent(&mut add, &request, world, endpoint);
        malformed(&mut add, &request);
        sizes(&mut add, &request);
        gateways_encoding(&mut add, &request);
        content_types(&mut add, &request);
        ignored_members(&mut add, &request);
    }
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, &Request, Expected) + 'a;

fn absent(add: &mut Add<'_>, request: &Request, world: &World, endpoint: Endpoint) {
    let without = Request::new("POST", endpoint.path()).header("Authorization", &world.authorization(endpoint));
    add("F01", "no body", &without, MISSING);
    for body in ["", " ", "\n\t\r ", "\u{a0}\u{2003}", &" ".repeat(20_000)] {
        add("F01", &format!("{} bytes of white space", body.len()), &request.clone().body(body), MISSING);
    }
    for body in ["{}", " {} ", "{ }", "{\n}"] {
        add("F06", body, &request.clone().body(body), MISSING);
        add(
            "F06",
            &format!("{body} as text"),
            &request.clone().body(body).only_header("Content-Type", "text/plain"),
            MISSING,
        );
        add("F06", &format!("{body} in base64"), &request.clone().binary_body(body), MISSING);
    }
}

fn malformed(add: &mut Add<'_>, request: &Request) {
    let mut bodies =
        vec![("F03", "true"), ("F03", "1"), ("F03", "\"x\""), ("F03", "null"), ("F04", "[]"), ("F04", "[{}]")];
    bodies.push(("F04", r#"["a",3,60]"#));
    for body in [
        "x",
        "{",
        "}",
        "{\"name\"",
        "name=a&level=3",
        "<name/>",
        "\0",
        "{}{}",
        &format!("{BODY}x"),
        &format!("{BODY}{BODY}"),
    ] {
        add("F07", body, &request.clone().body(body), INVALID_BODY);
    }
    bodies.extend([
        ("F09", "{'name':'a','level':3,'expiresIn':60}"),
        ("F09", r#"{"name":"a","level":3,"expiresIn":60,}"#),
        ("F09", r#"{"name":"a",/* b */"level":3,"expiresIn":60}"#),
        ("F09", r#"{"name":"a","level":NaN,"expiresIn":60}"#),
        ("F09", r#"{"name":"a","level":3,"expiresIn":Infinity}"#),
        ("F09", r#"{"name":"a","level":+3,"expiresIn":60}"#),
        ("F09", r#"{"name":"a","level":03,"expiresIn":60}"#),
        ("F09", r#"{"name":"a","level":.3,"expiresIn":60}"#),
        ("F09", r#"{"name":"a","level":0x3,"expiresIn":60}"#),
        ("F10", r#"{"name":"a","level":3,"expiresIn":60,"level":8}"#),
        ("F10", r#"{"name":"a","name":"a","level":3,"expiresIn":60}"#),
        ("F10", r#"{"name":"a","level":3,"expiresIn":60,"l\u0065vel":8}"#),
        ("F10", r#"{"name":"a","level":3,"expiresIn":60,"x":1,"x":1}"#),
        ("F10", r#"{"name":"a","level":3,"expiresIn":60,"x":[{"y":1,"y":1}]}"#),
        ("F21", r#"{"name":"\ud800","level":3,"expiresIn":60}"#),
        ("F21", r#"{"name":"\udc00\ud800","level":3,"expiresIn":60}"#),
        ("F21", r#"{"name":"a","level":3,"expiresIn":60,"x":"\ud800"}"#),
        ("F21", r#"{"name":"a","level":3,"expiresIn":60,"\ud800":1}"#),
    ]);
    for (id, body) in bodies {
        add(id, body, &request.clone().body(body), INVALID_BODY);
    }
    add(
        "F22",
        "an escaped pair",
        &request.clone().body(r#"{"name":"\ud83d\ude00","level":3,"expiresIn":60}"#),
        Expected::Created,
    );
    add("F18", "BOM", &request.clone().body(format!("\u{feff}{BODY}")), INVALID_BODY);
    add("F18", "BOM in base64", &request.clone().binary_body(format!("\u{feff}{BODY}")), INVALID_BODY);
    let utf16 = |unit: fn(u16) -> [u8; 2]| BODY.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    add("F19", "UTF-16LE", &request.clone().binary_body(utf16(u16::to_le_bytes)), INVALID_BODY);
    add("F19", "UTF-16BE", &request.clone().binary_body(utf16(u16::to_be_bytes)), INVALID_BODY);
    add(
        "F19",
        "Latin-1",
        &request.clone().binary_body(b"{\"name\":\"\xe9\",\"level\":3,\"expiresIn\":60}"),
        INVALID_BODY,
    );
    let deep = format!(r#"{{"name":"a","level":3,"expiresIn":60,"x":{}{}}}"#, "[".repeat(7_000), "]".repeat(7_000));
    add("F16", "nested 7,000 deep", &request.clone().body(deep), INVALID_BODY);
}

fn sizes(add: &mut Add<'_>, request: &Request) {
    let padded = |length: usize| format!(r#"{}{}}}"#, &BODY[..BODY.len() - 1], " ".repeat(length - BODY.len()));
    add("F15", "16 KiB", &request.clone().body(padded(16_384)), Expected::Created);
    add("F15", "16 KiB in base64", &request.clone().binary_body(padded(16_384)), Expected::Created);
    for length in [16_385, 1 << 20] {
        add("F15", &length.to_string(), &request.clone().body(padded(length)), INVALID_BODY);
        add("F15", &format!("{length} in base64"), &request.clone().binary_body(padded(length)), INVALID_BODY);
    }
    add("F16", "6 MB", &request.clone().body(padded(6 << 20)), INVALID_BODY);
}

fn gateways_encoding(add: &mut Add<'_>, request: &Request) {
    add("F24", "good base64", &request.clone().binary_body(BODY), Expected::Created);
    let encoded = STANDARD.encode(format!("{BODY} "));
    let url_safe = URL_SAFE.encode(BODY.replace("My first API key", "???>>>~~~"));
    assert!(url_safe.contains(['-', '_']) && encoded.ends_with('='));
    let bare = STANDARD_NO_PAD.encode(format!("{BODY} "));
    for body in ["!!!!", "a", &bare, &url_safe, &format!("{encoded}\n"), &format!(" {encoded}"), "===="] {
        add("F24", body, &request.clone().body(body).base64_flag(true), INVALID_BODY);
    }
    add("F25", "plain JSON, said to be base64", &request.clone().body(BODY).base64_flag(true), INVALID_BODY);
    add("F25", "base64, said to be plain", &request.clone().body(STANDARD.encode(BODY)), INVALID_BODY);
    add(
        "F27",
        "gzip",
        &request
            .clone()
            .header("Content-Encoding", "gzip")
            .binary_body(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"),
        INVALID_BODY,
    );
}

fn content_types(add: &mut Add<'_>, request: &Request) {
    add("F28", "none", &request.clone().without_header("Content-Type"), Expected::Created);
    for value in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/Json;Charset=UTF-8",
        r#"application/json; charset="utf-8""#,
    ] {
        add("F28", value, &request.clone().only_header("Content-Type", value), Expected::Created);
    }
    for (id, value) in [
        ("F30", "application/x-www-form-urlencoded"),
        ("F31", "multipart/form-data; boundary=x"),
        ("F33", "application/vnd.api+json"),
        ("F33", "application/json-patch+json"),
        ("F33", "application/jsonp"),
        ("F33", "text/json"),
        ("F33", "text/plain"),
        ("F33", ""),
        ("F33", "json"),
        ("F33", "application/json, text/plain"),
        ("F33", "*/*"),
        ("F34", "application/json; charset=utf-16"),
        ("F34", "application/json; charset=iso-8859-1"),
        ("F34", "application/json; version=1"),
    ] {
        add(id, value, &request.clone().only_header("Content-Type", value), INVALID_BODY);
    }
    let form = request.clone().only_header("Content-Type", "application/x-www-form-urlencoded");
    add("F30", "a form", &form.body("name=a&level=3&expiresIn=60"), INVALID_BODY);
}

fn ignored_members(add: &mut Add<'_>, request: &Request) {
    for (id, members) in [
        (
            "F12",
            r#""userId":1,"role":"admin","secret":"x","key":"x","expiresAt":"2999-01-01T00:00:00.000Z","result":"error""#,
        ),
        ("F12", r#""Level":8,"NAME":"x","level ":8,"createdBy":"x","chainExpiresAt":9999999999"#),
        ("F12", r#""x":1e400,"y":[],"z":{"name":{"level":8}}"#),
        ("F13", r#""__proto__":{"level":8},"constructor":{"prototype":{}},"toString":1"#),
    ] {
        add(id, members, &request.clone().body(format!("{},{members}}}", &BODY[..BODY.len() - 1])), Expected::Created);
    }
}
