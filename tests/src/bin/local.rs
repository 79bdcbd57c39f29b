//! The local stack's commands, behind `make run`, `demo`, `token`, `events`, `invoke-*` and `rotate`, and behind the checks
//! that need a stack.
//!
//! An error is one line and exit code 1.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match tests::local::main(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
