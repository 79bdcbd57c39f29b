//! The proxy's listener, which accepts or refuses connections. While it refuses, it keeps its port.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{FaultPlan, connection};

/// A command to accept or to refuse connections from now on.
#[derive(Debug)]
pub(super) struct ListenCommand {
    pub(super) listening: bool,
    /// Notified when the command is done.
    pub(super) done: oneshot::Sender<()>,
}

/// Notified when every request that was sent before is recorded.
pub(super) type Settled = std::sync::mpsc::Sender<()>;

/// The maximum number of event loop turns until a request is recorded: its connection is accepted, becomes readable,
/// and is read in a few parts.
const TURNS: usize = 8;

/// Notifies each caller when every request is recorded. Each sleep is at least one turn of the event loop, which also
/// runs the listener and its connections, and reads all data that has arrived.
pub(super) async fn settle(mut waiting: mpsc::UnboundedReceiver<Settled>) {
    while let Some(done) = waiting.recv().await {
        for _ in 0..TURNS {
            sleep(Duration::from_millis(1)).await;
        }
        // The receiver may be gone.
        let _ = done.send(());
    }
}

/// A bound socket that doesn't listen: no other process gets the port, and connections are refused.
pub(super) fn reserve(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("the machine has a socket");
    socket.set_reuseaddr(true).expect("a new socket takes the option");
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).expect("the port is free");
    socket
}

pub(super) fn port_of(socket: &TcpSocket) -> u16 {
    socket.local_addr().expect("a bound socket has an address").port()
}

pub(super) async fn serve(
    mut socket: TcpSocket,
    upstream: u16,
    plan: FaultPlan,
    ready: oneshot::Sender<()>,
    mut commands: mpsc::UnboundedReceiver<ListenCommand>,
) {
    let port = port_of(&socket);
    let mut connections = JoinSet::new();
    let mut waiting = Some(ready);
    loop {
        let listener = socket.listen(128).expect("a reserved port can be listened on");
        notify(waiting.take());
        let refusal = tokio::select! {
            never = accept(&listener, upstream, &plan, &mut connections) => match never {},
            command = next(&mut commands, false) => command,
        };
        drop(listener);
        connections.shutdown().await;
        socket = reserve(port);
        if refusal.is_none() {
            return;
        }
        notify(refusal);
        waiting = next(&mut commands, true).await;
        if waiting.is_none() {
            return;
        }
    }
}

/// Notifies the caller, which may be gone.
fn notify(waiting: Option<oneshot::Sender<()>>) {
    waiting.map(|done| done.send(()));
}

async fn accept(
    listener: &TcpListener,
    upstream: u16,
    plan: &FaultPlan,
    connections: &mut JoinSet<()>,
) -> std::convert::Infallible {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection::serve(stream, upstream, plan.clone()));
        }
    }
}

/// Waits for a command to open or to close. A command for the present state is done at once.
async fn next(commands: &mut mpsc::UnboundedReceiver<ListenCommand>, listening: bool) -> Option<oneshot::Sender<()>> {
    loop {
        let command = commands.recv().await?;
        if command.listening == listening {
            return Some(command.done);
        }
        notify(Some(command.done));
    }
}
