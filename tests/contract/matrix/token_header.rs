//! Group C: algorithm, key and header of a token. RFC 8725; vectors after Wycheproof's `json_web_signature` tests.

use tests::token::{Claims, Signer, Token, compact, segment, with_signature};

use super::{Endpoint, Expected, FAILED, Rows, World, assert_rows};
use crate::support::JWT_SECRET;

#[tokio::test]
async fn a_token_header_changes_neither_the_algorithm_nor_the_key() {
    let world = World::new().await;
    assert_rows(&world, rows(&world)).await;
}

#[tokio::test]
async fn each_kind_of_public_key_verifies_its_own_algorithm_and_no_other() {
    for own in [Signer::rs256(), Signer::es256(), Signer::ed25519()] {
        let pem = own.public_key_pem();
        let world = World::with(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", &pem)]).await;
        let mut rows = Rows::new();
        let request = |token: &str| World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        rows.add("C09", own.algorithm(), Endpoint::Jwt, &request(&Claims::new().sign(&own)), Expected::Created);
        let strangers =
            [Signer::es256(), Signer::ed25519(), Signer::hs256(pem.as_bytes()), Signer::hs256(b""), Signer::None];
        for stranger in strangers {
            let token = Claims::new().sign(&stranger);
            rows.add("C07", stranger.algorithm(), Endpoint::Jwt, &request(&token), FAILED);
            let disguised =
                Token::new(&Claims::new()).header(format!(r#"{{"alg":"{}"}}"#, own.algorithm())).sign(&stranger);
            rows.add("C09", stranger.algorithm(), Endpoint::Jwt, &request(&disguised), FAILED);
        }
        for (what, signature) in forged_signatures(&own) {
            rows.add(
                "C15",
                what,
                Endpoint::Jwt,
                &request(&with_signature(&Claims::new().sign(&own), signature)),
                FAILED,
            );
        }
        assert_rows(&world, rows).await;
    }
}

#[tokio::test]
async fn an_rsa_signature_with_malformed_padding_is_refused() {
    let pem = Signer::rs256().public_key_pem();
    let world = World::with(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", &pem)]).await;
    let mut lines = RSA_PADDING.lines().filter(|line| !line.starts_with('#'));
    let message = lines.next().unwrap();
    let mut rows = Rows::new();
    for line in lines {
        let [name, status, signature] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let expected = if status == "201" { Expected::Created } else { FAILED };
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {message}.{signature}"));
        rows.add("C16", name, Endpoint::Jwt, &request, expected);
    }
    assert_eq!(rows.rows.len(), 12);
    assert_rows(&world, rows).await;
}

const RSA_PADDING: &str = include_str!("../../data/rsa_padding.tsv");

/// Signatures that weak verifiers have accepted: r and s of 0, 1, n - 1 and n, in DER, too long, too short.
fn forged_signatures(signer: &Signer) -> Vec<(String, Vec<u8>)> {
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut one = [0; 32];
    one[31] = 1;
    let mut below = ORDER;
    below[31] -= 1;
    let numbers = [[0; 32], one, below, ORDER, [0xff; 32]];
    let pairs = numbers.iter().flat_map(|r| numbers.iter().map(move |s| [*r, *s].concat()));
    let token = Claims::new().sign(signer);
    let (message, _) = token.rsplit_once('.').unwrap();
    let good = signer.sign(message.as_bytes());
    let der = [&[0x30, 0x44, 2, 0x20], &good[..32], &[2, 0x20], &good[32..64]].concat();
    let others = [
        der,
        [good.as_slice(), &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        vec![0; good.len()],
        vec![0xff; good.len()],
        vec![0, 1],
    ];
    pairs
        .chain(others)
        .enumerate()
        .map(|(index, signature)| (format!("{} {index}", signer.algorithm()), signature))
        .collect()
}

pub(super) fn rows(world: &World) -> Rows {
    let mut rows = Rows::new();
    algorithms(&mut rows, world);
    signatures(&mut rows, world);
    members(&mut rows, world);
    rows
}

fn add(rows: &mut Rows, id: &'static str, what: &str, token: &str, expected: Expected) {
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
    rows.add_twice(id, what, Endpoint::Jwt, &request, expected);
}

fn algorithms(rows: &mut Rows, world: &World) {
    let secret = JWT_SECRET.as_bytes();
    let claims = Claims::new();
    let with_header = |header: &str, signer: &Signer| Token::new(&claims).header(header).sign(signer);
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        add(rows, "C01", alg, &with_header(&header, &Signer::None), FAILED);
        add(rows, "C03", alg, &with_header(&header, world.signer()), FAILED);
    }
    for header in [r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":""}"#, r#"{"alg":256}"#, r#"{"Alg":"HS256"}"#, "{}"]
    {
        add(rows, "C04", header, &with_header(header, world.signer()), FAILED);
    }
    for signer in [Signer::hs384(secret), Signer::hs512(secret)] {
        add(rows, "C06", signer.algorithm(), &claims.sign(&signer), FAILED);
        let disguised = with_header(r#"{"alg":"HS256"}"#, &signer);
        add(rows, "C06", signer.algorithm(), &disguised, FAILED);
    }
    for signer in [Signer::rs256(), Signer::es256(), Signer::ed25519()] {
        add(rows, "C07", signer.algorithm(), &claims.sign(&signer), FAILED);
        let renamed = with_header(&format!(r#"{{"alg":"{}"}}"#, signer.algorithm()), world.signer());
        add(rows, "C07", signer.algorithm(), &renamed, FAILED);
    }
    for key in ["", "secret", &JWT_SECRET.to_uppercase()] {
        add(rows, "C09", key, &claims.sign(&Signer::hs256(key.as_bytes())), FAILED);
    }
}

fn signatures(rows: &mut Rows, world: &World) {
    let token = Claims::new().sign(world.signer());
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let stronger = segment(Claims::new().role("admin").to_json());
    add(rows, "C12", "another payload", &compact(&[header, &stronger, signature]), FAILED);
    add(rows, "C12", "another header", &compact(&[&segment(r#"{"alg":"HS256"}"#), payload, signature]), FAILED);
    let mac = world.signer().sign(format!("{header}.{payload}").as_bytes());
    for bit in [0, 7, 128, 255] {
        let mut flipped = mac.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        add(rows, "C12", "a flipped bit", &with_signature(&token, flipped), FAILED);
    }
    for length in [0, 1, 16, 31] {
        add(rows, "C13", "a truncated MAC", &with_signature(&token, &mac[..length]), FAILED);
    }
    add(rows, "C13", "a longer MAC", &with_signature(&token, [mac.as_slice(), &[0]].concat()), FAILED);
    for length in [64, 256, 512] {
        add(rows, "C12", "a signature of another kind", &with_signature(&token, vec![1; length]), FAILED);
    }
}

fn members(rows: &mut Rows, world: &World) {
    let claims = Claims::new();
    let attacker = Signer::ed25519();
    let jwk = r#""jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let ours = |header: &str| Token::new(&claims).header(header).sign(world.signer());
    add(
        rows,
        "C18",
        "an embedded key",
        &Token::new(&claims).header(format!(r#"{{"alg":"EdDSA",{jwk}}}"#)).sign(&attacker),
        FAILED,
    );
    add(rows, "C18", "an embedded key, ignored", &ours(&format!(r#"{{"alg":"HS256",{jwk}}}"#)), Expected::Created);
    for header in
        [r#"{"alg":"HS256","crit":[]}"#, r#"{"alg":"HS256","crit":null}"#, r#"{"alg":"HS256","crit":["exp"]}"#]
    {
        add(rows, "C21", header, &ours(header), FAILED);
    }
    add(rows, "C22", "b64", &ours(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#), FAILED);
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"jwt"}"#, r#"{"alg":"HS256","typ":"AT+JWT"}"#] {
        add(rows, "C24", header, &ours(header), Expected::Created);
    }
    for typ in [r#""JWE""#, r#""""#, "null", "1", r#""application/at+jwt""#] {
        add(rows, "C24", typ, &ours(&format!(r#"{{"alg":"HS256","typ":{typ}}}"#)), FAILED);
    }
    for member in [r#""zip":"DEF""#, r#""enc":"A128GCM""#, r#""zip":null"#] {
        add(rows, "C25", member, &ours(&format!(r#"{{"alg":"HS256",{member}}}"#)), FAILED);
    }
    for members in [r#""kid":"a","kid":"b""#, r#""typ":"JWT","typ":"JWT""#, r#""x":{"y":1,"y":2}"#, r#""alg":"HS256""#]
    {
        add(rows, "C27", members, &ours(&format!(r#"{{"alg":"HS256",{members}}}"#)), FAILED);
    }
    for members in [r#""foo":{"bar":[1]},"kid":"x""#, r#""kid":5,"x5c":"a","url":1"#, r#""foo":1e400"#] {
        add(rows, "C28", members, &ours(&format!(r#"{{"alg":"HS256",{members}}}"#)), Expected::Created);
    }
}
