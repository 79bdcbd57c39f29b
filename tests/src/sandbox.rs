//! A program that speaks Lambda's Runtime API, and the service behind that API: what Lambda calls an execution environment.
//!
//! Unlike the emulator it shows when the program polls and answers, serves many programs at once, and adds next to nothing
//! to what they cost. Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

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

use crate::process::Tree;

/// How long the program may take to ask for its first event, and for any answer. Under valgrind it needs some.
const PATIENCE: Duration = Duration::from_secs(180);

/// What every program is told of its function.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function"),
    ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[1]0"),
    ("_HANDLER", "function.handler"),
];

/// A header of the runtime API by its name, and its value in place of the usual one; `None` leaves the header out.
pub type Header = (&'static str, Option<HeaderValue>);

/// An event on its way to the program, and who waits for the answer.
struct Invocation {
    event: Bytes,
    limit: Duration,
    headers: Vec<Header>,
    reply: oneshot::Sender<Answered>,
}

/// What the program made of an event.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Whether it answered, in place of reporting an error.
    pub succeeded: bool,
    /// What it sent.
    pub body: Bytes,
    /// The invocation id that it sent back.
    pub invocation_id: Option<HeaderValue>,
    /// From the moment the event was handed out to the moment the answer was in.
    pub took: Duration,
}

/// The state of the service.
struct Api {
    events: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    polled: Mutex<Option<oneshot::Sender<Instant>>>,
    running: Mutex<Option<(Instant, oneshot::Sender<Answered>)>>,
}

/// A running program. It ends with this value.
#[derive(Debug)]
pub struct Sandbox {
    tree: Tree,
    spawned: Instant,
    events: mpsc::Sender<Invocation>,
    polled: Option<oneshot::Receiver<Instant>>,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a program with no variable of the environment but those given. Its output goes to a file, or nowhere.
    ///
    /// # Errors
    ///
    /// Returns one line with the cause.
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
        Ok(Self { tree: Tree::spawn(&mut command)?, spawned, events, polled: Some(polled), server })
    }

    /// The program's process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.tree.id()
    }

    /// Waits until the program asks for its first event, and says how long after its start that was.
    ///
    /// # Errors
    ///
    /// Fails when the program ends or takes longer than three minutes.
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

    /// Hands an event to the program, once it asks for one, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes within three minutes.
    pub async fn invoke(&self, event: Bytes) -> Result<Answered, String> {
        self.invoke_within(event, PATIENCE).await
    }

    /// The same with the time that the program is told it has, counted from when it takes the event.
    ///
    /// # Errors
    ///
    /// Fails when no answer comes within three minutes, whatever the program was told.
    pub async fn invoke_within(&self, event: Bytes, limit: Duration) -> Result<Answered, String> {
        self.hand_out(event, limit, Vec::new()).await
    }

    /// The same with other headers than usual.
    ///
    /// # Errors
    ///
    /// Fails when the program asks for the next event without an answer to this one.
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
    /// Fails when the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<(), String> {
        self.tree.signal(signal)
    }

    /// Waits until the program has ended by itself, and says how.
    ///
    /// # Errors
    ///
    /// Fails when it takes longer than three minutes.
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

    /// Closes the service and its connections, as an emulator that stops.
    pub fn close(&self) {
        self.server.abort();
    }

    /// Lets the program end by itself, as valgrind needs to write what it counted.
    pub fn stop(&mut self) {
        self.tree.stop();
    }
}

/// Dropping it closes every connection.
async fn serve(listener: TcpListener, api: Arc<Api>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // As on Lambda, where nothing waits to fill a packet.
        let _ = stream.set_nodelay(true);
        let api = Arc::clone(&api);
        let service = service_fn(move |request| answer(Arc::clone(&api), request));
        connections.spawn(async move {
            // A program that ends takes its connection with it.
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
        // Nobody may wait for it any more.
        let _ = reply.send(Answered { succeeded, body, invocation_id, took: since.elapsed() });
    }
    Ok(response(202, Bytes::from_static(b"{\"status\":\"OK\"}")))
}

/// `GET /runtime/invocation/next`: the next event, whenever there is one.
async fn next(api: &Api) -> Response<Full<Bytes>> {
    if let Some(polled) = api.polled.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = polled.send(Instant::now());
    }
    // Lambda hands out the next event once the last one is answered; a program that asks before has given it up.
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
