//! Whole numbers, read exactly from the JSON text.
//!
//! A float would be inexact: `3.0000000000000000001` is not 3, and `1e400` is a number. RFC 8259 section 6.

use std::cmp::Ordering;

/// A JSON number, kept as its text.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a>(&'a str);

/// The result of reading a number as a whole, non-negative value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// A whole number that fits `u64`.
    Value(u64),
    /// Whole, but above `u64::MAX`.
    TooLarge,
    /// Below zero (`-0` is zero).
    Negative,
    /// Not whole.
    Fraction,
}

impl<'a> Number<'a> {
    /// Takes text that a JSON parser has already accepted as a number.
    #[must_use]
    pub(crate) const fn from_json(text: &'a str) -> Self {
        Self(text)
    }

    /// The number by value: `3`, `3.0`, `3e0` and `30e-1` are all 3.
    #[must_use]
    pub fn whole(self) -> Whole {
        let Digits { negative, digits, point } = self.digits();
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Whole::Value(0);
        }
        if negative {
            return Whole::Negative;
        }
        match i64::try_from(significant.len()).unwrap_or(i64::MAX).cmp(&point) {
            Ordering::Greater => Whole::Fraction,
            Ordering::Less | Ordering::Equal => scaled(significant.trim_start_matches('0'), significant.len(), point),
        }
    }

    /// Whether the number is 1 or more, compared exactly: the nearest double to `0.99999999999999999999` is 1.
    #[must_use]
    pub fn is_at_least_one(self) -> bool {
        let Digits { negative, digits, point } = self.digits();
        let first = digits.find(|digit| digit != '0').and_then(|first| i64::try_from(first).ok());
        !negative && first.is_some_and(|first| first < point)
    }

    fn digits(self) -> Digits {
        let (negative, unsigned) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.0),
        };
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let point = saturating_exponent(exponent).saturating_add(i64::try_from(integer.len()).unwrap_or(i64::MAX));
        Digits { negative, digits: [integer, fraction].concat(), point }
    }

    /// The number, if it is whole, not negative and fits `u64`.
    #[must_use]
    pub fn to_u64(self) -> Option<u64> {
        match self.whole() {
            Whole::Value(value) => Some(value),
            Whole::TooLarge | Whole::Negative | Whole::Fraction => None,
        }
    }

    /// The nearest double, for comparisons that allow fractions (a `NumericDate`, RFC 7519 section 2).
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// The parts of a number. Its value is 0.`digits` times ten to the power of `point`.
struct Digits {
    negative: bool,
    digits: String,
    point: i64,
}

/// `digits`, followed by the zeros between the last significant digit and the decimal point.
fn scaled(digits: &str, significant_length: usize, point: i64) -> Whole {
    let zeros = usize::try_from(point).ok().and_then(|point| point.checked_sub(significant_length));
    match zeros {
        Some(zeros) if zeros < 20 && digits.len() <= 20 => {
            let text = [digits, &"0".repeat(zeros)].concat();
            text.parse().map_or(Whole::TooLarge, Whole::Value)
        }
        _ => Whole::TooLarge,
    }
}

/// An exponent of any length. A value that does not fit is replaced by a limit that no number reaches.
fn saturating_exponent(text: &str) -> i64 {
    let far = i64::MAX / 4;
    match text.strip_prefix('-') {
        Some(digits) => -digits.parse::<i64>().unwrap_or(far).min(far),
        None => text.trim_start_matches('+').parse::<i64>().unwrap_or(far).min(far),
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Whole};

    #[test]
    fn a_number_is_whole_by_its_value() {
        for (text, expected) in [
            ("3", Whole::Value(3)),
            ("3.0", Whole::Value(3)),
            ("3e0", Whole::Value(3)),
            ("30e-1", Whole::Value(3)),
            ("0.03E+2", Whole::Value(3)),
            ("3.000000000000000000000000000000000000000", Whole::Value(3)),
            ("-0", Whole::Value(0)),
            ("-0.0e99", Whole::Value(0)),
            ("0e-400", Whole::Value(0)),
            ("0e99999999999999999999", Whole::Value(0)),
            ("1e3", Whole::Value(1000)),
            ("100", Whole::Value(100)),
            ("18446744073709551615", Whole::Value(u64::MAX)),
            ("18446744073709551616", Whole::TooLarge),
            ("1e19", Whole::Value(10_000_000_000_000_000_000)),
            ("1e20", Whole::TooLarge),
            ("1e400", Whole::TooLarge),
            ("1e99999999999999999999", Whole::TooLarge),
            ("3.0000000000000000000000001", Whole::Fraction),
            ("2.5", Whole::Fraction),
            ("1e-400", Whole::Fraction),
            ("1e-99999999999999999999", Whole::Fraction),
            ("-1", Whole::Negative),
            ("-1e-400", Whole::Negative),
        ] {
            assert_eq!(Number::from_json(text).whole(), expected, "{text}");
        }
    }
    #[test]
    fn the_comparison_with_one_does_not_round() {
        for text in ["1", "1.0", "0.1e1", "10e-1", "1.5", "1.00000000000000000000001", "2.5", "1e400", "0.001e3"] {
            assert!(Number::from_json(text).is_at_least_one(), "{text}");
        }
        for text in [
            "0",
            "-0",
            "0e400",
            "0.9",
            "9e-1",
            "0.99999999999999999999",
            "1e-400",
            "-1",
            "-1e400",
            "0.0999e1",
            "100e-3",
        ] {
            assert!(!Number::from_json(text).is_at_least_one(), "{text}");
        }
    }
}
