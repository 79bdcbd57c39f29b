//! The Lambda runtime API: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
//!
//! No value of a header fails an invocation: callers choose the client context. The loop of lambda_runtime 1.5.0 parses
//! all headers, and ends the process over a client context, a Cognito identity or a deadline that it can't parse.

mod error;

use http_body_util::BodyExt;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::header::{HeaderMap, HeaderValue};
use lambda_http::http::{Method, Request, StatusCode, Uri};
use lambda_runtime::Diagnostic;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{Client, build_request};
use serde_json::value::RawValue;

use super::function::InvocationError;
use crate::domain::Timestamp;
pub(super) use error::RuntimeApiError;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
const DEADLINE_MS: &str = "lambda-runtime-deadline-ms";
const FUNCTION_ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// The client of the runtime API.
pub(super) struct RuntimeApi(Client);

/// One invocation. It has no `Debug`, since an event can contain a credential.
pub(super) struct Invocation {
    /// Lambda's request id of the invocation; empty if it is missing.
    pub(super) request_id: String,
    /// The end of the invocation's time limit; the epoch if it is unknown.
    pub(super) ends: Timestamp,
    /// The event, a JSON text.
    pub(super) event: Box<RawValue>,
    /// A second id of the invocation, which is returned to the runtime API unchanged.
    invocation_id: Option<HeaderValue>,
}

impl RuntimeApi {
    /// A client for `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn new(base: Uri) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        // As lambda_runtime sets them.
        builder.pool_max_idle_per_host(1).http1_max_buf_size(1024 * 1024);
        // The runtime API passes on every byte of a client context, also those that HTTP does not allow in a header.
        builder.http1_ignore_invalid_headers_in_responses(true);
        Self(Client { base, client: builder.build(HttpConnector::new()) })
    }

    /// Waits for the next invocation; `None` if an emulator answers that there is none yet.
    pub(super) async fn next(&self) -> Result<Option<Invocation>, RuntimeApiError> {
        let request = build_request().method(Method::GET).uri(NEXT).body(Body::empty());
        let (parts, body) = self.0.call(request.map_err(|_| RuntimeApiError::NotBuilt)?).await?.into_parts();
        match parts.status {
            StatusCode::OK => {
                let body = body.collect().await?.to_bytes();
                // An event that is no JSON counts as `null`, which is an unknown event.
                let event = serde_json::from_slice(&body).unwrap_or_else(|_| RawValue::NULL.to_owned());
                Ok(Some(Invocation::read(parts.headers, event)))
            }
            StatusCode::NO_CONTENT => Ok(None),
            status => Err(RuntimeApiError::Status(status)),
        }
    }

    pub(super) async fn answer(
        &self,
        invocation: &Invocation,
        answer: Result<Box<RawValue>, InvocationError>,
    ) -> Result<(), RuntimeApiError> {
        let reply = self.0.call(invocation.answer(answer).ok_or(RuntimeApiError::NotBuilt)?).await?;
        if reply.status().is_success() { Ok(()) } else { Err(RuntimeApiError::Status(reply.status())) }
    }
}

impl Invocation {
    fn read(mut headers: HeaderMap, event: Box<RawValue>) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let request_id = text(REQUEST_ID).to_owned();
        let ends = Timestamp::from_millis(text(DEADLINE_MS).parse().unwrap_or_default());
        Self { request_id, ends, event, invocation_id: headers.remove(INVOCATION_ID) }
    }

    /// The request that answers the invocation; `None` if its id is missing or not valid in a path.
    fn answer(&self, answer: Result<Box<RawValue>, InvocationError>) -> Option<Request<Body>> {
        let id = Some(&self.request_id).filter(|id| !id.is_empty())?;
        let path = |end: &str| format!("/2018-06-01/runtime/invocation/{id}/{end}");
        let mut request = build_request().method(Method::POST);
        if let Some(invocation_id) = &self.invocation_id {
            request = request.header(INVOCATION_ID, invocation_id);
        }
        let (request, body) = match answer {
            Ok(answer) => (request.uri(path("response")), Body::from(Box::<str>::from(answer).into_string())),
            Err(error) => {
                let diagnostic = serde_json::to_vec(&Diagnostic::from(error)).ok()?;
                (request.uri(path("error")).header(FUNCTION_ERROR_TYPE, "unhandled"), Body::from(diagnostic))
            }
        };
        request.body(body).ok()
    }
}
