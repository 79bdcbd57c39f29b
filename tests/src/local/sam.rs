//! Runs the built functions in containers with `sam local`, with a separate DynamoDB and Secrets Manager.
//!
//! Nothing reaches AWS: both endpoints are set for each function, `sam` finds no credentials, and it gets only the
//! shell's variables that locate programs and the Docker engine. A running `make run` is not affected.

mod api;
mod engine;
mod folder;
mod forwarder;
mod invoke;
mod protected;
mod server;
mod template;

use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::address::DELIVERY_PREFIX;
use super::delivered::DeliveredKey;
use super::events::{Backend, EventFile, Setup};
use super::stack::provisioner;
use crate::dynamo::{Dynamo, REGION};
use crate::function::Function;
use crate::host;
use crate::secrets_manager::SecretsManager;
use crate::token::Signer;
pub(super) use api::run as serve_api;
use engine::{Engine, architecture};
use folder::Folder;
use forwarder::Forwarder;
pub(super) use invoke::run as invoke;
pub use server::Server;

/// The variables of the shell that `sam` gets, to find programs and the Docker engine.
const PASSED_ON: [&str; 9] = [
    "DOCKER_CERT_PATH",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "HOME",
    "LANG",
    "PATH",
    "SSH_AUTH_SOCK",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
];

/// With any credentials, `sam` calls AWS to identify them. Without, it gives the functions dummy credentials.
const WITHOUT_CREDENTIALS: [(&str, &str); 5] = [
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_REGION", REGION),
    ("AWS_DEFAULT_REGION", REGION),
];

/// A port without a listener: "discard", which no system serves today.
const CLOSED_PORT: u16 = 9;

/// The services that the containers use. Dropping the value stops them.
pub struct SamLocal {
    engine: Engine,
    folder: Folder,
    /// The table of keys.
    pub dynamo: Dynamo,
    secrets: SecretsManager,
    dynamodb: String,
    secrets_manager: String,
    provisioner_arn: String,
    jwt_secret: String,
    signer: Signer,
    _forwarders: [Option<Forwarder>; 2],
}

impl SamLocal {
    /// Starts DynamoDB and Secrets Manager in memory, on free ports that containers can reach.
    ///
    /// # Errors
    ///
    /// Returns one line if the Docker engine, the image or the build is missing, or a service does not start.
    pub async fn start(jwt_secret: &str) -> Result<Self, String> {
        let engine = Engine::find()?;
        engine.fetch_image()?;
        let folder = Folder::new()?;
        template::write()?;
        let dynamo = Dynamo::in_memory().await;
        let [port] = host::free_ports();
        let secrets = SecretsManager::start(port)?;
        let provisioner_arn = provisioner(&dynamo, &secrets).await?;
        let (to_dynamo, dynamodb) = engine.reach(dynamo.port())?;
        let (to_secrets, secrets_manager) = engine.reach(secrets.port())?;
        Ok(Self {
            engine,
            folder,
            dynamo,
            secrets,
            dynamodb,
            secrets_manager,
            provisioner_arn,
            jwt_secret: jwt_secret.to_owned(),
            signer: Signer::hs256(jwt_secret.as_bytes()),
            _forwarders: [to_dynamo, to_secrets],
        })
    }

    /// The number of delivered secrets.
    ///
    /// # Errors
    ///
    /// Returns one line if Secrets Manager does not answer.
    pub async fn delivered(&self) -> Result<usize, String> {
        Ok(DeliveredKey::names(&self.secrets).await?.len())
    }

    /// The event with filled placeholders. Writes their keys and secrets to the services.
    ///
    /// # Errors
    ///
    /// Returns one line with the file and the cause.
    pub async fn fill(&self, file: &EventFile) -> Result<Value, String> {
        let (table, secrets) = (*self.dynamo.table(), *self.secrets);
        file.fill(&Backend { table, secrets, delivery_prefix: DELIVERY_PREFIX, signer: &self.signer }).await
    }

    /// A command of `sam local`, without the event and the port.
    fn command(&self, subcommand: &str, setup: Option<Setup>) -> Result<Command, String> {
        let mut command = Command::new("sam");
        command
            .current_dir(host::repository())
            .env_clear()
            .envs(PASSED_ON.iter().filter_map(|name| Some((name, host::variable(name)?))))
            .env("DOCKER_HOST", self.engine.address())
            .env("SAM_CLI_TELEMETRY", "0")
            .envs(WITHOUT_CREDENTIALS)
            .args(["local", subcommand, "--skip-pull-image"])
            .arg("--template-file")
            .arg(template::path())
            .arg("--env-vars")
            .arg(self.folder.write("variables.json", &self.variables(setup).to_string())?)
            .args(["--parameter-overrides", &format!("Architecture={}", architecture())])
            .stdin(Stdio::null());
        Ok(command)
    }

    /// The variables of all functions. `sam` passes a function the variables that the template declares for it.
    fn variables(&self, setup: Option<Setup>) -> Value {
        let mut variables = Function::Jwt.environment(&self.dynamodb, &self.jwt_secret);
        let arn = &self.provisioner_arn;
        variables.extend(Function::Key.events_environment(&self.secrets_manager, DELIVERY_PREFIX, arn));
        let mut variables: Map<String, Value> =
            variables.into_iter().map(|(name, value)| (name, value.into())).collect();
        // One configuration lacks everything that any event file requires to be missing, for one set of containers.
        if setup.is_some() {
            let closed = self.engine.endpoint(CLOSED_PORT);
            let lacking =
                [("DELIVERY_PREFIX", ""), ("PROVISIONER_SECRET_ARN", ""), ("AWS_ENDPOINT_URL_DYNAMODB", &closed)];
            variables.extend(lacking.map(|(name, value)| (name.to_owned(), value.into())));
        }
        json!({ "Parameters": variables })
    }

    /// The text that marks the environment of each container of this handle.
    fn mark(&self) -> &str {
        &self.secrets_manager
    }
}
