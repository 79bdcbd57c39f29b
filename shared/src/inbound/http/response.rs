//! The headers and bodies of responses. An error's code is the only variable part of its body.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::LazyLock;

use lambda_http::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use lambda_http::http::{Response, StatusCode};
use lambda_http::{Body, IntoResponse, TransformResponse};
use serde::Serialize;

use super::error::HttpError;
use super::gateway_event::Origin;
use super::outcome::Outcome;
use crate::domain::{Cursor, KeyMetadata};

/// The headers of every response. They forbid caching, MIME sniffing, framing and plain HTTP.
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

/// Set if the response repeats the answer to an earlier request.
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The body of a list.
#[derive(Serialize)]
struct Keys<'a> {
    result: &'static str,
    apikeys: &'a [KeyMetadata],
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

/// The body of one key.
#[derive(Serialize)]
struct Key<'a> {
    result: &'static str,
    apikey: &'a KeyMetadata,
}

const SUCCESS: &str = "success";

/// The response to an outcome; `failure_code` is the route's code of a failure, `challenge` the function's
/// `WWW-Authenticate`.
pub(super) fn of(
    outcome: &Result<Outcome, HttpError>,
    failure_code: &'static str,
    challenge: &'static str,
) -> Response<Body> {
    match outcome {
        Ok(Outcome::Created(created)) => {
            let mut response = json(StatusCode::CREATED, created.response.expose().to_owned());
            if created.replayed {
                response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
        // Every value of these structures serializes.
        Ok(Outcome::Listed(page)) => {
            let keys = Keys { result: SUCCESS, apikeys: &page.keys, cursor: page.cursor };
            json(StatusCode::OK, serde_json::to_string(&keys).unwrap_or_default())
        }
        Ok(Outcome::Read(key)) => {
            let key = Key { result: SUCCESS, apikey: key };
            json(StatusCode::OK, serde_json::to_string(&key).unwrap_or_default())
        }
        Ok(Outcome::Revoked(_)) => {
            let mut response = with_headers(StatusCode::NO_CONTENT, Body::Empty);
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Err(error) => {
            let (status, code) = error.status_and_code(failure_code);
            // A code consists of letters, so it needs no escaping.
            let mut response = json(status, format!(r#"{{"result":"error","error":"{code}"}}"#));
            if let HttpError::MethodNotAllowed { allow } = error {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
            }
            if status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            response
        }
    }
}

fn json(status: StatusCode, body: String) -> Response<Body> {
    with_headers(status, Body::Text(body))
}

fn with_headers(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = HEADERS.clone();
    response
}

/// Writes a response in the form of its origin.
pub(super) async fn write(origin: Origin, response: Response<Body>) -> impl Serialize + Send {
    let Ok(written) =
        TransformResponse::<_, Infallible>::Request(origin.into(), Box::pin(ready(Ok(Ready(response))))).await;
    written
}

/// A response whose body is UTF-8. `lambda_http`'s own conversion would look for other charsets, and add their tables.
struct Ready(Response<Body>);

impl IntoResponse for Ready {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}
