//! The name that a user gives to a key.

use std::fmt;

use serde::Serialize;

/// The longest name, in Unicode scalar values.
const MAX_CHARS: usize = 256;

/// A name of 1 to 256 characters without control and bidirectional formatting characters. It is stored byte for byte.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct KeyName(String);

/// Why a text is not a key name.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyNameError {
    /// Empty, or white space only.
    Blank,
    /// Too long, or with a character that is not allowed.
    Invalid,
}

impl KeyName {
    /// Checks a name without normalising it.
    ///
    /// # Errors
    /// A [`KeyNameError`] for the rule that the name breaks.
    pub fn parse(name: &str) -> Result<Self, KeyNameError> {
        if name.trim().is_empty() {
            return Err(KeyNameError::Blank);
        }
        if name.chars().any(is_forbidden) || name.chars().count() > MAX_CHARS {
            return Err(KeyNameError::Invalid);
        }
        Ok(Self(name.to_owned()))
    }

    /// Takes a stored name. It was checked before it was stored; a rule that is added later must not disable the key.
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
    /// Prints no text that a caller sent.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyName(..)")
    }
}

/// Control characters (C0, DEL, C1) can forge log lines. Bidirectional embeddings, overrides and isolates can disguise
/// a name (Unicode Standard Annex #9, section 2).
fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{KeyName, KeyNameError};

    #[test]
    fn debug_output_does_not_contain_the_name() {
        assert_eq!(format!("{:?}", KeyName::parse("canary").unwrap()), "KeyName(..)");
    }

    #[test]
    fn a_name_has_1_to_256_characters() {
        assert!(KeyName::parse("x").is_ok());
        assert!(KeyName::parse(&"😀".repeat(256)).is_ok());
        assert_eq!(KeyName::parse(&"x".repeat(257)), Err(KeyNameError::Invalid));
    }

    #[test]
    fn white_space_of_any_length_is_not_a_name() {
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
