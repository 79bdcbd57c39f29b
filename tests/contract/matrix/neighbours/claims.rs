//! Neighbours in group D: the claims of a correctly signed token. Values count, not their spelling.

use serde_json::json;
use tests::token::{AUDIENCE, Claims, ISSUER, Token};

use crate::matrix::{Expected, FAILED, Rows};
use crate::support::{Endpoint, World};

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    let now = rows.now();
    let mut claim = |id: &'static str, name: &str, value: &str, expected: Expected| {
        let token = Token::new(&Claims::new()).payload(payload(name, value)).sign(world.signer());
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        rows.add(id, format!("{name}: {value}"), Endpoint::Jwt, &request, expected);
    };
    times(&mut claim, now);
    parties(&mut claim);
    identity(&mut claim);
    role_and_status(&mut claim);
    subjects(&mut rows, world);
    rows
}

/// Adds a row with a claim as JSON text, which a JSON library might not write.
type Claim<'a> = dyn FnMut(&'static str, &str, &str, Expected) + 'a;

fn payload(name: &str, value: &str) -> String {
    let claims = Claims::new().without(name).to_json();
    format!("{},\"{name}\":{value}}}", &claims[..claims.len() - 1])
}

fn times(claim: &mut Claim<'_>, now: i64) {
    for value in ["99999999999", "9.9999999999e10", "99999999999.999", &format!("{}e-1", (now + 600) * 10)] {
        claim("D+1", "exp", value, Expected::Created);
    }
    for value in ["1e11", "100000000000.0", "1e30", "9007199254740993", "18446744073709551616"] {
        claim("D+1", "exp", value, FAILED);
    }
    for value in ["1e-30", "-0", "0e999", "1e-400", "-1e30", &format!("{}e-1", (now - 2) * 10), &format!("{now}e-1")] {
        claim("D+1", "exp", value, FAILED);
    }
    for value in ["-1e400", "-1", "0", "1e-400", &format!("{}E-2", (now - 1) * 100), &format!("{}.5", now + 30)] {
        claim("D+2", "nbf", value, Expected::Created);
    }
    for value in ["1e400", "1e30", &format!("{}.5", now + 120), "{}", "\"0\"", "[0]"] {
        claim("D+2", "nbf", value, FAILED);
    }
    for value in ["-1e400", "0", "-0", &(now + 55).to_string()] {
        claim("D+3", "iat", value, Expected::Created);
    }
    for value in ["1e400", "true", "[]", &format!("{}.0", now + 90)] {
        claim("D+3", "iat", value, FAILED);
    }
}

fn parties(claim: &mut Claim<'_>) {
    let (escaped, upper) = (AUDIENCE.replace('/', "\\/"), AUDIENCE.to_uppercase());
    for value in
        [&format!(r#""{escaped}""#), &format!(r#"["{AUDIENCE}","{AUDIENCE}"]"#), &format!(r#"["","{escaped}"]"#)]
    {
        claim("D+4", "aud", value, Expected::Created);
    }
    for value in [
        &format!(r#"["{AUDIENCE}",{{}}]"#),
        &format!(r#"["{AUDIENCE}",["{AUDIENCE}"]]"#),
        &format!(r#"["{AUDIENCE}",true]"#),
        &format!(r#""{AUDIENCE},{AUDIENCE}""#),
        &format!(r#""{AUDIENCE}\u0000""#),
        &format!(r#"["{upper}","{AUDIENCE} "]"#),
    ] {
        claim("D+4", "aud", value, FAILED);
    }
    claim("D+5", "iss", &format!(r#""{}""#, ISSUER.replace('/', "\\u002f")), Expected::Created);
    for value in [ISSUER.to_uppercase(), format!("{ISSUER}\\u0000"), format!("{ISSUER} "), format!("\\ufeff{ISSUER}")] {
        claim("D+5", "iss", &format!(r#""{value}""#), FAILED);
    }
}

fn identity(claim: &mut Claim<'_>) {
    for (value, user_id) in [
        ("0.61e2", 61),
        ("610e-1", 61),
        ("9007199254740991.0", 9_007_199_254_740_991),
        ("9.007199254740991E+15", 9_007_199_254_740_991),
        ("1", 1),
    ] {
        claim("D+6", "_id", value, Expected::CreatedFor(user_id));
    }
    for value in ["9.007199254740992e15", "9007199254740991.5", "61e-1", "0e5", "-61", "1e99999999999999999999"] {
        claim("D+6", "_id", value, FAILED);
    }
}

fn subjects(rows: &mut Rows, world: &World) {
    let digits = "0".repeat(400) + "61";
    for (claims, expected) in [
        (Claims::new().without("_id").with("sub", "0061"), Expected::Created),
        (Claims::new().without("_id").with("sub", digits), Expected::Created),
        (Claims::new().with("sub", "7"), Expected::Created),
        (Claims::new().with("sub", json!([])), Expected::Created),
        (Claims::new().without("_id").with("sub", "61 "), FAILED),
        (Claims::new().without("_id").with("sub", "6_1"), FAILED),
        (Claims::new().without("_id").with("sub", "６１"), FAILED),
        (Claims::new().without("_id").with("sub", json!(["61"])), FAILED),
        (Claims::new().with("_id", "61").with("sub", "61"), FAILED),
        (Claims::new().with("_id", 0).with("sub", "61"), FAILED),
        (Claims::new().without("_id").with("id", 61).with("ID", 61), FAILED),
    ] {
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&claims));
        rows.add("D+7", claims.to_json(), Endpoint::Jwt, &request, expected);
    }
}

fn role_and_status(claim: &mut Claim<'_>) {
    claim("D+8", "role", r#""adm\u0069n""#, Expected::Created);
    for role in ["__proto__", "constructor", "user\\u0000", "user\\n", "us\\u200ber", "user,admin", "*", "4"] {
        claim("D+8", "role", &format!(r#""{role}""#), FAILED);
    }
    for status in ["1.0", "1e0", "10e-1", "1.0000000000000000000001", "1e400"] {
        claim("D+9", "status", status, Expected::Created);
    }
    for status in ["-0", "0e400", "1e-400", "-1e400", "0.9", "9e-1", "0.99999999999999999999"] {
        claim("D+9", "status", status, Expected::Refused(403, "accountStatusLacking"));
    }
    for status in ["{}", "\"\"", "false", "[1]"] {
        claim("D+9", "status", status, FAILED);
    }
}
