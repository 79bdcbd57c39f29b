//! Checks the claims of a token: times, issuer, audience, user, role and status. RFC 7519 section 4.1.
//!
//! A token is refused if a claim does not have its type of RFC 7519 or of FreeSewing's tokens.

use shared::domain::{Credential, ExpiresAt, Principal, Timestamp};
use shared::keys::Rejection;
use shared::platform::config::{ConfigError, Environment};
use shared::text::{Number, Object, Value};

use crate::identity::IdentityPolicy;

/// The time by which `iat` and `nbf` may be in the future, since the issuer's clock can be fast, in milliseconds.
const CLOCK_SKEW: f64 = 60_000.0;

/// The first `exp`, in seconds, that is refused: the year 5138. Such a value is a time in milliseconds, by mistake.
const EXPIRY_TOO_LARGE: f64 = 1e11;

/// The longest lifetime of a token in an event of a bus, in milliseconds.
const SHORT_LIFE: f64 = 3_600_000.0;

/// The content of valid claims.
pub(crate) struct VerifiedClaims {
    pub(crate) principal: Principal,
    /// Whether the token has `iat` and a lifetime of at most one hour.
    pub(crate) is_short_lived: bool,
}

/// The required values of the claims.
#[derive(Debug)]
pub(crate) struct ClaimsPolicy {
    issuer: String,
    audience: String,
    identity: IdentityPolicy,
}

impl ClaimsPolicy {
    /// Reads `JWT_ISSUER`, `JWT_AUDIENCE` and the variables of [`IdentityPolicy`].
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: environment.required("JWT_ISSUER")?.to_owned(),
            audience: environment.required("JWT_AUDIENCE")?.to_owned(),
            identity: IdentityPolicy::read(environment)?,
        })
    }

    /// Checks the claims of a token whose signature has verified.
    ///
    /// # Errors
    /// A [`Rejection`].
    pub(crate) fn check(&self, claims: &str, now: Timestamp) -> Result<VerifiedClaims, Rejection> {
        let claims = Object::parse(claims).map_err(|_| failed("claimsMalformed"))?;
        let expires_at = check_times(&claims, now)?;
        if !matches!(claims.get("iss"), Some(Value::String(issuer)) if *issuer == self.issuer) {
            return Err(failed("issuerWrong"));
        }
        if !self.is_for_us(claims.get("aud")) {
            return Err(failed("audienceWrong"));
        }
        let user_id = self.identity.user_id(&claims).ok_or(failed("userUnknown"))?;
        let level = self.identity.level(&claims).ok_or(failed("roleUnknown"))?;
        let active = is_active(claims.get("status"))?;
        let principal =
            Principal { user_id, level, active, credential: Credential::Jwt { expires_at }, provisioner: None };
        Ok(VerifiedClaims { principal, is_short_lived: is_short_lived(&claims) })
    }

    fn is_for_us(&self, audience: Option<&Value<'_>>) -> bool {
        match audience {
            Some(Value::String(audience)) => *audience == self.audience,
            Some(Value::Array(members)) => {
                members.iter().all(|member| matches!(member, Value::String(_)))
                    && members.iter().any(|member| self.is_for_us(Some(member)))
            }
            _ => false,
        }
    }
}

/// Returns the token's `exp`, rounded down to a whole second.
fn check_times(claims: &Object<'_>, now: Timestamp) -> Result<ExpiresAt, Rejection> {
    let now = now.millis() as f64;
    let millis = |number: &Number<'_>| number.to_f64() * 1000.0;
    let expires_at = match claims.get("exp") {
        Some(Value::Number(exp)) if exp.to_f64() >= EXPIRY_TOO_LARGE => return Err(failed("expiryTooLarge")),
        Some(Value::Number(exp)) if millis(exp) > now => ExpiresAt::from_epoch_seconds(exp.to_f64() as u64),
        Some(Value::Number(_)) => return Err(failed("tokenExpired")),
        _ => return Err(failed("expiryMissing")),
    };
    let has_begun = |name| match claims.get(name) {
        None => true,
        Some(Value::Number(time)) => millis(time) <= now + CLOCK_SKEW,
        Some(_) => false,
    };
    if !has_begun("nbf") {
        return Err(failed("tokenNotYetValid"));
    }
    if !has_begun("iat") {
        return Err(failed("tokenFromTheFuture"));
    }
    Ok(expires_at)
}

fn is_short_lived(claims: &Object<'_>) -> bool {
    match (claims.get("iat"), claims.get("exp")) {
        (Some(Value::Number(iat)), Some(Value::Number(exp))) => (exp.to_f64() - iat.to_f64()) * 1000.0 <= SHORT_LIFE,
        _ => false,
    }
}

/// FreeSewing's account status: 1 is active, 0 inactive, below 0 disabled. A token without a status counts as active.
fn is_active(status: Option<&Value<'_>>) -> Result<bool, Rejection> {
    match status {
        None => Ok(true),
        Some(Value::Number(status)) => Ok(status.is_at_least_one()),
        Some(_) => Err(failed("statusMalformed")),
    }
}

const fn failed(reason: &'static str) -> Rejection {
    Rejection::new(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    /// Checks the claims of a valid token with one member replaced, or left out for an empty value.
    fn check(member: &str, value: &str) -> Result<Principal, &'static str> {
        let environment = [("JWT_ISSUER", "us"), ("JWT_AUDIENCE", "them")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        let mut claims =
            vec![("exp", "1700000001"), ("iss", r#""us""#), ("aud", r#""them""#), ("_id", "61"), ("role", r#""user""#)];
        claims.retain(|(name, _)| *name != member);
        if !value.is_empty() {
            claims.push((member, value));
        }
        let claims: Vec<_> = claims.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
        let claims = format!("{{{}}}", claims.join(","));
        let principal = ClaimsPolicy::read(&environment).unwrap().check(&claims, NOW);
        principal.map(|claims| claims.principal).map_err(|_: Rejection| "authenticationFailed")
    }

    #[test]
    fn a_claim_of_the_right_type_and_value_is_accepted() {
        for (member, value) in [
            ("exp", "1700000600.5"),
            ("exp", "99999999999"),
            ("nbf", "1700000000"),
            ("nbf", "1700000060.5"),
            ("nbf", "-1"),
            ("iat", "1700000060.5"),
            ("iat", "-1"),
            ("aud", r#"["other","them"]"#),
            ("_id", "61.0"),
            ("_id", "9007199254740991"),
            ("role", r#""admin""#),
            ("status", ""),
            ("status", "1"),
            ("status", "2.5"),
            ("level", "8"),
            ("kid", "null"),
        ] {
            assert!(check(member, value).is_ok(), "{member}: {value}");
        }
    }

    #[test]
    fn a_missing_mistyped_or_wrong_claim_is_refused() {
        for (member, value) in [
            ("exp", ""),
            ("exp", "null"),
            ("exp", r#""1700000600""#),
            ("exp", "1700000000"),
            ("exp", "1700000000.5"),
            ("exp", "-1"),
            ("exp", "100000000000"),
            ("exp", "1700000600000"),
            ("exp", "1e400"),
            ("nbf", "1700000060.6"),
            ("nbf", "1700000061"),
            ("nbf", "null"),
            ("nbf", r#""1""#),
            ("iat", "1700000061"),
            ("iat", r#""1""#),
            ("iss", ""),
            ("iss", r#""them""#),
            ("iss", r#"["us"]"#),
            ("iss", "1"),
            ("aud", ""),
            ("aud", "null"),
            ("aud", r#""us""#),
            ("aud", "[]"),
            ("aud", r#"["other"]"#),
            ("aud", r#"["them",1]"#),
            ("aud", r#"[["them"]]"#),
            ("aud", r#"{"them":1}"#),
            ("_id", ""),
            ("_id", "null"),
            ("_id", r#""61""#),
            ("_id", "0"),
            ("_id", "-1"),
            ("_id", "1.5"),
            ("_id", "9007199254740992"),
            ("_id", "18446744073709551677"),
            ("role", ""),
            ("role", r#""Admin""#),
            ("role", r#"["admin"]"#),
            ("role", "9"),
            ("status", r#""1""#),
            ("status", "null"),
            ("status", "true"),
        ] {
            assert_eq!(check(member, value).err(), Some("authenticationFailed"), "{member}: {value}");
        }
    }

    #[test]
    fn an_account_with_a_status_below_1_is_not_active() {
        for status in ["0", "-1", "0.9", "0.99999999999999999999", "-1e400"] {
            assert!(!check("status", status).unwrap().active, "{status}");
        }
        assert_eq!(check("role", r#""root","status":0"#).err(), Some("authenticationFailed"));
    }

    #[test]
    fn a_token_for_a_queue_has_an_iat_and_at_most_an_hour() {
        for (claims, expected) in [
            (r#"{"iat":1700000000,"exp":1700003600}"#, true),
            (r#"{"iat":1700000000,"exp":1700003600.5}"#, false),
            (r#"{"iat":1700000000,"exp":1700003601}"#, false),
            (r#"{"iat":1700000000,"exp":1e300}"#, false),
            (r#"{"iat":-1e300,"exp":1700003600}"#, false),
            (r#"{"iat":"1700000000","exp":1700003600}"#, false),
            (r#"{"iat":null,"exp":1700003600}"#, false),
            (r#"{"exp":1700003600}"#, false),
        ] {
            assert_eq!(is_short_lived(&Object::parse(claims).unwrap()), expected, "{claims}");
        }
    }
}
