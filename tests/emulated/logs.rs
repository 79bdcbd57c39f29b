//! The log: one line per request, without secrets of callers.

use serde_json::Value;
use shared::domain::Timestamp;
use tests::emulator::Emulator;
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};
use tests::function::Function;
use tests::stored_key::{StoredKey, basic};
use tests::token::{Claims, segment};

use crate::support::{BODY, JWT_SECRET, Stage};

/// The fields of a request's line.
pub(crate) const LINE: &str = r#""message":"request""#;

/// The function's lines, which are the lines in JSON.
fn lines(emulator: &Emulator) -> Vec<Value> {
    emulator.output().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The lines of requests.
pub(crate) fn requests(emulator: &Emulator) -> Vec<Value> {
    lines(emulator).into_iter().filter(|line| line["message"] == "request").collect()
}

#[tokio::test]
async fn every_request_is_one_line_with_its_outcome() {
    let stage = Stage::new().await;
    let emulator = stage.start(Function::Jwt, &[]).await;
    let good = Request::post("/apikeys/jwt", BODY).header("Authorization", &stage.bearer(&Claims::new()));
    let expired = stage.bearer(&Claims::new().expires_in(-5));
    let cases = [
        (good.clone(), "created", None, 201, "INFO", Some("jwt")),
        (good.clone().body("{"), "postBodyInvalid", None, 400, "INFO", Some("jwt")),
        (
            good.clone().only_header("Authorization", &expired),
            "authenticationFailed",
            Some("tokenExpired"),
            403,
            "INFO",
            None,
        ),
        (good.without_header("Authorization"), "authenticationRequired", None, 401, "INFO", None),
        (Request::new("PUT", "/apikeys/jwt"), "methodNotAllowed", None, 405, "INFO", None),
    ];
    let mut created = None;
    for (request, ..) in &cases {
        let answer = emulator.invoke(&request.event(Source::HttpApi)).await;
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        created = created.or_else(|| body["apikey"]["key"].as_str().map(str::to_owned));
    }
    emulator.written(LINE, cases.len()).await;
    let written = requests(&emulator);
    assert_eq!(written.len(), cases.len(), "{}", emulator.output());
    for (line, (_, outcome, reason, status, level, caller)) in written.iter().zip(&cases) {
        assert_eq!(line["outcome"], *outcome);
        assert_eq!(line["reason"].as_str(), *reason, "{line}");
        assert_eq!((&line["status"], &line["level"]), (&(*status).into(), &(*level).into()), "{line}");
        assert_eq!((&line["source"], &line["endpoint"]), (&"httpApi".into(), &"jwt".into()), "{line}");
        assert_eq!(line["caller"].as_str(), *caller, "{line}");
        assert_eq!(line["userId"].as_u64(), caller.map(|_| 61), "{line}");
        let shown = created.as_deref().filter(|_| *outcome == "created");
        assert_eq!(line["keyId"].as_str(), shown, "{line}");
        assert!(line["durationMs"].is_number() && line["requestId"].as_str().unwrap().len() == 36, "{line}");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'), "{line}");
        let class = if *outcome == "created" { "success" } else { "refused" };
        assert_eq!((&line["outcomeClass"], &line["storeRetries"]), (&class.into(), &0.into()), "{line}");
        assert_eq!(line["storeMs"].as_f64().unwrap() > 0.0, *outcome == "created", "{line}");
        assert_metrics(line);
        let mut flat = line.as_object().unwrap().iter().filter(|(name, _)| *name != "_aws");
        assert!(flat.all(|(_, value)| !value.is_object() && !value.is_array()), "not flat: {line}");
    }
}

/// Checks the embedded metric format: every metric is a number in the line, every dimension is a text in the line.
fn assert_metrics(line: &Value) {
    let metrics = &line["_aws"];
    let age = Timestamp::now().millis() - metrics["Timestamp"].as_u64().unwrap();
    assert!(age < 600_000, "{line}");
    let directive = &metrics["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "ApiKeys");
    let dimensions = directive["Dimensions"].as_array().unwrap();
    assert_eq!(dimensions.as_slice(), [serde_json::json!(["endpoint", "outcomeClass"])]);
    assert!(dimensions[0].as_array().unwrap().iter().all(|name| line[name.as_str().unwrap()].is_string()), "{line}");
    let metrics = directive["Metrics"].as_array().unwrap();
    let names: Vec<_> = metrics.iter().map(|metric| metric["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["durationMs", "storeMs", "storeRetries"]);
    assert!(names.iter().all(|name| line[*name].is_number()), "{line}");
}

#[tokio::test]
async fn the_log_names_a_rejected_key_and_the_key_of_a_caller() {
    let stage = Stage::new().await;
    let [caller, expired, damaged] =
        [StoredKey::new(), StoredKey::new().expires_in(-1), StoredKey::new().without("level")];
    for key in [&caller, &expired, &damaged] {
        stage.dynamo.put_item(key.item.clone()).await;
    }
    let emulator = stage.start(Function::Key, &[]).await;
    let wrong = basic(&caller.key, &"0".repeat(64));
    for authorization in [caller.authorization(), wrong, expired.authorization(), damaged.authorization()] {
        let request = Request::post("/apikeys/key", BODY).header("Authorization", &authorization);
        emulator.invoke(&request.event(Source::HttpApi)).await;
    }
    emulator.written(LINE, 4).await;
    let written = requests(&emulator);
    let text = |index: usize, name: &str| written[index][name].as_str().unwrap_or("-").to_owned();
    assert_eq!(text(0, "caller"), format!("key:{}", caller.key));
    for (index, key, reason) in
        [(1, &caller, "secretWrong"), (2, &expired, "keyExpired"), (3, &damaged, "recordDamaged")]
    {
        assert_eq!((text(index, "presentedKey"), text(index, "reason")), (key.key.clone(), reason.to_owned()));
    }
    assert_eq!(text(3, "level"), "ERROR");
}

#[tokio::test]
async fn a_fault_is_an_error_whose_reason_says_what_failed() {
    let stage = Stage::new().await;
    let proxy = Proxy::to(stage.dynamo.port()).await;
    let emulator = stage.start(Function::Jwt, &[("AWS_ENDPOINT_URL_DYNAMODB", &proxy.endpoint())]).await;
    let request = Request::post("/apikeys/jwt", BODY).header("Authorization", &stage.bearer(&Claims::new()));
    let faults = [
        (Fault::dynamodb(400, "AccessDeniedException"), "AccessDeniedException"),
        (Fault::Reset, "notConnected"),
        (Fault::Hang, "deadlineReached"),
        (Fault::html(200), "replyUnknown"),
        (Fault::html(403), "replyUnknown"),
    ];
    for (fault, _) in &faults {
        proxy.always(fault.clone());
        emulator.invoke(&request.event(Source::HttpApi)).await;
    }
    emulator.written(LINE, faults.len()).await;
    for (line, (_, reason)) in requests(&emulator).iter().zip(&faults) {
        assert_eq!(line["reason"].as_str(), Some(*reason), "{line}");
        assert_eq!((&line["level"], &line["outcomeClass"]), (&"ERROR".into(), &"fault".into()), "{line}");
        let tries_again = ["notConnected", "deadlineReached"].contains(reason);
        assert_eq!(line["storeRetries"], if tries_again { 2 } else { 0 }, "{line}");
    }
}

/// Sends requests with secrets through every code path at every log level.
#[tokio::test]
async fn no_canary_reaches_any_output() {
    let stage = Stage::new().await;
    let proxy = Proxy::to(stage.dynamo.port()).await;
    let endpoint = proxy.endpoint();
    for level in ["DEBUG", "INFO", "WARN", "ERROR"] {
        for function in Function::ALL {
            // RUST_LOG and AWS_LAMBDA_LOG_LEVEL must not override LOG_LEVEL.
            let variables = [
                ("LOG_LEVEL", level),
                ("RUST_LOG", "trace"),
                ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
                ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
            ];
            let emulator = stage.start(function, &variables).await;
            let mut secrets = vec![JWT_SECRET.to_owned(), "canary".to_owned()];
            for (fault, request) in paths(&stage, function, &mut secrets).await {
                if let Some(fault) = fault {
                    proxy.next(fault);
                }
                for source in [Source::HttpApi, Source::RestApi] {
                    let response = emulator.invoke(&request.event(source)).await;
                    note_secrets(&response, &mut secrets);
                }
            }
            emulator.invoke_raw(r#"{"name":"canary","level":1,"authorization":"Bearer canary"}"#).await;
            // The last line is logged at every level; when it is there, all earlier lines are there too.
            let (_, good) = paths(&stage, function, &mut secrets).await.swap_remove(0);
            proxy.next(Fault::dynamodb(400, "ValidationException"));
            emulator.invoke(&good.event(Source::HttpApi)).await;
            emulator.written("ValidationException", 2).await;
            let output = emulator.output();
            assert!(level == "WARN" || level == "ERROR" || output.contains("created"), "{output}");
            for secret in &secrets {
                assert!(!output.contains(secret.as_str()), "{function:?} at {level}: {secret} in\n{output}");
            }
        }
    }
}

/// Requests through every code path, and their secrets.
async fn paths(stage: &Stage, function: Function, secrets: &mut Vec<String>) -> Vec<(Option<Fault>, Request)> {
    let body = r#"{"name":"canary-name","level":1,"expiresIn":60,"x":"canary-member"}"#;
    let authorization = match function {
        Function::Jwt => stage.bearer(&Claims::new().with("canary", "canary-claim")),
        Function::Key => {
            let caller = StoredKey::new();
            stage.dynamo.put_item(caller.item.clone()).await;
            secrets.push(caller.secret.clone());
            caller.authorization()
        }
    };
    secrets.push(authorization.split_once(' ').unwrap().1.to_owned());
    let good =
        Request::post(function.path(), body).header("Authorization", &authorization).header("X-Canary", "canary");
    let with = |value: &str| good.clone().only_header("Authorization", value);
    vec![
        (None, good.clone()),
        (None, good.clone().body("{\"canary\":")),
        (None, good.clone().body(body.replace('1', "9"))),
        (None, good.clone().body("canary").base64_flag(true)),
        (None, with(&format!("{authorization}canary"))),
        (None, with(&format!("{authorization}, Basic canary"))),
        (None, with("Bearer canary")),
        (None, with(&format!("Basic {}", segment("canary:canary")))),
        (None, with("Digest canary")),
        (None, with("canary\u{7f}é")),
        (None, good.clone().only_header("Host", "canary [::1").query("canary", "canary")),
        (Some(Fault::ApplyThenLose), good.clone()),
        (Some(Fault::dynamodb(400, "ValidationException")), good.clone()),
        (Some(Fault::html(502)), good.clone()),
        (Some(Fault::Reset), good.clone()),
        (Some(Fault::Truncate), good),
    ]
}

/// The secret of a 201.
fn note_secrets(response: &Value, secrets: &mut Vec<String>) {
    let body = response["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    secrets.extend(body.and_then(|body| body["apikey"]["secret"].as_str().map(str::to_owned)));
}

#[tokio::test]
async fn a_panic_is_logged_with_only_its_location() {
    let stage = Stage::new().await;
    let emulator = stage.run(env!("CARGO_BIN_EXE_panicking").as_ref()).await;
    let event = Request::post("/apikeys/jwt", BODY).header("Authorization", "Bearer canary").event(Source::HttpApi);
    let response = emulator.invoke(&event).await;
    assert_eq!(response["body"], r#"{"result":"error","error":"createApikeyFailed"}"#, "{}", emulator.output());
    assert_eq!(emulator.invoke(&event).await["statusCode"], 201);
    emulator.written(LINE, 2).await;
    let panics: Vec<_> = lines(&emulator).into_iter().filter(|line| line["message"] == "panic").collect();
    assert_eq!(panics.len(), 1);
    assert!(panics[0]["detail"].as_str().unwrap().contains("panicking.rs:"), "{}", panics[0]);
    assert!(!emulator.output().contains("canary"), "{}", emulator.output());
}
