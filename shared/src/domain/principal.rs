//! The authenticated caller.

use super::expiry::ExpiresAt;
use super::key_id::KeyId;
use super::level::PermissionLevel;
use super::lineage::Lineage;
use super::record::Record;
use super::secret_arn::SecretArn;
use super::user_id::UserId;

/// A caller whose credential has been verified.
#[derive(Clone, Debug)]
pub struct Principal {
    /// The user that the credential belongs to, and the owner of the keys that the caller creates.
    pub user_id: UserId,
    /// The permission level of the credential.
    pub level: PermissionLevel,
    /// Whether the user's account is active.
    pub active: bool,
    /// The credential.
    pub credential: Credential,
    /// The provisioner's secret, if the caller acts with the key in that secret. A rotation replaces the key, but not
    /// the caller.
    pub provisioner: Option<SecretArn>,
}

/// The kind of credential behind a [`Principal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A JSON Web Token. A key created with it starts a chain.
    Jwt,
    /// An API key. A key created with it belongs to the same chain.
    Key {
        /// The calling key.
        id: KeyId,
        /// The end of its chain.
        chain_expires_at: ExpiresAt,
    },
}

impl Principal {
    /// The text that identifies this caller in the ids of idempotency records and of versions of delivered secrets:
    /// `jwt:<user>`, `key:<uuid>` or `provisioner:<arn>`.
    #[must_use]
    pub fn scope(&self) -> String {
        match (&self.provisioner, self.credential) {
            (Some(secret), _) => format!("provisioner:{}", secret.as_str()),
            (None, Credential::Jwt) => format!("jwt:{}", self.user_id.get()),
            (None, Credential::Key { id, .. }) => format!("key:{id}"),
        }
    }
}

/// The caller that presents this key and its secret.
impl From<&Record> for Principal {
    fn from(record: &Record) -> Self {
        let Record {
            key_id,
            secret_hash: _,
            name: _,
            level,
            user_id,
            created_at: _,
            expires_at: _,
            created_by: _,
            chain_expires_at,
        } = record;
        Self {
            user_id: *user_id,
            level: (*level).into(),
            active: true,
            credential: Credential::Key { id: *key_id, chain_expires_at: *chain_expires_at },
            provisioner: None,
        }
    }
}

impl Credential {
    /// The lineage of a key that is created with this credential.
    #[must_use]
    pub const fn lineage(self) -> Lineage {
        match self {
            Self::Jwt => Lineage::Jwt,
            Self::Key { id, .. } => Lineage::Key(id),
        }
    }
}
