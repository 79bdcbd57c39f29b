//! The Docker engine, the functions' image, and the address of this machine for containers.
//!
//! `sam` uses the engine of the `docker` command.

use std::net::IpAddr;
use std::process::{Command, Stdio};

use super::forwarder::Forwarder;
use crate::host;

const UNREACHABLE: &str = "no Docker engine is reachable: install and start Docker, or set DOCKER_HOST";

/// The name of this machine in a container of Docker Desktop, whose engine runs in a virtual machine.
const DESKTOP: &str = "host.docker.internal";

/// A reachable engine.
pub(super) struct Engine {
    address: String,
    /// The address of this machine for containers, if the engine runs on this machine.
    gateway: Option<IpAddr>,
}

impl Engine {
    pub(super) fn find() -> Result<Self, String> {
        docker(&["version"]).ok_or(UNREACHABLE)?;
        let context = || docker(&["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
        let address = host::variable("DOCKER_HOST").or_else(context).ok_or(UNREACHABLE)?;
        let format = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
        let gateways = docker(&["network", "inspect", "bridge", "--format", format]).unwrap_or_default();
        let mut gateways = gateways.split_whitespace().filter_map(|text| text.parse().ok());
        Ok(Self { address, gateway: gateways.find(is_of_this_machine) })
    }

    /// The value of `DOCKER_HOST`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Fetches the image if it is missing. `sam` would look for a newer image each time, and fail without a network.
    pub(super) fn fetch_image(&self) -> Result<(), String> {
        let image = format!("public.ecr.aws/lambda/provided:al2023-{}", architecture());
        if docker(&["image", "inspect", &image]).is_some() {
            return Ok(());
        }
        println!("Fetching {image} (once)");
        let pulled = Command::new("docker").args(["pull", &image]).stdin(Stdio::null()).status();
        let pulled = pulled.is_ok_and(|status| status.success());
        pulled.then_some(()).ok_or_else(|| format!("{image} can't be fetched; the cause is above"))
    }

    /// Makes a port of 127.0.0.1 reachable for containers, and returns its URL.
    pub(super) fn reach(&self, port: u16) -> Result<(Option<Forwarder>, String), String> {
        let Some(gateway) = self.gateway else {
            return Ok((None, self.endpoint(port)));
        };
        let forwarder = Forwarder::start(gateway, port)?;
        let endpoint = self.endpoint(forwarder.port());
        Ok((Some(forwarder), endpoint))
    }

    /// The URL of a port of this machine for containers.
    pub(super) fn endpoint(&self, port: u16) -> String {
        let host = self.gateway.map_or_else(|| DESKTOP.to_owned(), |gateway| gateway.to_string());
        format!("http://{host}:{port}")
    }

    /// Removes the functions' containers whose environment holds a text, since a stopped `sam` leaves its containers.
    pub(super) fn remove_containers(&self, mark: &str) {
        let listed = docker(&["ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda"]);
        for id in listed.unwrap_or_default().split_whitespace() {
            let environment = docker(&["inspect", "--format", "{{.Config.Env}}", id]);
            if environment.is_some_and(|environment| environment.contains(mark)) {
                docker(&["rm", "--force", id]);
            }
        }
    }
}

/// AWS's name of this machine's architecture.
pub(super) const fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

fn is_of_this_machine(address: &IpAddr) -> bool {
    std::net::TcpListener::bind((*address, 0)).is_ok()
}

/// The output of `docker`, if it succeeds.
fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
