//! `make prove PROOF=load`: 100,000 requests to 16 programs of each function, over a DynamoDB that fails one call in
//! 100. Prints the results, and fails if anything is wrong.

use std::process::ExitCode;

use tests::load::{self, Load, Mark, Outcome};
use tests::{figures, host};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let number = |name: &str, usual: usize| host::variable(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let load = Load {
        creations: number("CREATIONS", 100_000),
        sandboxes: number("SANDBOXES", 16),
        one_in: 100,
        seed: u64::try_from(number("SEED", 61)).unwrap_or(61),
    };
    match load::run(load).await {
        Ok(outcome) => {
            let report = report(load, &outcome);
            figures::write("load", &report);
            print!("{report}");
            ExitCode::from(u8::from(!outcome.wrong.is_empty()))
        }
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(load: Load, outcome: &Outcome) -> String {
    let mut lines = vec![
        "what\tfigure".to_owned(),
        format!("programs\t{} of each function", load.sandboxes),
        format!("requests\t{}", outcome.created + outcome.failed),
        format!("answered with 201, each with exactly one record\t{}", outcome.created),
        format!("answered with 500\t{}", outcome.failed),
        format!("of these, with a record whose key was never returned\t{}", outcome.untold),
        format!("500, then repeated with the same `Idempotency-Key`\t{}", outcome.repeated),
        format!("calls of DynamoDB with a fault\t{}", outcome.faults),
        format!("wrong answers, missing or surplus records\t{}", outcome.wrong.len()),
    ];
    for mark in &outcome.marks {
        let Mark { requests, rss_kb, descriptors } = mark;
        lines.push(format!("after {requests}: the largest program\t{rss_kb} kB, {descriptors} descriptors"));
    }
    lines.extend(outcome.wrong.iter().take(20).map(|wrong| format!("WRONG\t{wrong}")));
    lines.join("\n") + "\n"
}
