//! Converts an idempotency record to a DynamoDB item and back.
//!
//! Its partition key begins with `idem#`. A key id is a UUID, so no credential can name the item.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Attributes, EXPIRES_AT, KEY, number};
use crate::domain::{ExpiresAt, Fault, IdempotencyRecord};

const REQUEST_HASH: &str = "requestHash";
const SALT: &str = "salt";
const SEALED: &str = "sealed";

pub(super) fn write(record: &IdempotencyRecord) -> Attributes {
    let IdempotencyRecord { id, request_hash, salt, sealed, expires_at } = record;
    HashMap::from([
        (KEY.to_owned(), AttributeValue::S(id.clone())),
        (REQUEST_HASH.to_owned(), AttributeValue::B(Blob::new(*request_hash))),
        (SALT.to_owned(), AttributeValue::B(Blob::new(*salt))),
        (SEALED.to_owned(), AttributeValue::B(Blob::new(sealed.as_slice()))),
        (EXPIRES_AT.to_owned(), number(expires_at.epoch_seconds())),
    ])
}

pub(super) fn read(attributes: &Attributes) -> Result<IdempotencyRecord, Fault> {
    parse(attributes).ok_or(Fault::new("idempotencyRecordDamaged"))
}

fn parse(attributes: &Attributes) -> Option<IdempotencyRecord> {
    let bytes = |name: &str| attributes.get(name)?.as_b().ok().map(|blob| blob.as_ref());
    Some(IdempotencyRecord {
        id: attributes.get(KEY)?.as_s().ok()?.clone(),
        request_hash: bytes(REQUEST_HASH)?.try_into().ok()?,
        salt: bytes(SALT)?.try_into().ok()?,
        sealed: bytes(SEALED)?.to_vec(),
        expires_at: ExpiresAt::from_epoch_seconds(attributes.get(EXPIRES_AT)?.as_n().ok()?.parse().ok()?),
    })
}
