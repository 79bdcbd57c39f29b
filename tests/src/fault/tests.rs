use std::io::ErrorKind;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::wire::Message;
use super::*;

/// A server that answers `applied` to each request, and a proxy in front of the server.
async fn proxy() -> (Proxy, Background) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let listener = listener.into_std().unwrap();
    let server = Background::spawn(async move {
        let listener = TcpListener::from_std(listener).unwrap();
        loop {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            if let Ok(Some(_)) = Message::read(&mut stream).await {
                let reply = Message::response(200, "application/x-amz-json-1.0", "applied");
                stream.write_all(reply.bytes()).await.unwrap();
            }
        }
    });
    (Proxy::to(port).await, server)
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(proxy: &Proxy) -> std::io::Result<Self> {
        TcpStream::connect(("127.0.0.1", proxy.port())).await.map(|stream| Self(BufReader::new(stream)))
    }

    async fn to(proxy: &Proxy) -> Self {
        Self::connect(proxy).await.unwrap()
    }

    async fn send(&mut self, target: &str) {
        let head = format!("POST / HTTP/1.1\r\nX-Amz-Target: {target}\r\nContent-Length: 2\r\n\r\n{{}}");
        self.0.write_all(head.as_bytes()).await.unwrap();
    }

    /// Sends a request and returns the reply's body or the error of the connection.
    async fn ask(&mut self) -> Result<String, ErrorKind> {
        self.ask_for("DynamoDB_20120810.PutItem").await
    }

    async fn ask_for(&mut self, target: &str) -> Result<String, ErrorKind> {
        self.send(target).await;
        match Message::read(&mut self.0).await {
            Ok(Some(reply)) => Ok(reply.body()),
            Ok(None) => Err(ErrorKind::UnexpectedEof),
            Err(error) => Err(error.kind()),
        }
    }
}

#[tokio::test]
async fn requests_pass_and_are_counted_by_operation() {
    let (proxy, _server) = proxy().await;
    let mut client = Client::to(&proxy).await;
    assert_eq!(client.ask().await.as_deref(), Ok("applied"));
    assert_eq!(client.ask().await.as_deref(), Ok("applied"));
    let pooled: Vec<bool> = proxy.requests().iter().map(|request| request.pooled).collect();
    assert_eq!((proxy.count("PutItem"), proxy.count("GetItem"), pooled), (2, 0, vec![false, true]));
    assert_eq!(proxy.requests()[0].body, "{}");
}

#[tokio::test]
async fn a_queued_fault_applies_once_and_the_default_fault_always() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::html(502));
    proxy.always(Fault::dynamodb(400, "ThrottlingException"));
    let mut client = Client::to(&proxy).await;
    assert_eq!(client.ask().await.as_deref(), Ok("<html><body><h1>502 canary</h1></body></html>"));
    for _ in 0..2 {
        assert!(client.ask().await.unwrap().contains("#ThrottlingException"));
    }
}

#[tokio::test]
async fn an_error_can_quote_the_request() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Quote { status: 400, kind: "ValidationException".to_owned() });
    let body = Client::to(&proxy).await.ask().await.unwrap();
    assert_eq!(body, r#"{"Message":"{}","__type":"ValidationException","message":"{}"}"#);
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Reset);
    assert_eq!(Client::to(&proxy).await.ask().await, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_pooled_connection_is_reset_after_its_reply() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::ResetPooled);
    let mut client = Client::to(&proxy).await;
    assert_eq!(client.ask().await.as_deref(), Ok("applied"));
    let read = client.0.read(&mut [0]).await.map_err(|error| error.kind());
    assert_eq!(read, Err(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_lost_reply_closes_the_connection() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::ApplyThenLose);
    assert_eq!(Client::to(&proxy).await.ask().await, Err(ErrorKind::UnexpectedEof));
}

#[tokio::test]
async fn a_truncated_reply_ends_in_the_middle_of_its_body() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Truncate);
    let mut client = Client::to(&proxy).await;
    client.send("DynamoDB_20120810.PutItem").await;
    let mut text = String::new();
    client.0.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("content-length: 7\r\n\r\napp"), "{text}");
}

#[tokio::test]
async fn a_hanging_request_is_never_answered() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Hang);
    let mut client = Client::to(&proxy).await;
    assert!(timeout(Duration::from_millis(300), client.ask()).await.is_err());
}

#[tokio::test]
async fn a_dripping_reply_sends_one_byte_per_second() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Drip);
    let mut client = Client::to(&proxy).await;
    let start = Instant::now();
    client.send("DynamoDB_20120810.PutItem").await;
    let mut bytes = [0; 2];
    client.0.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"HT");
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_delayed_request_is_answered_later() {
    let (proxy, _server) = proxy().await;
    proxy.next(Fault::Delay(Duration::from_millis(200)));
    let start = Instant::now();
    assert_eq!(Client::to(&proxy).await.ask().await.as_deref(), Ok("applied"));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_held_request_is_answered_after_its_release() {
    let (proxy, _server) = proxy().await;
    proxy.inject_at("PutItem", 1, Fault::Hold);
    let mut held = Client::to(&proxy).await;
    held.send("DynamoDB_20120810.PutItem").await;
    while proxy.count("PutItem") == 0 {}
    assert!(Client::to(&proxy).await.ask().await.is_ok());
    assert_eq!(held.0.get_ref().try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.release();
    assert_eq!(Message::read(&mut held.0).await.unwrap().unwrap().body(), "applied");
}

#[tokio::test]
async fn a_refusing_proxy_refuses_until_it_accepts_again() {
    let (proxy, _server) = proxy().await;
    let mut open = Client::to(&proxy).await;
    assert!(open.ask().await.is_ok());
    proxy.refuse().await;
    assert!(open.ask().await.is_err());
    assert_eq!(Client::connect(&proxy).await.map(drop).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    proxy.accept().await;
    assert!(Client::to(&proxy).await.ask().await.is_ok());
}

const CREATE: &str = "secretsmanager.CreateSecret";

#[tokio::test]
async fn a_planned_fault_applies_only_to_its_call() {
    let (proxy, _server) = proxy().await;
    proxy.inject_at("CreateSecret", 2, Fault::secrets_manager(400, "ResourceExistsException"));
    let mut client = Client::to(&proxy).await;
    let mut answers = Vec::new();
    for target in [CREATE, "secretsmanager.GetSecretValue", CREATE, CREATE] {
        answers.push(client.ask_for(target).await.unwrap());
    }
    let refused = r#"{"Message":"canary","__type":"ResourceExistsException"}"#;
    assert_eq!(answers, ["applied", "applied", refused, "applied"]);
}

#[tokio::test]
async fn no_call_of_a_process_is_applied_after_its_end() {
    let ((first, _first), (second, _second)) = (proxy().await, proxy().await);
    first.die_on("CreateSecret", 1, Fault::ApplyThenLose, &[&second]);
    let mut open = Client::to(&second).await;
    assert_eq!(open.ask().await.as_deref(), Ok("applied"));
    assert_eq!(Client::to(&first).await.ask_for(CREATE).await, Err(ErrorKind::UnexpectedEof));
    assert_eq!(Client::to(&first).await.ask_for(CREATE).await, Err(ErrorKind::ConnectionReset));
    assert_eq!(open.ask().await, Err(ErrorKind::ConnectionReset));
    for proxy in [&first, &second] {
        proxy.heal();
        assert_eq!(Client::to(proxy).await.ask().await.as_deref(), Ok("applied"));
    }
    let faults: Vec<Fault> = first.requests().into_iter().map(|request| request.fault).collect();
    assert_eq!(faults, [Fault::ApplyThenLose, Fault::Reset, Fault::Pass]);
}

#[test]
fn a_reply_loses_only_its_connection_header() {
    let reply = Message::response(200, "text/plain\r\nCONNECTION: close", "connection: body");
    let expected = Message::response(200, "text/plain", "connection: body");
    assert_eq!(reply.without_connection().bytes(), expected.bytes());
}
