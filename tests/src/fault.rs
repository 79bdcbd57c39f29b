//! A proxy between a function and DynamoDB or Secrets Manager that injects faults and records every request.
//!
//! A request gets the fault that is planned for its call, else the next fault of the queue, else the default fault,
//! which is [`Fault::Pass`] unless set. To simulate the end of a process, the proxy resets all its later requests.

mod connection;
mod listener;
mod plan;
mod wire;

use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::background::Background;
use listener::{ListenCommand, Settled};
use plan::FaultPlan;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request is forwarded, and so is the reply.
    Pass,
    /// It is forwarded after this time.
    Delay(Duration),
    /// It is forwarded after [`Proxy::release`].
    Hold,
    /// It is not forwarded, and the connection is reset.
    Reset,
    /// It is forwarded; its connection is reset later, when idle in the client's pool.
    ResetPooled,
    /// It is not forwarded, and never answered.
    Hang,
    /// It is forwarded, and the reply is sent at one byte per second.
    Drip,
    /// It is forwarded, and the connection closes in the middle of the reply's body.
    Truncate,
    /// It is not forwarded, and gets this reply.
    Respond {
        /// The status.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },
    /// It is not forwarded, and gets a 200 of DynamoDB with this body and a request id.
    Succeed {
        /// The body.
        body: String,
    },
    /// It is not forwarded, and gets an error whose message is the request's body.
    Quote {
        /// The status.
        status: u16,
        /// The error code.
        kind: String,
    },
    /// It is forwarded and applied; the connection closes without a reply.
    ApplyThenLose,
}

impl Fault {
    /// An error in DynamoDB's format, such as 400 `ThrottlingException`.
    #[must_use]
    pub fn dynamodb(status: u16, kind: &str) -> Self {
        let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "canary" });
        Self::Respond { status, content_type: "application/x-amz-json-1.0".to_owned(), body: body.to_string() }
    }

    /// An error in Secrets Manager's format, such as 400 `ResourceExistsException`.
    #[must_use]
    pub fn secrets_manager(status: u16, kind: &str) -> Self {
        let body = json!({ "__type": kind, "Message": "canary" });
        Self::Respond { status, content_type: "application/x-amz-json-1.1".to_owned(), body: body.to_string() }
    }

    /// An HTML page, as another proxy would send it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = format!("<html><body><h1>{status} canary</h1></body></html>");
        Self::Respond { status, content_type: "text/html".to_owned(), body }
    }
}

/// A request that reached the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The operation, such as `PutItem` or `CreateSecret`.
    pub operation: String,
    /// The body.
    pub body: String,
    /// The fault that the request got.
    pub fault: Fault,
    /// Whether its connection had carried a request before.
    pub pooled: bool,
}

/// A running proxy. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    plan: FaultPlan,
    listen_commands: mpsc::UnboundedSender<ListenCommand>,
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
        let plan = FaultPlan::default();
        let socket = listener::reserve(0);
        let port = listener::port_of(&socket);
        let (listen_commands, commands) = mpsc::unbounded_channel();
        let (settling, settlings) = mpsc::unbounded_channel();
        let (ready, listening) = oneshot::channel();
        let serving = listener::serve(socket, upstream, plan.clone(), ready, commands);
        let server = Background::spawn(async {
            tokio::select! {
                () = serving => {}
                () = listener::settle(settlings) => {}
            }
        });
        listening.await.expect("the proxy starts");
        Self { port, plan, listen_commands, settling, _server: server }
    }

    /// The value of `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL_SECRETS_MANAGER`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The proxy's port of 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Adds a fault to the queue.
    pub fn next(&self, fault: Fault) {
        self.plan.queue(fault);
    }

    /// Sets the default fault.
    pub fn always(&self, fault: Fault) {
        self.plan.set_default(fault);
    }

    /// Gives one of these faults, at random, to one in so many requests that have no planned fault.
    pub fn scatter(&self, seed: u64, one_in: u64, faults: Vec<Fault>) {
        self.plan.scatter(seed, one_in, faults);
    }

    /// Plans a fault for the nth call of an operation from now on. Retries count as calls.
    pub fn inject_at(&self, operation: &str, nth: usize, fault: Fault) {
        self.plan.add(operation, nth, fault, Vec::new());
    }

    /// Plans the end of the calling process at the nth call of an operation, counted as in [`Proxy::inject_at`]. This
    /// proxy and the other proxies reset all later requests, and apply none.
    ///
    /// The nth call gets `fault`: with [`Fault::ApplyThenLose`] the process ends right after the call, with
    /// [`Fault::Reset`] right before it.
    pub fn die_on(&self, operation: &str, nth: usize, fault: Fault, others: &[&Self]) {
        let dead = others.iter().chain([&self]).map(|proxy| proxy.plan.clone()).collect();
        self.plan.add(operation, nth, fault, dead);
    }

    /// Forwards the request that got [`Fault::Hold`], or will get it.
    pub fn release(&self) {
        self.plan.hold().notify_one();
    }

    /// Removes every fault, as for a new process after one that ended.
    pub fn heal(&self) {
        self.plan.reset(None);
    }

    /// Closes the listener and every connection; new connections are refused.
    pub async fn refuse(&self) {
        self.set_listening(false).await;
    }

    /// Listens again, on the same port.
    pub async fn accept(&self) {
        self.set_listening(true).await;
    }

    async fn set_listening(&self, listening: bool) {
        let (done, is_done) = oneshot::channel();
        self.listen_commands.send(ListenCommand { listening, done }).expect("the proxy runs");
        is_done.await.expect("the proxy runs");
    }

    /// Every request that clients have sent so far, in the order of arrival, including requests whose client has given
    /// up.
    ///
    /// # Panics
    ///
    /// Panics if the proxy has ended.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        let (done, settled) = std::sync::mpsc::channel();
        self.settling.send(done).expect("the proxy runs");
        settled.recv().expect("the proxy runs");
        self.plan.requests()
    }

    /// The number of requests for an operation.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|request| request.operation == operation).count()
    }
}

#[cfg(test)]
mod tests;
