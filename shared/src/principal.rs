//! Role-based access control: what a caller may do, as types that can't be skipped.
//!
//! A verified credential yields a [`Principal`], a principal of level 4 or more a [`Creator`], and a creator a
//! [`Grant`]. Only a grant can be issued, so a key without a check does not compile.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::config::SecretArn;
use crate::error::Error;
use crate::expiry::{ExpiresAt, ExpiresIn, MaxExpiresIn};
use crate::key_name::KeyName;
use crate::key_request::KeyRequest;
use crate::level::{KeyLevel, PermissionLevel};
use crate::record::{CreatedBy, Record};
use crate::secret::Secret;
use crate::user_id::UserId;

/// Who is calling, proven by a credential.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The user that the credential belongs to, and the new key will.
    pub user_id: UserId,
    /// What the credential allows.
    pub level: PermissionLevel,
    /// Whether the user's account may act at all.
    pub active: bool,
    /// What was shown.
    pub credential: Credential,
    /// The secret that the credential lies in, where the function acts with it for events: its key changes with each
    /// rotation, and who asks does not.
    pub provisioner: Option<SecretArn>,
}

/// The kind of proof behind a [`Principal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A human's sign-in: the start of a chain.
    Jwt,
    /// An existing key: a link in one.
    Key {
        /// The calling key.
        id: Uuid,
        /// When the chain that it belongs to ends.
        chain_expires_at: ExpiresAt,
    },
}

impl Principal {
    /// The text that stands for this caller where its requests are told from others': `jwt:<user>`, `key:<uuid>` or
    /// `provisioner:<arn>`.
    #[must_use]
    pub fn scope(&self) -> String {
        match (&self.provisioner, self.credential) {
            (Some(secret), _) => format!("provisioner:{}", secret.as_str()),
            (None, Credential::Jwt) => format!("jwt:{}", self.user_id.get()),
            (None, Credential::Key { id, .. }) => format!("key:{id}"),
        }
    }

    /// Lets those through who may create keys at all.
    ///
    /// # Errors
    /// [`Error::AccountStatusLacking`] for an account that may not act, then [`Error::InsufficientAccessLevel`] below
    /// level 4.
    pub fn authorize_creation(self) -> Result<Creator, Error> {
        if !self.active {
            return Err(Error::AccountStatusLacking);
        }
        if self.level.may_create_keys() { Ok(Creator(self)) } else { Err(Error::InsufficientAccessLevel) }
    }
}

impl Credential {
    /// The lineage of a key that this credential creates.
    #[must_use]
    pub const fn lineage(self) -> CreatedBy {
        match self {
            Self::Jwt => CreatedBy::Jwt,
            Self::Key { id, .. } => CreatedBy::Key(id),
        }
    }
}

/// A principal that may create keys.
#[derive(Debug)]
pub struct Creator(Principal);

impl Creator {
    /// The principal itself.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.0
    }

    /// Checks one request against what this caller may hand on: nobody mints a key stronger than the credential in
    /// hand, and no chain of keys renews itself past `limit` after the sign-in it began with.
    ///
    /// # Errors
    /// [`Error::KeyLevelExceedsRoleLevel`], then [`Error::OutlivesChain`].
    pub fn grant(&self, request: KeyRequest, now: Timestamp, limit: MaxExpiresIn) -> Result<Grant, Error> {
        let expires_at = ExpiresAt::after(now, request.expires_in);
        self.grant_until(request, expires_at, now, limit)
    }

    /// [`Creator::grant`] for a key whose end was decided before.
    ///
    /// # Errors
    /// As [`Creator::grant`].
    pub fn grant_until(
        &self,
        request: KeyRequest,
        expires_at: ExpiresAt,
        now: Timestamp,
        limit: MaxExpiresIn,
    ) -> Result<Grant, Error> {
        let Self(principal) = self;
        if PermissionLevel::from(request.level) > principal.level {
            return Err(Error::KeyLevelExceedsRoleLevel);
        }
        let chain_expires_at = match principal.credential {
            Credential::Jwt => ExpiresAt::after(now, limit.into()),
            Credential::Key { chain_expires_at, .. } => chain_expires_at,
        };
        if expires_at > chain_expires_at {
            return Err(Error::OutlivesChain);
        }
        Ok(Grant {
            name: request.name,
            level: request.level,
            expires_at,
            chain_expires_at,
            user_id: principal.user_id,
            created_by: principal.credential.lineage(),
        })
    }
}

/// Leave to issue one key: the only way to the record of a new one.
#[derive(Debug)]
pub struct Grant {
    name: KeyName,
    level: KeyLevel,
    expires_at: ExpiresAt,
    chain_expires_at: ExpiresAt,
    user_id: UserId,
    created_by: CreatedBy,
}

impl Grant {
    /// Leave to replace a key by one of the same name, level and user, which starts a new chain: what guards a rotation
    /// is IAM's leave to invoke the function and to write the secret, so level 4 is not asked for.
    #[must_use]
    pub fn successor_of(replaced: &Record, expires_in: ExpiresIn, now: Timestamp, limit: MaxExpiresIn) -> Self {
        Self {
            name: replaced.name.clone(),
            level: replaced.level,
            expires_at: ExpiresAt::after(now, expires_in.at_most(limit)),
            chain_expires_at: ExpiresAt::after(now, limit.into()),
            user_id: replaced.user_id,
            created_by: CreatedBy::Rotation(replaced.key),
        }
    }

    /// The record of the key that is issued now.
    pub(crate) fn into_record(self, key: Uuid, secret: &Secret, now: Timestamp) -> Record {
        Record {
            key,
            secret_hash: secret.hash(),
            name: self.name,
            level: self.level,
            user_id: self.user_id,
            created_at: now.seconds(),
            expires_at: self.expires_at,
            created_by: self.created_by,
            chain_expires_at: self.chain_expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expiry::ExpiresIn;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    fn principal(level: u64, credential: Credential) -> Principal {
        Principal {
            user_id: UserId::new(61).unwrap(),
            level: PermissionLevel::new(level).unwrap(),
            active: true,
            credential,
            provisioner: None,
        }
    }

    fn request(level: u64, expires_in: u64) -> KeyRequest {
        KeyRequest {
            name: KeyName::parse("x").unwrap(),
            level: KeyLevel::new(level).unwrap(),
            expires_in: ExpiresIn::new(expires_in, MaxExpiresIn::DEFAULT).unwrap(),
        }
    }

    fn grant(caller: u64, credential: Credential, request: KeyRequest) -> Result<Grant, Error> {
        principal(caller, credential).authorize_creation()?.grant(request, NOW, MaxExpiresIn::DEFAULT)
    }

    #[test]
    fn nobody_below_level_4_creates_and_nobody_mints_above_their_own_level() {
        for caller in 0..=9 {
            for asked in 0..=8 {
                let expected = match (caller, asked) {
                    (0..4, _) => Err("insufficientAccessLevel"),
                    _ if asked > caller => Err("keyLevelExceedsRoleLevel"),
                    _ => Ok(()),
                };
                let answer = grant(caller, Credential::Jwt, request(asked, 60));
                assert_eq!(answer.map(|_| ()).map_err(|error| error.code()), expected, "{caller} asks for {asked}");
            }
        }
    }

    #[test]
    fn a_sign_in_starts_a_chain_of_the_longest_lifetime() {
        let grant = grant(4, Credential::Jwt, request(4, 60)).unwrap();
        assert_eq!(grant.chain_expires_at.epoch_seconds(), 1_700_000_001 + 31_536_000);
        assert_eq!(grant.expires_at.epoch_seconds(), 1_700_000_061);
        assert_eq!(grant.created_by, CreatedBy::Jwt);
    }

    #[test]
    fn a_key_hands_on_its_chain_and_nothing_may_outlive_it() {
        let chain_expires_at = ExpiresAt::from_epoch_seconds(1_700_000_061);
        let credential = Credential::Key { id: Uuid::nil(), chain_expires_at };
        let granted = grant(4, credential, request(4, 60)).unwrap();
        assert_eq!(granted.chain_expires_at, chain_expires_at);
        assert_eq!(granted.created_by, CreatedBy::Key(Uuid::nil()));
        assert!(matches!(grant(4, credential, request(4, 61)), Err(Error::OutlivesChain)));
    }

    #[test]
    fn the_level_is_looked_at_before_the_chain() {
        let chain_expires_at = ExpiresAt::from_epoch_seconds(0);
        let credential = Credential::Key { id: Uuid::nil(), chain_expires_at };
        assert!(matches!(grant(4, credential, request(5, 60)), Err(Error::KeyLevelExceedsRoleLevel)));
    }
}
