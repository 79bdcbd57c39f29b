//! Handles the requests of one client connection in order, each with its fault.

use std::io;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::wire::Message;
use super::{Fault, FaultPlan};

/// The state of the connection after a request.
enum Next {
    Keep,
    Close,
    Reset,
}

/// The time after which the client has read a reply and returned the connection to its pool.
const IDLE: Duration = Duration::from_millis(50);

pub(super) async fn serve(stream: TcpStream, upstream: u16, plan: FaultPlan) {
    let mut stream = BufReader::new(stream);
    let mut pooled = false;
    // A socket error ends the connection.
    while let Ok(Some(request)) = Message::read(&mut stream).await {
        let fault = plan.take(&request, pooled);
        match answer(&mut stream, upstream, &plan, &request, fault).await {
            Ok(Next::Keep) => pooled = true,
            Ok(Next::Close) | Err(_) => return,
            Ok(Next::Reset) => return reset(&stream),
        }
    }
}

async fn answer(
    client: &mut BufReader<TcpStream>,
    upstream: u16,
    plan: &FaultPlan,
    request: &Message,
    fault: Fault,
) -> io::Result<Next> {
    match fault {
        Fault::Reset => return Ok(Next::Reset),
        Fault::Hang => return wait_for_the_client_to_leave(client).await,
        Fault::Respond { status, content_type, body } => {
            client.write_all(Message::response(status, &content_type, &body).bytes()).await?;
            return Ok(Next::Keep);
        }
        Fault::Succeed { body } => {
            client.write_all(Message::success(&body).bytes()).await?;
            return Ok(Next::Keep);
        }
        Fault::Quote { status, kind } => {
            // DynamoDB and Secrets Manager spell the member differently.
            let body = json!({ "__type": kind, "message": request.body(), "Message": request.body() }).to_string();
            client.write_all(Message::response(status, "application/x-amz-json-1.1", &body).bytes()).await?;
            return Ok(Next::Keep);
        }
        Fault::Delay(time) => sleep(time).await,
        Fault::Hold => plan.hold().notified().await,
        Fault::Pass | Fault::ResetPooled | Fault::Drip | Fault::Truncate | Fault::ApplyThenLose => {}
    }
    let reply = forward(upstream, request).await?;
    match fault {
        Fault::ApplyThenLose => return Ok(Next::Close),
        Fault::Truncate => {
            client.write_all(reply.first_half()).await?;
            return Ok(Next::Close);
        }
        Fault::Drip => drip(client, reply.bytes()).await?,
        _ => client.write_all(reply.bytes()).await?,
    }
    if fault == Fault::ResetPooled {
        sleep(IDLE).await;
        return Ok(Next::Reset);
    }
    Ok(Next::Keep)
}

async fn forward(upstream: u16, request: &Message) -> io::Result<Message> {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", upstream)).await?);
    stream.write_all(request.bytes()).await?;
    let reply = Message::read(&mut stream).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(reply.without_connection())
}

async fn drip(client: &mut BufReader<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        client.write_all(&[*byte]).await?;
        client.flush().await?;
        sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn wait_for_the_client_to_leave(client: &mut BufReader<TcpStream>) -> io::Result<Next> {
    while client.read(&mut [0; 1024]).await? > 0 {}
    Ok(Next::Close)
}

/// Makes the connection end with RST instead of FIN when dropped.
fn reset(stream: &BufReader<TcpStream>) {
    let lingering = stream.get_ref().set_zero_linger();
    lingering.expect("a connected socket takes the option");
}
