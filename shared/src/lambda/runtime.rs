//! The life of a function's process: read the configuration, build what is needed once, answer until told to stop.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures_util::FutureExt;
use lambda_runtime::{BoxFuture, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;

use super::function::{Authenticator, Function, InvocationError};
use crate::domain::{Fault, Timestamp};
use crate::platform::config::{Config, ConfigError, Environment};
use crate::platform::log;

/// Runs a function until the sandbox ends. A process that can't start says why in one line and exits with failure.
pub async fn run<A: Authenticator>(configure: fn(&Environment) -> Result<A, ConfigError>) -> ExitCode {
    log::install_panic_hook();
    log::install_subscriber();
    let function = match start(&Environment::of_process(), configure).await {
        Ok(function) => function,
        Err(error) => {
            log::startup_failed(&error);
            return ExitCode::FAILURE;
        }
    };
    let function = &function;
    // Boxed, since the compiler gives up on laying out the SDK's futures inside the runtime's.
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| -> BoxFuture<'_, _> {
        Box::pin(async move {
            let ends = Timestamp::from_millis(event.context.deadline);
            let answer = AssertUnwindSafe(function.invoke(&event.payload, &event.context.request_id, ends));
            // What panics outside of a request's own guard: the runtime would hand out the panic's message.
            answer.catch_unwind().await.unwrap_or_else(|_| Err(InvocationError::from(Fault::new("panic"))))
        })
    });
    match Runtime::new(handler).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => {
            log::runtime_failed();
            ExitCode::FAILURE
        }
    }
}

async fn start<A: Authenticator>(
    environment: &Environment,
    configure: fn(&Environment) -> Result<A, ConfigError>,
) -> Result<Function<A>, ConfigError> {
    let config = Config::read(environment)?;
    let function = Function::new(configure(environment)?, &config).await?;
    if config.store.warm_connection {
        function.open_connection().await;
    }
    Ok(function)
}
