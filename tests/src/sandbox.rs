//! An execution environment: a program that uses Lambda's runtime API, and the server of that API.
//!
//! Unlike the emulator, it measures when the program polls and answers, serves many programs concurrently, and adds
//! almost no cost. Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use nix::sys::signal::Signal;
use shared::domain::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::process::ProcessTree;

/// The timeout of the first poll and of each answer. It is long because of valgrind.
const PATIENCE: Duration = Duration::from_secs(180);

/// The environment variables of Lambda that every program gets.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[1]0"),
    ("_HANDLER", "function.handler"),
];

/// The name of a header of the runtime API, and another value for it; `None` removes the header.
pub type Header = (&'static str, Option<HeaderValue>);

/// An event for the program, and the channel for the answer.
struct Invocation {
    event: Bytes,
    limit: Duration,
    headers: Vec<Header>,
    reply: oneshot::Sender<Answered>,
}

/// The program's answer to an event.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Whether the program answered instead of reporting an error.
    pub succeeded: bool,
    /// The body that the program sent.
    pub body: Bytes,
    /// The invocation id that the program returned.
    pub invocation_id: Option<HeaderValue>,
    /// The time from the delivery of the event to the answer.
    pub took: Duration,
}

/// The state of the server.
struct Api {
    events: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    polled: Mutex<Option<oneshot::Sender<Instant>>>,
    running: Mutex<Option<(Instant, oneshot::Sender<Answered>)>>,
}

/// A running program. Dropping it ends the program.
#[derive(Debug)]
pub struct Sandbox {
    tree: ProcessTree,
    spawned: Instant,
    events: mpsc::Sender<Invocation>,
    polled: Option<oneshot::Receiver<Instant>>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a program with only the given environment variables. Its output goes to a file or is discarded.
    ///
    /// # Errors
    ///
    /// Returns the cause in one line.
    pub async fn spawn(
        program: &[String],
        environment: &[(String, String)],
        output: Option<&Path>,
    ) -> Result<Self, String> {
        let (name, arguments) = program.split_first().ok_or("a program is missing")?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (events, receiver) = mpsc::channel(1);
        let (sender, polled) = oneshot::channel();
        let api = Arc::new(Api {
            events: tokio::sync::Mutex::new(receiver),
            polled: Mutex::new(Some(sender)),
            running: Mutex::new(None),
        });
        let server = tokio::spawn(serve(listener, api));
        let file =
            output.map(|path| std::fs::File::create(path).map_err(|error| format!("{}: {error}", path.display())));
        let [stdout, stderr] = match file.transpose()? {
            Some(file) => [Stdio::from(file.try_clone().map_err(|error| error.to_string())?), Stdio::from(file)],
            None => [Stdio::null(), Stdio::null()],
        };
        let mut command = Command::new(name);
        command.args(arguments).env_clear().envs(ENVIRONMENT).env("AWS_LAMBDA_RUNTIME_API", address.to_string());
        command.envs(environment.iter().cloned()).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let spawned = Instant::now();
        Ok(Self { tree: ProcessTree::spawn(&mut command)?, spawned, events, polled: Some(polled), server })
    }

    /// The program's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.tree.id()
    }

    /// Waits until the program polls for its first event, and returns the time since its start.
    ///
    /// # Errors
    ///
    /// Fails if the program ends or takes longer than three minutes.
    pub async fn ready(&mut self) -> Result<Duration, String> {
        let polled = self.polled.take().ok_or("the program is ready already")?;
        let deadline = Instant::now() + PATIENCE;
        tokio::pin!(polled);
        loop {
            if let Ok(at) = tokio::time::timeout(Duration::from_millis(100), &mut polled).await {
                return Ok(at.map_err(|_| "the service is gone")?.duration_since(self.spawned));
            }
            if let Some(status) = self.tree.exit_status() {
                return Err(format!("the program ended with {status}"));
            }
            if Instant::now() > deadline {
                return Err("the program asks for no event".to_owned());
            }
        }
    }

    /// Sends an event when the program polls, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer within three minutes.
    pub async fn invoke(&self, event: Bytes) -> Result<Answered, String> {
        self.invoke_within(event, PATIENCE).await
    }

    /// The same with a deadline, which is this long after the program gets the event.
    ///
    /// # Errors
    ///
    /// Fails if there is no answer within three minutes, independent of the deadline.
    pub async fn invoke_within(&self, event: Bytes, limit: Duration) -> Result<Answered, String> {
        self.hand_out(event, limit, Vec::new()).await
    }

    /// The same with other headers.
    ///
    /// # Errors
    ///
    /// Fails also if the program polls for the next event without an answer to this one.
    pub async fn invoke_with(&self, event: Bytes, headers: Vec<Header>) -> Result<Answered, String> {
        self.hand_out(event, PATIENCE, headers).await
    }

    async fn hand_out(&self, event: Bytes, limit: Duration, headers: Vec<Header>) -> Result<Answered, String> {
        let (reply, answer) = oneshot::channel();
        self.events.send(Invocation { event, limit, headers, reply }).await.map_err(|_| "the service is gone")?;
        let answered = tokio::time::timeout(PATIENCE, answer).await.map_err(|_| "the program does not answer")?;
        answered.map_err(|_| "the program went away".to_owned())
    }

    /// Sends the program a signal.
    ///
    /// # Errors
    ///
    /// Fails if the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), String> {
        self.tree.signal(signal)
    }

    /// Waits until the program has ended, and returns its exit status.
    ///
    /// # Errors
    ///
    /// Fails if the program takes longer than three minutes.
    pub async fn ended(&mut self) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.tree.exit_status() {
                return Ok(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err("the program does not end".to_owned())
    }

    /// Closes the server and its connections, as an emulator that stops.
    pub fn close(&self) {
        self.server.abort();
    }

    /// Lets the program exit, so that valgrind can write its counts.
    pub fn stop(&mut self) {
        self.tree.stop();
    }
}

/// Dropping it closes every connection.
async fn serve(listener: TcpListener, api: Arc<Api>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // As on Lambda, which sends small packets without delay.
        let _ = stream.set_nodelay(true);
        let api = Arc::clone(&api);
        let service = service_fn(move |request| answer(Arc::clone(&api), request));
        connections.spawn(async move {
            // The end of the program closes the connection.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(api: Arc<Api>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    if request.method() == Method::GET {
        return Ok(next(&api).await);
    }
    let succeeded = request.uri().path().ends_with("/response");
    let invocation_id = request.headers().get("lambda-runtime-invocation-id").cloned();
    let body = request.into_body().collect().await?.to_bytes();
    let running = api.running.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((since, reply)) = running {
        // The receiver may be gone.
        let _ = reply.send(Answered { succeeded, body, invocation_id, took: since.elapsed() });
    }
    Ok(response(202, Bytes::from_static(b"{\"status\":\"OK\"}")))
}

/// `GET /runtime/invocation/next`: waits for the next event and returns it.
async fn next(api: &Api) -> Response<Full<Bytes>> {
    if let Some(polled) = api.polled.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = polled.send(Instant::now());
    }
    // A program that polls before it has answered an event will not answer that event.
    drop(api.running.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(Invocation { event, limit, headers, reply }) = api.events.lock().await.recv().await else {
        return std::future::pending().await;
    };
    let mut answer = response(200, event);
    let deadline = Timestamp::now().after(limit).millis().to_string();
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", &deadline),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:function"),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"),
    ] {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(name, value);
        }
    }
    for (name, value) in headers {
        match value {
            Some(value) => drop(answer.headers_mut().insert(name, value)),
            None => drop(answer.headers_mut().remove(name)),
        }
    }
    *api.running.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), reply));
    answer
}

fn response(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response
}
