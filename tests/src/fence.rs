//! Clients that create keys of one chain as fast as they can, while the chain is revoked.
//!
//! After the 204, no key of the chain may authenticate, whenever and by whomever it was created.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::try_join;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::event::{Request, Source};
use crate::function::Function;
use crate::rng::SeededRng;
use crate::stored_key::basic;

/// The clients of one deployment.
pub trait Clients: Send + Sync + 'static {
    /// Sends an event to a function as one of the clients, and returns the status and the body of the answer.
    ///
    /// # Errors
    ///
    /// Fails if the function does not answer.
    fn send(
        &self,
        client: usize,
        function: Function,
        event: Value,
    ) -> impl Future<Output = Result<(u64, Value), String>> + Send;
}

/// The parameters of a run.
#[derive(Clone, Debug)]
pub struct Race {
    /// The number of chains, one after another.
    pub chains: usize,
    /// The number of concurrent clients.
    pub clients: usize,
    /// The number of keys in a chain when its revocation begins.
    pub keys: usize,
    /// The seed that selects the creating and the revoked keys.
    pub seed: u64,
    /// The `Authorization` of the owner, with a token.
    pub owner: String,
}

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Chains that were revoked with a 204.
    pub chains: usize,
    /// Keys that the clients received.
    pub created: usize,
    /// Keys that a client received after the revocation had begun.
    pub created_meanwhile: usize,
    /// Keys that a client received after the 204, for requests that it had sent before.
    pub created_afterwards: usize,
    /// The largest number of keys between a chain's first key and another key of the chain.
    pub deepest: usize,
    /// Refusals of keys after the 204.
    pub refused: usize,
    /// Descriptions of the errors found; empty if all is correct.
    pub wrong: Vec<String>,
}

/// A key that a client received.
#[derive(Clone)]
struct Received {
    key: String,
    authorization: String,
    depth: usize,
}

impl Received {
    fn read(body: &Value, depth: usize) -> Self {
        let text = |member: &str| body["apikey"][member].as_str().unwrap_or_default();
        Self { key: text("key").to_owned(), authorization: basic(text("key"), text("secret")), depth }
    }
}

/// The stages of a revocation.
const LIVING: u8 = 0;
const REVOKING: u8 = 1;
const REVOKED: u8 = 2;

/// The keys of one chain, which all clients share.
struct Chain {
    keys: Mutex<Vec<Received>>,
    stage: AtomicU8,
}

impl Chain {
    fn keys(&self) -> MutexGuard<'_, Vec<Received>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the four newest keys, so that the line of descendants gets long.
    fn newest(&self, rng: &mut SeededRng) -> Option<Received> {
        let keys = self.keys();
        rng.pick(&keys[keys.len().saturating_sub(4)..]).cloned()
    }
}

/// Creates and revokes all chains.
///
/// # Errors
///
/// Fails if a function does not answer, or answers something that no client can cause.
pub async fn run<C: Clients>(clients: Arc<C>, race: &Race) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let mut rng = SeededRng(race.seed);
    for _ in 0..race.chains {
        revoke_one(&clients, race, &mut rng, &mut outcome).await?;
    }
    Ok(outcome)
}

async fn revoke_one<C: Clients>(
    clients: &Arc<C>,
    race: &Race,
    rng: &mut SeededRng,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let (status, body) = clients.send(0, Function::Jwt, create(Function::Jwt, &race.owner)).await?;
    if status != 201 {
        return Err(format!("the first key: {status} {body}"));
    }
    let keys = Mutex::new(vec![Received::read(&body, 0)]);
    let chain = Arc::new(Chain { keys, stage: AtomicU8::new(LIVING) });
    let mut creating = JoinSet::new();
    for client in 0..race.clients {
        let seed = rng.below(u64::from(u32::MAX));
        creating.spawn(create_keys(Arc::clone(clients), client, Arc::clone(&chain), seed));
    }
    let created = async {
        let mut all = Created::default();
        while let Some(done) = creating.join_next().await {
            let done = done.map_err(|error| error.to_string())??;
            all.meanwhile += done.meanwhile;
            all.afterwards += done.afterwards;
            all.refused += done.refused;
            all.wrong.extend(done.wrong);
        }
        Ok(all)
    };
    let revoked = async {
        while chain.keys().len() < race.keys {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let any = rng.pick(&chain.keys()).map(|received| received.key.clone()).unwrap_or_default();
        let request = Request::new("DELETE", &format!("/apikeys/{any}/jwt")).query("chain", "true");
        let request = request.header("Authorization", &race.owner).event(Source::HttpApi);
        chain.stage.store(REVOKING, Ordering::SeqCst);
        let (status, body) = clients.send(0, Function::Jwt, request).await?;
        chain.stage.store(REVOKED, Ordering::SeqCst);
        if status != 204 {
            return Err(format!("the revocation: {status} {body}"));
        }
        // The clients' last requests are still running.
        try_all(clients, race, &chain).await
    };
    let (created, at_once) = try_join(created, revoked).await?;
    let again = try_all(clients, race, &chain).await?;
    let keys = chain.keys();
    outcome.chains += 1;
    outcome.created += keys.len();
    outcome.created_meanwhile += created.meanwhile;
    outcome.created_afterwards += created.afterwards;
    outcome.deepest = keys.iter().map(|key| key.depth).max().unwrap_or(0).max(outcome.deepest);
    outcome.refused += created.refused + at_once.refused + again.refused;
    outcome.wrong.extend([created.wrong, at_once.wrong, again.wrong].into_iter().flatten());
    Ok(())
}

/// The results of a client, or of a pass over all keys.
#[derive(Default)]
struct Created {
    meanwhile: usize,
    afterwards: usize,
    refused: usize,
    wrong: Vec<String>,
}

/// Creates keys with the newest keys until one request that began after the 204 is answered.
async fn create_keys<C: Clients>(
    clients: Arc<C>,
    client: usize,
    chain: Arc<Chain>,
    seed: u64,
) -> Result<Created, String> {
    let mut rng = SeededRng(seed);
    let mut created = Created::default();
    loop {
        let before = chain.stage.load(Ordering::SeqCst);
        let parent = chain.newest(&mut rng).ok_or("the chain is empty")?;
        let event = create(Function::Key, &parent.authorization);
        let (status, body) = clients.send(client, Function::Key, event).await?;
        let after = chain.stage.load(Ordering::SeqCst);
        match (status, body["error"].as_str()) {
            (201, _) => {
                chain.keys().push(Received::read(&body, parent.depth + 1));
                created.meanwhile += usize::from(after == REVOKING);
                created.afterwards += usize::from(after == REVOKED);
                if before == REVOKED {
                    created.wrong.push(format!("{} created a key after the 204", parent.key));
                }
            }
            (403, Some("authenticationFailed")) if after == LIVING => {
                created.wrong.push(format!("{} was refused before the revocation", parent.key));
            }
            (403, Some("authenticationFailed")) => created.refused += usize::from(before == REVOKED),
            _ => return Err(format!("a creation: {status} {body}")),
        }
        if before == REVOKED {
            return Ok(created);
        }
    }
}

/// Authenticates with every key that a client has received so far, spread over all clients.
async fn try_all<C: Clients>(clients: &Arc<C>, race: &Race, chain: &Chain) -> Result<Created, String> {
    let keys = chain.keys().clone();
    let mut passes = JoinSet::new();
    for client in 0..race.clients {
        let own: Vec<Received> = keys.iter().skip(client).step_by(race.clients).cloned().collect();
        passes.spawn(try_keys(Arc::clone(clients), client, own));
    }
    let mut all = Created::default();
    while let Some(done) = passes.join_next().await {
        let done = done.map_err(|error| error.to_string())??;
        all.refused += done.refused;
        all.wrong.extend(done.wrong);
    }
    Ok(all)
}

async fn try_keys<C: Clients>(clients: Arc<C>, client: usize, keys: Vec<Received>) -> Result<Created, String> {
    let mut tried = Created::default();
    for Received { key, authorization, .. } in keys {
        let request = Request::new("GET", "/whoami/key").header("Authorization", &authorization);
        let (status, body) = clients.send(client, Function::Key, request.event(Source::HttpApi)).await?;
        match (status, body["error"].as_str()) {
            (403, Some("authenticationFailed")) => tried.refused += 1,
            (200, _) => tried.wrong.push(format!("{key} authenticates after the 204")),
            _ => return Err(format!("{key}: {status} {body}")),
        }
    }
    Ok(tried)
}

fn create(function: Function, authorization: &str) -> Value {
    let body = json!({ "name": "of a chain", "level": 4, "expiresIn": 3600 }).to_string();
    Request::post(function.path(), body).header("Authorization", authorization).event(Source::HttpApi)
}
