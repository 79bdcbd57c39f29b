//! The life cycle of a process: read the configuration, build the clients, answer invocations until Lambda ends it.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures_util::FutureExt;

use super::function::{Authenticator, Function, InvocationError};
use super::runtime_api::{Invocation, RuntimeApi};
use crate::domain::Fault;
use crate::platform::config::{Config, ConfigError, Environment};
use crate::platform::log;

/// Runs a function until the execution environment ends. A process that can't start logs one line and exits with failure.
pub async fn run<A: Authenticator>(configure: fn(&Environment) -> Result<A, ConfigError>) -> ExitCode {
    log::install_panic_hook();
    log::install_subscriber();
    match start(&Environment::of_process(), configure).await {
        Ok((function, api)) => serve(&function, &api).await,
        Err(error) => {
            log::startup_failed(&error);
            ExitCode::FAILURE
        }
    }
}

async fn start<A: Authenticator>(
    environment: &Environment,
    configure: fn(&Environment) -> Result<A, ConfigError>,
) -> Result<(Function<A>, RuntimeApi), ConfigError> {
    let config = Config::read(environment)?;
    let function = Function::new(configure(environment)?, &config).await?;
    if config.store.warm_connection {
        function.open_connection().await;
    }
    Ok((function, RuntimeApi::new(config.runtime_api)))
}

async fn serve<A: Authenticator>(function: &Function<A>, api: &RuntimeApi) -> ExitCode {
    let mut was_reached = false;
    loop {
        match api.next().await {
            Ok(invocation) => {
                was_reached = true;
                if let Some(invocation) = invocation {
                    answer(function, api, &invocation).await;
                }
            }
            // Lambda freezes or kills the process. An emulator that stops closes the connection, and that is no error.
            Err(error) if error.is_end(was_reached) => {
                log::function_ended(&error);
                return ExitCode::SUCCESS;
            }
            Err(error) => {
                log::runtime_failed(&error);
                return ExitCode::FAILURE;
            }
        }
    }
}

async fn answer<A: Authenticator>(function: &Function<A>, api: &RuntimeApi, invocation: &Invocation) {
    let Invocation { event, request_id, ends, .. } = invocation;
    // Boxed, since the compiler fails to lay out the SDK's futures inside this one.
    let work = Box::pin(AssertUnwindSafe(function.invoke(event, request_id, *ends)).catch_unwind());
    // A panic outside of the guard of a request.
    let answer = work.await.unwrap_or_else(|_| Err(InvocationError::from(Fault::new("panic"))));
    if let Err(error) = api.answer(invocation, answer).await {
        log::answer_not_sent(&error);
    }
}
