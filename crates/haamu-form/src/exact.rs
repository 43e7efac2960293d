//! Exact rational numbers (rule R1).
//!
//! Points, weights and limits are decimals with at most four decimals, but a
//! visit score divides and averages them, and the least common multiple of a
//! few dozen denominators can exceed 128 bits. So a value is a fraction of two
//! machine integers for as long as it fits, and a fraction of big integers
//! when it does not. Both forms are in lowest terms and a value that fits in
//! the small form is always kept in it, hence equality is structural.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Neg, Sub};
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use serde::{Serialize, Serializer};

/// An exact fraction in lowest terms.
///
/// Arithmetic never overflows and never rounds. The text form is `"3/4"`,
/// or `"5"` where the denominator is 1.
///
/// ```
/// use haamu_form::Exact;
///
/// let third = Exact::ratio(1, 3).expect("3 is not zero");
/// assert_eq!((&third + &third).to_string(), "2/3");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Exact(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    /// Lowest terms, `denominator` > 0.
    Small { numerator: i64, denominator: i64 },
    /// Lowest terms, and at least one part does not fit in an `i64`.
    Big(Box<BigRational>),
}

impl Exact {
    /// Zero.
    pub const ZERO: Self = Self::integer(0);
    /// One, which is a score of 100 %.
    pub const ONE: Self = Self::integer(1);

    /// A whole number.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self(Repr::Small {
            numerator: value,
            denominator: 1,
        })
    }

    /// The fraction `numerator / denominator`, or `None` if the denominator is zero.
    #[must_use]
    pub fn ratio(numerator: i64, denominator: i64) -> Option<Self> {
        (denominator != 0).then(|| Self::reduce(i128::from(numerator), i128::from(denominator)))
    }

    /// `scaled / 10^4`, which is how [`Decimal`](crate::Decimal) keeps its value.
    pub(crate) fn from_ten_thousandths(scaled: i128) -> Self {
        if let Ok(small) = i64::try_from(scaled) {
            if small % 10_000 == 0 {
                return Self::integer(small / 10_000);
            }
            return Self::reduce_small(small, 10_000);
        }
        if scaled.unsigned_abs() < 1 << 100 {
            return Self::reduce(scaled, 10_000);
        }
        Self::from_big(BigRational::new(BigInt::from(scaled), BigInt::from(10_000)))
    }

    /// A whole number of any size.
    pub(crate) fn from_big_integer(value: &BigInt) -> Self {
        Self::from_big(BigRational::from_integer(value.clone()))
    }

    /// The quotient, or `None` if `divisor` is zero.
    #[must_use]
    pub fn divided_by(&self, divisor: &Self) -> Option<Self> {
        if divisor.is_zero() {
            return None;
        }
        Some(match (&self.0, &divisor.0) {
            (
                Repr::Small {
                    numerator: a,
                    denominator: b,
                },
                Repr::Small {
                    numerator: c,
                    denominator: d,
                },
            ) => Self::reduce(i128::from(*a) * i128::from(*d), i128::from(*b) * i128::from(*c)),
            _ => Self::from_big(self.to_big() / divisor.to_big()),
        })
    }

    /// Whether the value is exactly zero.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { numerator: 0, .. })
    }

    /// Whether the value is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Small { numerator, .. } => *numerator < 0,
            Repr::Big(value) => value.is_negative(),
        }
    }

    /// The value moved into `low..=high`.
    #[must_use]
    pub fn clamped(self, low: &Self, high: &Self) -> Self {
        if &self < low {
            low.clone()
        } else if &self > high {
            high.clone()
        } else {
            self
        }
    }

    /// The bits of numerator and denominator together: what the value takes to store and to reckon with.
    pub(crate) fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small { .. } => 128,
            Repr::Big(value) => value.numer().bits() + value.denom().bits(),
        }
    }

    /// Numerator and denominator, if both are machine integers.
    pub(crate) const fn as_small(&self) -> Option<(i64, i64)> {
        match &self.0 {
            Repr::Small {
                numerator,
                denominator,
            } => Some((*numerator, *denominator)),
            Repr::Big(_) => None,
        }
    }

    /// The greatest whole number not above the value, with the remainder in `[0, 1)`.
    pub(crate) fn floor_and_remainder(&self) -> (BigInt, Self) {
        let value = self.to_big();
        let floor = value.floor();
        (floor.to_integer(), Self::from_big(value - floor))
    }

    /// The nearest floating-point number, for charts and for nothing that is stored as a score.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Small {
                numerator,
                denominator,
            } => *numerator as f64 / *denominator as f64,
            Repr::Big(value) => value.to_f64().unwrap_or(f64::NAN),
        }
    }

    /// As [`Self::reduce`], in 64 bits; the denominator is above zero.
    fn reduce_small(numerator: i64, denominator: i64) -> Self {
        let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // The divisor is at most the denominator, which is positive.
        let divisor = a.cast_signed();
        Self(Repr::Small {
            numerator: numerator / divisor,
            denominator: denominator / divisor,
        })
    }

    fn reduce(numerator: i128, denominator: i128) -> Self {
        if denominator > 0
            && let (Ok(numerator), Ok(denominator)) = (i64::try_from(numerator), i64::try_from(denominator))
        {
            return Self::reduce_small(numerator, denominator);
        }
        let divisor = greatest_common_divisor(numerator.unsigned_abs(), denominator.unsigned_abs());
        // Callers pass a denominator other than zero, so the divisor is at least 1 and fits.
        let divisor = divisor.cast_signed() * denominator.signum();
        let (numerator, denominator) = (numerator / divisor, denominator / divisor);
        match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(numerator), Ok(denominator)) => Self(Repr::Small {
                numerator,
                denominator,
            }),
            _ => Self(Repr::Big(Box::new(BigRational::new_raw(
                BigInt::from(numerator),
                BigInt::from(denominator),
            )))),
        }
    }

    fn from_big(value: BigRational) -> Self {
        match (value.numer().to_i64(), value.denom().to_i64()) {
            (Some(numerator), Some(denominator)) => Self(Repr::Small {
                numerator,
                denominator,
            }),
            _ => Self(Repr::Big(Box::new(value))),
        }
    }

    fn to_big(&self) -> BigRational {
        match &self.0 {
            Repr::Small {
                numerator,
                denominator,
            } => BigRational::new_raw(BigInt::from(*numerator), BigInt::from(*denominator)),
            Repr::Big(value) => (**value).clone(),
        }
    }
}

/// Euclid's algorithm, in 64 bits as soon as both numbers fit.
fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        if let (Ok(mut x), Ok(mut y)) = (u64::try_from(a), u64::try_from(b)) {
            while y != 0 {
                (x, y) = (y, x % y);
            }
            return u128::from(x);
        }
        (a, b) = (b, a % b);
    }
    a
}

impl Add for &Exact {
    type Output = Exact;

    fn add(self, other: Self) -> Exact {
        match (&self.0, &other.0) {
            (
                Repr::Small {
                    numerator: a,
                    denominator: 1,
                },
                Repr::Small {
                    numerator: c,
                    denominator: 1,
                },
            ) => match a.checked_add(*c) {
                Some(sum) => Exact::integer(sum),
                None => Exact::reduce(i128::from(*a) + i128::from(*c), 1),
            },
            // |a·d| and |c·b| stay below 2^126, so the sum fits in an i128.
            (
                Repr::Small {
                    numerator: a,
                    denominator: b,
                },
                Repr::Small {
                    numerator: c,
                    denominator: d,
                },
            ) => {
                let (a, b, c, d) = (i128::from(*a), i128::from(*b), i128::from(*c), i128::from(*d));
                Exact::reduce(a * d + c * b, b * d)
            }
            _ => Exact::from_big(self.to_big() + other.to_big()),
        }
    }
}

impl Mul for &Exact {
    type Output = Exact;

    fn mul(self, other: Self) -> Exact {
        match (&self.0, &other.0) {
            // Most of what is multiplied is nothing or everything.
            (Repr::Small { numerator: 0, .. }, _) | (_, Repr::Small { numerator: 0, .. }) => Exact::ZERO,
            (
                Repr::Small {
                    numerator: 1,
                    denominator: 1,
                },
                _,
            ) => other.clone(),
            (
                _,
                Repr::Small {
                    numerator: 1,
                    denominator: 1,
                },
            ) => self.clone(),
            (
                Repr::Small {
                    numerator: a,
                    denominator: b,
                },
                Repr::Small {
                    numerator: c,
                    denominator: d,
                },
            ) => Exact::reduce(i128::from(*a) * i128::from(*c), i128::from(*b) * i128::from(*d)),
            _ => Exact::from_big(self.to_big() * other.to_big()),
        }
    }
}

impl Neg for &Exact {
    type Output = Exact;

    fn neg(self) -> Exact {
        match &self.0 {
            Repr::Small {
                numerator,
                denominator,
            } => Exact::reduce(-i128::from(*numerator), i128::from(*denominator)),
            Repr::Big(value) => Exact::from_big(-(**value).clone()),
        }
    }
}

impl Sub for &Exact {
    type Output = Exact;

    fn sub(self, other: Self) -> Exact {
        self + &-other
    }
}

impl<'a> Sum<&'a Self> for Exact {
    fn sum<I: Iterator<Item = &'a Self>>(values: I) -> Self {
        values.fold(Self::ZERO, |total, value| &total + value)
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (
                Repr::Small {
                    numerator: a,
                    denominator: b,
                },
                Repr::Small {
                    numerator: c,
                    denominator: d,
                },
            ) if b == d => a.cmp(c),
            (
                Repr::Small {
                    numerator: a,
                    denominator: b,
                },
                Repr::Small {
                    numerator: c,
                    denominator: d,
                },
            ) => (i128::from(*a) * i128::from(*d)).cmp(&(i128::from(*c) * i128::from(*b))),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Exact {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small {
                numerator,
                denominator: 1,
            } => write!(f, "{numerator}"),
            Repr::Small {
                numerator,
                denominator,
            } => write!(f, "{numerator}/{denominator}"),
            Repr::Big(value) => write!(f, "{value}"),
        }
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a fraction such as `3/4` or `-5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseExactError;

impl fmt::Display for ParseExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a fraction of two whole numbers")
    }
}

impl std::error::Error for ParseExactError {}

impl FromStr for Exact {
    type Err = ParseExactError;

    fn from_str(text: &str) -> Result<Self, ParseExactError> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let whole = |part: &str| part.parse::<BigInt>().map_err(|_| ParseExactError);
        let (numerator, denominator) = (whole(numerator)?, whole(denominator)?);
        if denominator.is_zero() {
            return Err(ParseExactError);
        }
        Ok(Self::from_big(BigRational::new(numerator, denominator)))
    }
}

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect("a fraction")
    }

    #[test]
    fn values_are_kept_in_lowest_terms() {
        assert_eq!(exact("6/8").to_string(), "3/4");
        assert_eq!(exact("-4/-2").to_string(), "2");
        assert_eq!(exact("0/7"), Exact::ZERO);
        assert_eq!(
            Exact::ratio(1, -3).map(|value| value.to_string()).as_deref(),
            Some("-1/3")
        );
        assert_eq!(Exact::ratio(1, 0), None);
    }

    #[test]
    fn overflow_moves_to_big_integers_and_back() {
        let huge = exact("9223372036854775807");
        let beyond = &huge + &Exact::ONE;
        assert_eq!(beyond.to_string(), "9223372036854775808");
        assert_eq!(&beyond - &Exact::ONE, huge);
        let tiny = exact("1/9223372036854775807");
        assert_eq!(&(&tiny * &tiny) * &(&huge * &huge), Exact::ONE);
        let lowest = Exact::integer(i64::MIN);
        assert_eq!(&-&lowest + &lowest, Exact::ZERO);
    }

    #[test]
    fn text_that_is_no_fraction_is_refused() {
        for text in ["", "1/0", "a", "1/2/3", "1.5", "/2"] {
            assert_eq!(text.parse::<Exact>(), Err(ParseExactError), "{text:?}");
        }
    }

    /// Any fraction, small ones and ones at the edge of 64 bits alike.
    fn any_exact() -> impl Strategy<Value = Exact> {
        let part = prop_oneof![-50_i64..50, any::<i64>(), Just(i64::MAX), Just(i64::MIN)];
        (part.clone(), part).prop_filter_map("denominator is not zero", |(top, bottom)| {
            Exact::ratio(top, bottom)
        })
    }

    proptest! {
        #[test]
        fn machine_and_big_integers_agree(a in any_exact(), b in any_exact()) {
            prop_assert_eq!((&a + &b).to_big(), a.to_big() + b.to_big());
            prop_assert_eq!((&a - &b).to_big(), a.to_big() - b.to_big());
            prop_assert_eq!((&a * &b).to_big(), a.to_big() * b.to_big());
            prop_assert_eq!(a.cmp(&b), a.to_big().cmp(&b.to_big()));
            if let Some(quotient) = a.divided_by(&b) {
                prop_assert_eq!(quotient.to_big(), a.to_big() / b.to_big());
            }
        }

        #[test]
        fn text_round_trips(a in any_exact(), b in any_exact()) {
            let value = &a * &b;
            prop_assert_eq!(value.to_string().parse::<Exact>(), Ok(value));
        }
    }
}
