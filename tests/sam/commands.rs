//! `make sam-invoke` and `make sam-api`, run from a shell with variables that no function may get.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tests::function::Function;
use tests::host;
use tests::http;
use tests::stored_key::basic;

use crate::support::Containers;

const BODY: &str = r#"{"name":"My first API key","level":4,"expiresIn":3600}"#;

/// Variables of a shell that would break a function, or change its endpoints or credentials.
const SHELL: [(&str, &str); 9] = [
    ("AWS_PROFILE", "hostile-profile"),
    ("AWS_ACCESS_KEY_ID", "hostile-id"),
    ("AWS_SECRET_ACCESS_KEY", "hostile-secret"),
    ("AWS_CA_BUNDLE", "/hostile.pem"),
    ("AWS_ENDPOINT_URL_DYNAMODB", "http://hostile"),
    ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://hostile"),
    ("JWT_SECRET", "hostile"),
    ("TABLE_NAME", "hostile"),
    ("LOG_LEVEL", "hostile"),
];

/// The program behind `make`.
pub(crate) fn local(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).current_dir(host::repository()).stdin(Stdio::null()).envs(SHELL);
    command
}

fn invoke(file: &str) -> Output {
    local(&["sam-invoke", &format!("events/{file}.json")]).output().unwrap()
}

#[test]
fn sam_invoke_shows_the_answer_and_the_delivered_key() {
    let before = Containers::now();
    for (file, function, shown) in [
        ("jwt-201-http-api", "JwtFunction", "201\n"),
        ("key-sqs-created", "KeyEventsFunction", "Delivered:"),
        ("key-rotation-create-secret", "RotationFunction", "null"),
    ] {
        let output = invoke(file);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(function) && text.contains(shown), "{file}: {output:?}");
    }
    before.assert_no_more();
}

#[test]
fn sam_invoke_fails_if_the_answer_is_not_that_of_the_file_name() {
    let folder = host::repository().join(".local");
    let wrong = folder.join("jwt-403-authentication-failed.json");
    std::fs::copy(host::repository().join("events/jwt-201-http-api.json"), &wrong).unwrap();
    let output = local(&["sam-invoke", wrong.to_str().unwrap()]).output().unwrap();
    std::fs::remove_file(&wrong).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let line = errors.lines().last().unwrap_or_default();
    assert!(!output.status.success() && line.contains("promises 403"), "{output:?}");
}

#[test]
fn an_interrupted_sam_invoke_leaves_no_container() {
    let before = Containers::now();
    let mut child = local(&["sam-invoke", "events/jwt-201-http-api.json"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("SAM_CONTAINER_ID")), "sam starts a container");
    interrupt(&child);
    lines.for_each(drop);
    child.wait().unwrap();
    before.assert_no_more();
}

#[tokio::test]
async fn sam_api_answers_and_leaves_nothing_after_ctrl_c() {
    let before = Containers::now();
    let [port] = host::free_ports();
    let mut child = local(&["sam-api", &port.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let authorization = format!("Bearer {}", token(&mut child));
    let key = created(port, Function::Jwt, &authorization).await;
    let text = |member: &str| key["apikey"][member].as_str().unwrap();
    let authorization = basic(text("key"), text("secret"));
    created(port, Function::Key, &authorization).await;
    for function in Function::ALL {
        assert_eq!(status(port, "PATCH", function, &[]).await, 405);
        assert_eq!(status(port, "POST", function, &[]).await, 401);
        let scheme = if function == Function::Jwt { "Bearer x" } else { "Basic x" };
        assert_eq!(status(port, "POST", function, &[("authorization", scheme)]).await, 403);
    }
    let environments = before.environments_since();
    assert_eq!(environments.len(), Function::ALL.len(), "{environments:?}");
    for environment in environments {
        let is_complete = ["AWS_ENDPOINT_URL_DYNAMODB=http://", "AWS_ENDPOINT_URL_SECRETS_MANAGER=http://"];
        assert!(is_complete.iter().all(|variable| environment.contains(variable)), "{environment}");
        assert!(!environment.contains("hostile"), "{environment}");
    }
    interrupt(&child);
    assert!(child.wait().unwrap().success());
    before.assert_no_more();
}

/// Sends SIGINT, as Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
}

/// Reads the output of `make sam-api` up to the token to paste, and the rest in the background.
pub(crate) fn token(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let token = lines.find_map(|line| line.trim().strip_prefix("TOKEN='").map(|token| token.replace('\'', "")));
    std::thread::spawn(move || lines.for_each(drop));
    token.expect("sam-api prints a token")
}

async fn created(port: u16, function: Function, authorization: &str) -> Value {
    let headers = [("authorization", authorization), ("content-type", "application/json")];
    let answer = http::send(port, "POST", function.path(), &headers, BODY).await.unwrap();
    assert_eq!(answer.status, 201, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

async fn status(port: u16, method: &str, function: Function, headers: &[(&str, &str)]) -> u16 {
    http::send(port, method, function.path(), headers, BODY).await.unwrap().status
}
