//! Role-based access control: which keys a caller may create.
//!
//! An active [`Principal`] of level 4 or more becomes an [`AuthorizedCaller`], and the request of an authorized caller
//! becomes a [`Grant`]. The use cases make the record of a new key from a grant, so they cannot omit a check.

use super::expiry::{ExpiresAt, ExpiresIn, MaxExpiresIn};
use super::key_id::KeyId;
use super::key_name::KeyName;
use super::key_request::KeyRequest;
use super::level::{KeyLevel, PermissionLevel};
use super::lineage::Lineage;
use super::principal::{Credential, Principal};
use super::record::Record;
use super::secret::Secret;
use super::timestamp::Timestamp;
use super::user_id::UserId;

/// Why a caller may not do what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationError {
    /// The user's account is not active.
    AccountInactive,
    /// The caller's level does not suffice: below 4 to create keys; [`super::Reach`] has the rules for stored keys.
    LevelTooLow,
}

/// Why a caller may not create the requested key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantError {
    /// The requested level is above the caller's level.
    LevelAboveCaller,
    /// The key would expire after its chain.
    OutlivesChain,
}

/// A principal that may create keys.
#[derive(Debug)]
pub struct AuthorizedCaller(Principal);

impl AuthorizedCaller {
    /// Checks that a principal may create keys.
    ///
    /// # Errors
    /// [`AuthorizationError::AccountInactive`], then [`AuthorizationError::LevelTooLow`].
    pub fn authorize(principal: Principal) -> Result<Self, AuthorizationError> {
        principal.require_active()?;
        if principal.level.may_manage_keys() { Ok(Self(principal)) } else { Err(AuthorizationError::LevelTooLow) }
    }

    /// The principal.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.0
    }

    /// Checks one request: the key's level is at most the caller's level, and the key expires at most `limit` after the
    /// sign-in or rotation that started its chain.
    ///
    /// # Errors
    /// [`GrantError::LevelAboveCaller`], then [`GrantError::OutlivesChain`].
    pub fn grant(&self, request: KeyRequest, now: Timestamp, limit: MaxExpiresIn) -> Result<Grant, GrantError> {
        let expires_at = ExpiresAt::after(now, request.expires_in);
        self.grant_until(request, expires_at, now, limit)
    }

    /// [`AuthorizedCaller::grant`] for a key whose `expiresAt` is already fixed.
    ///
    /// # Errors
    /// As [`AuthorizedCaller::grant`].
    pub fn grant_until(
        &self,
        request: KeyRequest,
        expires_at: ExpiresAt,
        now: Timestamp,
        limit: MaxExpiresIn,
    ) -> Result<Grant, GrantError> {
        let KeyRequest { name, level, expires_in: _ } = request;
        let Self(principal) = self;
        if PermissionLevel::from(level) > principal.level {
            return Err(GrantError::LevelAboveCaller);
        }
        let (chain, chain_expires_at) = match &principal.credential {
            Credential::Jwt { .. } => (None, ExpiresAt::after(now, limit.into())),
            Credential::Key(record) => (Some(record.chain), record.chain_expires_at),
        };
        if expires_at > chain_expires_at {
            return Err(GrantError::OutlivesChain);
        }
        let (user_id, created_by) = (principal.user_id, principal.credential.lineage());
        Ok(Grant { name, level, expires_at, chain, chain_expires_at, user_id, created_by })
    }
}

/// Permission to issue one key. The record of a new key is made from it.
#[derive(Debug)]
pub struct Grant {
    name: KeyName,
    level: KeyLevel,
    expires_at: ExpiresAt,
    /// The chain of the key. Without it, the key begins a chain.
    chain: Option<KeyId>,
    chain_expires_at: ExpiresAt,
    user_id: UserId,
    created_by: Lineage,
}

impl Grant {
    /// Permission to replace a key by a key of the same name, level, user and chain; the end of the chain is renewed.
    /// IAM permissions (to invoke the function and to write the secret) protect a rotation, so level 4 is not required.
    #[must_use]
    pub fn successor_of(replaced: &Record, expires_in: ExpiresIn, now: Timestamp, limit: MaxExpiresIn) -> Self {
        let Record {
            key_id,
            secret_hash: _,
            name,
            level,
            user_id,
            created_at: _,
            expires_at: _,
            created_by: _,
            chain,
            chain_expires_at: _,
        } = replaced;
        Self {
            name: name.clone(),
            level: *level,
            expires_at: ExpiresAt::after(now, expires_in.at_most(limit)),
            chain: Some(*chain),
            chain_expires_at: ExpiresAt::after(now, limit.into()),
            user_id: *user_id,
            created_by: Lineage::Rotation(*key_id),
        }
    }

    /// Makes the record of a key that is issued at `now`.
    pub(crate) fn into_record(self, key_id: KeyId, secret: &Secret, now: Timestamp) -> Record {
        let Self { name, level, expires_at, chain, chain_expires_at, user_id, created_by } = self;
        let (secret_hash, created_at, chain) = (secret.hash(), now.seconds(), chain.unwrap_or(key_id));
        Record {
            key_id,
            secret_hash,
            name,
            level,
            user_id,
            created_at,
            expires_at,
            created_by,
            chain,
            chain_expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);

    const TOKEN: Credential = Credential::Jwt { expires_at: ExpiresAt::from_epoch_seconds(1_700_003_600) };

    /// A key of the chain of the key 1, which ends at `chain_expires_at`.
    fn key(chain_expires_at: ExpiresAt) -> Credential {
        Credential::Key(Arc::new(Record {
            key_id: KeyId::from_random_bytes([0; 16]),
            secret_hash: Secret::from_random_bytes([0; 32]).hash(),
            name: KeyName::parse("x").unwrap(),
            level: KeyLevel::new(4).unwrap(),
            user_id: UserId::new(61).unwrap(),
            created_at: 0,
            expires_at: chain_expires_at,
            created_by: Lineage::Jwt,
            chain: KeyId::from_random_bytes([1; 16]),
            chain_expires_at,
        }))
    }

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

    fn grant(caller: u64, credential: Credential, request: KeyRequest) -> Result<Grant, GrantError> {
        let caller = AuthorizedCaller::authorize(principal(caller, credential)).unwrap();
        caller.grant(request, NOW, MaxExpiresIn::DEFAULT)
    }

    #[test]
    fn creating_keys_requires_level_4_and_an_active_account() {
        for level in 0..=9 {
            let caller = principal(level, TOKEN);
            let expected = if level < 4 { Some(AuthorizationError::LevelTooLow) } else { None };
            assert_eq!(AuthorizedCaller::authorize(caller.clone()).err(), expected, "{level}");
            let inactive = Principal { active: false, ..caller };
            let error = AuthorizedCaller::authorize(inactive).err();
            assert_eq!(error, Some(AuthorizationError::AccountInactive), "{level}");
        }
    }

    #[test]
    fn no_caller_creates_a_key_above_its_own_level() {
        for caller in 4..=9 {
            for asked in 0..=8 {
                let expected = if asked > caller { Some(GrantError::LevelAboveCaller) } else { None };
                assert_eq!(grant(caller, TOKEN, request(asked, 60)).err(), expected, "{caller} asks for {asked}");
            }
        }
    }

    #[test]
    fn a_sign_in_starts_a_chain_of_the_longest_lifetime() {
        let grant = grant(4, TOKEN, request(4, 60)).unwrap();
        assert_eq!(grant.chain_expires_at.epoch_seconds(), 1_700_000_001 + 31_536_000);
        assert_eq!(grant.expires_at.epoch_seconds(), 1_700_000_061);
        assert_eq!((grant.created_by, grant.chain), (Lineage::Jwt, None));
    }

    #[test]
    fn a_key_passes_on_its_chain_and_no_key_outlives_it() {
        let chain_expires_at = ExpiresAt::from_epoch_seconds(1_700_000_061);
        let credential = key(chain_expires_at);
        let granted = grant(4, credential.clone(), request(4, 60)).unwrap();
        assert_eq!(granted.chain, Some(KeyId::from_random_bytes([1; 16])));
        assert_eq!(granted.chain_expires_at, chain_expires_at);
        assert_eq!(granted.created_by, Lineage::Key(KeyId::from_random_bytes([0; 16])));
        assert!(matches!(grant(4, credential, request(4, 61)), Err(GrantError::OutlivesChain)));
    }

    #[test]
    fn the_level_is_checked_before_the_chain() {
        let credential = key(ExpiresAt::from_epoch_seconds(0));
        assert!(matches!(grant(4, credential, request(5, 60)), Err(GrantError::LevelAboveCaller)));
    }
}
