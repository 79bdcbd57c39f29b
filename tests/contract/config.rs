//! A wrong configuration: the function does not start, and the error names the variable without its value.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jwt::TokenVerifier;
use key::KeyVerifier;
use shared::platform::config::{Config, ConfigError};
use tests::dynamo::Dynamo;
use tests::event::Source;
use tests::token::Signer;

use crate::failures::{check_each, check_each_sync};
use crate::support::{Endpoint, World, environment};

/// A variable and some values for it.
type Values<'a> = (&'a str, &'a [&'a str]);

fn refusal(variables: &[(&str, &str)]) -> Option<ConfigError> {
    let environment = environment(variables);
    let functions = [TokenVerifier::configure(&environment).err(), KeyVerifier::configure(&environment).err()];
    Config::read(&environment).err().or_else(|| functions.into_iter().flatten().next())
}

/// Every variable with each of its values.
fn settings<'a>(variables: &[Values<'a>]) -> impl Iterator<Item = (&'a str, &'a str)> {
    variables.iter().flat_map(|(variable, values)| values.iter().map(|value| (*variable, *value)))
}

fn assert_refuses(variables: &[Values]) {
    check_each_sync(settings(variables), |(variable, value)| {
        let error = refusal(&[(variable, value)]).unwrap_or_else(|| panic!("{variable}={value} is accepted"));
        assert_eq!(error.variable, variable, "{value}");
        assert!(value.len() < 4 || !error.to_string().contains(value), "{error}");
    });
}

fn assert_accepts(variables: &[Values]) {
    check_each_sync(settings(variables), |setting| assert_eq!(refusal(&[setting]), None, "{setting:?}"));
}

#[test]
fn a_valid_configuration_starts() {
    assert_eq!(refusal(&[]), None);
    assert_accepts(&[
        ("MAX_EXPIRES_IN", &["", "1", "31536000", "3153600000"]),
        ("ROLE_LEVELS", &["", r#"{"writer":3}"#]),
        ("JWT_USER_CLAIM", &["", "sub", "custom:user_id", "https://example.com/user", "app_metadata.user_id"]),
        ("JWT_ROLE_CLAIM", &["", "cognito:groups", "https://example.com/a.b/role", "realm_access.roles"]),
        ("LOG_LEVEL", &["", "ERROR", "warn", "Info", "DEBUG"]),
        ("AWS_CA_BUNDLE", &["", "system", "/etc/ssl/certs/ca-certificates.crt"]),
        ("AWS_ENDPOINT_URL_DYNAMODB", &["", "http://localhost:8000", "https://dynamodb.example.com"]),
        ("TABLE_NAME", &["a-b_c.D9", "arn:aws:dynamodb:us-east-1:123456789012:table/apikeys"]),
        ("AWS_REGION", &["eu-central-1", "cn-north-1", "us-gov-west-1"]),
    ]);
}

#[test]
fn exactly_one_key_that_verifies_tokens_is_configured() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-AbCd12";
    assert_eq!(refusal(&[("JWT_SECRET", ""), ("JWT_SECRET_ARN", arn)]), None);
    assert_eq!(refusal(&[("JWT_SECRET_ARN", arn)]).unwrap().variable, "JWT_SECRET");
    let pem = Signer::ed25519().public_key_pem();
    let both = refusal(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", &pem), ("JWT_SECRET_ARN", arn)]).unwrap();
    assert_eq!(both.variable, "JWT_PUBLIC_KEY");
}

#[test]
fn an_invalid_variable_of_a_jwt_secret_in_secrets_manager_refuses_to_start() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt-AbCd12";
    let arns = ["jwt", "arn:aws:secretsmanager:us-east-1:123456789012:secret:jwt", "arn:aws:kms:us-east-1:1:key/x"];
    let seconds = ["-1", "1.5", "1e3", " 60", "a week", "9999999999"];
    let variables: [Values; 2] = [("JWT_SECRET_ARN", &arns), ("JWT_PREVIOUS_SECONDS", &seconds)];
    check_each_sync(settings(&variables), |(variable, value)| {
        let error = refusal(&[("JWT_SECRET", ""), ("JWT_SECRET_ARN", arn), (variable, value)]);
        assert_eq!(error.map(|error| error.variable), Some(variable), "{value}");
    });
}

#[test]
fn a_required_variable_that_is_missing_refuses_to_start() {
    let variables = [
        "TABLE_NAME",
        "AWS_REGION",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "JWT_SECRET",
        "AWS_LAMBDA_RUNTIME_API",
    ];
    assert_refuses(&variables.map(|variable| (variable, &[""] as &[&str])));
}

#[test]
fn an_invalid_variable_refuses_to_start() {
    assert_refuses(&[
        ("TABLE_NAME", &["ab", "my table", "a/b"]),
        ("AWS_REGION", &["US-EAST-1", "us east", "us-east-1.example.com/"]),
        ("MAX_EXPIRES_IN", &["0", "-1", "1.5", "1e3", "1h", " 60", "3153600001", "99999999999999999999"]),
        ("JWT_USER_CLAIM", &["a..b", ".canary", "canary.", "user id", "exp", "iss", "status", "b\u{fc}rger"]),
        ("JWT_ROLE_CLAIM", &["a..b", ".canary", "canary.", "the role", "exp", "aud", "status", "r\u{f4}le"]),
        ("ROLE_LEVELS", &["x", "[]", "{}", r#"{"a":10}"#, r#"{"a":"4"}"#, r#"{"a":1,"a":2}"#]),
        ("AWS_LAMBDA_RUNTIME_API", &["/x", "http://", "a b", "127.0.0.1:9001/x y"]),
        ("LOG_LEVEL", &["TRACE", "trace", "ALL", "info,hyper=trace"]),
        ("AWS_ENDPOINT_URL_DYNAMODB", &["localhost", "ftp://localhost", "http://", "/x"]),
        ("AWS_CA_BUNDLE", &["/nonexistent.pem", "/dev/null", env!("CARGO_MANIFEST_DIR"), file!()]),
    ]);
}

fn longest_prefix() -> String {
    format!("{}/", "a".repeat(255))
}

/// The ARN of a secret, without its name.
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";

#[test]
fn event_variables_are_optional_and_accept_what_aws_accepts() {
    assert_accepts(&[
        ("DELIVERY_PREFIX", &["", "/", "apikeys/", "a/b_c+d=e.f@g-", "keys_", "9.", &longest_prefix()]),
        ("ALLOW_PLAINTEXT_RESULT", &["", "true", "false"]),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            &["", "http://localhost:5000", "https://secretsmanager.example.com", "http://[::1]:5000/path"],
        ),
        (
            "PROVISIONER_SECRET_ARN",
            &[
                "",
                &format!("{SECRET}apikeys-provisioner-AbCd12"),
                &format!("{SECRET}a/b_c+d=e.f@g-AbCd12"),
                "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:x-000000",
            ],
        ),
    ]);
}

#[test]
fn a_prefix_that_cannot_begin_a_secrets_name_refuses_to_start() {
    let too_long = format!("a{}", longest_prefix());
    let invalid = ["api keys/", " ", "api:keys/", "apikeys/*/", "keys?/", "schlüssel/", "a\n/", "$x/"];
    assert_refuses(&[("DELIVERY_PREFIX", &invalid), ("DELIVERY_PREFIX", &[&too_long, "arn:aws:secretsmanager:x"])]);
}

/// The prefix `keys1` and user 2 would give the same name as the prefix `keys` and user 12.
#[test]
fn a_prefix_that_ends_in_a_letter_or_digit_refuses_to_start() {
    assert_refuses(&[("DELIVERY_PREFIX", &["apikeys", "keys1", "9", "apikeys/A", "a/b/z"])]);
}

#[test]
fn a_provisioner_without_a_complete_arn_refuses_to_start() {
    let arn = format!("{SECRET}apikeys-provisioner-AbCd12");
    let values = [
        "apikeys-provisioner",
        "apikeys-provisioner-AbCd12",
        &format!("{SECRET}apikeys-provisioner"),
        &format!("{SECRET}apikeys"),
        &format!("{SECRET}-AbCd12"),
        &format!("{SECRET}*"),
        &format!("{arn}:SecretString:key"),
        &format!("{arn} "),
        &format!(" {arn}"),
        &arn.replace("secretsmanager", "ssm"),
        &arn.replace(":secret:", ":key:"),
        &arn.replacen("arn", "ARN", 1),
        "arn:aws:secretsmanager:us-east-1:123456789012:secret",
        r#"{"key":"canary","secret":"canary"}"#,
    ];
    assert_refuses(&[("PROVISIONER_SECRET_ARN", &values)]);
    check_each_sync(values, |value| {
        // The jwt function does not use the provisioner.
        let environment = environment(&[("PROVISIONER_SECRET_ARN", value)]);
        assert!(Config::read(&environment).is_ok() && TokenVerifier::configure(&environment).is_ok(), "{value}");
    });
}

#[test]
fn a_flag_is_exactly_true_or_false() {
    let invalid: &[&str] = &["True", "TRUE", "1", "0", "yes", "no", "on", "\ttrue", "true\n", "none"];
    let flags = ["ALLOW_PLAINTEXT_RESULT", "WARM_CONNECTION", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];
    assert_refuses(&flags.map(|flag| (flag, invalid)));
    assert_accepts(&flags.map(|flag| (flag, &["", "true", "false"] as &[&str])));
}

#[test]
fn an_endpoint_is_a_plain_url_of_http_or_https() {
    let values = [
        "localhost",
        "localhost:5000",
        "ftp://localhost",
        "http://",
        "/x",
        "http://a b",
        "file:///x",
        "http://canary@localhost",
        "http://localhost:99999",
        "http://localhost/?canary",
        "https://canary:x@localhost/",
    ];
    let variables = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
    assert_refuses(&variables.map(|variable| (variable, &values as &[&str])));
}

#[test]
fn an_endpoint_that_is_not_used_is_not_checked() {
    let own = [("AWS_ENDPOINT_URL_DYNAMODB", "http://a"), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://b")];
    assert_eq!(refusal(&[own[0], own[1], ("AWS_ENDPOINT_URL", "canary")]), None);
    check_each_sync(own, |own| {
        assert_eq!(refusal(&[own, ("AWS_ENDPOINT_URL", "canary")]).unwrap().variable, "AWS_ENDPOINT_URL");
    });
}

#[tokio::test]
async fn the_general_endpoint_applies_if_the_services_own_is_unset() {
    let dynamo = Dynamo::in_memory().await;
    let (endpoint, nowhere) = (dynamo.endpoint(), "http://127.0.0.1:1");
    let cases = [("", endpoint.as_str()), (endpoint.as_str(), nowhere)];
    let check = async |(own, general)| {
        let world = World::with(&[("AWS_ENDPOINT_URL_DYNAMODB", own), ("AWS_ENDPOINT_URL", general)]).await;
        let answer = world.invoke(Endpoint::Jwt, &world.request(Endpoint::Jwt).event(Source::HttpApi)).await;
        assert_eq!(answer.status, 201, "{own:?}, {general:?}");
        assert!(dynamo.item(answer.apikey("key").as_str().unwrap()).await.is_some(), "{own:?}, {general:?}");
    };
    check_each(cases, check).await;
}

#[test]
fn a_secret_below_32_bytes_refuses_to_start() {
    assert_refuses(&[("JWT_SECRET", &["x", &"x".repeat(31), &"é".repeat(15)])]);
    assert_eq!(refusal(&[("JWT_SECRET", &"é".repeat(16))]), None);
}

#[test]
fn exactly_one_verification_key_may_be_set() {
    let error = refusal(&[("JWT_PUBLIC_KEY", &Signer::ed25519().public_key_pem())]).unwrap();
    assert_eq!(error.variable, "JWT_SECRET");
}

#[test]
fn a_public_key_is_pem_of_a_supported_type_and_size() {
    let keys = [("RSA", Signer::rs256()), ("P-256", Signer::es256()), ("Ed25519", Signer::ed25519())]
        .map(|(name, signer)| (name, signer.public_key_pem()));
    let valid = keys.iter().flat_map(|(name, pem)| {
        [
            (*name, "unchanged", pem.clone()),
            (*name, "blank lines", format!("\n{pem}\n")),
            (*name, "CRLF", pem.replace('\n', "\r\n")),
            (*name, "escaped line ends", pem.replace('\n', "\\n")),
        ]
    });
    check_each_sync(valid, |(.., pem)| assert_eq!(public_key_refusal(&pem), None, "{pem}"));
    let invalid = keys.iter().flat_map(|(name, pem)| {
        [
            (*name, "PKCS#1", pem.replace("PUBLIC KEY", "RSA PUBLIC KEY")),
            (*name, "private", pem.replace("PUBLIC KEY", "PRIVATE KEY")),
            (*name, "half", pem[..pem.len() / 2].to_owned()),
            (*name, "one line", pem.lines().nth(1).unwrap().to_owned()),
        ]
    });
    let unsupported = [("RSA", "1024 bits", WEAK_RSA), ("P-384", "type", P384), ("X25519", "type", X25519)];
    let unsupported = unsupported.map(|(name, part, pem)| (name, part, pem.to_owned()));
    check_each_sync(invalid.chain(unsupported), |(.., pem)| {
        assert_eq!(public_key_refusal(&pem), Some("JWT_PUBLIC_KEY"), "{pem}");
    });
}

/// The variable that the function refuses if this is its only key.
fn public_key_refusal(pem: &str) -> Option<&'static str> {
    refusal(&[("JWT_SECRET", ""), ("JWT_PUBLIC_KEY", pem)]).map(|error| error.variable)
}

#[test]
fn a_public_key_of_small_order_or_off_the_curve_refuses_to_start() {
    let ed25519 = "302a300506032b6570032100";
    let small_order = [(0, 0), (1, 0), (1, 0x80), (0, 0x80)].map(|(first, last)| {
        let mut point = vec![0; 32];
        (point[0], point[31]) = (first, last);
        (ed25519, point)
    });
    let p256 = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    let off_the_curve = [0, 1].map(|byte| (p256, vec![byte; 64]));
    check_each_sync(small_order.into_iter().chain(off_the_curve), |(prefix, key)| {
        let der = [hex::decode(prefix).unwrap(), key].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", wrapped(&STANDARD.encode(der)));
        assert_eq!(public_key_refusal(&pem), Some("JWT_PUBLIC_KEY"), "{pem}");
    });
}

/// Splits the text into lines of 64 characters, as in PEM.
fn wrapped(text: &str) -> String {
    text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n")
}

/// 1024 bits, from `openssl genrsa 1024 | openssl rsa -pubout`. The private key was not kept.
const WEAK_RSA: &str = "\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCujJuxAjGGuK/CH1/FzkLJdnf+
t0qIoJDeqSzg833S9W3HFtmOZLAHRXigshmOqIITpTh9umKIBZ5i8+fPYRsi9jcO
douQ3ST7Y25qA1OdMYkfZKekszd9xBqTYiRIDKf+X5BL6Tl4EnG8pu/mgB2LAIxE
zrCZ+m4PbKysQtkjfQIDAQAB
-----END PUBLIC KEY-----
";
/// From `openssl ecparam -name secp384r1 -genkey | openssl ec -pubout`.
const P384: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE74bKsrahrr1iidJSDarihcnMHeBuhtRs
g5plGy+98/Bhuzc1r0e1d6xTTFkQObRICndelW5SfvE9tqoFMadzFYH/VAjDzrPd
7pCbt8VLQud4WuBFUjtfKH2hX4w8yQyK
-----END PUBLIC KEY-----
";
/// From `openssl genpkey -algorithm X25519 | openssl pkey -pubout`.
const X25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAYhzzII9iN3W3eYLJdyxlytGJxTGfD6e+zQXpuEz+MRk=
-----END PUBLIC KEY-----
";
