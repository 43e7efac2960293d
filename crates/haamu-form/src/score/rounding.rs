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
