//! Many concurrent programs over one DynamoDB that fails at random.
//!
//! Each request has a unique name, so that every answer can be compared with the records in the table.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use hyper::body::Bytes;
use serde_json::{Value, json};
use shared::domain::Secret;

use crate::dynamo::{Dynamo, Item};
use crate::event::{Request, Source};
use crate::fault::{Fault, Proxy};
use crate::function::Function;
use crate::host;
use crate::sandbox::Sandbox;
use crate::stored_key::{StoredKey, basic};
use crate::token::{Claims, Signer};

/// The secret that signs tokens.
const JWT_SECRET: &str = "a load's own secret, known to all who read this";

/// How many times the memory and descriptors of each program are measured.
const MARKS: usize = 10;

/// One in so many requests has an `Idempotency-Key`, and is repeated after a 500.
const ONE_IN_ONCE: usize = 10;

/// How many of the new keys are used to authenticate.
const USED: usize = 100;

/// The parameters of a run.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// The number of requests to both functions.
    pub creations: usize,
    /// The number of programs of each function.
    pub sandboxes: usize,
    /// One in so many calls of DynamoDB fails; 0 for none.
    pub one_in: u64,
    /// The seed that selects the calls and their faults.
    pub seed: u64,
}

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that were answered with 201.
    pub created: usize,
    /// Requests that were answered with 500, and not repeated.
    pub failed: usize,
    /// Answers of 500 after which the request was repeated with the same `Idempotency-Key`.
    pub repeated: usize,
    /// Calls of DynamoDB that failed.
    pub faults: usize,
    /// Records of requests that were answered with 500: the write was applied, but every reply was lost.
    pub untold: usize,
    /// Descriptions of the errors found; empty if all is correct.
    pub wrong: Vec<String>,
    /// The largest memory and descriptor count of all programs, after each tenth of the requests.
    pub marks: Vec<Mark>,
}

/// The memory and the open descriptors of the programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Requests of all programs so far.
    pub requests: usize,
    /// The resident memory of the largest program, in kilobytes.
    pub rss_kb: u64,
    /// The open descriptors of the program with the most.
    pub descriptors: usize,
}

/// The result of one request.
struct Done {
    name: String,
    key_and_secret: Option<(String, String)>,
    repeated: usize,
}

/// A program and its caller.
struct Client {
    function: Function,
    number: usize,
    sandbox: Sandbox,
    authorization: String,
}

/// Runs the load to its end.
///
/// # Errors
///
/// Fails if a program does not start, ends, or does not answer.
pub async fn run(load: Load) -> Result<Outcome, String> {
    let dynamo = Dynamo::in_memory().await;
    let proxy = Proxy::to(dynamo.port()).await;
    let caller = StoredKey::new().expires_in(86_400);
    dynamo.try_put_item(caller.item.clone()).await?;
    let mut clients = Vec::new();
    for number in 0..load.sandboxes {
        for function in Function::ALL {
            clients.push(Client::start(function, number, &proxy, &caller).await?);
        }
    }
    if load.one_in > 0 {
        proxy.scatter(load.seed, load.one_in, faults());
    }
    let each = load.creations / clients.len();
    let runs = try_join_all(clients.iter().map(|client| client.requests(each))).await?;
    proxy.heal();
    let faults = proxy.requests().iter().filter(|seen| seen.fault != Fault::Pass).count();
    let mut outcome = Outcome { faults, marks: marks(&runs, clients.len()), ..Outcome::default() };
    let done: Vec<Done> = runs.into_iter().flat_map(|(done, _)| done).collect();
    let items = dynamo.try_items().await?;
    compare(&done, &items, &mut outcome);
    let user = clients.iter().find(|client| client.function == Function::Key).ok_or("there is no key function")?;
    user.use_new_keys(&done, &mut outcome).await?;
    Ok(outcome)
}

/// Faults of DynamoDB and of the network, all equally likely.
fn faults() -> Vec<Fault> {
    vec![
        Fault::Reset,
        Fault::ResetPooled,
        Fault::Hang,
        Fault::Truncate,
        Fault::ApplyThenLose,
        Fault::Delay(Duration::from_millis(100)),
        Fault::html(503),
        Fault::dynamodb(500, "InternalServerError"),
        Fault::dynamodb(400, "ThrottlingException"),
        Fault::dynamodb(400, "ProvisionedThroughputExceededException"),
        Fault::dynamodb(400, "AccessDeniedException"),
    ]
}

impl Client {
    async fn start(function: Function, number: usize, proxy: &Proxy, caller: &StoredKey) -> Result<Self, String> {
        let program = [function.program().display().to_string()];
        let mut sandbox = Sandbox::spawn(&program, &function.environment(&proxy.endpoint(), JWT_SECRET), None).await?;
        sandbox.ready().await?;
        let authorization = match function {
            Function::Jwt => {
                format!("Bearer {}", Claims::new().expires_in(86_400).sign(&Signer::hs256(JWT_SECRET.as_bytes())))
            }
            Function::Key => caller.authorization(),
        };
        Ok(Self { function, number, sandbox, authorization })
    }

    /// Sends one request at a time, as Lambda does.
    async fn requests(&self, count: usize) -> Result<(Vec<Done>, Vec<Mark>), String> {
        let (mut all, mut marks) = (Vec::with_capacity(count), Vec::new());
        for number in 1..=count {
            let name = format!("{} {} {number}", self.function.name(), self.number);
            all.push(self.request(name, number % ONE_IN_ONCE == 0).await?);
            if number % (count / MARKS).max(1) == 0 {
                marks.push(Mark {
                    requests: number,
                    rss_kb: resident(self.sandbox.id()),
                    descriptors: descriptors(self.sandbox.id()),
                });
            }
        }
        Ok((all, marks))
    }

    /// With `once`, repeats the request with the same `Idempotency-Key` after a 500.
    async fn request(&self, name: String, once: bool) -> Result<Done, String> {
        let body = json!({ "name": name, "level": 3, "expiresIn": 3600 }).to_string();
        let mut request = Request::post(self.function.path(), body).header("Authorization", &self.authorization);
        if once {
            let value = uuid::Builder::from_random_bytes(host::random()).into_uuid().to_string();
            request = request.header("Idempotency-Key", &value);
        }
        let event = Bytes::from(request.event(Source::HttpApi).to_string());
        let mut repeated = 0;
        loop {
            let (status, answer) = self.send(event.clone()).await?;
            match status {
                201 => {
                    let text = |member: &str| answer["apikey"][member].as_str().unwrap_or_default().to_owned();
                    return Ok(Done { name, key_and_secret: Some((text("key"), text("secret"))), repeated });
                }
                500 if once && repeated < 10 => repeated += 1,
                500 => return Ok(Done { name, key_and_secret: None, repeated }),
                _ => return Err(format!("{name}: {status} {answer}")),
            }
        }
    }

    async fn send(&self, event: Bytes) -> Result<(u64, Value), String> {
        let answered = self.sandbox.invoke(event).await?;
        let answer: Value = serde_json::from_slice(&answered.body).map_err(|error| error.to_string())?;
        let status = answer["statusCode"].as_u64().unwrap_or(0);
        Ok((status, answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()))
    }

    /// A key of level 3 authenticates but may create no key; with another secret it does not authenticate.
    async fn use_new_keys(&self, done: &[Done], outcome: &mut Outcome) -> Result<(), String> {
        let created = done.iter().filter_map(|done| done.key_and_secret.as_ref());
        for (key, secret) in created.step_by((outcome.created / USED).max(1)) {
            let wrong = "0".repeat(secret.len());
            for (secret, expected) in [(secret, "insufficientAccessLevel"), (&wrong, "authenticationFailed")] {
                let request = Request::post(self.function.path(), r#"{"name":"used","level":3,"expiresIn":3600}"#)
                    .header("Authorization", &basic(key, secret));
                let (status, answer) = self.send(Bytes::from(request.event(Source::HttpApi).to_string())).await?;
                if answer["error"] != expected {
                    outcome.wrong.push(format!("{key} is answered with {status} {answer}, not with {expected}"));
                }
            }
        }
        Ok(())
    }
}

/// Each 201 has exactly one record, and each record has a request.
fn compare(done: &[Done], items: &[Item], outcome: &mut Outcome) {
    let mut records: HashMap<&str, Vec<&Item>> = HashMap::new();
    for item in items.iter().filter(|item| item.contains_key("secretHash")) {
        let name = item.get("name").and_then(|name| name.as_s().ok()).map_or("", String::as_str);
        records.entry(name).or_default().push(item);
    }
    // The caller's record.
    records.remove("A key for local work");
    for one in done {
        let stored = records.remove(one.name.as_str()).unwrap_or_default();
        outcome.repeated += one.repeated;
        match (&one.key_and_secret, stored.as_slice()) {
            (Some((key, secret)), [item]) => {
                outcome.created += 1;
                if !is_of(item, key, secret) {
                    outcome.wrong.push(format!("{}: the record is not what was answered", one.name));
                }
            }
            (Some(_), _) => outcome.wrong.push(format!("{}: 201 with {} records", one.name, stored.len())),
            (None, []) => outcome.failed += 1,
            (None, [_]) => {
                outcome.failed += 1;
                outcome.untold += 1;
            }
            (None, _) => outcome.wrong.push(format!("{}: 500 with {} records", one.name, stored.len())),
        }
    }
    outcome.wrong.extend(records.keys().map(|name| format!("a record of no request: {name}")));
}

fn is_of(item: &Item, key: &str, secret: &str) -> bool {
    let hash = Secret::from_hex(secret).map(|secret| secret.hash());
    let stored = item.get("secretHash").and_then(|hash| hash.as_b().ok()).map(|blob| blob.as_ref());
    let id = item.get("key").and_then(|key| key.as_s().ok()).map(String::as_str);
    id == Some(key) && stored.is_some() && stored == hash.as_ref().map(|hash| hash.as_bytes().as_slice())
}

fn marks(runs: &[(Vec<Done>, Vec<Mark>)], programs: usize) -> Vec<Mark> {
    let most = runs.iter().map(|(_, marks)| marks.len()).max().unwrap_or(0);
    let at = |tenth: usize| runs.iter().filter_map(move |(_, marks)| marks.get(tenth));
    (0..most)
        .map(|tenth| Mark {
            requests: at(tenth).map(|mark| mark.requests).max().unwrap_or(0) * programs,
            rss_kb: at(tenth).map(|mark| mark.rss_kb).max().unwrap_or(0),
            descriptors: at(tenth).map(|mark| mark.descriptors).max().unwrap_or(0),
        })
        .collect()
}

/// The resident memory in kilobytes; 0 without `/proc`.
fn resident(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let figure = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    figure.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

fn descriptors(id: u32) -> usize {
    std::fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}
