//! Clients that create children of children while the chain is revoked: a short form of `make prove PROOF=fence`.

use std::sync::Arc;

use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::{Call, Randomness};
use tests::fence::{Clients, Race, run};
use tests::token::Claims;

use crate::support::{Answer, Endpoint, World};

/// Both functions in this process.
struct InProcess(World);

impl Clients for InProcess {
    async fn send(&self, _client: usize, function: Endpoint, event: Value) -> Result<(u64, Value), String> {
        let call = Call::at(Timestamp::now(), 30_000, Randomness::draw()).patient();
        let answer = Box::pin(self.0.invoke_raw(function, &event, call)).await?;
        let answer = Answer::read(&answer);
        Ok((answer.status, serde_json::from_str(&answer.body).unwrap_or_default()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_key_of_a_chain_authenticates_after_the_204() {
    let world = World::new().await;
    let owner = world.bearer(&Claims::new());
    let race = Race { chains: 20, clients: 16, keys: 24, seed: 61, owner };
    let outcome = run(Arc::new(InProcess(world)), &race).await.unwrap();
    assert_eq!(outcome.wrong, Vec::<String>::new());
    assert_eq!(outcome.chains, 20);
    // The test is meaningless without children of children, and unless each key was tried twice.
    assert!(outcome.deepest > 2 && outcome.created >= 20 * 24 && outcome.refused >= outcome.created, "{outcome:?}");
}
