//! Everything that can refuse a request, without a word on HTTP.
//!
//! What a client may read is the [`Error::code`]; what the log gets beyond it is the reason or the [`Fault`].
//! No variant can hold a credential or a body.

use std::borrow::Cow;

use uuid::Uuid;

/// Why a request was not answered with a key.
#[derive(Debug)]
pub enum Error {
    /// The method is not POST.
    MethodNotAllowed,
    /// No credential of this endpoint's scheme.
    AuthenticationRequired,
    /// A credential that does not verify; why goes to the log only.
    AuthenticationFailed(AuthenticationFailure),
    /// The user's account is disabled or not yet active.
    AccountStatusLacking,
    /// The caller may not create keys.
    InsufficientAccessLevel,
    /// The body or the idempotency key breaks a rule.
    InvalidRequest(InvalidRequest),
    /// The level asked for is above the caller's own.
    KeyLevelExceedsRoleLevel,
    /// The key would outlive the chain of keys that its creator belongs to.
    OutlivesChain,
    /// The store, or anything else behind the function, failed.
    CreateApikeyFailed(Fault),
    /// An event that is not HTTP breaks a rule of its own.
    Event(EventError),
    /// A secret can't be rotated.
    Rotation(RotationError),
}

/// Which rule of the request is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidRequest {
    /// No body, or one that says nothing.
    PostBodyMissing,
    /// Not the JSON object that was asked for.
    PostBodyInvalid,
    /// `name` is absent or blank.
    NameMissing,
    /// `name` is not a string.
    NameNotString,
    /// `name` is too long or holds a forbidden character.
    NameInvalid,
    /// `level` is absent.
    LevelMissing,
    /// `level` is not a number.
    LevelNotNumeric,
    /// `level` is not a whole number from 0 to 8.
    InvalidLevel,
    /// `expiresIn` is absent.
    ExpiresInMissing,
    /// `expiresIn` is not a number.
    ExpiresInNotNumeric,
    /// `expiresIn` is not a whole number above zero.
    InvalidExpiresIn,
    /// `expiresIn` is above the limit.
    ExpiresInHigherThanMaximum,
    /// The idempotency key is not one random UUID.
    IdempotencyKeyInvalid,
    /// The idempotency key came with another request before.
    IdempotencyKeyReused,
}

impl Error {
    /// A credential that does not verify, and belongs to no key that could be named.
    #[must_use]
    pub const fn unauthenticated(reason: &'static str) -> Self {
        Self::AuthenticationFailed(AuthenticationFailure { reason, key: None })
    }

    /// The code that clients and operators know this error by.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "methodNotAllowed",
            Self::AuthenticationRequired => "authenticationRequired",
            Self::AuthenticationFailed(_) => "authenticationFailed",
            Self::AccountStatusLacking => "accountStatusLacking",
            Self::InsufficientAccessLevel => "insufficientAccessLevel",
            Self::InvalidRequest(rule) => rule.code(),
            Self::KeyLevelExceedsRoleLevel => "keyLevelExceedsRoleLevel",
            Self::OutlivesChain => InvalidRequest::ExpiresInHigherThanMaximum.code(),
            Self::CreateApikeyFailed(_) => "createApikeyFailed",
            Self::Event(rule) => rule.code(),
            Self::Rotation(rule) => rule.code(),
        }
    }

    /// What the log says beyond the code; never anything that a caller sent.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::AuthenticationFailed(mismatch) => Some(mismatch.reason),
            Self::OutlivesChain => Some("outlivesChain"),
            Self::CreateApikeyFailed(fault) => Some(&fault.code),
            _ => None,
        }
    }

    /// What failed behind the function.
    #[must_use]
    pub const fn fault(&self) -> Option<&Fault> {
        match self {
            Self::CreateApikeyFailed(fault) => Some(fault),
            _ => None,
        }
    }

    /// The key that was shown with a wrong secret, too late, or whose record is damaged.
    #[must_use]
    pub const fn presented_key(&self) -> Option<Uuid> {
        match self {
            Self::AuthenticationFailed(mismatch) => mismatch.key,
            Self::CreateApikeyFailed(fault) => fault.key,
            _ => None,
        }
    }
}

/// Why a credential does not verify. None of it reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthenticationFailure {
    /// One word for the log.
    pub reason: &'static str,
    /// The key that was shown, where it was one.
    pub key: Option<Uuid>,
}

impl InvalidRequest {
    /// The code that clients know this rule by.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PostBodyMissing => "postBodyMissing",
            Self::PostBodyInvalid => "postBodyInvalid",
            Self::NameMissing => "nameMissing",
            Self::NameNotString => "nameNotString",
            Self::NameInvalid => "nameInvalid",
            Self::LevelMissing => "levelMissing",
            Self::LevelNotNumeric => "levelNotNumeric",
            Self::InvalidLevel => "invalidLevel",
            Self::ExpiresInMissing => "expiresInMissing",
            Self::ExpiresInNotNumeric => "expiresInNotNumeric",
            Self::InvalidExpiresIn => "invalidExpiresIn",
            Self::ExpiresInHigherThanMaximum => "expiresInHigherThanMaximum",
            Self::IdempotencyKeyInvalid => "idempotencyKeyInvalid",
            Self::IdempotencyKeyReused => "idempotencyKeyReused",
        }
    }
}

/// Which rule of the events that are not HTTP is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventError {
    /// The event is of no shape that this function serves.
    Unknown,
    /// This deployment serves no such events.
    Disabled,
    /// An event of this source may not carry this credential.
    CredentialRefused,
    /// The event does not say where the secret is to go, and may not have it back.
    DeliverToMissing,
    /// `deliverTo` is not the end of a secret's name.
    DeliverToInvalid,
    /// The secret of that name is another's.
    DeliverToTaken,
    /// Nothing tells this event from another.
    IdempotencyKeyMissing,
}

impl EventError {
    /// The code that senders and operators know this rule by.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknownEvent",
            Self::Disabled => "eventsDisabled",
            Self::CredentialRefused => "eventCredentialRefused",
            Self::DeliverToMissing => "deliverToMissing",
            Self::DeliverToInvalid => "deliverToInvalid",
            Self::DeliverToTaken => "deliverToTaken",
            Self::IdempotencyKeyMissing => "idempotencyKeyMissing",
        }
    }
}

/// Why a secret can't be rotated. AWS's own rotation functions fail for the same causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationError {
    /// The step is none of the four.
    StepInvalid,
    /// The secret is neither a delivered one nor the provisioner's.
    SecretRefused,
    /// The secret's rotation is switched off.
    NotEnabled,
    /// The secret has no version of that token.
    VersionUnknown,
    /// The version of that token is not the one to come.
    VersionNotPending,
    /// Nothing is stored in the version of that token.
    PendingMissing,
    /// What is stored in the secret is no key of ours.
    SecretInvalid,
}

impl RotationError {
    /// The code that operators know this cause by.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::StepInvalid => "rotationStepInvalid",
            Self::SecretRefused => "rotationSecretRefused",
            Self::NotEnabled => "rotationNotEnabled",
            Self::VersionUnknown => "rotationVersionUnknown",
            Self::VersionNotPending => "rotationVersionNotPending",
            Self::PendingMissing => "rotationPendingMissing",
            Self::SecretInvalid => "rotationSecretInvalid",
        }
    }
}

impl From<InvalidRequest> for Error {
    fn from(rule: InvalidRequest) -> Self {
        Self::InvalidRequest(rule)
    }
}

impl From<EventError> for Error {
    fn from(rule: EventError) -> Self {
        Self::Event(rule)
    }
}

impl From<RotationError> for Error {
    fn from(rule: RotationError) -> Self {
        Self::Rotation(rule)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::CreateApikeyFailed(fault)
    }
}

/// Something behind the function failed. An SDK error is reduced to this, since its own text can hold the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What failed, as one word: an AWS error code or one of our own.
    pub code: Cow<'static, str>,
    /// The request id that AWS support asks for.
    pub aws_request_id: Option<String>,
    /// The key whose record was at hand.
    pub key: Option<Uuid>,
}

impl Fault {
    /// A fault that AWS has no part in.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), aws_request_id: None, key: None }
    }
}

/// Whether text from outside is as short and plain as an AWS error code or an id of AWS's, and may be logged as one.
#[must_use]
pub(crate) fn is_plain_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
