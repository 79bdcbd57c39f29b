//! The memo of an answer as a DynamoDB item, both ways.
//!
//! Its key begins with `idem#`, which no UUID does: no credential can name it.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Attributes, EXPIRES_AT, KEY};
use crate::error::Fault;
use crate::expiry::ExpiresAt;
use crate::idempotency::Memo;

const REQUEST_HASH: &str = "requestHash";
const SALT: &str = "salt";
const SEALED: &str = "sealed";

pub(super) fn write(memo: &Memo) -> Attributes {
    HashMap::from([
        (KEY.to_owned(), AttributeValue::S(memo.id.clone())),
        (REQUEST_HASH.to_owned(), AttributeValue::B(Blob::new(memo.request_hash))),
        (SALT.to_owned(), AttributeValue::B(Blob::new(memo.salt))),
        (SEALED.to_owned(), AttributeValue::B(Blob::new(memo.sealed.as_slice()))),
        (EXPIRES_AT.to_owned(), AttributeValue::N(memo.expires_at.epoch_seconds().to_string())),
    ])
}

pub(super) fn read(attributes: &Attributes) -> Result<Memo, Fault> {
    parse(attributes).ok_or(Fault::new("memoDamaged"))
}

fn parse(attributes: &Attributes) -> Option<Memo> {
    let bytes = |name: &str| attributes.get(name)?.as_b().ok().map(|blob| blob.as_ref());
    Some(Memo {
        id: attributes.get(KEY)?.as_s().ok()?.clone(),
        request_hash: bytes(REQUEST_HASH)?.try_into().ok()?,
        salt: bytes(SALT)?.try_into().ok()?,
        sealed: bytes(SEALED)?.to_vec(),
        expires_at: ExpiresAt::from_epoch_seconds(attributes.get(EXPIRES_AT)?.as_n().ok()?.parse().ok()?),
    })
}
