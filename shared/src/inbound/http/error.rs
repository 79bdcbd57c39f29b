//! The errors of HTTP requests, and the status and code of each error.

use lambda_http::http::StatusCode;

use super::super::code;
use super::super::request_log::LogEntry;
use super::query::InvalidQuery;
use crate::domain::{AuthorizationError, Fault, GrantError, InvalidRequest};
use crate::keys::{AuthenticateError, CreateError, KeyAccessError, ListError};

/// Why a request does not succeed.
#[derive(Debug)]
pub enum HttpError {
    /// The path names no resource that can be read or revoked.
    RouteUnknown,
    /// The resource does not have this method.
    MethodNotAllowed {
        /// The value of `Allow`: the allowed methods.
        allow: &'static str,
    },
    /// The caller is not authenticated.
    Authenticate(AuthenticateError),
    /// The caller's account or level does not suffice.
    Authorize(AuthorizationError),
    /// A parameter of the query breaks a rule.
    Query(InvalidQuery),
    /// The body breaks a rule.
    Request(InvalidRequest),
    /// `Idempotency-Key` is not exactly one UUID, with or without a prefix.
    IdempotencyKeyInvalid,
    /// The key is not created.
    Create(CreateError),
    /// The keys are not listed.
    List(ListError),
    /// The key is not read or not revoked.
    Access(KeyAccessError),
    /// The function failed outside of the cases above, for example by a panic.
    Fault(Fault),
}

impl HttpError {
    /// The status and the code that the client gets; `failure_code` is the route's code of a failure.
    #[must_use]
    pub const fn status_and_code(&self, failure_code: &'static str) -> (StatusCode, &'static str) {
        match self {
            Self::RouteUnknown | Self::Access(KeyAccessError::NotFound(_)) => (StatusCode::NOT_FOUND, "notFound"),
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "methodNotAllowed"),
            Self::Authenticate(AuthenticateError::CredentialMissing) => {
                (StatusCode::UNAUTHORIZED, code::AUTHENTICATION_REQUIRED)
            }
            Self::Authenticate(AuthenticateError::Rejected(_)) => (StatusCode::FORBIDDEN, code::AUTHENTICATION_FAILED),
            Self::Authorize(error)
            | Self::List(ListError::Authorize(error))
            | Self::Access(KeyAccessError::Authorize(error)) => (StatusCode::FORBIDDEN, code::of_authorization(*error)),
            Self::Query(error) => (StatusCode::BAD_REQUEST, of_query(*error)),
            Self::Request(error) => (StatusCode::BAD_REQUEST, code::of_request(*error)),
            Self::IdempotencyKeyInvalid => (StatusCode::BAD_REQUEST, code::IDEMPOTENCY_KEY_INVALID),
            Self::Create(CreateError::IdempotencyKeyReused) => (StatusCode::BAD_REQUEST, code::IDEMPOTENCY_KEY_REUSED),
            Self::Create(CreateError::Grant(error)) => {
                let status = match error {
                    GrantError::LevelAboveCaller => StatusCode::FORBIDDEN,
                    GrantError::OutlivesChain => StatusCode::BAD_REQUEST,
                };
                (status, code::of_grant(*error))
            }
            Self::Authenticate(AuthenticateError::Fault(_))
            | Self::Create(CreateError::Fault(_))
            | Self::List(ListError::Fault(_))
            | Self::Access(KeyAccessError::Fault(_))
            | Self::Fault(_) => (StatusCode::INTERNAL_SERVER_ERROR, failure_code),
        }
    }

    pub(super) fn log_entry(&self, failure_code: &'static str) -> LogEntry<'_> {
        let (_, code) = self.status_and_code(failure_code);
        match self {
            Self::Authenticate(AuthenticateError::Rejected(rejection))
            | Self::Access(KeyAccessError::NotFound(rejection)) => LogEntry::rejected(code, rejection),
            Self::Create(CreateError::Grant(GrantError::OutlivesChain)) => {
                LogEntry::refused_because(code, code::OUTLIVES_CHAIN)
            }
            Self::Authenticate(AuthenticateError::Fault(fault))
            | Self::Create(CreateError::Fault(fault))
            | Self::List(ListError::Fault(fault))
            | Self::Access(KeyAccessError::Fault(fault))
            | Self::Fault(fault) => LogEntry::fault(code, fault),
            Self::RouteUnknown
            | Self::MethodNotAllowed { .. }
            | Self::Authenticate(AuthenticateError::CredentialMissing)
            | Self::Authorize(_)
            | Self::Query(_)
            | Self::List(ListError::Authorize(_))
            | Self::Access(KeyAccessError::Authorize(_))
            | Self::Request(_)
            | Self::IdempotencyKeyInvalid
            | Self::Create(CreateError::Grant(GrantError::LevelAboveCaller) | CreateError::IdempotencyKeyReused) => {
                LogEntry::refused(code)
            }
        }
    }
}

const fn of_query(error: InvalidQuery) -> &'static str {
    match error {
        InvalidQuery::Limit => "limitInvalid",
        InvalidQuery::Cursor => "cursorInvalid",
        InvalidQuery::UserId => "userIdInvalid",
        InvalidQuery::Chain => "chainInvalid",
    }
}

impl From<AuthenticateError> for HttpError {
    fn from(error: AuthenticateError) -> Self {
        Self::Authenticate(error)
    }
}

impl From<AuthorizationError> for HttpError {
    fn from(error: AuthorizationError) -> Self {
        Self::Authorize(error)
    }
}

impl From<InvalidRequest> for HttpError {
    fn from(error: InvalidRequest) -> Self {
        Self::Request(error)
    }
}

impl From<CreateError> for HttpError {
    fn from(error: CreateError) -> Self {
        Self::Create(error)
    }
}

impl From<InvalidQuery> for HttpError {
    fn from(error: InvalidQuery) -> Self {
        Self::Query(error)
    }
}

impl From<ListError> for HttpError {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}

impl From<KeyAccessError> for HttpError {
    fn from(error: KeyAccessError) -> Self {
        Self::Access(error)
    }
}

impl From<Fault> for HttpError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
