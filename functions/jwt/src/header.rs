//! Checks the header of a token. It must match the configured algorithm, and it changes nothing. RFC 7515 section 4.

use jsonwebtoken::Algorithm;
use shared::keys::Rejection;
use shared::text::{Object, Value};

/// Members that require processing that this service does not support (RFC 7515 section 4.1.11, RFC 7516 section 4.1).
const UNSUPPORTED: [&str; 3] = ["crit", "enc", "zip"];

/// Checks a decoded header, and returns its algorithm, which must be one of the configured keys. `kid`, `jku`, `x5u`,
/// `jwk` and other members are ignored, and never cause a request.
///
/// # Errors
/// A [`Rejection`].
pub(crate) fn check(header: &str, configured: impl IntoIterator<Item = Algorithm>) -> Result<Algorithm, Rejection> {
    let header = Object::parse(header).map_err(|_| Rejection::new("tokenMalformed"))?;
    let alg = header.get("alg");
    let is_its = |algorithm: &Algorithm| matches!(alg, Some(Value::String(alg)) if *alg == name(*algorithm));
    let algorithm = configured.into_iter().find(is_its).ok_or(Rejection::new("tokenAlgorithmWrong"))?;
    if UNSUPPORTED.iter().any(|member| header.get(member).is_some()) || !is_access_token(header.get("typ")) {
        return Err(Rejection::new("tokenHeaderUnsupported"));
    }
    Ok(algorithm)
}

/// RFC 7519 section 5.1, RFC 9068 section 2.1.
fn is_access_token(typ: Option<&Value<'_>>) -> bool {
    match typ {
        None => true,
        Some(Value::String(typ)) => typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt"),
        Some(_) => false,
    }
}

/// The name of an algorithm in a header. RFC 7518 section 3.1, RFC 8037 section 3.1.
const fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "HS256",
        Algorithm::RS256 => "RS256",
        Algorithm::ES256 => "ES256",
        Algorithm::EdDSA => "EdDSA",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_with_the_algorithm_is_accepted_and_others_are_ignored() {
        for header in [
            r#"{"alg":"HS256"}"#,
            "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
            r#"{"alg":"HS256","typ":"AT+jwt","kid":"x","jku":"http://127.0.0.1/","foo":{"bar":[]}}"#,
            r#"{"alg":"HS256","kid":5,"x5c":"a","url":[],"foo":1e400}"#,
        ] {
            assert!(check(header, [Algorithm::HS256]).is_ok(), "{header}");
        }
    }

    #[test]
    fn a_header_of_another_algorithm_type_or_extension_is_refused() {
        for header in [
            "",
            "[]",
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"hs256"}"#,
            r#"{"alg":"HS384"}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","zip":"DEF"}"#,
            r#"{"alg":"HS256","enc":"A128GCM"}"#,
            r#"{"alg":"HS256","typ":"JWE"}"#,
            r#"{"alg":"HS256","typ":null}"#,
            r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
            r#"{"alg":"none","\u0061lg":"HS256"}"#,
        ] {
            assert!(check(header, [Algorithm::HS256]).is_err(), "{header}");
        }
    }
    #[test]
    fn the_algorithm_is_that_of_one_of_the_configured_keys() {
        let configured = [Algorithm::RS256, Algorithm::EdDSA];
        assert_eq!(check(r#"{"alg":"EdDSA"}"#, configured).ok(), Some(Algorithm::EdDSA));
        assert_eq!(check(r#"{"alg":"RS256"}"#, configured).ok(), Some(Algorithm::RS256));
        for alg in ["ES256", "HS256", "none", ""] {
            assert!(check(&format!(r#"{{"alg":"{alg}"}}"#), configured).is_err(), "{alg}");
        }
    }
}
