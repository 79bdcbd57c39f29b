//! Neighbours in group F: the body as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::event::{Request, Source};

use crate::matrix::{Expected, INVALID_BODY, Rows};
use crate::support::{BODY, Endpoint, World};

const MISSING: Expected = Expected::Refused(400, "postBodyMissing");

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    for endpoint in Endpoint::ALL {
        let request = world.request(endpoint);
        json_types(&mut rows, &request, endpoint);
        let mut add =
            |id: &'static str, what: &str, request: &Request, expected| rows.add(id, what, endpoint, request, expected);
        sizes(&mut add, &request);
        texts(&mut add, &request);
        encodings(&mut add, &request);
        content_types(&mut rows, &request, endpoint);
    }
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, &Request, Expected) + 'a;

/// The documented body with additional members.
fn with(members: &str) -> String {
    format!("{},{members}}}", &BODY[..BODY.len() - 1])
}

/// Bodies that no gateway sends.
fn json_types(rows: &mut Rows, request: &Request, endpoint: Endpoint) {
    for source in [Source::HttpApi, Source::RestApi] {
        let mut set = |id, member: &str, value: Value, body: &str, expected| {
            let mut event = request.clone().body(body).event(source);
            event[member] = value.clone();
            rows.add_event(id, format!("{member} {value} of {body}, {source:?}"), endpoint, event, expected);
        };
        let object: Value = serde_json::from_str(BODY).unwrap();
        for body in [object.clone(), json!([object]), json!([BODY]), json!(7), json!(true)] {
            set("F+1", "body", body, BODY, INVALID_BODY);
        }
        set("F+1", "body", Value::Null, BODY, MISSING);
        // Only `true` marks a body as base64.
        for flag in [json!("true"), json!(1), json!(null), json!([true])] {
            set("F+2", "isBase64Encoded", flag.clone(), BODY, Expected::Created);
            set("F+2", "isBase64Encoded", flag, &STANDARD.encode(BODY), INVALID_BODY);
        }
    }
}

fn sizes(add: &mut Add<'_>, request: &Request) {
    for (depth, expected) in [(128, Expected::Created), (130, INVALID_BODY)] {
        let arrays = format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
        add("F+3", &format!("arrays {depth} deep"), &request.clone().body(with(&arrays)), expected);
        let objects = format!(r#""x":{}0{}"#, r#"{"x":"#.repeat(depth), "}".repeat(depth));
        add("F+3", &format!("objects {depth} deep"), &request.clone().body(with(&objects)), expected);
    }
    // The limit counts bytes, not characters, after base64 decoding.
    let wide = |bytes: usize| {
        let (start, end) = (format!(r#"{},"x":""#, &BODY[..BODY.len() - 1]), "\"}");
        let room = bytes - start.len() - end.len();
        format!("{start}{}{}{end}", "x".repeat(room % 2), "é".repeat(room / 2))
    };
    for (bytes, expected) in [(16_384, Expected::Created), (16_385, INVALID_BODY)] {
        assert_eq!(wide(bytes).len(), bytes);
        add("F+4", &format!("{bytes} bytes"), &request.clone().body(wide(bytes)), expected);
        add("F+4", &format!("{bytes} bytes in base64"), &request.clone().binary_body(wide(bytes)), expected);
    }
    let members: Vec<_> = (0..1_500).map(|n| format!(r#""{n}":0"#)).collect();
    add("F+4", "1,500 members", &request.clone().body(with(&members.join(","))), Expected::Created);
    let members = members.join(",") + r#","7":0"#;
    add("F+5", "one of 1,500 members twice", &request.clone().body(with(&members)), INVALID_BODY);
}

fn texts(add: &mut Add<'_>, request: &Request) {
    for members in [
        r#""x":[[[{"a":{"b":1,"\u0062":1}}]]]"#,
        r#""__proto__":1,"__proto__":2"#,
        r#""":1,"":2"#,
        r#""\ud83d\ude00":1,"😀":2"#,
        r#""x":1,"\u0078":1"#,
    ] {
        add("F+5", members, &request.clone().body(with(members)), INVALID_BODY);
    }
    let escaped = r#"{"n\u0061me":"a","\u006cevel":3,"expires\u0049n":60}"#;
    add("F+5", escaped, &request.clone().body(escaped), Expected::Created);
    // Canonically equivalent names are different members.
    let canonical = "\"\u{e9}\":1,\"e\u{301}\":1,\"\u{212b}\":1,\"\u{c5}\":1";
    add("F+5", canonical, &request.clone().body(with(canonical)), Expected::Created);
    for space in ["\u{a0}", "\u{b}", "\u{c}", "\u{2028}", "\u{85}", "\0", "\u{200b}"] {
        add("F+6", &format!("{space:?} before"), &request.clone().body(format!("{space}{BODY}")), INVALID_BODY);
        add("F+6", &format!("{space:?} after"), &request.clone().body(format!("{BODY}{space}")), INVALID_BODY);
        add(
            "F+6",
            &format!("{space:?} within"),
            &request.clone().body(BODY.replace(':', &format!(":{space}"))),
            INVALID_BODY,
        );
    }
    for space in [" ", "\t", "\r\n"] {
        add("F+6", &format!("{space:?}"), &request.clone().body(format!("{space}{BODY}{space}")), Expected::Created);
    }
    for members in
        ["\"x\":\"\n\"", "\"x\":\"\t\"", "\"x\":\"\0\"", r#""x":"\u00g0""#, r#""x":"\'""#, r#""x":tru"#, r#""x":1.""#]
    {
        add("F+6", members, &request.clone().body(with(members)), INVALID_BODY);
    }
}

fn encodings(add: &mut Add<'_>, request: &Request) {
    for body in ["", "IA==", "DQoJ", "wqA="] {
        add("F+7", &format!("{body:?}: white space"), &request.clone().body(body).base64_flag(true), MISSING);
    }
    for body in ["=", "==", "AA", "AB==", "fQ==fQ=="] {
        add("F+7", body, &request.clone().body(body).base64_flag(true), INVALID_BODY);
    }
    let wrapped = STANDARD.encode(BODY);
    let wrapped = format!("{}\r\n{}", &wrapped[..40], &wrapped[40..]);
    add("F+7", "in lines", &request.clone().body(wrapped).base64_flag(true), INVALID_BODY);
    let twice = STANDARD.encode(STANDARD.encode(BODY));
    add("F+7", "twice", &request.clone().body(twice).base64_flag(true), INVALID_BODY);
    let named = |name: &[u8]| [b"{\"name\":\"", name, b"\",\"level\":3,\"expiresIn\":60}"].concat();
    for (what, name) in [
        ("half a pair, as CESU-8 has it", b"\xed\xa0\x80".as_slice()),
        ("a whole pair, as CESU-8 has it", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("an overlong slash", b"\xc0\xaf"),
        ("beyond Unicode", b"\xf4\x90\x80\x80"),
        ("cut off", b"\xf0\x9f\x98"),
    ] {
        add("F+8", what, &request.clone().binary_body(named(name)), INVALID_BODY);
    }
    add("F+8", "good UTF-8", &request.clone().binary_body(named("😀".as_bytes())), Expected::Created);
}

fn content_types(rows: &mut Rows, request: &Request, endpoint: Endpoint) {
    let several = request.clone().header("Content-Type", "application/json");
    rows.add_twice("F+9", "twice", endpoint, &several, INVALID_BODY);
    let other = request.clone().header("Content-Type", "text/plain");
    rows.add_twice("F+9", "and text", endpoint, &other, INVALID_BODY);
    for (value, expected) in [
        ("application/json ; charset=utf-8", Expected::Created),
        ("APPLICATION/JSON;;", Expected::Created),
        ("application/json; charset=UTF8", INVALID_BODY),
        ("application/json; charset='utf-8'", INVALID_BODY),
        ("application/json; charset=utf-8; charset=utf-16", INVALID_BODY),
        ("application/json; charset=\"utf-16\"; x=\"charset=utf-8\"", INVALID_BODY),
        ("\"application/json\"", INVALID_BODY),
        ("application/json charset=utf-8", INVALID_BODY),
        ("application/\0json", INVALID_BODY),
        ("application/json\u{a0}", INVALID_BODY),
    ] {
        rows.add_twice("F+9", value, endpoint, &request.clone().only_header("Content-Type", value), expected);
    }
}
