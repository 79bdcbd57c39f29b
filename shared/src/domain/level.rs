//! The permission levels of FreeSewing: 0 to 9 for a caller, 0 to 8 for a key.

use serde::Serialize;

/// The lowest level that may create keys.
const MIN_CREATOR_LEVEL: u8 = 4;

/// The level of an administrator.
const ADMINISTRATOR_LEVEL: u8 = 9;

/// The level of a caller: 0 (no permission) to 9 (administrator; no key has this level).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PermissionLevel(u8);

impl PermissionLevel {
    /// A level from 0 to 9.
    #[must_use]
    pub const fn new(level: u64) -> Option<Self> {
        if level <= 9 { Some(Self(level as u8)) } else { None }
    }

    /// The level as a number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether this level may create keys. A key needs it also to act on other keys.
    #[must_use]
    pub const fn may_manage_keys(self) -> bool {
        self.0 >= MIN_CREATOR_LEVEL
    }

    /// Whether this level may act on the keys of every user. No key has it.
    #[must_use]
    pub const fn is_administrator(self) -> bool {
        self.0 == ADMINISTRATOR_LEVEL
    }
}

/// The level of a key: 0 (authentication only) to 8 (impersonation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct KeyLevel(u8);

impl KeyLevel {
    /// A level from 0 to 8.
    #[must_use]
    pub const fn new(level: u64) -> Option<Self> {
        if level <= 8 { Some(Self(level as u8)) } else { None }
    }

    /// The level as a number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl From<KeyLevel> for PermissionLevel {
    fn from(level: KeyLevel) -> Self {
        Self(level.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_level_is_0_to_8_and_a_callers_0_to_9() {
        assert_eq!(KeyLevel::new(8).map(KeyLevel::get), Some(8));
        assert_eq!(KeyLevel::new(9), None);
        assert_eq!(KeyLevel::new(259), None);
        assert!(PermissionLevel::new(9).is_some());
        assert_eq!(PermissionLevel::new(10), None);
    }

    #[test]
    fn level_4_and_above_may_create_keys() {
        let may = |level| PermissionLevel::new(level).unwrap().may_manage_keys();
        assert!(!may(3));
        assert!(may(4));
    }
}
