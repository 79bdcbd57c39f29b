//! `make prove PROOF=load`: 100,000 creations, with revocations in between, by 16 programs of each function over a
//! DynamoDB that fails one call in 100. Prints the results, and fails if anything is wrong.

use std::process::ExitCode;

use tests::figures::{self, number};
use tests::load::{self, LoadTest, ResourceUsage, Results};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let load_test = LoadTest {
        creations: number("CREATIONS", 100_000),
        programs: number("SANDBOXES", 16),
        calls_per_fault: 100,
        seed: u64::try_from(number("SEED", 61)).unwrap_or(61),
    };
    let results = load::run(load_test).await;
    figures::finish("load", results.map(|results| (report(load_test, &results), results.wrong.is_empty())))
}

fn report(load_test: LoadTest, results: &Results) -> String {
    let mut lines = vec![
        "what\tfigure".to_owned(),
        format!("programs\t{} of each function", load_test.programs),
        format!("requests that create a key\t{}", results.created + results.failed + results.refused),
        format!("answered with 201, each with exactly one record\t{}", results.created),
        format!("answered with 403, since the caller's chain was revoked meanwhile\t{}", results.refused),
        format!("answered with 500\t{}", results.failed),
        format!("records whose key was never returned\t{}", results.unreturned),
        format!("creations repeated after a 500, with the same `Idempotency-Key`\t{}", results.repeated),
        format!("keys revoked alone with 204\t{}", results.revoked),
        format!("chains revoked with 204\t{}", results.revoked_chains),
        format!("revocations repeated after a 500\t{}", results.repeated_revocations),
        format!("keys that authenticate at the end and are in the list\t{}", results.valid),
        format!("revoked keys, of which none authenticates or is in the list\t{}", results.invalid),
        format!("calls of DynamoDB with a fault\t{}", results.faults),
        format!("wrong answers, missing or surplus items\t{}", results.wrong.len()),
    ];
    for usage in &results.usage {
        let ResourceUsage { creations, rss_kb, descriptors } = usage;
        lines.push(format!("after {creations}: the largest program\t{rss_kb} kB, {descriptors} descriptors"));
    }
    lines.extend(results.wrong.iter().take(20).map(|wrong| format!("WRONG\t{wrong}")));
    lines.join("\n") + "\n"
}
