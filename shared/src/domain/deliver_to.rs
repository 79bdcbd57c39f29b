//! The name of the secret that a new key is delivered in. An event chooses only the last part of that name.

use super::user_id::UserId;

/// The maximum length of `deliverTo`, in characters.
const MAX_CHARS: usize = 64;

/// The last part of the secret's name. It contains no slash or dot, so the name stays under the prefix of its user.
#[derive(Clone, Debug)]
pub struct DeliverTo(String);

impl DeliverTo {
    /// Reads 1 to 64 characters of `A-Z`, `a-z`, `0-9`, `_` and `-`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_valid = (1..=MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        is_valid.then(|| Self(text.to_owned()))
    }

    /// The name of the secret: `<prefix><userId>/<deliverTo>`.
    #[must_use]
    pub fn secret_name(&self, prefix: &str, user_id: UserId) -> String {
        format!("{prefix}{}/{}", user_id.get(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<String> {
        DeliverTo::parse(text).map(|deliver_to| deliver_to.secret_name("apikeys/", UserId::new(61).unwrap()))
    }

    #[test]
    fn a_secret_name_stays_under_the_prefix_of_its_user() {
        assert_eq!(name("ci_Build-7"), Some("apikeys/61/ci_Build-7".to_owned()));
        assert!(name(&"a".repeat(64)).is_some());
        for text in ["", "../7/x", "a/b", "a.b", "a b", "a\0", "é", "*", "a:b", "${x}", &"a".repeat(65)] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
