//! HTTP/1.1 messages as bytes, with a body of `Content-Length`.
//!
//! The proxy removes only the hop-by-hop header `Connection`: moto closes each connection, but AWS and the proxy keep
//! connections open.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// A request or a response.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    head: usize,
}

impl Message {
    /// A response that leaves the connection open.
    pub(super) fn response(status: u16, content_type: &str, body: &str) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} -\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
        let bytes = [head.as_bytes(), body.as_bytes()].concat();
        Self { bytes, head: head.len() }
    }

    /// A success of DynamoDB, which has a request id.
    pub(super) fn success(body: &str) -> Self {
        Self::response(200, "application/x-amz-json-1.0\r\nx-amzn-requestid: SCRIPTED", body)
    }

    /// Reads the next message; `None` if the peer has closed the connection.
    pub(super) async fn read(stream: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut bytes).await? == 0 {
                return if bytes.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
        let head = bytes.len();
        let mut message = Self { bytes, head };
        let length: usize = message.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        message.bytes.resize(head + length, 0);
        stream.read_exact(&mut message.bytes[head..]).await?;
        Ok(Some(message))
    }

    /// The same without the header `Connection`.
    pub(super) fn without_connection(mut self) -> Self {
        let is_kept = |line: &&[u8]| !line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"connection:"));
        let head =
            self.bytes[..self.head].split_inclusive(|byte| *byte == b'\n').filter(is_kept).collect::<Vec<_>>().concat();
        self.bytes.splice(..self.head, head.iter().copied());
        self.head = head.len();
        self
    }

    /// The whole message.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The head and half of the body.
    pub(super) fn first_half(&self) -> &[u8] {
        &self.bytes[..usize::midpoint(self.head, self.bytes.len())]
    }

    /// The body as text.
    pub(super) fn body(&self) -> String {
        String::from_utf8_lossy(&self.bytes[self.head..]).into_owned()
    }

    /// The operation of a request.
    pub(super) fn operation(&self) -> String {
        let target = self.header("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.bytes[..self.head]);
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }
}
