//! `JWT_PUBLIC_KEY` in the forms that issuers and tools give it, and the keys of an issuer's rotation.

use std::collections::{BTreeMap, BTreeSet};

use jwt::TokenVerifier;
use shared::platform::config::ConfigError;
use tests::token::{Claims, Signer, Token};

use crate::failures::check_each_sync;
use crate::support::{Endpoint, JWT_SECRET, World, assert_refused, environment};

/// One key in many forms, by their names.
const FORMS: &str = include_str!("../data/public_key_forms.json");

fn forms() -> BTreeMap<String, String> {
    serde_json::from_str(FORMS).unwrap()
}

fn refusal(variables: &[(&str, &str)]) -> Option<ConfigError> {
    TokenVerifier::configure(&environment(&[&[("JWT_SECRET", "")], variables].concat())).err()
}

#[test]
fn a_form_with_one_meaning_is_accepted_and_any_other_is_named() {
    let expected = [
        ("pem", None),
        ("pem-literal-backslash-n", None),
        ("pem-crlf", None),
        ("pem-spaces-for-newlines", None),
        ("pem-in-quotes", None),
        ("pem-no-final-newline", None),
        ("pem-indented", None),
        ("pkcs1", Some("is a PKCS#1 key")),
        ("certificate", Some("is a certificate")),
        ("bare-base64-keycloak", Some("is a key in base64 without the lines of a PEM")),
        ("two-keys", Some("holds several PEM blocks")),
        ("jwk", Some("is a JWK")),
        ("pem-base64-again", Some("is a PEM that was encoded in base64 once more")),
    ];
    let forms = forms();
    assert_eq!(forms.len(), expected.len());
    check_each_sync(expected, |(form, problem)| assert_problem("JWT_PUBLIC_KEY", &forms[form], problem));
}

#[test]
fn further_forms_are_accepted_or_named() {
    let pem = forms()["pem"].clone();
    let certificate = forms()["certificate"].clone();
    let in_line = pem.trim().replace('\n', "\\n");
    let encrypted = pem.replace("PUBLIC KEY", "ENCRYPTED PRIVATE KEY");
    for (text, problem) in [
        (format!("'{pem}'"), None),
        (format!("\"{in_line}\""), None),
        (format!(" \" {in_line}\\n \" "), None),
        (pem.replace('\n', "\\r\\n"), None),
        (pem.replace('\n', "\t"), None),
        (format!("# the issuer's key\n{pem}"), None),
        (format!("\"{pem}"), None),
        (format!("{pem}\""), Some("is a PUBLIC KEY that is incomplete or damaged")),
        (format!("{pem}x"), Some("is a PUBLIC KEY that is incomplete or damaged")),
        (pem.replace("MIIB", "MII!"), Some("is a PUBLIC KEY that is incomplete or damaged")),
        (pem.replace("MIIB", "MIIC"), Some("is a PUBLIC KEY that is incomplete or damaged")),
        (pem[..pem.len() / 2].to_owned(), Some("is a PUBLIC KEY that is incomplete or damaged")),
        (pem.replace("PUBLIC KEY", "PRIVATE KEY"), Some("is a private key")),
        (pem.replace("PUBLIC KEY", "RSA PRIVATE KEY"), Some("is a private key")),
        (format!("{encrypted}{pem}"), Some("is a private key")),
        (format!("{pem}{certificate}"), Some("holds several PEM blocks")),
        (pem.replace("PUBLIC KEY", "PGP PUBLIC KEY BLOCK"), Some("is a PEM of another kind")),
        (r#"{"keys":[{"kty":"RSA"}]}"#.to_owned(), Some("is a JWK")),
        ("https://issuer.example.com/jwks.json".to_owned(), Some("is not a PEM")),
        ("canary".to_owned(), Some("is not a PEM")),
    ] {
        assert_problem("JWT_PUBLIC_KEY", &text, problem);
    }
}

/// Asserts that the form is accepted, or that the error names the variable and the problem, and quotes nothing.
fn assert_problem(variable: &'static str, text: &str, problem: Option<&str>) {
    let error = refusal(&[(variable, text)]);
    assert_eq!(error.as_ref().map(|error| error.variable), problem.map(|_| variable), "{text}: {error:?}");
    let message = error.map(|error| error.problem).unwrap_or_default();
    assert!(message.starts_with(problem.unwrap_or_default()), "{text}: {message}");
    assert!(problem.is_none() || message.contains(": "), "it says what to do: {message}");
    let quoted = text.split_whitespace().find(|part| part.len() > 12 && message.contains(*part));
    assert_eq!(quoted, None, "{message}");
}

#[test]
fn every_problem_has_its_own_message() {
    let messages: Vec<_> = forms().values().filter_map(|text| refusal(&[("JWT_PUBLIC_KEY", text)])).collect();
    let unique: BTreeSet<_> = messages.iter().map(|error| error.problem).collect();
    assert_eq!((unique.len(), messages.len()), (6, 6));
}

#[test]
fn the_next_key_is_a_public_key_beside_the_current_one() {
    let [current, next] = [Signer::ed25519(), Signer::es256()].map(|signer| signer.public_key_pem());
    let both = [("JWT_PUBLIC_KEY", &*current), ("JWT_PUBLIC_KEY_NEXT", &*next)];
    assert_eq!(refusal(&both), None);
    assert_eq!(refusal(&[both[0], ("JWT_PUBLIC_KEY_NEXT", "")]), None);
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-AbCd12";
    for alone in [("JWT_SECRET", JWT_SECRET), ("JWT_SECRET_ARN", arn)] {
        assert_eq!(refusal(&[alone, both[1]]).unwrap().variable, "JWT_PUBLIC_KEY_NEXT", "{}", alone.0);
    }
    let error = refusal(&[both[0], ("JWT_PUBLIC_KEY_NEXT", &forms()["certificate"])]).unwrap();
    assert_eq!(error.variable, "JWT_PUBLIC_KEY_NEXT");
    assert!(error.problem.starts_with("is a certificate"), "{error}");
}

#[tokio::test]
async fn a_token_of_the_current_or_the_next_key_is_verified_by_the_key_of_its_algorithm() {
    let pairs = [
        (Signer::ed25519(), Signer::es256()),
        (Signer::rs256(), Signer::ed25519()),
        (Signer::ed25519(), Signer::ed25519()),
    ];
    for (current, next) in pairs {
        // A PEM with spaces for line ends is the same key.
        let [current_pem, next_pem] = [&current, &next].map(|signer| signer.public_key_pem().replace('\n', " "));
        let world =
            World::with(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", &current_pem), ("JWT_PUBLIC_KEY_NEXT", &next_pem)])
                .await;
        let without =
            World::with(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", &current_pem), ("JWT_PUBLIC_KEY_NEXT", "")]).await;
        let context = format!("{} and {}", current.algorithm(), next.algorithm());
        for signer in [&current, &next] {
            assert_eq!(status(&world, &Claims::new().sign(signer)).await, 201, "{context}");
        }
        assert_eq!(status(&without, &Claims::new().sign(&current)).await, 201, "{context}");
        assert_eq!(status(&without, &Claims::new().sign(&next)).await, 403, "{context}");
        assert_eq!(status(&world, &Claims::new().expires_in(-1).sign(&next)).await, 403, "{context}");
        let strangers = [Signer::ed25519(), Signer::es256(), Signer::hs256(next_pem.as_bytes()), Signer::None];
        for signer in strangers.iter().chain([&current, &next]) {
            for alg in ["EdDSA", "ES256", "RS256", "HS256", "none"] {
                let token = Token::new(&Claims::new()).header(format!(r#"{{"alg":"{alg}"}}"#)).sign(signer);
                let is_theirs =
                    (std::ptr::eq(signer, &current) || std::ptr::eq(signer, &next)) && alg == signer.algorithm();
                let expected = if is_theirs { 201 } else { 403 };
                assert_eq!(status(&world, &token).await, expected, "{context}: {alg} by {}", signer.algorithm());
            }
        }
    }
}

async fn status(world: &World, token: &str) -> u64 {
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
    let answer = world.send(Endpoint::Jwt, &request).await;
    if answer.status != 201 {
        assert_refused(&answer, 403, "authenticationFailed", token);
    }
    answer.status
}
