//! The values of the service. Each constructor validates its value; no module here does I/O.

mod deliver_to;
mod digest;
mod expiry;
mod fault;
mod grant;
mod idempotency_record;
mod key_id;
mod key_name;
mod key_request;
mod level;
mod lineage;
mod principal;
mod record;
mod secret;
mod secret_arn;
mod timestamp;
mod user_id;

pub use deliver_to::DeliverTo;
pub use digest::length_prefixed;
pub use expiry::{ExpiresAt, ExpiresIn, MaxExpiresIn};
pub use fault::Fault;
pub(crate) use fault::is_plain_word;
pub use grant::{AuthorizationError, AuthorizedCaller, Grant, GrantError};
pub use idempotency_record::IdempotencyRecord;
pub use key_id::KeyId;
pub use key_name::{KeyName, KeyNameError};
pub use key_request::{InvalidRequest, KeyRequest};
pub use level::{KeyLevel, PermissionLevel};
pub use lineage::Lineage;
pub use principal::{Credential, Principal};
pub use record::Record;
pub use secret::{Secret, SecretHash};
pub use secret_arn::{SecretArn, is_in_secret_name, secret_name};
pub use timestamp::Timestamp;
pub use user_id::UserId;
