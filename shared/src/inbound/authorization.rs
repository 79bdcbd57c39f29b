//! The value of an `Authorization` header or of an event's `authorization`: exactly one value, of the function's own
//! scheme. RFC 9110 section 11.6.2.

use std::borrow::Cow;

use crate::keys::{AuthenticateError, Rejection};

/// The longest value that is accepted, in bytes.
const MAX_BYTES: usize = 8_192;

/// The credential: the text after the scheme.
///
/// # Errors
/// [`AuthenticateError::CredentialMissing`] for no value or another scheme, [`AuthenticateError::Rejected`] for several
/// values or a malformed value.
pub fn from_header<'a>(values: &'a [Cow<'_, str>], scheme: &str) -> Result<&'a str, AuthenticateError> {
    if values.iter().all(|value| value.trim().is_empty()) {
        return Err(AuthenticateError::CredentialMissing);
    }
    match values {
        [value] => from_value(value, scheme),
        _ => Err(Rejection::new("severalAuthorizationValues").into()),
    }
}

/// [`from_header`] for a single value, such as an event's `authorization`.
///
/// # Errors
/// As [`from_header`].
pub fn from_value<'a>(value: &'a str, scheme: &str) -> Result<&'a str, AuthenticateError> {
    if value.trim().is_empty() {
        return Err(AuthenticateError::CredentialMissing);
    }
    if holds_several(value) {
        return Err(Rejection::new("severalAuthorizationValues").into());
    }
    let start = value.trim_start();
    let (shown, rest) = start.split_at(start.find(|c| !is_token(c)).unwrap_or(start.len()));
    if !shown.is_empty() && !shown.eq_ignore_ascii_case(scheme) {
        return Err(AuthenticateError::CredentialMissing);
    }
    if !value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) {
        return Err(Rejection::new("authorizationNotAscii").into());
    }
    if value.len() > MAX_BYTES {
        return Err(Rejection::new("authorizationTooLong").into());
    }
    let credential = rest.trim_start_matches(' ');
    if start.len() != value.len() || credential.is_empty() || credential.len() == rest.len() {
        return Err(Rejection::new("authorizationMalformed").into());
    }
    Ok(credential)
}

/// Whether the value consists of several values, which HTTP APIs join with commas: a new scheme follows a comma. A
/// parameter of the same scheme (`Digest a="b", c="d"`) has a `=` directly after its name. A value with an unclosed
/// quote counts as several, since the quote can hide another scheme.
fn holds_several(value: &str) -> bool {
    // Almost every value ends here.
    if !value.contains([',', '"']) {
        return false;
    }
    let (mut quoted, mut escaped) = (false, false);
    let mut parts = value.split(|c| {
        if escaped {
            escaped = false;
        } else {
            escaped = quoted && c == '\\';
            quoted ^= c == '"';
        }
        c == ',' && !quoted
    });
    parts.next();
    let begins_scheme = |part: &str| {
        let after_token = part.trim_start_matches(is_token);
        after_token.len() < part.len() && !after_token.starts_with('=')
    };
    let several = parts.by_ref().any(|part| begins_scheme(part.trim_start()));
    several || quoted
}

/// A token character of RFC 9110 section 5.6.2.
fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(values: &[&str], scheme: &str) -> Result<String, &'static str> {
        let values: Vec<_> = values.iter().map(|value| Cow::Borrowed(*value)).collect();
        from_header(&values, scheme).map(str::to_owned).map_err(|error| match error {
            AuthenticateError::CredentialMissing => "authenticationRequired",
            AuthenticateError::Rejected(_) => "authenticationFailed",
            AuthenticateError::Fault(_) => "fault",
        })
    }

    #[test]
    fn one_value_of_the_scheme_is_accepted_in_any_letter_case() {
        for value in ["Bearer abc", "bearer abc", "BEARER   abc"] {
            assert_eq!(code(&[value], "Bearer"), Ok("abc".to_owned()), "{value}");
        }
        assert_eq!(code(&["Bearer abc "], "Bearer"), Ok("abc ".to_owned()));
    }

    #[test]
    fn no_value_or_another_scheme_is_a_missing_credential() {
        for values in [
            &[] as &[&str],
            &[""],
            &["  "],
            &["Basic abc"],
            &["Bearerabc"],
            &["Negotiate abc=="],
            &[r#"Digest username="a, Bearer b", realm="c""#],
            &["AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;x, Signature=c"],
            &["Digest a=b , c=d,"],
            &[r#"Digest username="a\", Bearer b", realm="c""#],
            &["Digest é"],
            &["Negotiate é"],
        ] {
            assert_eq!(code(values, "Bearer"), Err("authenticationRequired"), "{values:?}");
        }
    }

    #[test]
    fn several_values_are_refused_in_every_form() {
        for values in [
            &["Bearer a", "Bearer a"] as &[&str],
            &["Bearer a", ""],
            &["Basic a", "Digest b"],
            &["Bearer a,Bearer b"],
            &["Bearer a, Basic b"],
            &["Basic a, Bearer b"],
            &["Basic a==, Bearer"],
            &[",Bearer a"],
            &["Digest a=\"b\", Bearer c"],
            &["Digest a=\"b, Bearer c"],
            &[r#"Digest a="\"", Bearer b"#],
            &["\",Bearer a"],
            &["Basic a, Bearer =x"],
        ] {
            assert_eq!(code(values, "Bearer"), Err("authenticationFailed"), "{values:?}");
        }
    }

    #[test]
    fn a_malformed_value_is_refused() {
        let long = format!("Bearer {}", "a".repeat(8_186));
        for value in
            ["Bearer", "Bearer ", "Bearer\tabc", " Bearer abc", "Bearer é", "é", "Bearer a\u{7f}", "Bearer=abc", &long]
        {
            assert_eq!(code(&[value], "Bearer"), Err("authenticationFailed"), "{value}");
        }
        assert!(code(&[&long[..8_192]], "Bearer").is_ok());
    }
}
