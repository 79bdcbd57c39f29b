//! `local with COMMAND`: runs a stack for one command, which gets addresses and credentials in the environment.
//!
//! The stack can run in parallel with `make run`: its ports, table and log are separate.

use std::process::Command;
use std::time::Duration;

use tokio::time::sleep;

use super::settings::Settings;
use super::stack::Stack;
use crate::process::ProcessTree;
use crate::stored_key::StoredKey;
use crate::token::Claims;

/// The lifetime of the key's chain in seconds: two years, longer than any valid `expiresIn`.
const CHAIN: i64 = 2 * 31_536_000;

/// Runs the command, and fails if the command fails.
pub(super) async fn run(settings: &Settings, command: &[String]) -> Result<(), String> {
    let (program, arguments) = command.split_first().ok_or("a command is missing")?;
    let stack = Stack::start_apart(settings).await?;
    let caller = StoredKey::new().level(8).chain_expires_in(CHAIN);
    stack.dynamo.try_put_item(caller.item).await?;
    let mut child = ProcessTree::spawn(Command::new(program).args(arguments).envs([
        ("APIKEYS_URL", format!("http://127.0.0.1:{}", stack.port)),
        ("APIKEYS_DYNAMODB", stack.dynamo.endpoint()),
        ("APIKEYS_TOKEN", Claims::new().role("admin").sign(&settings.signer())),
        ("APIKEYS_KEY", caller.key),
        ("APIKEYS_SECRET", caller.secret),
    ]))?;
    loop {
        match child.exit_status() {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(format!("{program} ended with {status}")),
            None => sleep(Duration::from_millis(50)).await,
        }
    }
}
