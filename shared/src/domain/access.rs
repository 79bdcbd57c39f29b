//! Role-based access control: which stored keys a caller may list, read and revoke.
//!
//! A token reaches the keys of its user, and with level 9 every key. A key reaches itself; from level 4 on it also
//! reads the keys of its user, and revokes the keys that it created. A leaked key therefore can't end its parent.

use super::grant::AuthorizationError;
use super::key_id::KeyId;
use super::level::PermissionLevel;
use super::lineage::Lineage;
use super::principal::{Credential, Principal};
use super::user_id::UserId;

/// The keys that a caller may act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every key.
    All,
    /// The keys of a user.
    OfUser(UserId),
    /// The keys of a user that one key created.
    CreatedBy(UserId, KeyId),
}

impl Reach {
    /// Whether a key of this owner and lineage is among the keys.
    #[must_use]
    pub fn includes(self, user_id: Option<UserId>, created_by: Option<Lineage>) -> bool {
        match self {
            Self::All => true,
            Self::OfUser(user) => user_id == Some(user),
            Self::CreatedBy(user, key_id) => user_id == Some(user) && created_by == Some(Lineage::Key(key_id)),
        }
    }
}

/// The keys that a list contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The keys of a user.
    OfUser(UserId),
    /// The calling key alone.
    Caller,
}

impl Principal {
    /// Checks that the user's account is active.
    ///
    /// # Errors
    /// [`AuthorizationError::AccountInactive`].
    pub const fn require_active(&self) -> Result<(), AuthorizationError> {
        if self.active { Ok(()) } else { Err(AuthorizationError::AccountInactive) }
    }

    /// Checks that the credential has at least this level.
    ///
    /// # Errors
    /// [`AuthorizationError::LevelTooLow`].
    pub fn require_level(&self, lowest: PermissionLevel) -> Result<(), AuthorizationError> {
        if self.level >= lowest { Ok(()) } else { Err(AuthorizationError::LevelTooLow) }
    }

    /// The keys to list: those of `user_id`, which only an administrator may choose freely.
    ///
    /// # Errors
    /// [`AuthorizationError::LevelTooLow`] for another user's keys.
    pub fn listing(&self, user_id: Option<UserId>) -> Result<Listing, AuthorizationError> {
        let user_id = user_id.unwrap_or(self.user_id);
        match &self.credential {
            _ if self.level.is_administrator() => Ok(Listing::OfUser(user_id)),
            _ if user_id != self.user_id => Err(AuthorizationError::LevelTooLow),
            Credential::Key(_) if !self.level.may_manage_keys() => Ok(Listing::Caller),
            Credential::Jwt { .. } | Credential::Key(_) => Ok(Listing::OfUser(user_id)),
        }
    }

    /// The keys that the caller may read, if it asks for this key. An id that is not well-formed is `None`.
    ///
    /// # Errors
    /// [`AuthorizationError::LevelTooLow`] for a weak key that asks for another key.
    pub fn may_read(&self, key_id: Option<KeyId>) -> Result<Reach, AuthorizationError> {
        match &self.credential {
            Credential::Key(own) if key_id != Some(own.key_id) && !self.level.may_manage_keys() => {
                Err(AuthorizationError::LevelTooLow)
            }
            _ if self.level.is_administrator() => Ok(Reach::All),
            Credential::Jwt { .. } | Credential::Key(_) => Ok(Reach::OfUser(self.user_id)),
        }
    }

    /// The keys that the caller may revoke, if it asks for this key, alone or with its chain.
    ///
    /// # Errors
    /// [`AuthorizationError::LevelTooLow`] for a key that asks for a chain, and for a weak key that asks for another key.
    pub fn may_revoke(&self, key_id: Option<KeyId>, with_chain: bool) -> Result<Reach, AuthorizationError> {
        match &self.credential {
            Credential::Key(_) if with_chain => Err(AuthorizationError::LevelTooLow),
            Credential::Key(own) if key_id != Some(own.key_id) && self.level.may_manage_keys() => {
                Ok(Reach::CreatedBy(self.user_id, own.key_id))
            }
            Credential::Key(own) if key_id != Some(own.key_id) => Err(AuthorizationError::LevelTooLow),
            Credential::Jwt { .. } if self.level.is_administrator() => Ok(Reach::All),
            Credential::Jwt { .. } | Credential::Key(_) => Ok(Reach::OfUser(self.user_id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExpiresAt, KeyLevel, KeyName, Record, Secret};
    use super::*;

    fn id(byte: u8) -> KeyId {
        KeyId::from_random_bytes([byte; 16])
    }

    fn user(id: u64) -> UserId {
        UserId::new(id).unwrap()
    }

    fn token(level: u64) -> Principal {
        let level = PermissionLevel::new(level).unwrap();
        let credential = Credential::Jwt { expires_at: ExpiresAt::from_epoch_seconds(1) };
        Principal { user_id: user(61), level, active: true, credential, provisioner: None }
    }

    /// The key 1 of user 61.
    fn key(level: u64) -> Principal {
        Principal::from(Record {
            key_id: id(1),
            secret_hash: Secret::from_random_bytes([0; 32]).hash(),
            name: KeyName::parse("x").unwrap(),
            level: KeyLevel::new(level).unwrap(),
            user_id: user(61),
            created_at: 0,
            expires_at: ExpiresAt::from_epoch_seconds(1),
            created_by: Lineage::Jwt,
            chain: id(1),
            chain_expires_at: ExpiresAt::from_epoch_seconds(1),
        })
    }

    const REFUSED: AuthorizationError = AuthorizationError::LevelTooLow;

    #[test]
    fn only_an_administrator_lists_the_keys_of_another_user() {
        for (caller, asked, expected) in [
            (token(0), None, Ok(Listing::OfUser(user(61)))),
            (token(8), Some(61), Ok(Listing::OfUser(user(61)))),
            (token(8), Some(62), Err(REFUSED)),
            (token(9), Some(62), Ok(Listing::OfUser(user(62)))),
            (key(3), None, Ok(Listing::Caller)),
            (key(3), Some(62), Err(REFUSED)),
            (key(4), None, Ok(Listing::OfUser(user(61)))),
            (key(8), Some(62), Err(REFUSED)),
        ] {
            assert_eq!(caller.listing(asked.map(user)), expected, "{caller:?}, {asked:?}");
        }
    }

    #[test]
    fn a_weak_key_reads_only_itself_and_no_key_reads_other_users() {
        for (caller, asked, expected) in [
            (token(0), Some(id(2)), Ok(Reach::OfUser(user(61)))),
            (token(9), Some(id(2)), Ok(Reach::All)),
            (key(0), Some(id(1)), Ok(Reach::OfUser(user(61)))),
            (key(3), Some(id(2)), Err(REFUSED)),
            (key(3), None, Err(REFUSED)),
            (key(4), Some(id(2)), Ok(Reach::OfUser(user(61)))),
            (key(8), None, Ok(Reach::OfUser(user(61)))),
        ] {
            assert_eq!(caller.may_read(asked), expected, "{caller:?}, {asked:?}");
        }
    }

    #[test]
    fn a_key_revokes_itself_and_its_own_keys_and_never_a_chain() {
        for (caller, asked, with_chain, expected) in [
            (token(0), id(2), false, Ok(Reach::OfUser(user(61)))),
            (token(0), id(2), true, Ok(Reach::OfUser(user(61)))),
            (token(9), id(2), true, Ok(Reach::All)),
            (key(0), id(1), false, Ok(Reach::OfUser(user(61)))),
            (key(3), id(2), false, Err(REFUSED)),
            (key(4), id(2), false, Ok(Reach::CreatedBy(user(61), id(1)))),
            (key(8), id(1), true, Err(REFUSED)),
            (key(8), id(2), true, Err(REFUSED)),
        ] {
            assert_eq!(caller.may_revoke(Some(asked), with_chain), expected, "{caller:?}, {asked}, {with_chain}");
        }
    }

    #[test]
    fn a_reach_includes_no_unreadable_owner_or_lineage() {
        let by_one = Some(Lineage::Key(id(1)));
        assert!(Reach::All.includes(None, None));
        assert!(Reach::OfUser(user(61)).includes(Some(user(61)), None));
        assert!(!Reach::OfUser(user(61)).includes(Some(user(62)), by_one));
        assert!(!Reach::OfUser(user(61)).includes(None, by_one));
        let created = Reach::CreatedBy(user(61), id(1));
        assert!(created.includes(Some(user(61)), by_one));
        for (owner, lineage) in [
            (Some(user(62)), by_one),
            (Some(user(61)), Some(Lineage::Jwt)),
            (Some(user(61)), Some(Lineage::Rotation(id(1)))),
            (Some(user(61)), Some(Lineage::Key(id(2)))),
            (Some(user(61)), None),
        ] {
            assert!(!created.includes(owner, lineage), "{owner:?}, {lineage:?}");
        }
    }
}
