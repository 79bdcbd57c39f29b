//! Group D: the claims of a correctly signed token. RFC 7519 section 4.1.

use serde_json::{Value, json};
use tests::host;
use tests::token::{AUDIENCE, Claims, ISSUER, Token};

use super::{Endpoint, Expected, FAILED, Rows, World, assert_rows};

#[tokio::test]
async fn every_claim_has_its_type_and_its_bounds() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    times(&mut rows, world);
    parties(&mut rows, world);
    identity(&mut rows, world);
    role_and_status(&mut rows, world);
    rows
}

fn add(rows: &mut Rows, world: &World, id: &'static str, claims: &Claims, expected: Expected) {
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(claims));
    rows.add(id, claims.to_json(), Endpoint::Jwt, &request, expected);
}

/// Adds a row with claims as JSON text, which a JSON library would not write.
fn add_text(rows: &mut Rows, world: &World, id: &'static str, members: &str, expected: Expected) {
    let claims = Claims::new().without("exp").without("_id").to_json();
    let payload = format!("{},{members}}}", &claims[..claims.len() - 1]);
    let token = Token::new(&Claims::new()).payload(payload).sign(world.signer());
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
    rows.add(id, members, Endpoint::Jwt, &request, expected);
}

fn times(rows: &mut Rows, world: &World) {
    let now = rows.now();
    let mut claim =
        |id, name: &str, value: Value, expected| add(rows, world, id, &Claims::new().with(name, value), expected);
    for seconds in [-1, 0, -60, -86_400] {
        claim("D01", "exp", json!(now + seconds), FAILED);
    }
    claim("D03", "exp", json!(now + 2), Expected::Created);
    for value in [json!(null), json!((now + 600).to_string()), json!(""), json!([now + 600]), json!({}), json!(true)] {
        claim("D06", "exp", value, FAILED);
    }
    claim("D07", "exp", json!(-1), FAILED);
    claim("D07", "exp", json!(0), FAILED);
    claim("D09", "exp", json!(now as f64 + 600.5), Expected::Created);
    let milliseconds = json!(now * 1_000);
    for value in [json!(u64::MAX), json!(100_000_000_000_u64), json!(1e300), json!(i64::MAX), milliseconds] {
        claim("D10", "exp", value, FAILED);
    }
    claim("D10", "exp", json!(99_999_999_999_u64), Expected::Created);
    for value in [json!((now - 10).to_string()), json!(null), json!([0]), json!(false)] {
        claim("D12", "nbf", value, FAILED);
    }
    for (value, expected) in [(now - 1, Expected::Created), (now + 30, Expected::Created), (now + 120, FAILED)] {
        claim("D12", "nbf", json!(value), expected);
    }
    for (value, expected) in [
        (json!(now + 120), FAILED),
        (json!(now + 30), Expected::Created),
        (json!(now.to_string()), FAILED),
        (json!(null), FAILED),
    ] {
        claim("D13", "iat", value, expected);
    }
    add(rows, world, "D04", &Claims::new().without("exp"), FAILED);
    add(rows, world, "D13", &Claims::new().without("iat"), Expected::Created);
    add_text(rows, world, "D10", r#""_id":61,"exp":1e400"#, FAILED);
    add_text(rows, world, "D07", r#""_id":61,"exp":-1e400"#, FAILED);
}

fn parties(rows: &mut Rows, world: &World) {
    let mut claim =
        |id, name: &str, value: Value, expected| add(rows, world, id, &Claims::new().with(name, value), expected);
    claim("D15", "aud", json!(null), FAILED);
    for value in [
        json!(1),
        json!({ AUDIENCE: 1 }),
        json!(true),
        json!(""),
        json!(AUDIENCE.to_uppercase()),
        json!("https://example.com"),
    ] {
        claim("D16", "aud", value, FAILED);
    }
    claim("D18", "aud", json!([]), FAILED);
    for value in [json!([AUDIENCE]), json!(["https://example.com", AUDIENCE])] {
        claim("D19", "aud", value, Expected::Created);
    }
    for value in [json!(["https://example.com"]), json!([[AUDIENCE]]), json!([AUDIENCE, 1]), json!([null, AUDIENCE])] {
        claim("D19", "aud", value, FAILED);
    }
    for value in ["", "https://example.com", &format!("{ISSUER}/"), &format!(" {ISSUER}")] {
        claim("D22", "iss", json!(value), FAILED);
    }
    for value in [json!(1), json!(null), json!([ISSUER]), json!({ ISSUER: 1 })] {
        claim("D24", "iss", value, FAILED);
    }
    add(rows, world, "D15", &Claims::new().without("aud"), FAILED);
    add(rows, world, "D21", &Claims::new().without("iss"), FAILED);
    let exp = host::now() + 600;
    for members in [
        format!(r#""_id":61,"exp":{exp},"exp":{exp}"#),
        format!(r#""_id":61,"exp":{exp},"\u0065xp":1"#),
        format!(r#""_id":61,"exp":{exp},"aud":"x""#),
        format!(r#""_id":61,"exp":{exp},"iss":"x""#),
        format!(r#""_id":61,"exp":{exp},"x":{{"y":1,"y":1}}"#),
    ] {
        add_text(rows, world, "D25", &members, FAILED);
    }
}

fn identity(rows: &mut Rows, world: &World) {
    let mut id = |row, value: Value, expected| add(rows, world, row, &Claims::new().with("_id", value), expected);
    for value in [json!("61"), json!(""), json!([61]), json!({ "$oid": "61" }), json!(true)] {
        id("D28", value, FAILED);
    }
    id("D30", json!(0), FAILED);
    id("D31", json!(-1), FAILED);
    id("D31", json!(1.5), FAILED);
    id("D33", json!(61.0), Expected::Created);
    id("D34", json!(9_007_199_254_740_991_u64), Expected::CreatedFor(9_007_199_254_740_991));
    for value in [json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_993_u64), json!(u64::MAX), json!(1e300)] {
        id("D34", value, FAILED);
    }
    add(rows, world, "D27", &Claims::new().without("_id"), FAILED);
    add(rows, world, "D27", &Claims::new().with("_id", Value::Null), FAILED);
    add(rows, world, "D27", &Claims::new().with("_id", Value::Null).with("sub", "61"), FAILED);
    for (sub, expected) in [
        (json!("61"), Expected::Created),
        (json!(61), FAILED),
        (json!(""), FAILED),
        (json!("0"), FAILED),
        (json!("-61"), FAILED),
        (json!("+61"), FAILED),
        (json!("61.0"), FAILED),
        (json!(" 61"), FAILED),
        (json!("0x3d"), FAILED),
        (json!("٦١"), FAILED),
        (json!("9007199254740992"), FAILED),
        (json!("1".repeat(400)), FAILED),
    ] {
        add(rows, world, "D27", &Claims::new().without("_id").with("sub", sub), expected);
    }
    let exp = host::now() + 600;
    for (number, expected) in
        [("6.1e1", Expected::Created), ("61.0000000000000000000001", FAILED), ("1e400", FAILED), ("-0", FAILED)]
    {
        add_text(rows, world, "D33", &format!(r#""exp":{exp},"_id":{number}"#), expected);
    }
}

fn role_and_status(rows: &mut Rows, world: &World) {
    let mut claim =
        |id, name: &str, value: Value, expected| add(rows, world, id, &Claims::new().with(name, value), expected);
    for role in ["", "root", "superadmin", "users"] {
        claim("D36", "role", json!(role), FAILED);
    }
    for role in ["Admin", " admin", "admin ", "ADMIN", "admin\0", "ａdmin"] {
        claim("D37", "role", json!(role), FAILED);
    }
    for role in [json!(["admin"]), json!(9), json!({ "admin": 9 }), json!(null), json!(true)] {
        claim("D39", "role", role, FAILED);
    }
    for status in [json!("1"), json!(null), json!(true), json!([1])] {
        claim("D42", "status", status, FAILED);
    }
    for status in [json!(0), json!(-1), json!(-2), json!(0.5)] {
        claim("D42", "status", status, Expected::Refused(403, "accountStatusLacking"));
    }
    claim("D42", "status", json!(2), Expected::Created);
    add(rows, world, "D42", &Claims::new().without("status"), Expected::Created);
    add(rows, world, "D39", &Claims::new().without("role"), FAILED);
    let injected = Claims::new().role("user").with("level", 8).with("roles", json!(["admin"]));
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&injected));
    let asks = |level| request.clone().body(format!(r#"{{"name":"x","level":{level},"expiresIn":60}}"#));
    rows.add("D40", "a level claim", Endpoint::Jwt, &asks(4), Expected::Created);
    rows.add("D40", "a level claim", Endpoint::Jwt, &asks(5), Expected::Refused(403, "keyLevelExceedsRoleLevel"));
}
