//! Group B: the compact form of a token. RFC 7515 section 7.1, section 5.2.

use tests::token::{Claims, Token, compact, segment};

use super::{Endpoint, Expected, FAILED, Rows, World, assert_rows};

#[tokio::test]
async fn a_token_has_one_compact_form() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let mut add = |id: &'static str, what: &str, token: &str, expected: Expected| {
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        rows.add(id, what, Endpoint::Jwt, &request, expected);
    };
    let good = Claims::new().sign(world.signer());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();

    add("B01", "empty", "", FAILED);
    add("B03", "one segment", header, FAILED);
    add("B03", "two segments", &compact(&[header, payload]), FAILED);
    add("B04", "four segments", &compact(&[header, payload, signature, signature]), FAILED);
    add("B04", "an empty segment in the middle", &compact(&[header, "", payload, signature]), FAILED);
    add("B06", "trailing dot", &format!("{good}."), FAILED);
    add("B06", "leading dot", &format!(".{good}"), FAILED);
    add("B06", "no signature", &compact(&[header, payload, ""]), FAILED);
    for odd in [" ", "\n", "\t", "%20"] {
        add("B07", &format!("trailing {odd:?}"), &format!("{good}{odd}"), FAILED);
        add(
            "B07",
            &format!("{odd:?} before the payload"),
            &compact(&[header, &format!("{odd}{payload}"), signature]),
            FAILED,
        );
    }
    for (what, odd) in odd_alphabets(world) {
        add("B09", &what, &odd, FAILED);
    }
    add("B10", "unused bits set in the signature", &unused_bits_set(&good), FAILED);
    add(
        "B12",
        "JSON serialization",
        &format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
        FAILED,
    );
    for odd in ["", "alg", "[]", "null", r#"{"alg":"HS256"} {}"#, r#"{"alg":"HS256""#, "\u{feff}{\"alg\":\"HS256\"}"] {
        add("B13", &format!("header {odd}"), &Token::new(&Claims::new()).header(odd).sign(world.signer()), FAILED);
    }
    let payload_of = |payload: &[u8]| Token::new(&Claims::new()).payload(payload).sign(world.signer());
    add("B15", "foo", &payload_of(b"foo"), FAILED);
    add("B15", "not UTF-8", &payload_of(b"{\"iss\":\"\xff\"}"), FAILED);
    add("B16", "empty payload", &payload_of(b""), FAILED);
    for odd in ["\"x\"", "1", "null", "true", "[]"] {
        add("B18", odd, &payload_of(odd.as_bytes()), FAILED);
    }
    for odd in ["x", "{}", "}", "\0", ","] {
        add("B19", odd, &payload_of(format!("{}{odd}", Claims::new().to_json()).as_bytes()), FAILED);
    }
    add("B21", "nested 100,000 deep", &payload_of(nested(100_000).as_bytes()), FAILED);
    add("B21", "nested 2,000 deep", &payload_of(nested(2_000).as_bytes()), FAILED);
    add("B22", "1 MB", &payload_of(&Claims::new().with("x", "x".repeat(1 << 20)).to_json().into_bytes()), FAILED);
    let white_space = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    add(
        "B24",
        "header with CRLF",
        &Token::new(&Claims::new()).header(white_space).sign(world.signer()),
        Expected::Created,
    );
    rows
}

/// A valid token with another base64 alphabet, and one with padding.
fn odd_alphabets(world: &World) -> Vec<(String, String)> {
    // The bytes 0xfb 0xff in the payload are encoded as `-` and `_`.
    let claims = Claims::new().with("x", "\u{7bf}\u{7ff}?>~");
    let token = claims.sign(world.signer());
    let padded = Claims::new()
        .sign(world.signer())
        .split('.')
        .map(|part| {
            let missing = (4 - part.len() % 4) % 4;
            format!("{part}{}", "=".repeat(missing))
        })
        .collect::<Vec<_>>()
        .join(".");
    let standard = token.replace('-', "+").replace('_', "/");
    assert_ne!(standard, token, "the token contains neither `-` nor `_`");
    vec![("standard alphabet".to_owned(), standard), ("padded".to_owned(), padded)]
}

/// The token with an unused bit of its last character set. The last digit of 32 bytes has two unused bits.
fn unused_bits_set(token: &str) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().last().and_then(|last| alphabet.find(last)).unwrap();
    format!("{}{}", &token[..token.len() - 1], alphabet.chars().nth(last | 1).unwrap())
}

fn nested(depth: usize) -> String {
    let claims = Claims::new().to_json();
    format!("{},\"x\":{}{}}}", &claims[..claims.len() - 1], "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn the_segments_of_a_token_are_base64url_without_padding() {
    assert_eq!(segment([0xfb, 0xff]), "-_8");
}
