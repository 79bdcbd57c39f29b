//! `make prove PROOF=timing`: tests whether the time of the key function's refusals depends on their cause.
//!
//! The function and a store that answers from memory run in one thread, so that no network hides a difference. Refusals
//! are delayed to a constant interval, so several run concurrently. The causes are in random order. Welch's t is
//! computed over all samples, and again without the slowest samples, which hide small differences; the largest t
//! counts. Source of the method and of the threshold 4.5: <https://eprint.iacr.org/2016/1123>.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::TokioIo;
use key::KeyVerifier;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::config::{Config, Environment};
use shared::platform::{Call, Randomness};
use tests::event::{Request, Source};
use tests::figures;
use tests::function::Function as Endpoint;
use tests::host;
use tests::stored_key::{StoredKey, basic, hash};
use tokio::net::TcpListener;

/// The causes of refusals.
const CLASSES: [&str; 4] =
    ["wrong secret", "unknown key", "secret with a wrong last byte", "hash with a wrong last byte"];

/// The number of concurrent refusals.
const AT_ONCE: usize = 16;

/// The largest |t| that counts as random.
const BOUND: f64 = 4.5;

/// The fractions of the fastest samples that are compared.
const SHARES: [f64; 4] = [1.0, 0.99, 0.9, 0.5];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let samples = host::variable("SAMPLES").and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let scene = Scene::new().await;
    let times = scene.measure(samples).await;
    let mut report = "cause\tsamples\tmedian, µs\tlargest abs(t) against a wrong secret\n".to_owned();
    let mut told_apart = false;
    for (class, own) in CLASSES.iter().zip(&times) {
        let t = largest_t(&times[0], own);
        told_apart |= t >= BOUND;
        writeln!(report, "{class}\t{}\t{:.1}\t{t:.2}", own.len(), median(own) / 1000.0).expect("a string grows");
    }
    figures::write("timing", &report);
    eprint!("{report}");
    ExitCode::from(u8::from(told_apart))
}

/// The function, and a key in its store.
struct Scene {
    function: Function<KeyVerifier>,
    known: StoredKey,
    nearly: StoredKey,
}

impl Scene {
    async fn new() -> Self {
        let known = StoredKey::new();
        let nearly = StoredKey::new();
        let mut spoiled = hash(&hex::decode(&nearly.secret).expect("a secret is hexadecimal"));
        spoiled[31] ^= 1;
        let nearly = nearly.with("secretHash", aws_sdk_dynamodb::types::AttributeValue::B(spoiled.into()));
        let port = serve([known.clone(), nearly.clone()]).await;
        let environment: Environment = Endpoint::Key
            .environment(&format!("http://127.0.0.1:{port}"), "")
            .into_iter()
            .chain([
                ("AWS_LAMBDA_RUNTIME_API".to_owned(), "127.0.0.1:1".to_owned()),
                ("AWS_LAMBDA_FUNCTION_NAME".to_owned(), "timing".to_owned()),
                ("AWS_LAMBDA_FUNCTION_VERSION".to_owned(), "1".to_owned()),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), "128".to_owned()),
            ])
            .collect();
        let config = Config::read(&environment).expect("the configuration is good");
        let keys = KeyVerifier::configure(&environment).expect("the configuration is good");
        let function = Function::new(keys, &config).await.expect("the function starts");
        Self { function, known, nearly }
    }

    /// The duration of each refusal in nanoseconds, by cause.
    async fn measure(&self, samples: usize) -> Vec<Vec<f64>> {
        let mut times = vec![Vec::with_capacity(samples); CLASSES.len()];
        let mut refusals = stream::repeat_with(|| usize::from(host::random::<1>()[0]) % CLASSES.len())
            .map(|class| self.refusal(class))
            .buffer_unordered(AT_ONCE)
            // The first samples warm up caches and the allocator.
            .skip(samples / 10);
        while times.iter().any(|times| times.len() < samples) {
            let Some((class, took)) = refusals.next().await else { break };
            if times[class].len() < samples {
                times[class].push(took.as_nanos() as f64);
            }
        }
        times
    }

    async fn refusal(&self, class: usize) -> (usize, Duration) {
        let event = self.event(class);
        let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
        let began = Instant::now();
        let answer = self.function.invoke_with(&event, "timing", call).await;
        let took = began.elapsed();
        assert!(answer.is_ok_and(|answer| answer.get().contains("authenticationFailed")), "{}", CLASSES[class]);
        (class, took)
    }

    fn event(&self, class: usize) -> Box<RawValue> {
        let digits = |bytes: &[u8]| hex::encode(bytes);
        let last = digits(&host::random::<1>());
        let credential = match class {
            0 => basic(&self.known.key, &digits(&host::random::<32>())),
            1 => basic(&StoredKey::new().key, &digits(&host::random::<32>())),
            2 if self.known.secret.ends_with(&last) => return self.event(class),
            2 => basic(&self.known.key, &format!("{}{last}", &self.known.secret[..62])),
            _ => self.nearly.authorization(),
        };
        let request = Request::post(Endpoint::Key.path(), "{}").header("Authorization", &credential);
        to_raw_value(&request.event(Source::HttpApi)).expect("an event is JSON")
    }
}

/// Starts a server that answers `GetItem` from memory, and returns its port.
async fn serve(keys: [StoredKey; 2]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the machine has a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let replies = keys.map(|key| (key.key.clone(), Bytes::from(json!({ "Item": wire(&key) }).to_string())));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let replies = replies.clone();
            let service = service_fn(move |request| reply(replies.clone(), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    port
}

async fn reply(
    replies: [(String, Bytes); 2],
    request: HttpRequest<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let asked = String::from_utf8_lossy(&body);
    let found = replies.iter().filter(|(key, _)| asked.contains(key)).map(|(_, reply)| reply.clone()).next();
    let mut response = Response::new(Full::new(found.unwrap_or(Bytes::from_static(b"{}"))));
    for (name, value) in [("content-type", "application/x-amz-json-1.0"), ("x-amzn-requestid", "TIMING")] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    Ok(response)
}

/// A key's item in DynamoDB's JSON.
fn wire(key: &StoredKey) -> Value {
    let attributes = key.item.iter().map(|(name, value)| {
        let value = match (value.as_s(), value.as_n(), value.as_b()) {
            (Ok(text), ..) => json!({ "S": text }),
            (_, Ok(number), _) => json!({ "N": number }),
            (.., Ok(bytes)) => {
                json!({ "B": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes.as_ref()) })
            }
            _ => Value::Null,
        };
        (name.clone(), value)
    });
    attributes.collect()
}

/// The largest Welch's t over all fractions of the samples.
fn largest_t(one: &[f64], other: &[f64]) -> f64 {
    let mut all = [one, other].concat();
    all.sort_by(f64::total_cmp);
    let t = |share: f64| {
        let limit = all[((all.len() - 1) as f64 * share) as usize];
        let kept = |times: &[f64]| times.iter().copied().filter(|time| *time <= limit).collect::<Vec<_>>();
        welch(&kept(one), &kept(other)).abs()
    };
    SHARES.map(t).into_iter().fold(0.0, f64::max)
}

fn welch(one: &[f64], other: &[f64]) -> f64 {
    let moments = |times: &[f64]| {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((mean, error), (other_mean, other_error)) = (moments(one), moments(other));
    (mean - other_mean) / (error + other_error).sqrt()
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
