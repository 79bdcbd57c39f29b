//! A DynamoDB, a token issuer, and functions that use them.

use std::path::Path;

use tests::dynamo::Dynamo;
use tests::emulator::Emulator;
use tests::function::Function;
use tests::token::{Claims, Signer};

/// The body of FreeSewing's documented example.
pub(crate) const BODY: &str = r#"{"name":"My first API key","level":3,"expiresIn":3600}"#;

/// The issuer's secret. No output may hold it.
pub(crate) const JWT_SECRET: &str = "canary-jwt-secret-canary-jwt-secret";

/// The services of a function.
pub(crate) struct Stage {
    pub(crate) dynamo: Dynamo,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self { dynamo: Dynamo::in_memory().await }
    }

    /// A token as the value of `Authorization`.
    pub(crate) fn bearer(&self, claims: &Claims) -> String {
        format!("Bearer {}", claims.sign(&Signer::hs256(JWT_SECRET.as_bytes())))
    }

    /// A function with a valid environment in which these variables are changed.
    pub(crate) async fn start(&self, function: Function, variables: &[(&str, &str)]) -> Emulator {
        Emulator::start(function, &self.environment(function, variables)).await
    }

    /// The same with another program.
    pub(crate) async fn run(&self, program: &Path) -> Emulator {
        Emulator::run(program, &self.environment(Function::Jwt, &[])).await
    }

    pub(crate) fn environment(&self, function: Function, variables: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut environment = function.environment(&self.dynamo.endpoint(), JWT_SECRET);
        environment.retain(|(name, _)| !variables.iter().any(|(other, _)| other == name));
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment
    }
}
