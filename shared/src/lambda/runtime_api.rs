//! The Lambda runtime API: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
//!
//! The loop of lambda_runtime 1.5.0 ends the process if it can't parse a client context or a Cognito identity, and
//! panics without a deadline. Callers choose the client context, so this module reads only the headers that it needs,
//! and no value of a header fails an invocation. The HTTP client is the one of lambda_runtime.

use http_body_util::BodyExt;
use lambda_http::http::header::{HeaderMap, HeaderValue};
use lambda_http::http::{Method, Request, StatusCode, Uri};
use lambda_runtime::Diagnostic;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde_json::value::RawValue;

use super::function::InvocationError;
use crate::domain::Timestamp;

const NEXT: &str = "/2018-06-01/runtime/invocation/next";
const REQUEST_ID: &str = "lambda-runtime-aws-request-id";
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";
const DEADLINE_MS: &str = "lambda-runtime-deadline-ms";
const FUNCTION_ERROR_TYPE: &str = "lambda-runtime-function-error-type";

pub(super) struct RuntimeApi(PooledClient);

/// Why the runtime API returned no invocation, or did not accept an answer.
pub(super) enum RuntimeApiError {
    /// The request could not be sent, or the connection was closed.
    Closed,
    Status(StatusCode),
}

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
    pub(super) fn new(endpoint: Uri) -> Self {
        Self(PooledClient::builder().with_endpoint(endpoint).with_pool_size(1).build())
    }

    /// Waits for the next invocation; `None` if an emulator answers that there is none yet.
    pub(super) async fn next(&self) -> Result<Option<Invocation>, RuntimeApiError> {
        let request = build_request().method(Method::GET).uri(NEXT).body(Body::empty());
        let request = request.map_err(|_| RuntimeApiError::Closed)?;
        let (parts, body) = self.0.call(request).await.map_err(|_| RuntimeApiError::Closed)?.into_parts();
        match parts.status {
            StatusCode::OK => {
                let body = body.collect().await.map_err(|_| RuntimeApiError::Closed)?.to_bytes();
                // An event that is not JSON counts as `null`, which is an unknown event.
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
        let request = invocation.answer(answer).ok_or(RuntimeApiError::Closed)?;
        match self.0.call(request).await {
            Ok(reply) if reply.status().is_success() => Ok(()),
            Ok(reply) => Err(RuntimeApiError::Status(reply.status())),
            Err(_) => Err(RuntimeApiError::Closed),
        }
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
