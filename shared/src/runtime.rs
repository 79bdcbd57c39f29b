//! The life of a function's process: read the configuration, build what is needed once, answer until told to stop.

use std::process::ExitCode;

use lambda_runtime::{BoxFuture, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;

use crate::config::{Config, ConfigError, Environment};
use crate::function::{Authenticate, Function};
use crate::log;

/// Runs a function until the sandbox ends. A process that can't start says why in one line and exits with failure.
pub async fn run<A: Authenticate>(configure: fn(&Environment) -> Result<A, ConfigError>) -> ExitCode {
    log::install_panic_hook();
    log::install_subscriber();
    let environment = Environment::of_process();
    let function = match start(&environment, configure).await {
        Ok(function) => function,
        Err(error) => {
            log::startup_failed(&error);
            return ExitCode::FAILURE;
        }
    };
    let function = &function;
    // Boxed, since the compiler gives up on laying out the SDK's futures inside the runtime's.
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| -> BoxFuture<'_, _> {
        Box::pin(async move { function.invoke(&event.payload, &event.context).await })
    });
    match Runtime::new(handler).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn start<A: Authenticate>(
    environment: &Environment,
    configure: fn(&Environment) -> Result<A, ConfigError>,
) -> Result<Function<A>, ConfigError> {
    let config = Config::read(environment)?;
    let authenticator = configure(environment)?;
    Ok(Function::new(authenticator, &config).await)
}
