//! The token's claims: for whom, from whom, until when, and who it speaks for. RFC 7519 section 4.1.
//!
//! Every claim that is looked at has its one type; a claim of another type fails the token.

use shared::clock::Timestamp;
use shared::config::{ConfigError, Environment};
use shared::error::Error;
use shared::json::{Object, Value, elements};
use shared::level::PermissionLevel;
use shared::number::{Number, Whole};
use shared::principal::{Credential, Principal};
use shared::user_id::UserId;

use crate::roles::Roles;

/// How far ahead of ours an issuer's clock may be, in milliseconds.
const CLOCK_SKEW: f64 = 60_000.0;

/// What the claims must say.
#[derive(Debug)]
pub(crate) struct Expected {
    issuer: String,
    audience: String,
    roles: Roles,
}

impl Expected {
    /// Reads `JWT_ISSUER`, `JWT_AUDIENCE` and `ROLE_LEVELS`.
    pub(crate) fn read(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: environment.required("JWT_ISSUER")?.to_owned(),
            audience: environment.required("JWT_AUDIENCE")?.to_owned(),
            roles: Roles::read(environment)?,
        })
    }

    /// Checks the claims of a token whose signature has verified.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`], and only then [`Error::AccountStatusLacking`].
    pub(crate) fn check(&self, claims: &str, now: Timestamp) -> Result<Principal, Error> {
        let claims = Object::parse(claims).map_err(|_| failed("claimsMalformed"))?;
        check_times(&claims, now)?;
        if !matches!(claims.get("iss"), Some(Value::String(issuer)) if *issuer == self.issuer) {
            return Err(failed("issuerWrong"));
        }
        if !self.is_for_us(claims.get("aud")) {
            return Err(failed("audienceWrong"));
        }
        let user_id = user_id(&claims).ok_or(failed("userUnknown"))?;
        let level = self.level(claims.get("role")).ok_or(failed("roleUnknown"))?;
        check_status(claims.get("status"))?;
        Ok(Principal { user_id, level, credential: Credential::Jwt })
    }

    fn is_for_us(&self, audience: Option<&Value<'_>>) -> bool {
        match audience {
            Some(Value::String(audience)) => *audience == self.audience,
            Some(Value::Array(array)) => elements(array).is_ok_and(|members| {
                members.iter().all(|member| matches!(member, Value::String(_)))
                    && members.iter().any(|member| self.is_for_us(Some(member)))
            }),
            _ => false,
        }
    }

    fn level(&self, role: Option<&Value<'_>>) -> Option<PermissionLevel> {
        match role {
            Some(Value::String(role)) => self.roles.level(role),
            _ => None,
        }
    }
}

fn check_times(claims: &Object<'_>, now: Timestamp) -> Result<(), Error> {
    let now = now.millis() as f64;
    let millis = |number: &Number<'_>| number.to_f64() * 1000.0;
    match claims.get("exp") {
        Some(Value::Number(exp)) if millis(exp) > now => {}
        Some(Value::Number(_)) => return Err(failed("tokenExpired")),
        _ => return Err(failed("expiryMissing")),
    }
    match claims.get("nbf") {
        None => {}
        Some(Value::Number(nbf)) if millis(nbf) <= now => {}
        Some(_) => return Err(failed("tokenNotYetValid")),
    }
    match claims.get("iat") {
        None => Ok(()),
        Some(Value::Number(iat)) if millis(iat) <= now + CLOCK_SKEW => Ok(()),
        Some(_) => Err(failed("tokenFromTheFuture")),
    }
}

/// FreeSewing's `_id`; where there is none, the standard `sub`.
fn user_id(claims: &Object<'_>) -> Option<UserId> {
    match (claims.get("_id"), claims.get("sub")) {
        (Some(Value::Number(id)), _) => match id.whole() {
            Whole::Value(id) => UserId::new(id),
            Whole::TooLarge | Whole::Negative | Whole::Fraction => None,
        },
        (None, Some(Value::String(sub))) if sub.bytes().all(|byte| byte.is_ascii_digit()) => {
            sub.parse().ok().and_then(UserId::new)
        }
        _ => None,
    }
}

/// FreeSewing's account status: 1 is active, 0 inactive, below that disabled. A token without one is not held back.
fn check_status(status: Option<&Value<'_>>) -> Result<(), Error> {
    match status {
        None => Ok(()),
        Some(Value::Number(status)) if status.to_f64() >= 1.0 => Ok(()),
        Some(Value::Number(_)) => Err(Error::AccountStatusLacking),
        Some(_) => Err(failed("statusMalformed")),
    }
}

const fn failed(reason: &'static str) -> Error {
    Error::AuthenticationFailed(reason)
}
