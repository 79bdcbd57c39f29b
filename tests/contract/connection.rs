//! The connection that a start opens for the first request.

use std::time::Duration;

use jwt::TokenVerifier;
use shared::domain::Timestamp;
use shared::lambda::Function;
use shared::platform::config::Config;
use shared::platform::{Call, Randomness};
use tests::event::Source;
use tests::fault::{Fault, Proxy};
use tests::host;
use tests::token::Claims;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::{Endpoint, World, environment, invoke};

/// A function that uses DynamoDB at this address, before its first request.
async fn started(endpoint: &str) -> Function<TokenVerifier> {
    let environment = environment(&[("AWS_ENDPOINT_URL_DYNAMODB", endpoint), ("AWS_SESSION_TOKEN", "canary-session")]);
    let config = Config::read(&environment).unwrap();
    Function::new(TokenVerifier::configure(&environment).unwrap(), &config).await.unwrap()
}

async fn status(function: &Function<TokenVerifier>, world: &World) -> u64 {
    let request = World::anonymous(Endpoint::Jwt).header("Authorization", &world.bearer(&Claims::new()));
    let call = Call::at(Timestamp::now(), 10_000, Randomness::draw());
    let answer = invoke(function, &request.event(Source::HttpApi), call).await.unwrap();
    answer["statusCode"].as_u64().unwrap()
}

#[tokio::test]
async fn the_first_request_uses_the_connection_that_the_start_made() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    proxy.next(Fault::Respond {
        status: 200,
        content_type: "text/plain".to_owned(),
        body: "healthy: dynamodb.us-east-1.amazonaws.com".to_owned(),
    });
    let function = started(&proxy.endpoint()).await;
    function.open_connection().await;
    assert_eq!(status(&function, &world).await, 201);
    let seen: Vec<_> = proxy.requests().into_iter().map(|request| (request.operation, request.pooled)).collect();
    assert_eq!(seen, [(String::new(), false), ("PutItem".to_owned(), true)]);
}

#[tokio::test]
async fn a_start_sends_an_unsigned_get_without_a_body() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 8_192];
        let length = stream.read(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nhealthy").await.unwrap();
        String::from_utf8(head[..length].to_vec()).unwrap()
    });
    started(&format!("http://127.0.0.1:{port}")).await.open_connection().await;
    let sent = server.await.unwrap();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!((lines.next(), body), (Some("GET / HTTP/1.1"), ""), "{sent}");
    let mut names: Vec<_> = lines.map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(names, ["host", "user-agent"], "{sent}");
    assert!(!sent.contains("canary") && !sent.contains("local/"), "{sent}");
}

#[tokio::test]
async fn a_start_succeeds_if_dynamodb_refuses_fails_or_closes() {
    let world = World::new().await;
    let [port] = host::free_ports();
    started(&format!("http://127.0.0.1:{port}")).await.open_connection().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    for fault in [Fault::Reset, Fault::Truncate, Fault::html(503), Fault::dynamodb(400, "AccessDeniedException")] {
        let before = proxy.requests().len();
        proxy.next(fault);
        let function = started(&proxy.endpoint()).await;
        function.open_connection().await;
        assert_eq!(proxy.requests().len(), before + 1, "the start does not retry");
        assert_eq!(status(&function, &world).await, 201);
    }
}

/// Uses tokio's clock. A paused clock advances only while every task waits, so the machine's speed has no effect.
#[tokio::test]
async fn a_start_waits_at_most_one_second() {
    let world = World::new().await;
    let proxy = Proxy::to(world.dynamo.port()).await;
    proxy.next(Fault::Hang);
    let function = started(&proxy.endpoint()).await;
    tokio::time::pause();
    let began = Instant::now();
    function.open_connection().await;
    // tokio's timers have a resolution of one millisecond.
    assert!(began.elapsed() <= Duration::from_millis(1_002), "{:?}", began.elapsed());
    tokio::time::resume();
    assert_eq!(status(&function, &world).await, 201);
}
