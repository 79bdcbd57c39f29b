//! Forwards connections from an address that containers can reach to a port of 127.0.0.1.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::background::Background;

/// Forwards connections until it is dropped.
pub(super) struct Forwarder {
    port: u16,
    _server: Background,
}

impl Forwarder {
    /// Listens on a free port of an address of this machine.
    pub(super) fn start(address: IpAddr, upstream: u16) -> Result<Self, String> {
        let describe = |error: std::io::Error| format!("{address} can't be listened on: {error}");
        let listener = TcpListener::bind((address, 0)).map_err(describe)?;
        listener.set_nonblocking(true).map_err(describe)?;
        let port = listener.local_addr().map_err(describe)?.port();
        Ok(Self { port, _server: Background::spawn(serve(listener, upstream)) })
    }

    /// The port of the forwarder.
    pub(super) const fn port(&self) -> u16 {
        self.port
    }
}

async fn serve(listener: TcpListener, upstream: u16) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime takes the listener");
    let mut connections = JoinSet::new();
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(forward(stream, upstream));
        }
        while connections.try_join_next().is_some() {}
    }
}

/// An error on one side closes the connection on both sides.
async fn forward(mut client: TcpStream, upstream: u16) {
    if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).await {
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::{Dynamo, Table};

    #[tokio::test]
    async fn a_service_of_127_0_0_1_answers_through_the_forwarder() {
        let dynamo = Dynamo::in_memory().await;
        let forwarder = Forwarder::start(Ipv4Addr::LOCALHOST.into(), dynamo.port()).unwrap();
        assert_ne!(forwarder.port(), dynamo.port());
        assert_eq!(Table::at(forwarder.port()).try_items().await, Ok(vec![]));
    }

    #[tokio::test]
    async fn a_service_that_does_not_listen_closes_the_connection() {
        let [closed] = crate::host::free_ports();
        let forwarder = Forwarder::start(Ipv4Addr::LOCALHOST.into(), closed).unwrap();
        assert!(Table::at(forwarder.port()).try_items().await.is_err());
    }
}
