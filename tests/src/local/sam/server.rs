//! Running commands of `sam local`, among them `start-api` and `start-lambda`, whose containers stay warm.
//!
//! Dropping a handle ends its processes and removes its containers.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::SamLocal;
use super::engine::Engine;
use crate::host;
use crate::http;
use crate::local::address::answers;
use crate::local::events::Setup;
use crate::local::stack::last_lines;
use crate::process::ProcessTree;

/// A running `sam local` with its containers.
pub(super) struct Running<'local> {
    tree: ProcessTree,
    engine: &'local Engine,
    mark: &'local str,
}

impl Running<'_> {
    /// Waits until the process has ended.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        loop {
            match self.tree.exit_status() {
                Some(status) => return status,
                None => sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // `sam` would stop its containers one after the other, at some seconds each.
        self.engine.remove_containers(self.mark);
        self.tree.stop();
        self.engine.remove_containers(self.mark);
    }
}

/// A `sam local` that listens on a port.
pub struct Server<'local> {
    running: Running<'local>,
    port: u16,
    log: PathBuf,
}

impl SamLocal {
    /// Starts a command of `sam local` and marks all its containers.
    pub(super) fn spawn(&self, mut command: Command) -> Result<Running<'_>, String> {
        Ok(Running { tree: ProcessTree::spawn(&mut command)?, engine: &self.engine, mark: self.mark() })
    }

    /// Starts `sam local start-lambda` on a free port, with the setup that a file requires.
    ///
    /// # Errors
    ///
    /// Returns the end of the log if it does not start.
    pub async fn start_lambda(&self, setup: Option<Setup>, log: &Path) -> Result<Server<'_>, String> {
        let [port] = host::free_ports();
        self.listen("start-lambda", port, setup, log).await
    }

    /// Starts a server of `sam local`, and returns when it listens.
    pub(super) async fn listen(
        &self,
        subcommand: &str,
        port: u16,
        setup: Option<Setup>,
        log: &Path,
    ) -> Result<Server<'_>, String> {
        let describe = |error: std::io::Error| format!("{}: {error}", host::relative(log));
        let file = File::create(log).map_err(describe)?;
        let mut command = self.command(subcommand, setup)?;
        command
            .args(["--warm-containers", "LAZY", "--no-watch", "--host", "127.0.0.1", "--port", &port.to_string()])
            .stdout(file.try_clone().map_err(describe)?)
            .stderr(file);
        let mut server = Server { running: self.spawn(command)?, port, log: log.to_path_buf() };
        while !answers(([127, 0, 0, 1], port).into()) {
            if server.running.tree.exit_status().is_some() {
                return Err(server.failure());
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(server)
    }
}

impl Server<'_> {
    /// Invokes a function by its logical id.
    ///
    /// # Errors
    ///
    /// Returns one line if there is no answer or the answer is not JSON.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let sent = http::send(self.port, "POST", &path, &[], event.to_string()).await?;
        serde_json::from_str(&sent.body).map_err(|_| format!("no JSON: {} {:?}", sent.status, sent.body))
    }

    /// Returns only if `sam` ends unexpectedly.
    pub(super) async fn ended(&mut self) -> String {
        self.running.ended().await;
        self.failure()
    }

    fn failure(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        format!("sam local ended; the end of {}:\n{}", host::relative(&self.log), last_lines(&log))
    }
}
