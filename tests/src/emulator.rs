//! A function's built program under AWS's Lambda runtime interface emulator, which `sam local` uses too.
//!
//! The program gets only the given environment variables. Dropping the handle ends it.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::function::Function;
use crate::host;
use crate::http;
use crate::process::ProcessTree;

/// The path of Lambda's Invoke API.
const INVOCATIONS: &str = "/2015-03-31/functions/function/invocations";

/// The maximum start time of the emulator.
const START: Duration = Duration::from_secs(120);

/// A function that waits for events. The first event starts the program.
#[derive(Debug)]
pub struct Emulator {
    port: u16,
    output: Arc<Mutex<Vec<u8>>>,
    _tree: ProcessTree,
}

impl Emulator {
    /// Starts a function that `sam build` has built.
    ///
    /// # Panics
    ///
    /// Panics with one line if the tests don't run through `make test`, which sets the paths.
    pub async fn start(function: Function, environment: &[(String, String)]) -> Self {
        Self::run(&function.program(), environment).await
    }

    /// Starts any program that uses Lambda's runtime API.
    ///
    /// # Panics
    ///
    /// Panics with one line if the program or the emulator is missing.
    pub async fn run(program: &Path, environment: &[(String, String)]) -> Self {
        assert!(program.is_file(), "{} is missing: run the tests through `make test`", program.display());
        let [port, runtime_port] = host::free_ports();
        let mut command = Command::new(required("APIKEYS_EMULATOR"));
        command
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{runtime_port}")])
            .arg(program)
            .env_clear()
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "10")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null());
        let (tree, output) = capture(&mut command);
        let emulator = Self { port, output, _tree: tree };
        emulator.wait().await;
        emulator
    }

    async fn wait(&self) {
        let connected = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(START, connected).await.unwrap_or_else(|_| panic!("the emulator doesn't start:\n{}", self.output()));
    }

    /// Sends an event and waits for the answer. Like an execution environment, it takes one event at a time.
    ///
    /// # Panics
    ///
    /// Panics with all output if the answer isn't JSON, for example because the program has ended.
    pub async fn invoke(&self, event: &Value) -> Value {
        let text = self.invoke_raw(event.to_string()).await;
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text:?}\n{}", self.output()))
    }

    /// Sends any bytes and returns the raw answer.
    ///
    /// # Panics
    ///
    /// Panics with all output if there is no answer.
    pub async fn invoke_raw(&self, event: impl Into<hyper::body::Bytes>) -> String {
        let answer = http::send(self.port, "POST", INVOCATIONS, &[], event).await;
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.output())).body
    }

    /// Sends an event with a client context, an option of Lambda's Invoke API, and returns the raw answer.
    ///
    /// # Panics
    ///
    /// Panics with all output if there is no answer.
    pub async fn invoke_with_client_context(&self, context: &[u8], event: &Value) -> String {
        let headers = [("x-amz-client-context", &*STANDARD.encode(context))];
        let answer = http::send(self.port, "POST", INVOCATIONS, &headers, event.to_string()).await;
        answer.unwrap_or_else(|error| panic!("{error}\n{}", self.output())).body
    }

    /// Waits until the output holds a text `times` times: an answer can arrive before earlier output.
    ///
    /// # Panics
    ///
    /// Panics with all output if that never happens.
    pub async fn written(&self, text: &str, times: usize) {
        let written = async {
            while self.output().matches(text).count() < times {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let missing = |_| panic!("{text:?} is not written {times} times:\n{}", self.output());
        timeout(START, written).await.unwrap_or_else(missing);
    }

    /// All output of the program and the emulator so far.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

fn required(variable: &str) -> String {
    host::variable(variable).unwrap_or_else(|| panic!("{variable} is not set: run the tests through `make test`"))
}

/// Starts a program and collects its stdout and stderr.
fn capture(command: &mut Command) -> (ProcessTree, Arc<Mutex<Vec<u8>>>) {
    let (reader, writer) = std::io::pipe().expect("the machine has a pipe");
    command.stdout(writer.try_clone().expect("a pipe can be shared")).stderr(writer);
    let tree = ProcessTree::spawn(command).unwrap_or_else(|error| panic!("{error}"));
    // The command holds the pipe's writing end; the reader gets no end of file before the command is dropped.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let output = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&output);
    std::thread::spawn(move || collect(reader, &collected));
    (tree, output)
}

fn collect(mut reader: impl Read, output: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 8192];
    while let Ok(length @ 1..) = reader.read(&mut buffer) {
        output.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&buffer[..length]);
    }
}
