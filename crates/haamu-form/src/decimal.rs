//! Decimals with at most four decimals, read from their text (rule R1).

use std::fmt;

use crate::score::display_percentage;
use crate::{Exact, Rounding};

/// A decimal number with at most four decimals.
///
/// It is read from its text and never passes through a float. The range is
/// ±(10³⁰ − 1), far beyond any count, duration or amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    ten_thousandths: i128,
}

/// Why a text is not a [`Decimal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecimalError {
    /// Not of the form `-12.34`: digits, and after a point at least one more digit.
    Malformed,
    /// More than four decimals.
    TooPrecise,
    /// More than 30 digits before the point.
    TooLarge,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a decimal number such as 12.5 (no exponent, no spaces)",
            Self::TooPrecise => "more than four decimals",
            Self::TooLarge => "more than 30 digits before the decimal point",
        })
    }
}

impl std::error::Error for DecimalError {}

impl Decimal {
    /// One.
    pub const ONE: Self = Self {
        ten_thousandths: 10_000,
    };

    /// A whole number.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self {
            ten_thousandths: value as i128 * 10_000,
        }
    }

    /// Reads a decimal from its text.
    ///
    /// # Errors
    /// [`DecimalError`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return Err(DecimalError::Malformed),
            Some(parts) => parts,
            None => (digits, ""),
        };
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(decimals) {
            return Err(DecimalError::Malformed);
        }
        if decimals.len() > 4 {
            return Err(DecimalError::TooPrecise);
        }
        if whole.trim_start_matches('0').len() > 30 {
            return Err(DecimalError::TooLarge);
        }
        let scaled = whole
            .bytes()
            .chain(decimals.bytes().chain(std::iter::repeat(b'0')).take(4))
            .fold(0_i128, |total, digit| total * 10 + i128::from(digit - b'0'));
        Ok(Self {
            ten_thousandths: if negative { -scaled } else { scaled },
        })
    }

    /// A fraction rounded to so many decimals, at most 4, ties away from zero; none if it is too large.
    #[must_use]
    pub fn rounded(value: &Exact, decimals: u32) -> Option<Self> {
        let hundredth = value.divided_by(&Exact::integer(100))?;
        let text = display_percentage(&hundredth, decimals.min(4), Rounding::HalfUp, false);
        Self::parse(&text).ok()
    }

    /// The same value as an exact fraction.
    #[must_use]
    pub fn to_exact(self) -> Exact {
        Exact::from_ten_thousandths(self.ten_thousandths)
    }

    /// The whole number towards zero, held within 64 bits.
    pub(crate) fn whole_part(self) -> i64 {
        let whole = self.ten_thousandths / 10_000;
        i64::try_from(whole).unwrap_or(if whole < 0 { i64::MIN / 2 } else { i64::MAX / 2 })
    }

    /// The sum; the range of decimals leaves room for it.
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            ten_thousandths: self.ten_thousandths.saturating_add(other.ten_thousandths),
        }
    }

    /// The difference.
    pub(crate) const fn minus(self, other: Self) -> Self {
        Self {
            ten_thousandths: self.ten_thousandths.saturating_sub(other.ten_thousandths),
        }
    }

    /// Whether the value is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.ten_thousandths < 0
    }

    /// Whether the value is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.ten_thousandths == 0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let magnitude = self.ten_thousandths.unsigned_abs();
        let (whole, decimals) = (magnitude / 10_000, magnitude % 10_000);
        if decimals == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{decimals:04}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_values_correspond() {
        for (text, fraction, shown) in [
            ("0", "0", "0"),
            ("12.50", "25/2", "12.5"),
            ("-0.0001", "-1/10000", "-0.0001"),
            ("007", "7", "7"),
            ("4.99", "499/100", "4.99"),
            (
                "999999999999999999999999999999",
                "999999999999999999999999999999",
                "999999999999999999999999999999",
            ),
        ] {
            let decimal = Decimal::parse(text).expect("a decimal");
            assert_eq!(decimal.to_exact().to_string(), fraction, "{text}");
            assert_eq!(decimal.to_string(), shown, "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_their_reason() {
        for text in [
            "", "-", ".5", "5.", "1e2", "+1", " 1", "1 ", "1,5", "NaN", "0x10", "١", "--1", "1.2.3",
        ] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::Malformed), "{text:?}");
        }
        assert_eq!(Decimal::parse("0.00001"), Err(DecimalError::TooPrecise));
        assert_eq!(Decimal::parse(&"9".repeat(31)), Err(DecimalError::TooLarge));
        assert_eq!(
            Decimal::parse(&"9".repeat(1_000_000)),
            Err(DecimalError::TooLarge)
        );
    }
}
