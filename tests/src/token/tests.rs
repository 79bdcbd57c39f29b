use der::pem::PemLabel as _;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::Value;
use spki::SubjectPublicKeyInfoOwned;
use spki::der::DecodePem as _;

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn decode(segment: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(segment).unwrap()
}

fn assert_verifies(algorithm: &'static dyn VerificationAlgorithm, signer: &Signer) {
    let token = Claims::new().sign(signer);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let pem = signer.public_key_pem();
    assert!(pem.starts_with(&format!("-----BEGIN {}-----\n", SubjectPublicKeyInfoOwned::PEM_LABEL)), "{pem}");
    let info = SubjectPublicKeyInfoOwned::from_pem(&pem).unwrap();
    let key = UnparsedPublicKey::new(algorithm, info.subject_public_key.raw_bytes());
    key.verify(message.as_bytes(), &decode(signature)).unwrap();
}

#[test]
fn a_new_token_is_for_an_ordinary_user_and_one_hour() {
    let token = Claims::new().sign(&Signer::hs256(SECRET));
    let segments: Vec<&str> = token.split('.').collect();
    assert_eq!(decode(segments[0]), br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims: Value = serde_json::from_slice(&decode(segments[1])).unwrap();
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!((&claims["_id"], &claims["role"], lifetime), (&61.into(), &"user".into(), 3600));
    assert_eq!(decode(segments[2]).len(), 32);
}

#[test]
fn claims_can_be_changed_and_removed() {
    let claims = Claims::new().id(7).role("curator").with("status", 0).without("exp").to_json();
    let claims: Value = serde_json::from_str(&claims).unwrap();
    assert_eq!((&claims["_id"], &claims["role"], &claims["status"]), (&7.into(), &"curator".into(), &0.into()));
    assert_eq!(claims.get("exp"), None);
}

#[test]
fn rs256_verifies_with_the_exported_key() {
    assert_verifies(&RSA_PKCS1_2048_8192_SHA256, &Signer::rs256());
}

#[test]
fn es256_verifies_with_the_exported_key() {
    assert_verifies(&ECDSA_P256_SHA256_FIXED, &Signer::es256());
}

#[test]
fn eddsa_verifies_with_the_exported_key() {
    assert_verifies(&ED25519, &Signer::ed25519());
}

#[test]
fn rs256_signs_what_the_rfc_shows() {
    let payload = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    let token = Token::new(&Claims::new()).header(r#"{"alg":"RS256"}"#).payload(payload).sign(&Signer::rs256());
    assert!(token.ends_with(".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"));
}

#[test]
fn none_signs_with_nothing() {
    let token = Claims::new().sign(&Signer::None);
    assert!(token.ends_with('.'), "{token}");
    assert_eq!(with_signature(&token, [0]), format!("{token}AA"));
}

#[test]
fn longer_macs_have_longer_signatures() {
    for (signer, length) in [(Signer::hs384(SECRET), 48), (Signer::hs512(SECRET), 64)] {
        let token = Claims::new().sign(&signer);
        assert_eq!(decode(token.rsplit_once('.').unwrap().1).len(), length);
    }
}
