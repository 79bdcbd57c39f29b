//! The Lambda function behind `POST /apikeys/key`.

use std::process::ExitCode;

use key::KeyVerifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // A key needs no setting beyond those that both functions have.
    shared::runtime::run(|_| Ok(KeyVerifier)).await
}
