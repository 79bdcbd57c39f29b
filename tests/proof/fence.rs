//! `make prove PROOF=fence`: revokes 1,000 chains while 16 programs create keys of them. Prints the results, and fails
//! if anything is wrong.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use serde_json::Value;
use tests::dynamo::Dynamo;
use tests::fence::{self, Clients, Outcome, Race};
use tests::figures::{self, number};
use tests::function::Function;
use tests::sandbox::Sandbox;
use tests::token::{Claims, Signer};

/// The secret that signs tokens.
const JWT_SECRET: &str = "a race's own secret, known to all who read this";

/// A program of the jwt function, and one of the key function for each client.
struct Programs {
    jwt: Sandbox,
    keys: Vec<Sandbox>,
}

impl Programs {
    async fn start(dynamo: &Dynamo, clients: usize) -> Result<Self, String> {
        let jwt = start(Function::Jwt, dynamo).await?;
        let mut keys = Vec::new();
        for _ in 0..clients {
            keys.push(start(Function::Key, dynamo).await?);
        }
        Ok(Self { jwt, keys })
    }
}

async fn start(function: Function, dynamo: &Dynamo) -> Result<Sandbox, String> {
    let program = [function.program().display().to_string()];
    let mut sandbox = Sandbox::spawn(&program, &function.environment(&dynamo.endpoint(), JWT_SECRET), None).await?;
    sandbox.ready().await?;
    Ok(sandbox)
}

impl Clients for Programs {
    async fn send(&self, client: usize, function: Function, event: Value) -> Result<(u64, Value), String> {
        let sandbox = match function {
            Function::Jwt => &self.jwt,
            Function::Key => self.keys.get(client).ok_or("there is no such client")?,
        };
        let answered = sandbox.invoke(Bytes::from(event.to_string())).await?;
        let answer: Value = serde_json::from_slice(&answered.body).map_err(|error| error.to_string())?;
        let body = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
        Ok((answer["statusCode"].as_u64().unwrap_or(0), body.unwrap_or_default()))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let claims = Claims::new().expires_in(86_400);
    let race = Race {
        chains: number("CHAINS", 1_000),
        clients: number("SANDBOXES", 16),
        keys: 24,
        seed: u64::try_from(number("SEED", 61)).unwrap_or(61),
        owner: format!("Bearer {}", claims.sign(&Signer::hs256(JWT_SECRET.as_bytes()))),
    };
    let dynamo = Dynamo::in_memory().await;
    let begun = Instant::now();
    let outcome = match Programs::start(&dynamo, race.clients).await {
        Ok(programs) => fence::run(Arc::new(programs), &race).await,
        Err(error) => Err(error),
    };
    let report = |outcome: Outcome| (report(&race, &outcome, begun.elapsed()), outcome.wrong.is_empty());
    figures::finish("fence", outcome.map(report))
}

fn report(race: &Race, outcome: &Outcome, took: Duration) -> String {
    let mut lines = vec![
        "what\tfigure".to_owned(),
        format!("programs that create keys\t{}", race.clients),
        format!("chains revoked with 204\t{}", outcome.chains),
        format!("keys created\t{}", outcome.created),
        format!("of these, returned while the revocation ran\t{}", outcome.created_meanwhile),
        format!("of these, returned after the 204 for an earlier request\t{}", outcome.created_afterwards),
        format!("the longest line of descendants\t{}", outcome.deepest),
        format!("refused after the 204: each key at once, again later, and new creations\t{}", outcome.refused),
        format!("authenticated after the 204, or otherwise wrong\t{}", outcome.wrong.len()),
        format!("seconds\t{}", took.as_secs()),
    ];
    lines.extend(outcome.wrong.iter().take(20).map(|wrong| format!("WRONG\t{wrong}")));
    lines.join("\n") + "\n"
}
