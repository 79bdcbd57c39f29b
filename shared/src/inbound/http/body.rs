//! The body of a request: a small JSON object.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::gateway_event::GatewayEvent;
use crate::domain::{InvalidRequest, KeyRequest, MaxExpiresIn};
use crate::text::{Object, string};

/// The largest body, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Reads the request for a key.
///
/// # Errors
/// The first broken rule.
pub(super) fn parse(event: &GatewayEvent<'_>, limit: MaxExpiresIn) -> Result<KeyRequest, InvalidRequest> {
    let text = text(event)?;
    if text.trim().is_empty() {
        return Err(InvalidRequest::BodyMissing);
    }
    if text.len() > MAX_BYTES {
        return Err(InvalidRequest::BodyInvalid);
    }
    let object = Object::parse(&text).map_err(|_| InvalidRequest::BodyInvalid)?;
    if object.is_empty() {
        return Err(InvalidRequest::BodyMissing);
    }
    if !declares_json(&event.header("content-type")) {
        return Err(InvalidRequest::BodyInvalid);
    }
    KeyRequest::from_object(&object, limit)
}

/// The body as text, decoded if the gateway encoded it in base64.
fn text<'a>(event: &GatewayEvent<'a>) -> Result<Cow<'a, str>, InvalidRequest> {
    let raw = event.body.ok_or(InvalidRequest::BodyMissing)?;
    let body = string(raw).ok_or(InvalidRequest::BodyInvalid)?;
    if !event.is_base64 {
        return Ok(body);
    }
    let bytes = STANDARD.decode(body.as_bytes()).map_err(|_| InvalidRequest::BodyInvalid)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidRequest::BodyInvalid)
}

/// Whether the `Content-Type` is absent, or JSON in UTF-8 (RFC 8259 section 8.1).
fn declares_json(values: &[Cow<'_, str>]) -> bool {
    match values {
        [] => true,
        [value] => is_json(value),
        _ => false,
    }
}

/// `application/json` without a parameter, or with `charset=utf-8` (RFC 9110 section 8.3.1).
fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(|part| part.trim_matches([' ', '\t']));
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    // A parameter may be empty: `application/json;` is legal.
    let mut parameters = parts.filter(|parameter| !parameter.is_empty());
    is_json && parameters.next().is_none_or(is_utf8) && parameters.next().is_none()
}

fn is_utf8(parameter: &str) -> bool {
    ["charset=utf-8", r#"charset="utf-8""#].iter().any(|utf8| parameter.eq_ignore_ascii_case(utf8))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::declares_json;

    #[test]
    fn a_content_type_is_absent_or_json_in_utf_8() {
        for value in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json ;\tcharset=utf-8;",
            "application/json;",
            "application/json;charset=\"UTF-8\"",
        ] {
            assert!(declares_json(&[Cow::Borrowed(value)]), "{value}");
        }
        assert!(declares_json(&[]));
        for value in [
            "",
            " ",
            "text/plain",
            "application/json; charset=utf-16",
            "application/vnd.api+json",
            "application/json, text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/json; q=1",
            "application/json; charset=utf-8; charset=utf-8",
            "application/json; charset = utf-8",
            "é",
        ] {
            assert!(!declares_json(&[Cow::Borrowed(value)]), "{value}");
        }
        assert!(!declares_json(&[Cow::Borrowed("application/json"), Cow::Borrowed("application/json")]));
    }
}
