//! `JWT_PUBLIC_KEY`, in the forms that issuers, consoles and shells give it.
//!
//! A form with one possible meaning is accepted. Any other form is named, with the way to the accepted one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::verification_key::VerificationKey;

const BEGIN: &str = "-----BEGIN ";
const BEGIN_KEY: &str = "-----BEGIN PUBLIC KEY-----";
const END_KEY: &str = "-----END PUBLIC KEY-----";

/// Parses a `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) in PEM (RFC 7468). Line ends may also be spaces or the
/// characters `\n`, and the whole may be in quotes.
///
/// # Errors
/// What the text is instead, and what to do. The message contains nothing of the text.
pub(crate) fn parse(text: &str) -> Result<VerificationKey, &'static str> {
    let text = text.replace("\\r", "\n").replace("\\n", "\n");
    let text = without_quotes(text.trim());
    let blocks = text.matches(BEGIN).count();
    if text.contains("PRIVATE KEY-----") {
        return Err("is a private key, which only the issuer may have: set its public key (openssl pkey -pubout)");
    }
    match text.split_once(BEGIN_KEY) {
        _ if blocks > 1 => Err("holds several PEM blocks: set one PUBLIC KEY, and the other in JWT_PUBLIC_KEY_NEXT"),
        Some((_, rest)) => of_block(rest),
        None if blocks == 1 => Err(other_block(text)),
        None => Err(without_block(text)),
    }
}

fn without_quotes(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text).trim()
}

/// Reads what follows the first line.
fn of_block(rest: &str) -> Result<VerificationKey, &'static str> {
    let damaged = "is a PUBLIC KEY that is incomplete or damaged: copy it again, with its first and its last line";
    let (body, after) = rest.split_once(END_KEY).ok_or(damaged)?;
    let der = decode(body).filter(|_| after.trim().is_empty()).ok_or(damaged)?;
    if !VerificationKey::is_public_key(&der) {
        return Err(damaged);
    }
    VerificationKey::from_public_key(&der)
        .ok_or("is not an RSA (2048 to 8192 bits), P-256 or Ed25519 key: have the issuer sign with such a key")
}

fn other_block(text: &str) -> &'static str {
    let has_label = |label: &str| text.contains(&format!("{BEGIN}{label}-----"));
    if has_label("CERTIFICATE") || has_label("TRUSTED CERTIFICATE") {
        "is a certificate: set the public key in it (openssl x509 -pubkey -noout)"
    } else if has_label("RSA PUBLIC KEY") {
        "is a PKCS#1 key: convert it to a PUBLIC KEY (openssl rsa -RSAPublicKey_in -pubout)"
    } else {
        "is a PEM of another kind: set a PUBLIC KEY"
    }
}

/// Names a text that is no PEM.
fn without_block(text: &str) -> &'static str {
    let decoded = decode(text).unwrap_or_default();
    if text.starts_with(['{', '[']) {
        "is a JWK or other JSON: convert it to a PEM (PUBLIC KEY)"
    } else if VerificationKey::is_public_key(&decoded) {
        "is a key in base64 without the lines of a PEM: put -----BEGIN PUBLIC KEY----- before and -----END PUBLIC KEY----- after it"
    } else if decoded.starts_with(BEGIN.as_bytes()) {
        "is a PEM that was encoded in base64 once more: decode it once"
    } else {
        "is not a PEM: set a PUBLIC KEY, which begins with -----BEGIN PUBLIC KEY-----"
    }
}

/// Decodes base64 that is broken into lines.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).ok()
}
