//! Rounding for display: once, from the exact value (R56, R57).

use num_bigint::BigInt;
use num_traits::{Pow, Signed, Zero};

use crate::Exact;
use crate::checklist::Rounding;

/// A fraction of 1 as a rounded percentage without a sign, such as `80.2`.
///
/// With `guard`, `100` is shown only for exactly 100 % and `0` only for exactly
/// 0 %: a value that would be rounded onto one of them is shown one step beside it.
/// `decimals` is at most 4 in a checklist; more are allowed here.
#[must_use]
pub fn display_percentage(value: &Exact, decimals: u32, rounding: Rounding, guard: bool) -> String {
    if let Some(text) = small_percentage(value, decimals, rounding, guard) {
        return text;
    }
    let scale = BigInt::from(10).pow(decimals);
    let percent = value * &Exact::integer(100);
    let scaled = &percent * &Exact::from_big_integer(&scale);
    let mut steps = round(&scaled, rounding);
    if guard {
        for bound in [BigInt::zero(), BigInt::from(100) * &scale] {
            let exact_bound = Exact::from_big_integer(&bound);
            if steps == bound && scaled != exact_bound {
                steps += if scaled < exact_bound { -1 } else { 1 };
            }
        }
    }
    decimal_text(&steps, &scale, decimals)
}

/// The same in machine integers, where they are large enough.
fn small_percentage(value: &Exact, decimals: u32, rounding: Rounding, guard: bool) -> Option<String> {
    let (numerator, denominator) = value.as_small()?;
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    let scale = 10_i128.checked_pow(decimals).filter(|_| decimals <= 9)?;
    // |numerator| is below 2^63 and 100 · scale at most 10^11, so the product fits.
    let scaled = numerator * 100 * scale;
    let (floor, rest) = (scaled.div_euclid(denominator), scaled.rem_euclid(denominator));
    let is_up = match (2 * rest).cmp(&denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => match rounding {
            Rounding::HalfUp => scaled >= 0,
            Rounding::HalfEven => floor % 2 != 0,
        },
    };
    let mut steps = if is_up { floor + 1 } else { floor };
    if guard {
        for bound in [0, 100 * scale] {
            let exact = bound * denominator;
            if steps == bound && scaled != exact {
                steps += if scaled < exact { -1 } else { 1 };
            }
        }
    }
    let sign = if steps < 0 { "-" } else { "" };
    let (whole, decimal_part) = (steps.abs() / scale, steps.abs() % scale);
    if decimals == 0 {
        return Some(format!("{sign}{whole}"));
    }
    let width = usize::try_from(decimals).unwrap_or(usize::MAX);
    Some(format!("{sign}{whole}.{decimal_part:0>width$}"))
}

/// Rounds to a whole number of steps.
fn round(scaled: &Exact, rounding: Rounding) -> BigInt {
    let (floor, remainder) = scaled.floor_and_remainder();
    let twice = &remainder + &remainder;
    let is_up = match twice.cmp(&Exact::ONE) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => match rounding {
            // Away from zero: up for positive values, down for negative ones.
            Rounding::HalfUp => !scaled.is_negative(),
            Rounding::HalfEven => !(&floor % 2_u8).is_zero(),
        },
    };
    if is_up { floor + 1 } else { floor }
}

fn decimal_text(steps: &BigInt, scale: &BigInt, decimals: u32) -> String {
    let sign = if steps.is_negative() { "-" } else { "" };
    let magnitude = steps.abs();
    let whole = &magnitude / scale;
    if decimals == 0 {
        return format!("{sign}{whole}");
    }
    let rest = (&magnitude % scale).to_string();
    let width = usize::try_from(decimals).unwrap_or(usize::MAX);
    format!("{sign}{whole}.{rest:0>width$}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn machine_and_big_integers_round_alike(
            top in any::<i64>(), bottom in 1_i64.., decimals in 0_u32..=9, even in any::<bool>(), guard in any::<bool>(),
        ) {
            let value = Exact::ratio(top, bottom).expect("bottom is not zero");
            let rounding = if even { Rounding::HalfEven } else { Rounding::HalfUp };
            let scale = BigInt::from(10).pow(decimals);
            let percent = &value * &Exact::integer(100);
            let scaled = &percent * &Exact::from_big_integer(&scale);
            let mut steps = round(&scaled, rounding);
            if guard {
                for bound in [BigInt::zero(), BigInt::from(100) * &scale] {
                    let exact = Exact::from_big_integer(&bound);
                    if steps == bound && scaled != exact {
                        steps += if scaled < exact { -1 } else { 1 };
                    }
                }
            }
            prop_assert_eq!(display_percentage(&value, decimals, rounding, guard), decimal_text(&steps, &scale, decimals));
        }
    }
}
