//! `JWT_SECRET_ARN`: a secret that is rotated while the function runs.

use std::process::Command;

use serde_json::json;
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::config::Config;
use shared::platform::{Call, Randomness};
use tests::event::Source;
use tests::fault::{Fault, Proxy};
use tests::secrets_manager::{Secrets, SecretsManager, new_token, unique_prefix};
use tests::token::{Claims, Signer};

use crate::failures::check_each;
use crate::support::{Endpoint, World, environment};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// A function that reads its secret through a proxy, and the time at which its start ended.
struct Kept {
    world: World,
    proxy: Proxy,
    secrets: Secrets,
    arn: String,
    started: Timestamp,
    /// The duration of the start in milliseconds. The start reads the secret.
    took: u64,
}

impl Kept {
    /// Starts a function with the secret `first`, and with `more` in the environment.
    async fn with(more: &[(&str, &str)]) -> Self {
        let secrets = SecretsManager::shared();
        let arn = secrets.create(&format!("{}jwt", unique_prefix()), &value("first")).await;
        let proxy = Proxy::to(secrets.port()).await;
        let endpoint = proxy.endpoint();
        let mut variables = vec![
            ("JWT_SECRET", ""),
            ("JWT_SECRET_ARN", arn.as_str()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", endpoint.as_str()),
        ];
        variables.extend(more);
        let begun = Timestamp::now();
        let world = World::with(&variables).await;
        let started = Timestamp::now();
        Self { world, proxy, secrets, arn, started, took: started.millis() - begun.millis() }
    }

    /// Makes another value `AWSCURRENT`, as a rotation does.
    async fn rotate(&self, name: &str) {
        self.secrets.put(&self.arn, &new_token(), &["AWSCURRENT"], &value(name)).await;
    }

    /// The status for a token that is signed with the value `name`, at a time after the start.
    async fn status(&self, name: &str, millis: u64) -> u64 {
        let now = Timestamp::from_millis(self.started.millis() + millis);
        let claims = Claims::new().with("iat", now.seconds()).with("exp", now.seconds() + 60);
        let token = claims.sign(&Signer::hs256(value(name).as_bytes()));
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        let call = Call::at(now, 10_000, Randomness::draw());
        self.world.invoke_with(Endpoint::Jwt, &request.event(Source::HttpApi), call).await.unwrap().status
    }

    fn reads(&self) -> usize {
        self.proxy.count("GetSecretValue")
    }
}

fn value(name: &str) -> String {
    format!("a test's own secret, the {name} of those known to all")
}

#[tokio::test]
async fn the_first_request_after_five_minutes_uses_a_rotated_secret() {
    let kept = Kept::with(&[]).await;
    let reads = kept.reads();
    assert_eq!(kept.status("first", 0).await, 201);
    kept.rotate("second").await;
    // Only the age of the value matters. Requests with unknown signatures cause no reload.
    let fresh = 5 * MINUTE - 1_000 - kept.took;
    for _ in 0..5 {
        assert_eq!(kept.status("second", fresh).await, 403);
    }
    assert_eq!(kept.status("first", fresh).await, 201);
    assert_eq!(kept.reads(), reads);
    assert_eq!(kept.status("second", 5 * MINUTE + 1).await, 201);
    assert_eq!(kept.reads(), reads + 2, "the current and the previous value");
    assert_eq!(kept.status("second", 9 * MINUTE).await, 201);
    assert_eq!(kept.reads(), reads + 2);
}

#[tokio::test]
async fn the_previous_value_verifies_for_a_week_after_the_rotation() {
    let kept = Kept::with(&[]).await;
    kept.rotate("second").await;
    let cases = [(6 * MINUTE, 201), (6 * DAY, 201), (7 * DAY - MINUTE, 201), (7 * DAY + MINUTE, 403)];
    check_each(cases, async |(millis, status)| {
        assert_eq!(kept.status("first", millis).await, status, "{millis}");
        assert_eq!(kept.status("second", millis).await, 201, "{millis}");
    })
    .await;
    kept.rotate("third").await;
    assert_eq!(kept.status("first", 6 * MINUTE).await, 403, "the value before the previous one");
}

#[tokio::test]
async fn jwt_previous_seconds_limits_the_previous_value() {
    let kept = Kept::with(&[("JWT_PREVIOUS_SECONDS", "0")]).await;
    kept.rotate("second").await;
    assert_eq!(kept.status("first", 6 * MINUTE).await, 403);
    assert_eq!(kept.status("second", 6 * MINUTE).await, 201);
    let kept = Kept::with(&[("JWT_PREVIOUS_SECONDS", "600")]).await;
    kept.rotate("second").await;
    assert_eq!(kept.status("first", 6 * MINUTE).await, 201);
    // The limit needs no reload: it counts from the rotation.
    let reads = kept.reads();
    assert_eq!(kept.status("first", 10 * MINUTE + 30_000).await, 403);
    assert_eq!(kept.reads(), reads);
}

#[tokio::test]
async fn a_value_without_a_stage_stops_verifying_after_five_minutes() {
    let kept = Kept::with(&[]).await;
    kept.rotate("second").await;
    assert_eq!(kept.status("first", 6 * MINUTE).await, 201);
    let leaked = kept.secrets.try_version_with(&kept.arn, "AWSPREVIOUS").await.unwrap().unwrap();
    let stage = kept.secrets.client().update_secret_version_stage().secret_id(&kept.arn).version_stage("AWSPREVIOUS");
    stage.remove_from_version_id(leaked).send().await.unwrap();
    assert_eq!(kept.status("first", 12 * MINUTE).await, 403);
    assert_eq!(kept.status("second", 12 * MINUTE).await, 201);
}

/// The log goes to the standard output, so this test runs the next one in another process.
#[test]
fn a_failed_reload_of_a_secret_is_logged_without_its_value() {
    let serving = "jwt_secret::a_secret_that_cannot_be_read_again_verifies_for_15_minutes";
    let output =
        Command::new(std::env::current_exe().unwrap()).args([serving, "--exact", "--nocapture"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let line = r#""level":"WARN","message":"the secret of JWT_SECRET_ARN can't be read again","detail":"AccessDeniedException""#;
    assert!(text.contains(line), "{text}");
    assert!(!text.contains("those known to all"), "{text}");
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_again_verifies_for_15_minutes() {
    let faults = [
        Fault::Reset,
        Fault::secrets_manager(400, "AccessDeniedException"),
        Fault::secrets_manager(400, "ResourceNotFoundException"),
        Fault::secrets_manager(500, "InternalServiceError"),
        Fault::html(503),
    ];
    check_each(faults, async |fault| {
        let kept = Kept::with(&[]).await;
        kept.proxy.always(fault.clone());
        for millis in [6 * MINUTE, 6 * MINUTE + 1, 14 * MINUTE] {
            assert_eq!(kept.status("first", millis).await, 201, "{fault:?}, {millis}");
        }
        let reads = kept.reads();
        assert_eq!(kept.status("first", 14 * MINUTE + 29_000).await, 201, "{fault:?}");
        assert_eq!(kept.reads(), reads, "{fault:?}: no second attempt within half a minute");
        assert_eq!(kept.status("first", 15 * MINUTE + 1_000).await, 500, "{fault:?}");
        kept.proxy.heal();
        assert_eq!(kept.status("first", 15 * MINUTE + 2_000).await, 201, "{fault:?}");
    })
    .await;
}

#[tokio::test]
async fn a_new_value_that_is_too_short_counts_as_unreadable() {
    let kept = Kept::with(&[]).await;
    kept.secrets.put(&kept.arn, &new_token(), &["AWSCURRENT"], "short").await;
    assert_eq!(kept.status("first", 6 * MINUTE).await, 201);
    assert_eq!(kept.status("first", 16 * MINUTE).await, 500);
}

#[tokio::test]
async fn the_secret_is_read_again_after_the_clock_is_set_back() {
    let kept = Kept::with(&[]).await;
    assert_eq!(kept.status("first", 60 * MINUTE).await, 201);
    let reads = kept.reads();
    assert_eq!(kept.status("first", 0).await, 201);
    assert!(kept.reads() > reads);
}

#[tokio::test]
async fn a_hanging_secrets_manager_leaves_time_for_the_write() {
    let kept = Kept::with(&[]).await;
    kept.proxy.always(Fault::Hang);
    // If the read used the whole time budget, no time would be left for the write.
    assert_eq!(kept.status("first", 6 * MINUTE).await, 201);
}

#[tokio::test]
async fn the_general_endpoint_applies_to_secrets_manager_if_its_own_is_unset() {
    let secrets = SecretsManager::shared();
    let arn = secrets.create(&format!("{}jwt", unique_prefix()), &value("first")).await;
    let (endpoint, nowhere) = (secrets.endpoint(), "http://127.0.0.1:1");
    let cases = [("", endpoint.as_str()), (endpoint.as_str(), nowhere)];
    check_each(cases, async |(own, general)| {
        let world = World::with(&[
            ("JWT_SECRET", ""),
            ("JWT_SECRET_ARN", &arn),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", own),
            ("AWS_ENDPOINT_URL", general),
        ])
        .await;
        let token = Claims::new().sign(&Signer::hs256(value("first").as_bytes()));
        let request = World::anonymous(Endpoint::Jwt).header("Authorization", &format!("Bearer {token}"));
        let answer = world.invoke(Endpoint::Jwt, &request.event(Source::HttpApi)).await;
        assert_eq!(answer.status, 201, "{own:?}, {general:?}");
    })
    .await;
}

/// The start of the problem for each cause that an operator can remove.
#[tokio::test]
async fn a_start_without_a_usable_secret_says_why() {
    let secrets = SecretsManager::shared();
    let good = secrets.create(&format!("{}jwt", unique_prefix()), &value("first")).await;
    let short = secrets.create(&format!("{}jwt", unique_prefix()), "31 bytes are one short of it...").await;
    let missing = short.replace("jwt", "none");
    let kms = json!({ "__type": "AccessDeniedException", "Message": "Access to KMS is not allowed" }).to_string();
    let kms = Fault::Respond { status: 400, content_type: "application/x-amz-json-1.1".to_owned(), body: kms };
    let unreachable = "names a secret in a Secrets Manager that can't be reached";
    let kms_refuses = "names a secret whose KMS key refuses the function";
    let cases = [
        (&short, None, "names a secret whose text is shorter than 32 bytes"),
        (&missing, None, "names a secret that does not exist or has no current value"),
        (&good, Some(Fault::secrets_manager(400, "InvalidRequestException")), "names a secret that does not exist"),
        (&good, Some(Fault::secrets_manager(400, "AccessDeniedException")), "names a secret that the function may not"),
        (&good, Some(kms), kms_refuses),
        (&good, Some(Fault::secrets_manager(400, "DecryptionFailure")), kms_refuses),
        (&good, Some(Fault::Hang), unreachable),
        (&good, Some(Fault::Reset), unreachable),
        (&good, Some(Fault::secrets_manager(500, "InternalServiceError")), "names a secret that Secrets Manager does"),
    ];
    check_each(cases, async |(arn, fault, problem)| {
        let proxy = Proxy::to(secrets.port()).await;
        proxy.always(fault.unwrap_or(Fault::Pass));
        let endpoint = proxy.endpoint();
        let environment = environment(&[
            ("JWT_SECRET", ""),
            ("JWT_SECRET_ARN", arn),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoint),
        ]);
        let config = Config::read(&environment).unwrap();
        let verifier = jwt::TokenVerifier::configure(&environment).unwrap();
        let error = Function::new(verifier, &config).await.err().unwrap();
        assert_eq!(error.variable, "JWT_SECRET_ARN");
        assert!(error.problem.starts_with(problem) && error.problem.contains(": "), "{error}");
        assert!(!error.to_string().contains(arn.as_str()), "{error}");
    })
    .await;
}
