//! The keys that verify tokens at a given time: one, or two while a key is replaced by the next.

use std::iter::once;

use jsonwebtoken::Algorithm;

use crate::verification_key::VerificationKey;

#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) first: VerificationKey,
    pub(crate) second: Option<VerificationKey>,
}

impl Keys {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &VerificationKey> {
        once(&self.first).chain(&self.second)
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.iter().map(|key| key.algorithm)
    }
}
