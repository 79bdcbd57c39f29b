//! Runs a scenario with programs that use Lambda's runtime API, and prints the measurements as one line of JSON.
//!
//! The scenario is JSON on standard input, which `bench.py` writes. The store and its TLS run in this process, so that
//! only the programs are measured.

use std::fs::read_to_string;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::future::try_join_all;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tests::dynamo::{Dynamo, REGION, TABLE_NAME};
use tests::event::{AuthorizerKind, Request, Source};
use tests::function::Function;
use tests::sandbox::Sandbox;
use tests::secrets_manager::SecretsManager;
use tests::stored_key::{StoredKey, basic};
use tests::tls::{Certificate, Tls};
use tests::token::{AUDIENCE, Claims, ISSUER, Signer};

/// The documented request.
const BODY: &str = r#"{"name":"My first API key","level":3,"expiresIn":3600}"#;
/// The secret that signs tokens by default.
const JWT_SECRET: &str = "a bench's own secret, known to all who read this";
/// The caller's key, which the baseline reads too.
const CALLER: &str = "7eba7d5c-0b9c-4d0a-8d6f-2a4d1c6a3b52";
/// The unit of the times in `/proc/PID/stat`: 10 ms on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let scenario = match std::io::read_to_string(std::io::stdin()).map(|text| serde_json::from_str::<Value>(&text)) {
        Ok(Ok(scenario)) => scenario,
        Ok(Err(error)) => return failed(&error.to_string()),
        Err(error) => return failed(&error.to_string()),
    };
    match Bench::prepare(&scenario).await {
        Ok(bench) => match bench.run(&scenario).await {
            Ok(result) => {
                println!("{result}");
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error),
        },
        Err(error) => failed(&error),
    }
}

fn failed(error: &str) -> ExitCode {
    eprintln!("drive: {error}");
    ExitCode::FAILURE
}

/// The services that the programs use.
struct Bench {
    environment: Vec<(String, String)>,
    event: Bytes,
    _dynamo: Dynamo,
    _tls: Option<Tls>,
    _secrets: Option<SecretsManager>,
}

impl Bench {
    async fn prepare(scenario: &Value) -> Result<Self, String> {
        let dynamo = Dynamo::in_memory().await;
        let mut caller = StoredKey::new().level(8).chain_expires_in(2 * 31_536_000);
        caller.key = CALLER.to_owned();
        let id = || aws_sdk_dynamodb::types::AttributeValue::S(CALLER.to_owned());
        let caller = caller.with("key", id()).with("chain", id());
        dynamo.try_put_item(caller.item.clone()).await?;
        let tls = match scenario["tls"].as_bool() {
            Some(true) => Some(Tls::to(dynamo.port(), Certificate::Good).await),
            _ => None,
        };
        let mut environment = Environment::new(&tls.as_ref().map_or_else(|| dynamo.endpoint(), Tls::endpoint));
        if let Some(tls) = &tls {
            environment.trust(Path::new(text(scenario, "certificate")?), tls.pem())?;
        }
        let (signer, secrets) = environment.verify(scenario["verification"].as_str().unwrap_or("HS256")).await?;
        for (name, value) in scenario["environment"].as_object().into_iter().flatten() {
            environment.set(name, value.as_str().unwrap_or_default());
        }
        let (function, authorization) = match text(scenario, "endpoint")? {
            "jwt" => (Function::Jwt, format!("Bearer {}", Claims::new().role("admin").sign(&signer))),
            _ => (Function::Key, basic(&caller.key, &caller.secret)),
        };
        let request = Request::post(function.path(), BODY).header("Authorization", &authorization);
        let event = match scenario["authorize"].as_bool() {
            Some(true) => request.authorizer_event(AuthorizerKind::HttpApi),
            _ => request.event(Source::HttpApi),
        };
        let event = Bytes::from(event.to_string());
        Ok(Self { environment: environment.0, event, _dynamo: dynamo, _tls: tls, _secrets: secrets })
    }

    /// Starts the sandboxes in sequence, then sends events to all of them concurrently, one at a time to each.
    async fn run(&self, scenario: &Value) -> Result<Value, String> {
        let program: Vec<String> =
            scenario["program"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let count = |name: &str| usize::try_from(scenario[name].as_u64().unwrap_or(0)).unwrap_or(0);
        let output = scenario["output"].as_str().map(Path::new);
        let mut sandboxes = Vec::new();
        let mut starts = Vec::new();
        for _ in 0..count("sandboxes").max(1) {
            let mut sandbox = Sandbox::spawn(&program, &self.environment, output).await?;
            starts.push(millis(sandbox.ready().await?));
            sandboxes.push(sandbox);
        }
        let rss_at_start: Vec<_> = sandboxes.iter().map(|sandbox| status(sandbox.id(), "VmHWM:")).collect();
        let cpu_at_start: f64 = sandboxes.iter().map(|sandbox| cpu_seconds(sandbox.id())).sum();
        let began = std::time::Instant::now();
        let requests = count("requests");
        let pause = Duration::from_millis(scenario["pauseMs"].as_u64().unwrap_or(0));
        let runs = sandboxes.iter().map(|sandbox| self.requests(sandbox, requests, count("every"), pause));
        let done = try_join_all(runs).await?;
        let wall = began.elapsed().as_secs_f64();
        let cpu: f64 = sandboxes.iter().map(|sandbox| cpu_seconds(sandbox.id())).sum();
        let peak: Vec<_> = sandboxes.iter().map(|sandbox| status(sandbox.id(), "VmHWM:")).collect();
        sandboxes.iter_mut().for_each(Sandbox::stop);
        Ok(json!({
            "startMs": starts,
            "startRssKb": rss_at_start,
            "peakRssKb": peak,
            "startCpuSeconds": cpu_at_start,
            "cpuSeconds": cpu - cpu_at_start,
            "wallSeconds": wall,
            "firstMs": done.iter().filter_map(|run| run.millis.first()).collect::<Vec<_>>(),
            "warmMs": done.iter().flat_map(|run| run.millis.iter().skip(1)).collect::<Vec<_>>(),
            "marks": done.into_iter().map(|run| run.marks).collect::<Vec<_>>(),
        }))
    }

    /// Every answer must be a 201 or admit the caller. With `every`, memory and descriptors are measured after each `every` requests.
    async fn requests(&self, sandbox: &Sandbox, requests: usize, every: usize, pause: Duration) -> Result<Run, String> {
        let mut run = Run { millis: Vec::with_capacity(requests), marks: Vec::new() };
        for number in 1..=requests {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let answered = sandbox.invoke(self.event.clone()).await?;
            let answer: Value = serde_json::from_slice(&answered.body).unwrap_or_default();
            if answer["statusCode"] != 201 && answer["isAuthorized"] != true {
                return Err(format!("request {number}: {}", String::from_utf8_lossy(&answered.body)));
            }
            run.millis.push(millis(answered.took));
            if every != 0 && number % every == 0 {
                let id = sandbox.id();
                let descriptors = std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count);
                run.marks.push(json!({
                    "requests": number,
                    "rssKb": status(id, "VmRSS:"),
                    "descriptors": descriptors,
                    "cpuSeconds": cpu_seconds(id),
                }));
            }
        }
        Ok(run)
    }
}

/// The measurements of one sandbox.
struct Run {
    millis: Vec<f64>,
    marks: Vec<Value>,
}

/// The environment of a program.
struct Environment(Vec<(String, String)>);

impl Environment {
    fn new(endpoint: &str) -> Self {
        let mut environment = Self(Vec::new());
        for (name, value) in [
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
            ("TABLE_NAME", TABLE_NAME),
            ("JWT_ISSUER", ISSUER),
            ("JWT_AUDIENCE", AUDIENCE),
        ] {
            environment.set(name, value);
        }
        environment
    }

    fn set(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The functions and boto3 read `AWS_CA_BUNDLE`; the SDK for Rust uses the system's roots by default, whose path is
    /// `SSL_CERT_FILE`.
    fn trust(&mut self, file: &Path, pem: &str) -> Result<(), String> {
        std::fs::write(file, pem).map_err(|error| format!("{}: {error}", file.display()))?;
        for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            self.set(name, &file.display().to_string());
        }
        Ok(())
    }

    /// Configures the verification of tokens, and returns their signer.
    async fn verify(&mut self, how: &str) -> Result<(Signer, Option<SecretsManager>), String> {
        let signer = match how {
            "RS256" => Signer::rs256(),
            "ES256" => Signer::es256(),
            "EdDSA" => Signer::ed25519(),
            _ => Signer::hs256(JWT_SECRET.as_bytes()),
        };
        if how == "JWT_SECRET_ARN" {
            let [port] = tests::host::free_ports();
            let manager = SecretsManager::start(port)?;
            let arn = manager.try_create("bench/jwt", JWT_SECRET).await?;
            self.set("JWT_SECRET_ARN", &arn);
            self.set("AWS_ENDPOINT_URL_SECRETS_MANAGER", &manager.endpoint());
            return Ok((signer, Some(manager)));
        }
        match signer {
            Signer::Hmac(..) => self.set("JWT_SECRET", JWT_SECRET),
            _ => self.set("JWT_PUBLIC_KEY", &signer.public_key_pem()),
        }
        Ok((signer, None))
    }
}

fn text<'a>(scenario: &'a Value, name: &str) -> Result<&'a str, String> {
    scenario[name].as_str().ok_or_else(|| format!("the scenario has no {name}"))
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A value of `/proc/PID/status`, in kB.
fn status(id: u32, name: &str) -> Option<u64> {
    let text = read_to_string(format!("/proc/{id}/status")).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.trim().trim_end_matches(" kB").parse().ok()
}

/// The user and system CPU time of a process.
fn cpu_seconds(id: u32) -> f64 {
    let text = read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields: Vec<f64> = text
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().filter_map(|field| field.parse().ok()).collect())
        .unwrap_or_default();
    // After the name come the state, which is no number, and then numbers: utime and stime are the 11th and the 12th.
    fields.get(10).zip(fields.get(11)).map_or(0.0, |(user, system)| (user + system) / TICKS_PER_SECOND)
}
