//! The commands of the local stack, for `make run`, `demo`, `token`, `events`, `invoke` and `rotate`, and for the checks
//! that need a stack. An error is one line with exit code 1.

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
