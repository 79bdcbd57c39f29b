//! The life cycle of a process: read the configuration, build the clients, answer invocations until Lambda ends it.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use futures_util::FutureExt;
use lambda_http::http::Uri;

use super::function::{Authenticator, Function, InvocationError};
use super::runtime_api::{Invocation, RuntimeApi, RuntimeApiError};
use crate::domain::Fault;
use crate::platform::config::{Config, ConfigError, Environment};
use crate::platform::log;

/// The address of the runtime API, without a scheme.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Runs a function until Lambda ends the process. A process that can't start logs one line and exits with failure.
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
    let endpoint: Option<Uri> = environment.required(RUNTIME_API)?.parse().ok();
    let endpoint = endpoint.ok_or(ConfigError::new(RUNTIME_API, "is not an address"))?;
    let function = Function::new(configure(environment)?, &config).await?;
    if config.store.warm_connection {
        function.open_connection().await;
    }
    Ok((function, RuntimeApi::new(endpoint)))
}

async fn serve<A: Authenticator>(function: &Function<A>, api: &RuntimeApi) -> ExitCode {
    let mut is_connected = false;
    loop {
        match api.next().await {
            Ok(invocation) => {
                is_connected = true;
                if let Some(invocation) = invocation {
                    answer(function, api, &invocation).await;
                }
            }
            // Lambda freezes or kills the process. An emulator that stops closes the connection, which is not an error.
            Err(RuntimeApiError::Closed) if is_connected => {
                log::runtime_api_closed();
                return ExitCode::SUCCESS;
            }
            Err(RuntimeApiError::Closed) => {
                log::runtime_failed("the Lambda runtime API can't be reached");
                return ExitCode::FAILURE;
            }
            Err(RuntimeApiError::Status(status)) => {
                log::runtime_failed(&format!("the Lambda runtime API answers {}", status.as_u16()));
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
    match api.answer(invocation, answer).await {
        Ok(()) => {}
        Err(RuntimeApiError::Closed) => log::answer_not_sent("it has no request id, or the connection was closed"),
        Err(RuntimeApiError::Status(status)) => {
            log::answer_not_sent(&format!("the Lambda runtime API answers {}", status.as_u16()));
        }
    }
}
