//! Group I: the built programs with faults of DynamoDB, on real sockets.
//!
//! Each row states the expected answer and the number of records of keys that were never returned. With
//! `APIKEYS_FIGURES`, the rows and their durations are written to that folder; durations are not asserted.

use std::fmt::Write as _;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use hyper::body::Bytes;
use nix::sys::signal::Signal;
use serde_json::Value;
use shared::domain::Secret;
use tests::dynamo::Dynamo;
use tests::event::{Request, Source};
use tests::fault::{Fault, Proxy};
use tests::figures;
use tests::function::Function;
use tests::host;
use tests::sandbox::Sandbox;
use tests::stored_key::StoredKey;
use tests::tls::{Certificate, Tls};
use tests::token::{Claims, Signer};

use crate::support::{BODY, JWT_SECRET};

/// The time of an ordinary invocation.
const LIMIT: Duration = Duration::from_secs(10);

/// More than the attempts of the SDK.
const EVERY_TRY: usize = 8;

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// A 201 with its record.
    Created,
    /// A 500, with this number of records of keys that were never returned.
    Failed(usize),
}
use End::{Created, Failed};

/// A running function, its DynamoDB, and the proxy between them.
struct Scene {
    dynamo: Dynamo,
    proxy: Proxy,
    sandbox: Sandbox,
    event: Bytes,
}

impl Scene {
    async fn new(function: Function) -> Self {
        Self::with(function, &[]).await
    }

    /// A scene whose function has these variables changed.
    async fn with(function: Function, variables: &[(&str, &str)]) -> Self {
        let dynamo = Dynamo::in_memory().await;
        let proxy = Proxy::to(dynamo.port()).await;
        let caller = StoredKey::new();
        dynamo.put_item(caller.item.clone()).await;
        let mut environment = function.environment(&proxy.endpoint(), JWT_SECRET);
        environment.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let program = [function.program().display().to_string()];
        let mut sandbox = Sandbox::spawn(&program, &environment, None).await.unwrap();
        sandbox.ready().await.unwrap();
        let authorization = match function {
            Function::Jwt => format!("Bearer {}", Claims::new().sign(&Signer::hs256(JWT_SECRET.as_bytes()))),
            Function::Key => caller.authorization(),
        };
        let request = Request::post(function.path(), BODY).header("Authorization", &authorization);
        let event = Bytes::from(request.event(Source::HttpApi).to_string());
        Self { dynamo, proxy, sandbox, event }
    }

    /// Sends the request. The answer must be a 201 with its record, or the 500 of the contract.
    async fn send(&self, limit: Duration) -> (End, Duration) {
        let before = self.created().await.len();
        let answered = self.sandbox.invoke_within(self.event.clone(), limit).await.unwrap();
        assert!(answered.succeeded, "{}", String::from_utf8_lossy(&answered.body));
        let answer: Value = serde_json::from_slice(&answered.body).unwrap();
        let records = self.created().await;
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        if answer["statusCode"] == 201 {
            let key = body["apikey"]["key"].as_str().unwrap();
            let hash = Secret::from_hex(body["apikey"]["secret"].as_str().unwrap()).unwrap().hash();
            let ours = records.iter().filter(|item| item["key"] == AttributeValue::S(key.to_owned()));
            let hashes: Vec<_> = ours.map(|item| item["secretHash"].as_b().unwrap().as_ref()).collect();
            assert_eq!((hashes, records.len() - before), (vec![hash.as_bytes().as_slice()], 1), "{body}");
            return (Created, answered.took);
        }
        assert_eq!(answer["statusCode"], 500, "{answer}");
        assert_eq!(answer["body"], r#"{"result":"error","error":"createApikeyFailed"}"#);
        (Failed(records.len() - before), answered.took)
    }

    /// The created records, without the caller's record.
    async fn created(&self) -> Vec<tests::dynamo::Item> {
        let mut items = self.dynamo.items().await;
        items.retain(|item| item["name"] == AttributeValue::S("My first API key".to_owned()));
        items
    }
}

/// The results, for a table of figures.
struct Figures {
    name: &'static str,
    rows: String,
}

impl Figures {
    fn new(name: &'static str) -> Self {
        Self { name, rows: "fault\tfunction\tanswer\tmilliseconds\trecords left behind\n".to_owned() }
    }

    fn note(&mut self, fault: &str, function: Function, (end, took): (End, Duration)) {
        let (answer, left) = match end {
            Created => (201, 0),
            Failed(left) => (500, left),
        };
        let took = took.as_millis();
        writeln!(self.rows, "{fault}\t{}\t{answer}\t{took}\t{left}", function.name()).unwrap();
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        figures::write(self.name, &self.rows);
    }
}

/// A fault, its name, and the outcome of a request with the fault at one attempt and at all attempts.
fn faults() -> Vec<(&'static str, Fault, End, End)> {
    let dynamodb = |status, kind| (kind, Fault::dynamodb(status, kind));
    let reply = |body: &str| Fault::Respond {
        status: 200,
        content_type: "application/x-amz-json-1.0".to_owned(),
        body: body.to_owned(),
    };
    let passing = [
        ("reset", Fault::Reset, Failed(0)),
        ("accepts and hangs", Fault::Hang, Failed(0)),
        ("reply lost, write applied", Fault::ApplyThenLose, Failed(1)),
        ("reply cut off, write applied", Fault::Truncate, Failed(1)),
        ("reply at one byte per second, write applied", Fault::Drip, Failed(1)),
        ("500 InternalServerError", Fault::dynamodb(500, "InternalServerError"), Failed(0)),
        ("503 in HTML", Fault::html(503), Failed(0)),
        ("502 in HTML", Fault::html(502), Failed(0)),
    ];
    let throttles = [
        dynamodb(400, "ThrottlingException"),
        dynamodb(400, "ProvisionedThroughputExceededException"),
        dynamodb(400, "RequestLimitExceeded"),
    ];
    // The SDK does not retry these, so one fault is enough.
    let lasting = [
        dynamodb(400, "AccessDeniedException"),
        dynamodb(400, "UnrecognizedClientException"),
        dynamodb(400, "ExpiredTokenException"),
        dynamodb(400, "ResourceNotFoundException"),
        dynamodb(400, "ValidationException"),
        dynamodb(400, "KMSAccessDeniedException"),
        ("404 in HTML", Fault::html(404)),
        ("200 in HTML", Fault::html(200)),
        ("200 with invalid JSON", reply("{\"Attributes\":")),
        ("200 with an empty body", reply("")),
        ("200 in another format", reply("{}")),
    ];
    let mut all = vec![
        ("reset while idle in the pool", Fault::ResetPooled, Created, Created),
        ("late by 300 ms", Fault::Delay(Duration::from_millis(300)), Created, Created),
    ];
    all.extend(passing.map(|(name, fault, all)| (name, fault, Created, all)));
    all.extend(throttles.map(|(name, fault)| (name, fault, Created, Failed(0))));
    all.extend(lasting.map(|(name, fault)| (name, fault, Failed(0), Failed(0))));
    all
}

#[tokio::test]
async fn a_failed_write_is_retried_and_ends_with_a_key_or_a_500() {
    let mut figures = Figures::new("faults-write");
    for function in Function::ALL {
        let scene = Scene::new(function).await;
        for (name, fault, once, always) in faults() {
            for (times, how, expected) in [(1, "once", once), (EVERY_TRY, "always", always)] {
                (1..=times).for_each(|nth| scene.proxy.inject_at("PutItem", nth, fault.clone()));
                let seen = scene.send(LIMIT).await;
                assert_eq!(seen.0, expected, "{function:?}: {name}, {how}");
                figures.note(&format!("{name}, {how}"), function, seen);
                scene.proxy.heal();
                assert_eq!(scene.send(LIMIT).await.0, Created, "{function:?}, after {name}, {how}");
            }
        }
    }
}

#[tokio::test]
async fn a_failed_read_is_retried_and_ends_with_a_key_or_a_500() {
    let mut figures = Figures::new("faults-read");
    let scene = Scene::new(Function::Key).await;
    for (name, fault, once, always) in faults() {
        for (times, how, expected) in [(1, "once", once), (EVERY_TRY, "always", always)] {
            (1..=times).for_each(|nth| scene.proxy.inject_at("GetItem", nth, fault.clone()));
            let seen = scene.send(LIMIT).await;
            // A read leaves no record.
            let expected = if expected == Created { Created } else { Failed(0) };
            assert_eq!(seen.0, expected, "{name}, {how}");
            let name = name.trim_end_matches(", write applied");
            figures.note(&format!("{name}, {how}"), Function::Key, seen);
            scene.proxy.heal();
            assert_eq!(scene.send(LIMIT).await.0, Created, "after {name}, {how}");
        }
    }
}

#[tokio::test]
async fn an_unreachable_dynamodb_is_a_500_but_no_failed_start() {
    let mut figures = Figures::new("faults-reach");
    let dynamo = Dynamo::in_memory().await;
    let [nobody] = host::free_ports();
    let good = Tls::to(dynamo.port(), Certificate::Good).await;
    let certificates = [
        ("an untrusted certificate", None, Certificate::Good),
        ("an expired certificate", Some(()), Certificate::Expired),
        ("a certificate for another host", Some(()), Certificate::ForAnotherHost),
    ];
    let mut places = vec![
        ("connection refused", format!("http://127.0.0.1:{nobody}"), good.pem().to_owned(), None),
        ("no such host", "https://dynamodb.invalid".to_owned(), good.pem().to_owned(), None),
        ("no TLS on the port", dynamo.endpoint().replace("http:", "https:"), good.pem().to_owned(), None),
    ];
    for (name, trusted, certificate) in certificates {
        let tls = Tls::to(dynamo.port(), certificate).await;
        let pem = if trusted.is_some() { tls.pem() } else { good.pem() };
        places.push((name, tls.endpoint(), pem.to_owned(), Some(tls)));
    }
    for function in Function::ALL {
        for (name, endpoint, pem, _) in &places {
            let file = PemFile::new(pem);
            let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()), ("AWS_CA_BUNDLE", &file.0)];
            let scene = Scene::with(function, &variables).await;
            let seen = scene.send(LIMIT).await;
            assert_eq!(seen.0, Failed(0), "{function:?}: {name}");
            figures.note(name, function, seen);
        }
        let scene = Scene::with(function, &[("TABLE_NAME", "no-such-table")]).await;
        let seen = scene.send(LIMIT).await;
        assert_eq!(seen.0, Failed(0), "{function:?}: no table");
        figures.note("no such table", function, seen);

        let scene = Scene::new(function).await;
        scene.proxy.refuse().await;
        let seen = scene.send(LIMIT).await;
        assert_eq!(seen.0, Failed(0), "{function:?}: refused");
        figures.note("closed while in use", function, seen);
        scene.proxy.accept().await;
        assert_eq!(scene.send(LIMIT).await.0, Created, "{function:?}: listening again");
    }
    // The function accepts a valid certificate, so the refusals above are due to the certificates.
    let file = PemFile::new(good.pem());
    let endpoint = good.endpoint();
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()), ("AWS_CA_BUNDLE", &file.0)];
    let scene = Scene::with(Function::Jwt, &variables).await;
    let answered = scene.sandbox.invoke(scene.event.clone()).await.unwrap();
    assert!(String::from_utf8_lossy(&answered.body).contains(r#""statusCode":201"#));
}

#[tokio::test]
async fn an_invocation_is_answered_before_its_deadline() {
    let mut figures = Figures::new("faults-deadline");
    for function in Function::ALL {
        for (name, fault) in [("hangs", Fault::Hang), ("answers", Fault::Pass)] {
            let scene = Scene::new(function).await;
            scene.proxy.always(fault);
            let seen = scene.send(Duration::from_millis(200)).await;
            // Half a second is reserved for the answer, so no call begins.
            assert_eq!(seen.0, Failed(0), "{function:?}: 200 ms left, and DynamoDB {name}");
            figures.note(&format!("200 ms left, and DynamoDB {name}"), function, seen);
            scene.proxy.heal();
            assert_eq!(scene.send(LIMIT).await.0, Created, "{function:?}");
        }
    }
}

#[tokio::test]
async fn a_process_creates_a_key_after_it_was_frozen() {
    let mut figures = Figures::new("faults-frozen");
    let frozen = host::variable("APIKEYS_FREEZE_SECONDS").and_then(|text| text.parse().ok()).unwrap_or(2);
    for function in Function::ALL {
        let scene = Scene::new(function).await;
        assert_eq!(scene.send(LIMIT).await.0, Created, "{function:?}: before");
        scene.sandbox.signal(Signal::SIGSTOP).unwrap();
        // This also closes every connection.
        scene.proxy.refuse().await;
        scene.proxy.accept().await;
        tokio::time::sleep(Duration::from_secs(frozen)).await;
        scene.sandbox.signal(Signal::SIGCONT).unwrap();
        let seen = scene.send(LIMIT).await;
        assert_eq!(seen.0, Created, "{function:?}: after {frozen} s");
        figures.note(&format!("frozen for {frozen} s, connections closed"), function, seen);
    }
}

#[tokio::test]
async fn a_process_ends_at_sigterm_and_leaves_one_record_at_most() {
    for function in Function::ALL {
        let mut scene = Scene::new(function).await;
        scene.sandbox.signal(Signal::SIGTERM).unwrap();
        scene.sandbox.ended().await.unwrap();

        let mut scene = Scene::new(function).await;
        scene.proxy.inject_at("PutItem", 1, Fault::Drip);
        let event = scene.event.clone();
        tokio::select! {
            answered = scene.sandbox.invoke(event) => panic!("{answered:?}"),
            () = written(&scene) => {}
        }
        scene.sandbox.signal(Signal::SIGTERM).unwrap();
        scene.sandbox.ended().await.unwrap();
        assert_eq!(scene.created().await.len(), 1, "{function:?}");
    }
}

/// Waits until a write was applied.
async fn written(scene: &Scene) {
    while scene.created().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A temporary file with certificates.
struct PemFile(String);

impl PemFile {
    fn new(pem: &str) -> Self {
        let name = format!("apikeys-{}.pem", hex::encode(host::random::<8>()));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, pem).unwrap();
        Self(path.display().to_string())
    }
}

impl Drop for PemFile {
    fn drop(&mut self) {
        // The file is in the system's temporary folder, so a failed deletion does not matter.
        let _ = std::fs::remove_file(&self.0);
    }
}
