//! The error codes that several adapters use.

use crate::domain::{AuthorizationError, GrantError, InvalidRequest};

pub(super) const AUTHENTICATION_REQUIRED: &str = "authenticationRequired";
pub(super) const AUTHENTICATION_FAILED: &str = "authenticationFailed";
pub(super) const IDEMPOTENCY_KEY_INVALID: &str = "idempotencyKeyInvalid";
pub(super) const IDEMPOTENCY_KEY_REUSED: &str = "idempotencyKeyReused";
pub(super) const EVENTS_DISABLED: &str = "eventsDisabled";
/// The code of every fault, except for the HTTP endpoints that create no key.
pub(super) const CREATE_FAILED: &str = "createApikeyFailed";

/// The log's reason for [`GrantError::OutlivesChain`], which shares its code with a too high `expiresIn`.
pub(super) const OUTLIVES_CHAIN: &str = "outlivesChain";

pub(super) const fn of_authorization(error: AuthorizationError) -> &'static str {
    match error {
        AuthorizationError::AccountInactive => "accountStatusLacking",
        AuthorizationError::LevelTooLow => "insufficientAccessLevel",
    }
}

pub(super) const fn of_grant(error: GrantError) -> &'static str {
    match error {
        GrantError::LevelAboveCaller => "keyLevelExceedsRoleLevel",
        GrantError::OutlivesChain => of_request(InvalidRequest::ExpiresInTooHigh),
    }
}

pub(super) const fn of_request(error: InvalidRequest) -> &'static str {
    match error {
        InvalidRequest::BodyMissing => "postBodyMissing",
        InvalidRequest::BodyInvalid => "postBodyInvalid",
        InvalidRequest::NameMissing => "nameMissing",
        InvalidRequest::NameNotString => "nameNotString",
        InvalidRequest::NameInvalid => "nameInvalid",
        InvalidRequest::LevelMissing => "levelMissing",
        InvalidRequest::LevelNotNumeric => "levelNotNumeric",
        InvalidRequest::LevelInvalid => "invalidLevel",
        InvalidRequest::ExpiresInMissing => "expiresInMissing",
        InvalidRequest::ExpiresInNotNumeric => "expiresInNotNumeric",
        InvalidRequest::ExpiresInInvalid => "invalidExpiresIn",
        InvalidRequest::ExpiresInTooHigh => "expiresInHigherThanMaximum",
    }
}
