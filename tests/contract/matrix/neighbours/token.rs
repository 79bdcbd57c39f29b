//! Neighbours in groups B and C: the compact form, the algorithm and the header of a token.
//!
//! Each token is signed as it is, so no token is refused for its signature.

use tests::token::{Claims, Signer, Token, compact, segment};

use crate::matrix::{Expected, FAILED, Rows};
use crate::support::{Endpoint, JWT_SECRET, World};

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let mut add = |id: &'static str, what: &str, token: &str, expected: Expected| {
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        rows.add(id, what, Endpoint::Jwt, &request, expected);
    };
    forms(&mut add, world);
    payloads(&mut add, world);
    headers(&mut add, world);
    signatures(&mut add);
    rows
}

type Add<'a> = dyn FnMut(&'static str, &str, &str, Expected) + 'a;

/// Signs any header and payload.
fn signed(world: &World, header: &str, payload: &str) -> String {
    let message = compact(&[header, payload]);
    compact(&[&message, &segment(world.signer().sign(message.as_bytes()))])
}

const HEADER: &str = r#"{"alg":"HS256"}"#;

fn forms(add: &mut Add<'_>, world: &World) {
    let header = segment(HEADER);
    // The payload contains `-` and `_`, and its last digit has unused bits.
    let claims = Claims::new().with("x", "\u{7bf}\u{7ff}?>~").to_json();
    let claims = format!("{claims}{}", " ".repeat((4 - claims.len() % 3) % 3));
    let payload = segment(&claims);
    assert!(claims.len() % 3 == 1 && payload.contains(['-', '_']));
    add("B+1", "as it should be", &signed(world, &header, &payload), Expected::Created);
    let last = "AQgw".find(payload.chars().last().unwrap()).unwrap();
    let unused = format!("{}{}", &payload[..payload.len() - 1], ["B", "R", "h", "x"][last]);
    add("B+1", "unused bits set in the payload", &signed(world, &header, &unused), FAILED);
    add("B+1", "padding in the payload", &signed(world, &header, &format!("{payload}==")), FAILED);
    let standard = payload.replace('-', "+").replace('_', "/");
    add("B+1", "the standard alphabet in the payload", &signed(world, &header, &standard), FAILED);
    for odd in [" ", "%3D", "~", "\u{7f}"] {
        add("B+1", &format!("{odd:?} in the payload"), &signed(world, &header, &format!("{payload}{odd}")), FAILED);
        add("B+1", &format!("{odd:?} in the header"), &signed(world, &format!("{header}{odd}"), &payload), FAILED);
    }
    for token in [".", "..", "...", ". .", "a.b.c"] {
        add("B+2", token, token, FAILED);
    }
    add("B+2", "no header", &signed(world, "", &payload), FAILED);
    add("B+2", "the payload twice", &signed(world, &header, &compact(&[&payload, &payload])), FAILED);
    let good = signed(world, &header, &payload);
    add("B+2", "five segments, as encrypted", &compact(&[&good, &header, &payload]), FAILED);
    add("B+2", "quoted", &format!("\"{good}\""), FAILED);
    add("B+2", "two tokens", &format!("{good} {good}"), FAILED);
    add("B+2", "said to be a token", &format!("token={good}"), FAILED);
}

fn payloads(add: &mut Add<'_>, world: &World) {
    let header = segment(HEADER);
    let mut payload = |id, what: &str, bytes: &[u8], expected| {
        add(id, what, &signed(world, &header, &segment(bytes)), expected);
    };
    let claims = Claims::new().to_json();
    let utf16: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
    payload("B+3", "UTF-16", &utf16, FAILED);
    payload("B+3", "a byte order mark", format!("\u{feff}{claims}").as_bytes(), FAILED);
    payload(
        "B+3",
        "an overlong slash",
        &[&claims.as_bytes()[..claims.len() - 1], b",\"x\":\"\xc0\xaf\"}"].concat(),
        FAILED,
    );
    let with = |members: &str| format!("{},{members}}}", &claims[..claims.len() - 1]);
    for members in ["\"x\":\"\0\"", "\"x\":\"\n\"", r#""x":"\ud800""#, r#""\ud800":1"#, r#""x":"\x41""#, r#""x":01"#] {
        payload("B+4", members, with(members).as_bytes(), FAILED);
    }
    for members in [r#""x":"\u0000""#, r#""\u0000":1"#, r#""x":"\ud83d\ude00""#, "\"\":1", "\"x\" : [ ] "] {
        payload("B+4", members, with(members).as_bytes(), Expected::Created);
    }
    for members in [r#""a":{"b":1,"\u0062":2}"#, r#""a":[[{"":1,"":1}]]"#, r#""__proto__":1,"__proto__":1"#] {
        payload("B+5", members, with(members).as_bytes(), FAILED);
    }
    for (depth, expected) in [(128, Expected::Created), (130, FAILED)] {
        let arrays = format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
        payload("B+6", &format!("arrays {depth} deep"), with(&arrays).as_bytes(), expected);
        let objects = format!(r#""x":{}0{}"#, r#"{"x":"#.repeat(depth), "}".repeat(depth));
        payload("B+6", &format!("objects {depth} deep"), with(&objects).as_bytes(), expected);
    }
}

fn headers(add: &mut Add<'_>, world: &World) {
    let payload = segment(Claims::new().to_json());
    let mut header = |id, text: &str, expected| {
        add(id, text, &signed(world, &segment(text), &payload), expected);
    };
    for text in [r#"{"\u0061lg":"HS256"}"#, r#"{"alg":"\u0048S256"}"#, r#"{"alg":"HS256","typ":"\u004aWT"}"#] {
        header("C+1", text, Expected::Created);
    }
    for text in [
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"\u0061lg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","x":{"a":1,"\u0061":1}}"#,
    ] {
        header("C+1", text, FAILED);
    }
    for alg in
        [r#""hs256""#, r#""HS256 ""#, r#""HS256\u0000""#, r#"["HS256"]"#, r#"{"HS256":1}"#, "true", r#""HS-256""#]
    {
        header("C+2", &format!(r#"{{"alg":{alg}}}"#), FAILED);
    }
    for typ in [r#""JWT ""#, r#""jwt\u0000""#, r#""at+jwt;v=1""#, r#""JWT,JWT""#, r#"["JWT"]"#, r#""\uff2aWT""#] {
        header("C+3", &format!(r#"{{"alg":"HS256","typ":{typ}}}"#), FAILED);
    }
    // Only members of the header itself, with their exact names, have a meaning.
    for members in [r#""x":{"crit":["b64"]}"#, r#""Crit":["b64"]"#, r#""b64":false"#, r#""cty":"JWT""#, r#""epk":{}"#] {
        header("C+4", &format!(r#"{{"alg":"HS256",{members}}}"#), Expected::Created);
    }
    for members in [r#""\u0063rit":[]"#, r#""\u007aip":"DEF""#, r#""enc":null"#] {
        header("C+4", &format!(r#"{{"alg":"HS256",{members}}}"#), FAILED);
    }
    for (depth, expected) in [(128, Expected::Created), (130, FAILED)] {
        header("C+5", &format!(r#"{{"alg":"HS256","x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)), expected);
    }
    header("C+5", &format!(r#"{{"alg":"HS256","x":"{}"}}"#, "x".repeat(4_000)), Expected::Created);
}

/// MACs of other messages than `header.payload`, and MACs with keys that are similar to the right one.
fn signatures(add: &mut Add<'_>) {
    let (header, payload) = (segment(HEADER), segment(Claims::new().to_json()));
    let own = Signer::hs256(JWT_SECRET.as_bytes());
    for message in [payload.clone(), format!("{header}{payload}"), format!("{header}.{payload}."), format!("{header}.")]
    {
        let token = compact(&[&header, &payload, &segment(own.sign(message.as_bytes()))]);
        add("C+6", "of another message", &token, FAILED);
    }
    let mac = own.sign(format!("{header}.{payload}").as_bytes());
    add("C+6", "in hexadecimal digits", &compact(&[&header, &payload, &hex::encode(&mac)]), FAILED);
    add("C+6", "twice", &compact(&[&header, &payload, &segment([mac.clone(), mac].concat())]), FAILED);
    for secret in [format!("{JWT_SECRET}\n"), format!(" {JWT_SECRET}"), segment(JWT_SECRET), hex::encode(JWT_SECRET)] {
        add(
            "C+7",
            "under the secret in another form",
            &Token::new(&Claims::new()).sign(&Signer::hs256(secret.as_bytes())),
            FAILED,
        );
    }
}
