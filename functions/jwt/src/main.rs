//! The Lambda function behind `POST /apikeys/jwt`.

use std::process::ExitCode;

use jwt::TokenVerifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    shared::lambda::run(TokenVerifier::configure).await
}
