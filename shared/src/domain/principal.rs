//! The authenticated caller.

use std::sync::Arc;

use super::expiry::ExpiresAt;
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
#[derive(Clone, Debug)]
pub enum Credential {
    /// A JSON Web Token. A key created with it starts a chain.
    Jwt {
        /// The token's `exp`, rounded down to a whole second.
        expires_at: ExpiresAt,
    },
    /// An API key, given by its record. A key created with it belongs to the same chain.
    Key(Arc<Record>),
}

impl Principal {
    /// The text that identifies this caller in the ids of idempotency records and of versions of delivered secrets:
    /// `jwt:<user>`, `key:<uuid>` or `provisioner:<arn>`.
    #[must_use]
    pub fn scope(&self) -> String {
        match (&self.provisioner, &self.credential) {
            (Some(secret), _) => format!("provisioner:{}", secret.as_str()),
            (None, Credential::Jwt { .. }) => format!("jwt:{}", self.user_id.get()),
            (None, Credential::Key(record)) => format!("key:{}", record.key_id),
        }
    }

    /// The record of the calling key; `None` for a token.
    #[must_use]
    pub fn key(&self) -> Option<&Record> {
        match &self.credential {
            Credential::Jwt { .. } => None,
            Credential::Key(record) => Some(record),
        }
    }
}

/// The caller that presents this key and its secret.
impl From<Record> for Principal {
    fn from(record: Record) -> Self {
        let (user_id, level) = (record.user_id, record.level.into());
        Self { user_id, level, active: true, credential: Credential::Key(Arc::new(record)), provisioner: None }
    }
}

impl Credential {
    /// The kind of the credential.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Jwt { .. } => "jwt",
            Self::Key(_) => "key",
        }
    }

    /// The second from which on the credential is not valid.
    #[must_use]
    pub fn expires_at(&self) -> ExpiresAt {
        match self {
            Self::Jwt { expires_at } => *expires_at,
            Self::Key(record) => record.expires_at,
        }
    }

    /// The lineage of a key that is created with this credential.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        match self {
            Self::Jwt { .. } => Lineage::Jwt,
            Self::Key(record) => Lineage::Key(record.key_id),
        }
    }
}
