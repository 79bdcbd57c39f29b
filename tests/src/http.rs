//! Sends one HTTP/1.1 request on a new connection to a local server, without redirects or retries.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in the order of arrival, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with invalid UTF-8 replaced.
    pub body: String,
}

impl Answer {
    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Sends a request to a port of 127.0.0.1.
///
/// # Errors
///
/// Returns the cause in one line if the server can't be reached or doesn't answer in HTTP.
pub async fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, String> {
    let describe = |cause: String| format!("{method} http://127.0.0.1:{port}{path}: {cause}");
    let stream = TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| describe(error.to_string()))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| describe(error.to_string()))?;
    tokio::spawn(connection);
    let mut request = hyper::Request::builder().method(method).uri(path).header("host", format!("localhost:{port}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).map_err(|error| describe(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(|error| describe(error.to_string()))?;
    let status = response.status().as_u16();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    let bytes = response.into_body().collect().await.map_err(|error| describe(error.to_string()))?.to_bytes();
    Ok(Answer { status, headers, body: text(&bytes) })
}
