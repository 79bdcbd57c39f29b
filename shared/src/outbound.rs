//! The AWS services that the functions call. Only this folder uses the AWS SDK.

mod dynamodb;
mod sdk;
mod secrets_manager;

pub use dynamodb::{
    IdempotentInsertion, IndexPage, IndexedKey, Insertion, Revocation, Revoked, Store, StoreUse, StoredItem,
    SuccessorInsertion,
};
pub(crate) use sdk::{parse_rfc3339, sdk_config};
pub use secrets_manager::{
    CURRENT, Description, KMS_REFUSED, PENDING, PREVIOUS, PendingInsertion, SecretCreation, SecretText, SecretVersion,
    Secrets, Version,
};
