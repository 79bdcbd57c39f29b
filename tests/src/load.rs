//! Many concurrent programs over one DynamoDB that fails at random.
//!
//! The clients create keys and revoke some of them, alone or with their chain. Each key has a unique name, so that
//! every answer can be compared with the items in the table, and every key is used at the end.

mod api;
mod check;
mod client;
mod log;
mod usage;
mod verify;

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::dynamo::Dynamo;
use crate::fault::{Fault, Proxy};
use crate::function::Function;
use api::Api;
use client::Client;
use log::Log;
pub use usage::ResourceUsage;

/// The parameters of a load test.
#[derive(Clone, Copy, Debug)]
pub struct LoadTest {
    /// The number of requests that create a key.
    pub creations: usize,
    /// The number of programs of each function.
    pub programs: usize,
    /// One in so many calls of DynamoDB fails; 0 for none.
    pub calls_per_fault: u64,
    /// The seed that selects the calls and their faults.
    pub seed: u64,
}

/// The results of a load test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Creations that were answered with 201.
    pub created: usize,
    /// Creations that were answered with 403, since the caller's chain was revoked at that moment.
    pub refused: usize,
    /// Creations that were answered with 500, and not repeated.
    pub failed: usize,
    /// Answers of 500 after which the creation was repeated with the same `Idempotency-Key`.
    pub repeated: usize,
    /// Records of creations that were not answered with 201: the write was applied, but every reply was lost.
    pub unreturned: usize,
    /// Keys that were revoked alone with 204.
    pub revoked: usize,
    /// Chains that were revoked with 204.
    pub revoked_chains: usize,
    /// Answers of 500 after which the revocation was repeated.
    pub repeated_revocations: usize,
    /// Keys that authenticate at the end.
    pub valid: usize,
    /// Keys that do not authenticate at the end, since they or their chains are revoked.
    pub invalid: usize,
    /// Calls of DynamoDB that failed.
    pub faults: usize,
    /// Descriptions of the errors found; empty if all is correct.
    pub wrong: Vec<String>,
    /// The largest memory and descriptor count of all programs, after each tenth of the creations.
    pub usage: Vec<ResourceUsage>,
}

/// Runs a load test to its end.
///
/// # Errors
///
/// Fails if a program does not start, ends, or does not answer, or if an answer is none of the contract's.
pub async fn run(load_test: LoadTest) -> Result<Results, String> {
    let dynamo = Dynamo::in_memory().await;
    let proxy = Proxy::to(dynamo.port()).await;
    let api = Api::start(load_test.programs, &proxy).await?;
    if load_test.calls_per_fault > 0 {
        proxy.scatter(load_test.seed, load_test.calls_per_fault, faults());
    }
    let clients: Vec<_> = (0..load_test.programs).flat_map(|number| Function::ALL.map(|with| (with, number))).collect();
    let each = load_test.creations / clients.len();
    let runs = clients.iter().map(|(function, number)| Client::new(&api, *function, *number, each).run());
    let logs = try_join_all(runs).await?;
    proxy.heal();
    let faults = proxy.requests().iter().filter(|seen| seen.fault != Fault::Pass).count();
    let mut results = Results { faults, usage: usage::of_all(&logs), ..Results::default() };
    let log = Log::of_all(logs);
    results.wrong.extend(log.wrong.iter().cloned());
    let expected = check::compare(&log, &dynamo.try_items().await?, &mut results);
    results.valid = verify::use_keys(&api, &expected.valid, true, &mut results).await?;
    results.invalid = verify::use_keys(&api, &expected.invalid, false, &mut results).await?;
    verify::misuse_keys(&api, &expected.weak, &mut results).await?;
    verify::compare_list(&api, &expected.listed, &mut results).await?;
    Ok(results)
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
