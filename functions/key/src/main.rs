//! The Lambda function behind `POST /apikeys/key`.

use std::process::ExitCode;

use key::KeyVerifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::run(KeyVerifier::configure).await
}
