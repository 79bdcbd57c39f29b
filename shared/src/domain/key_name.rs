//! The name that a user gives to a key.

use std::fmt;

use serde::Serialize;

/// The longest name, in Unicode scalar values.
const MAX_CHARS: usize = 256;

/// A name of 1 to 256 characters that no terminal, log or page can be tricked with; stored byte for byte.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct KeyName(String);

/// Why a text is no key name.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyNameError {
    /// Empty, or white space only.
    Blank,
    /// Too long, or holding a character that is not allowed.
    Invalid,
}

impl KeyName {
    /// Checks a name; it is not normalised.
    ///
    /// # Errors
    /// [`KeyNameError`] says which rule the name breaks.
    pub fn parse(name: &str) -> Result<Self, KeyNameError> {
        if name.trim().is_empty() {
            return Err(KeyNameError::Blank);
        }
        if name.chars().any(is_forbidden) || name.chars().count() > MAX_CHARS {
            return Err(KeyNameError::Invalid);
        }
        Ok(Self(name.to_owned()))
    }

    /// Takes a name as it is stored: it was checked when it was, and a key must not die of a later rule.
    #[must_use]
    pub(crate) fn from_store(name: String) -> Self {
        Self(name)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyName {
    /// What a caller sent reaches no log.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyName(..)")
    }
}

/// Control characters (C0, DEL, C1) forge log lines; bidirectional overrides and isolates disguise a name
/// (Unicode Standard Annex #9, section 2).
fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{KeyName, KeyNameError};

    #[test]
    fn a_name_prints_nothing_of_what_it_holds() {
        assert_eq!(format!("{:?}", KeyName::parse("canary").unwrap()), "KeyName(..)");
    }

    #[test]
    fn a_name_has_1_to_256_characters() {
        assert!(KeyName::parse("x").is_ok());
        assert!(KeyName::parse(&"😀".repeat(256)).is_ok());
        assert_eq!(KeyName::parse(&"x".repeat(257)), Err(KeyNameError::Invalid));
    }

    #[test]
    fn white_space_alone_is_no_name_however_long() {
        for name in ["", " ", "\t\r\n", "\u{a0}\u{3000}", &" ".repeat(300)] {
            assert_eq!(KeyName::parse(name), Err(KeyNameError::Blank));
        }
    }

    #[test]
    fn control_characters_and_bidirectional_overrides_are_refused() {
        for forbidden in
            ['\0', '\n', '\u{1f}', '\u{7f}', '\u{80}', '\u{9f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}']
        {
            assert_eq!(KeyName::parse(&format!("a{forbidden}b")), Err(KeyNameError::Invalid), "{forbidden:?}");
        }
    }

    #[test]
    fn other_text_is_kept_byte_for_byte() {
        for name in ["e\u{301}", "\u{e9}", "مفتاح", "鍵", "👩‍👩‍👧", "\u{200f}x", "\u{2065}", " padded "]
        {
            assert_eq!(KeyName::parse(name).unwrap().as_str(), name);
        }
    }
}
