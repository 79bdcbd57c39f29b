//! The addresses of the local stack.
//!
//! The ports are fixed, so that the commands in the documentation can be pasted. A start fails early if one is in use.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::dynamo::Table;
use crate::secrets_manager::Secrets;

/// The port of both functions.
pub(super) const GATEWAY_PORT: u16 = 9000;

/// The port of DynamoDB.
pub(super) const DYNAMODB_PORT: u16 = 9001;

/// The port of Secrets Manager.
pub(super) const SECRETS_MANAGER_PORT: u16 = 9002;

/// The default port of `sam local start-api`.
pub(super) const SAM_API_PORT: u16 = 3000;

/// The table of the local stack.
pub(super) const TABLE: Table = Table::at(DYNAMODB_PORT);

/// The secrets of the local stack.
pub(super) const SECRETS: Secrets = Secrets::at(SECRETS_MANAGER_PORT);

/// The prefix of the names of delivered secrets.
pub(super) const DELIVERY_PREFIX: &str = "apikeys/";

/// Checks that all ports are free.
pub(super) fn check_ports() -> Result<(), String> {
    let ports =
        [(GATEWAY_PORT, "the functions"), (DYNAMODB_PORT, "DynamoDB"), (SECRETS_MANAGER_PORT, "Secrets Manager")];
    ports.into_iter().try_for_each(|(port, what)| check_port(port, what, "make run"))
}

/// Checks that a port is free.
pub(super) fn check_port(port: u16, what: &str, command: &str) -> Result<(), String> {
    if !is_taken(port) {
        return Ok(());
    }
    let advice = format!("stop what uses it (`lsof -i :{port}` names it; perhaps another `{command}`)");
    Err(format!("port {port}, which is for {what}, is taken: {advice}"))
}

/// Whether a server accepts connections at an address.
pub(super) fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
}

/// Tries both families, since `localhost` may be either, and since some systems let two processes share a port.
fn is_taken(port: u16) -> bool {
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    answers(v4) || answers(v6) || TcpListener::bind(v4).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_in_use_while_a_process_listens() {
        for host in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
            // Not one of the ports that parallel tests get for port 0.
            let [port] = crate::host::free_ports();
            let listener = TcpListener::bind((host, port)).unwrap();
            assert!(is_taken(port), "{host}");
            drop(listener);
            assert!(!is_taken(port), "{host}");
        }
    }
}
