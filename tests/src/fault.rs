//! A proxy that breaks, between a function and DynamoDB or Secrets Manager.
//!
//! Each request takes the fault that is planned for just this call, or the next of a queue, or the standing one, which is
//! none; every request is recorded. A process that dies is one whose calls do nothing any more, from one of them on.

mod connection;
mod listener;
mod script;
mod wire;

use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::background::Background;
use listener::{Settled, Turn};
use script::Script;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is forwarded, and so is the reply.
    Pass,
    /// It is forwarded after a while.
    Delay(Duration),
    /// It is forwarded after [`Proxy::release`].
    Hold,
    /// It is not forwarded, and the connection is reset.
    Reset,
    /// It passes; its connection is reset when it lies idle in the client's pool.
    ResetPooled,
    /// It is not forwarded, and never answered.
    Hang,
    /// It is forwarded, and the reply comes a byte a second.
    Drip,
    /// It is forwarded, and the connection closes in the middle of the reply's body.
    Truncate,
    /// It is not forwarded, and answered with this.
    Respond {
        /// The status.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },
    /// It is not forwarded, and answered with an error of this kind whose message is the request's body.
    Quote {
        /// The status.
        status: u16,
        /// The error.
        kind: String,
    },
    /// It is forwarded and applied; the connection closes without a reply.
    ApplyThenLose,
}

impl Fault {
    /// An error as DynamoDB writes it, such as 400 `ThrottlingException`.
    #[must_use]
    pub fn dynamodb(status: u16, kind: &str) -> Self {
        let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "canary" });
        Self::Respond { status, content_type: "application/x-amz-json-1.0".to_owned(), body: body.to_string() }
    }

    /// An error as Secrets Manager writes it, such as 400 `ResourceExistsException`.
    #[must_use]
    pub fn secrets_manager(status: u16, kind: &str) -> Self {
        let body = json!({ "__type": kind, "Message": "canary" });
        Self::Respond { status, content_type: "application/x-amz-json-1.1".to_owned(), body: body.to_string() }
    }

    /// A page as a proxy on the way writes it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = format!("<html><body><h1>{status} canary</h1></body></html>");
        Self::Respond { status, content_type: "text/html".to_owned(), body }
    }
}

/// A request that reached the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it asks for: `PutItem`, `CreateSecret` ...
    pub operation: String,
    /// Its body.
    pub body: String,
    /// What happened to it.
    pub fault: Fault,
    /// Whether its connection had served a request before.
    pub pooled: bool,
}

/// A running proxy. It ends with all its connections when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    script: Script,
    gate: mpsc::UnboundedSender<Turn>,
    settling: mpsc::UnboundedSender<Settled>,
    _server: Background,
}

impl Proxy {
    /// Starts a proxy in front of a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// Panics if the machine has no free port.
    pub async fn to(upstream: u16) -> Self {
        let script = Script::default();
        let socket = listener::reserve(0);
        let port = listener::port_of(&socket);
        let (gate, turns) = mpsc::unbounded_channel();
        let (settling, settlings) = mpsc::unbounded_channel();
        let (ready, listening) = oneshot::channel();
        let serving = listener::serve(socket, upstream, script.clone(), ready, turns);
        let server = Background::spawn(async {
            tokio::select! {
                () = serving => {}
                () = listener::settle(settlings) => {}
            }
        });
        listening.await.expect("the proxy starts");
        Self { port, script, gate, settling, _server: server }
    }

    /// The address to hand to a function as `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port of 127.0.0.1 that it listens on.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Queues a fault for the next request that has none yet.
    pub fn next(&self, fault: Fault) {
        self.script.queue(fault);
    }

    /// Sets what happens to each request once the queue is empty.
    pub fn always(&self, fault: Fault) {
        self.script.stand(fault);
    }

    /// Lets one request in so many meet one of these faults, at random, where nothing else is planned for it.
    pub fn scatter(&self, seed: u64, one_in: u64, faults: Vec<Fault>) {
        self.script.scatter(seed, one_in, faults);
    }

    /// Plans a fault for one call of an operation: the first, the second ... from now on, retries counted.
    pub fn on(&self, operation: &str, nth: usize, fault: Fault) {
        self.script.plan(operation, nth, fault, Vec::new());
    }

    /// Plans the end of the process that calls. From one call of an operation on, counted as in [`Proxy::on`], nothing
    /// that it sends is applied, here and at the other proxies: each request meets a reset connection.
    ///
    /// That call itself meets `fault`: [`Fault::ApplyThenLose`] is a death right after it, [`Fault::Reset`] one before.
    pub fn die_on(&self, operation: &str, nth: usize, fault: Fault, others: &[&Self]) {
        let dead = others.iter().chain([&self]).map(|proxy| proxy.script.clone()).collect();
        self.script.plan(operation, nth, fault, dead);
    }

    /// Lets a request go on that met [`Fault::Hold`], or will meet it.
    pub fn release(&self) {
        self.script.hold().notify_one();
    }

    /// Forgets every fault: what comes passes, as from the process that takes the dead one's place.
    pub fn heal(&self) {
        self.script.follow(None);
    }

    /// Closes the listener and every connection: a new one is refused.
    pub async fn refuse(&self) {
        self.turn(false).await;
    }

    /// Listens again, on the same port.
    pub async fn accept(&self) {
        self.turn(true).await;
    }

    async fn turn(&self, open: bool) {
        let (done, told) = oneshot::channel();
        self.gate.send(Turn { open, done }).expect("the proxy runs");
        told.await.expect("the proxy runs");
    }

    /// Every request that a client has sent so far, in the order of arrival: a request that its client has given up since is
    /// recorded before this returns.
    ///
    /// # Panics
    ///
    /// Panics if the proxy has ended.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        let (done, settled) = std::sync::mpsc::channel();
        self.settling.send(done).expect("the proxy runs");
        settled.recv().expect("the proxy runs");
        self.script.seen()
    }

    /// How many requests asked for an operation.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|seen| seen.operation == operation).count()
    }
}

#[cfg(test)]
mod tests;
