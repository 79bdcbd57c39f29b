//! The use cases, one file each. All adapters share them, and no use case uses an HTTP status or an error code.

mod authenticate;
mod create;
mod deliver;
mod delivered_key;
mod idempotency;
mod key_response;
mod list;
mod pace;
mod read;
mod revoke;
mod rotate;
mod service;
mod settle;
mod verify;

pub use authenticate::{Authenticate, AuthenticateError, Services};
pub use create::{CreateError, CreatedKey, create};
pub use deliver::{DeliverError, Delivery, deliver};
pub use delivered_key::{DeliveredKey, KeptKey};
pub use idempotency::{IdempotencyKey, InvalidIdempotencyKey};
pub use key_response::KeyResponse;
pub use list::{KeyPage, ListError, PageLimit, PageRequest, list};
pub use read::{KeyAccessError, read};
pub use revoke::{RevokedKey, revoke};
pub use rotate::{RotateError, RotatedKey, RotationPolicy, RotationStep, rotate};
pub use service::Service;
pub use verify::{PresentedKey, Rejection, VerifyError, verify};
