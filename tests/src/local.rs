//! The local stack: both functions, a DynamoDB with the template's table, a Secrets Manager, and credentials.
//!
//! The stack writes only into `.local`, and ends all its processes when it ends.

mod address;
mod command;
mod delivered;
mod demo;
pub mod events;
mod invoke;
pub mod placeholder;
mod rotate;
mod rotation_state;
mod run;
pub mod sam;
mod settings;
mod stack;
mod with;

use tokio::signal::unix::{SignalKind, signal};

use crate::token::Claims;
use command::Command;
use settings::Settings;

/// Runs the command of the command line.
///
/// # Errors
///
/// Returns one line with the problem and its solution.
pub fn main(arguments: &[String]) -> Result<(), String> {
    let command = Command::parse(arguments)?;
    let settings = Settings::load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(until_stopped(&command, &settings))
}

/// Ctrl-C drops the command at any point, which ends every process of the command.
async fn until_stopped(command: &Command, settings: &Settings) -> Result<(), String> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let stopped = tokio::select! {
        result = execute(command, settings) => return result,
        _ = interrupt.recv() => "interrupted",
        _ = terminate.recv() => "terminated",
    };
    // These commands run until they are stopped, so Ctrl-C is no error.
    if matches!(command, Command::Run | Command::SamApi { .. }) {
        println!("\nStopped.");
        return Ok(());
    }
    Err(format!("{stopped}, everything is stopped"))
}

async fn execute(command: &Command, settings: &Settings) -> Result<(), String> {
    match command {
        Command::Run => run::run(settings).await,
        Command::Demo => demo::run(settings).await,
        Command::Events => events::fill_all(settings).await,
        Command::Invoke { function, file } => invoke::run(settings, *function, file).await,
        Command::Rotate => rotate::run().await,
        Command::SamInvoke { file } => sam::invoke(settings, file).await,
        Command::SamApi { port } => sam::serve_api(settings, *port).await,
        Command::Token { role, id, expires_in } => {
            println!("{}", Claims::new().id(*id).role(role).expires_in(*expires_in).sign(&settings.signer()));
            Ok(())
        }
        Command::With { command } => with::run(&settings.with_log("logs/apart.log"), command).await,
    }
}
