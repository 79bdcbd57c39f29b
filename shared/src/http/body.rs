//! The request's body: a small JSON object, if it says what it is.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mime::Mime;

use super::request::GatewayEvent;
use crate::error::InvalidRequest;
use crate::expiry::MaxExpiresIn;
use crate::json::{Object, string};
use crate::new_key::NewKey;

/// The largest body, in bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Reads the wish for a key.
///
/// # Errors
/// The first broken rule.
pub(super) fn parse(event: &GatewayEvent<'_>, limit: MaxExpiresIn) -> Result<NewKey, InvalidRequest> {
    let text = text(event)?;
    if text.trim().is_empty() {
        return Err(InvalidRequest::PostBodyMissing);
    }
    if text.len() > MAX_BYTES {
        return Err(InvalidRequest::PostBodyInvalid);
    }
    let object = Object::parse(&text).map_err(|_| InvalidRequest::PostBodyInvalid)?;
    if object.is_empty() {
        return Err(InvalidRequest::PostBodyMissing);
    }
    if !declares_json(&event.header("content-type")) {
        return Err(InvalidRequest::PostBodyInvalid);
    }
    NewKey::from_object(&object, limit)
}

/// The body as text, undone from what the gateway did to it.
fn text<'a>(event: &GatewayEvent<'a>) -> Result<Cow<'a, str>, InvalidRequest> {
    let raw = event.body.ok_or(InvalidRequest::PostBodyMissing)?;
    let body = string(raw).ok_or(InvalidRequest::PostBodyInvalid)?;
    if !event.is_base64 {
        return Ok(body);
    }
    let bytes = STANDARD.decode(body.as_bytes()).map_err(|_| InvalidRequest::PostBodyInvalid)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidRequest::PostBodyInvalid)
}

/// Whether the `Content-Type` is absent, or JSON in the one encoding that JSON has (RFC 8259 section 8.1).
fn declares_json(values: &[Cow<'_, str>]) -> bool {
    match values {
        [] => true,
        [value] => value.parse::<Mime>().is_ok_and(|mime| {
            mime.essence_str() == "application/json"
                && mime.params().all(|(name, value)| name == "charset" && value == "utf-8")
        }),
        _ => false,
    }
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
            "é",
        ] {
            assert!(!declares_json(&[Cow::Borrowed(value)]), "{value}");
        }
        assert!(!declares_json(&[Cow::Borrowed("application/json"), Cow::Borrowed("application/json")]));
    }
}
