//! Statuses, headers and bodies of the answers.
//!
//! The status of an error is decided in one exhaustive match, and its body holds the code and nothing else.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::LazyLock;

use lambda_http::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use lambda_http::http::{Response, StatusCode};
use lambda_http::{Body, IntoResponse, TransformResponse};
use serde::Serialize;

use super::request::Origin;
use crate::create::Creation;
use crate::error::Error;

/// What every answer carries: it is not to be stored, sniffed, framed or downgraded.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    headers.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect()
});

/// Says that the answer is that of an earlier try.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The response to an outcome; `challenge` is the endpoint's `WWW-Authenticate`.
pub(super) fn of(outcome: &Result<Creation, Error>, challenge: &'static str) -> Response<Body> {
    let (status, body) = match outcome {
        Ok(creation) => (StatusCode::CREATED, creation.body.expose().to_owned()),
        // A code is plain letters: nothing in it needs escaping.
        Err(error) => (status(error), format!(r#"{{"result":"error","error":"{}"}}"#, error.code())),
    };
    let mut response = Response::new(Body::Text(body));
    *response.status_mut() = status;
    *response.headers_mut() = HEADERS.clone();
    let headers = response.headers_mut();
    add_hint(headers, status, challenge);
    if matches!(outcome, Ok(creation) if creation.replayed) {
        headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// What a client needs to know to do better.
fn add_hint(headers: &mut HeaderMap, status: StatusCode, challenge: &'static str) {
    match status {
        StatusCode::UNAUTHORIZED => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)),
        StatusCode::METHOD_NOT_ALLOWED => headers.insert(header::ALLOW, HeaderValue::from_static("POST")),
        _ => None,
    };
}

const fn status(error: &Error) -> StatusCode {
    match error {
        // The last two are of events that are not HTTP, and never come here.
        Error::InvalidRequest(_) | Error::OutlivesChain | Error::Event(_) | Error::Rotation(_) => {
            StatusCode::BAD_REQUEST
        }
        Error::AuthenticationRequired => StatusCode::UNAUTHORIZED,
        Error::AuthenticationFailed(_)
        | Error::AccountStatusLacking
        | Error::InsufficientAccessLevel
        | Error::KeyLevelExceedsRoleLevel => StatusCode::FORBIDDEN,
        Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Error::CreateApikeyFailed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Writes a response in the form that its origin reads.
pub(super) async fn write(origin: Origin, response: Response<Body>) -> impl Serialize + Send {
    let Ok(written) =
        TransformResponse::<_, Infallible>::Request(origin.into(), Box::pin(ready(Ok(Ready(response))))).await;
    written
}

/// A response that is JSON in UTF-8 already: `lambda_http` would look for another charset, and brings the tables of all.
struct Ready(Response<Body>);

impl IntoResponse for Ready {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}
