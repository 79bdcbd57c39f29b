//! The id of the user that a key belongs to.

use serde::Serialize;

/// 2^53 - 1: the largest integer that JavaScript represents exactly. The ids come from JavaScript.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A user id: a whole number from 1 to 2^53 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UserId(u64);

impl UserId {
    /// An id; `None` for a number that is out of range.
    #[must_use]
    pub const fn new(id: u64) -> Option<Self> {
        if id >= 1 && id <= MAX_SAFE_INTEGER { Some(Self(id)) } else { None }
    }

    /// The id as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::UserId;

    #[test]
    fn a_user_id_is_1_to_the_largest_safe_integer() {
        assert_eq!(UserId::new(0), None);
        assert_eq!(UserId::new(1).map(UserId::get), Some(1));
        assert!(UserId::new(9_007_199_254_740_991).is_some());
        assert_eq!(UserId::new(9_007_199_254_740_992), None);
    }
}
