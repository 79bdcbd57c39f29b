//! Runs DynamoDB, Secrets Manager and both functions.
//!
//! Dropping the stack ends all its processes, even during its start.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::{sleep, timeout};

use super::address::{DELIVERY_PREFIX, DYNAMODB_PORT, GATEWAY_PORT, SECRETS_MANAGER_PORT, check_ports};
use super::settings::Settings;
use crate::dynamo::Dynamo;
use crate::function::Function;
use crate::host;
use crate::http;
use crate::process::ProcessTree;
use crate::secrets_manager::SecretsManager;
use crate::stored_key::StoredKey;

/// The maximum start time of the functions after the build.
const START: Duration = Duration::from_secs(90);

/// The timeout of one request that checks whether a function answers.
const ANSWER: Duration = Duration::from_secs(2);

/// The number of log lines that are shown if a function doesn't start.
const LOG_LINES: usize = 15;

/// The lifetime of the provisioner's key in seconds: a month, since its secret is lost when this process ends.
const PROVISIONER_EXPIRES_IN: i64 = 30 * 86_400;

/// The ports of the functions and Secrets Manager, and whether a changed source file rebuilds the functions.
#[derive(Clone, Copy)]
struct Site {
    port: u16,
    secrets_manager_port: u16,
    follows_changes: bool,
}

/// The running stack.
pub(super) struct Stack {
    functions: ProcessTree,
    /// The port of both functions.
    pub(super) port: u16,
    pub(super) dynamo: Dynamo,
    _secrets: SecretsManager,
}

impl Stack {
    /// Builds and starts everything, and returns when both functions answer.
    pub(super) async fn start(settings: &Settings) -> Result<Self, String> {
        check_ports()?;
        check_tools()?;
        build().await?;
        println!(
            "Starting DynamoDB on http://127.0.0.1:{DYNAMODB_PORT}, data in {}",
            host::relative(&settings.database())
        );
        let dynamo = Dynamo::open(&settings.database(), DYNAMODB_PORT).await?;
        let site = Site { port: GATEWAY_PORT, secrets_manager_port: SECRETS_MANAGER_PORT, follows_changes: true };
        Self::around(dynamo, site, settings).await
    }

    /// The same on free ports and with an empty table in memory, in parallel with another stack.
    pub(super) async fn start_apart(settings: &Settings) -> Result<Self, String> {
        check_tools()?;
        build().await?;
        let [port, secrets_manager_port] = host::free_ports();
        let site = Site { port, secrets_manager_port, follows_changes: false };
        Self::around(Dynamo::in_memory().await, site, settings).await
    }

    async fn around(dynamo: Dynamo, site: Site, settings: &Settings) -> Result<Self, String> {
        let Site { port, secrets_manager_port, .. } = site;
        println!("Starting Secrets Manager on http://127.0.0.1:{secrets_manager_port}, secrets in memory");
        let secrets = SecretsManager::start(secrets_manager_port)?;
        let provisioner_arn = provisioner(&dynamo, &secrets).await?;
        println!("Starting both functions, log in {}", host::relative(&settings.log()));
        let mut environment = Function::Jwt.environment(&dynamo.endpoint(), settings.secret());
        environment.extend(Function::Key.events_environment(&secrets.endpoint(), DELIVERY_PREFIX, &provisioner_arn));
        let mut stack = Self { functions: serve(site, settings, environment)?, port, dynamo, _secrets: secrets };
        stack.wait(settings).await?;
        Ok(stack)
    }

    /// Returns only if the functions' server ends unexpectedly.
    pub(super) async fn run(&mut self, settings: &Settings) -> String {
        while self.functions.exit_status().is_none() {
            sleep(Duration::from_millis(200)).await;
        }
        format!("cargo lambda watch ended: see {}", host::relative(&settings.log()))
    }

    async fn wait(&mut self, settings: &Settings) -> Result<(), String> {
        let deadline = Instant::now() + START;
        for function in Function::ALL {
            while !answers(self.port, function).await {
                let log = fs::read_to_string(settings.log()).unwrap_or_default();
                if self.has_failed(&log) || Instant::now() > deadline {
                    let (name, end) = (function.name(), last_lines(&log));
                    return Err(format!("the {name} function doesn't start; the end of its log:\n{end}"));
                }
                sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(())
    }

    /// `cargo lambda watch` does not restart a function that fails to start, and requests to it never end.
    fn has_failed(&mut self, log: &str) -> bool {
        self.functions.exit_status().is_some() || log.contains("command exited")
    }
}

fn check_tools() -> Result<(), String> {
    let version = Command::new("cargo-lambda").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version
        .map(drop)
        .map_err(|_| "cargo-lambda is missing: `make tools` fetches it, and `make run` finds it".to_owned())
}

/// Builds the functions before they start, which shows the progress.
async fn build() -> Result<(), String> {
    println!("Building both functions (the first time takes some minutes)");
    let mut command = cargo("cargo");
    command.args(["build", "--locked"]).args(Function::ALL.iter().flat_map(|function| ["--bin", function.name()]));
    let mut build = ProcessTree::spawn(&mut command)?;
    loop {
        match build.exit_status() {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err("the functions can't be built: see the compiler's messages above".to_owned()),
            None => sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Creates the provisioner's key, and returns the ARN of its secret.
pub(super) async fn provisioner(dynamo: &Dynamo, secrets: &SecretsManager) -> Result<String, String> {
    let name = AttributeValue::S("The provisioner of local work".to_owned());
    let stored = StoredKey::new().level(8).with("name", name).expires_in(PROVISIONER_EXPIRES_IN);
    let value = stored.delivered();
    dynamo.try_put_item(stored.item).await?;
    secrets.try_create("apikeys-provisioner", &value).await
}

fn serve(site: Site, settings: &Settings, environment: Vec<(String, String)>) -> Result<ProcessTree, String> {
    let describe = |error| format!("{}: {error}", host::relative(&settings.log()));
    let log = File::create(settings.log()).map_err(describe)?;
    let mut command = cargo("cargo-lambda");
    command
        .args(["lambda", "watch", "--disable-cors", "--color", "never", "--invoke-address", "127.0.0.1"])
        .args(["--invoke-port", &site.port.to_string()])
        .args((!site.follows_changes).then_some("--ignore-changes"))
        .envs(environment)
        .stdout(log.try_clone().map_err(describe)?)
        .stderr(log);
    ProcessTree::spawn(&mut command)
}

/// A command in the repository without the variables of AWS, which would reach the functions, and of `cargo run`, which
/// would cause a rebuild.
fn cargo(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(host::repository()).stdin(Stdio::null());
    let foreign = ["AWS_", "JWT_", "CARGO_PKG_", "CARGO_MANIFEST_", "RUST_LOG"];
    for name in host::variable_names() {
        if name == "CARGO" || foreign.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether a function answers. A PATCH needs no DynamoDB: the answer is a 405.
async fn answers(port: u16, function: Function) -> bool {
    let request = http::send(port, "PATCH", function.path(), &[], "");
    matches!(timeout(ANSWER, request).await, Ok(Ok(answer)) if answer.status == 405)
}

pub(super) fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}
