//! Recommendation, effort and satisfaction (R36 to R39).
//!
//! Values of customers and of shoppers are never pooled (R37): count each
//! source by itself.

use haamu_form::{Exact, Rounding, score::display_percentage};

use crate::interval::{Interval, Z95};

/// Below so many answers the interval of an NPS is hidden (R36).
pub const NPS_ENOUGH: u64 = 30;

/// Answers to "how likely are you to recommend", 0 to 10, in their three groups (R36).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recommendations {
    /// Answers 9 and 10.
    pub promoters: u64,
    /// Answers 7 and 8.
    pub passives: u64,
    /// Answers 0 to 6.
    pub detractors: u64,
}

impl Recommendations {
    /// Groups answers; those outside 0 to 10 are left out.
    #[must_use]
    pub fn of(answers: &[i64]) -> Self {
        let count = |range: std::ops::RangeInclusive<i64>| {
            answers.iter().filter(|answer| range.contains(answer)).count() as u64
        };
        Self {
            promoters: count(9..=10),
            passives: count(7..=8),
            detractors: count(0..=6),
        }
    }

    /// The number of answers.
    #[must_use]
    pub const fn n(self) -> u64 {
        self.promoters + self.passives + self.detractors
    }

    /// The Net Promoter Score, −100 to +100; none of none.
    #[must_use]
    pub fn nps(self) -> Option<Exact> {
        let share = ratio(whole(self.promoters) - whole(self.detractors), whole(self.n()))?;
        Some(&share * &Exact::integer(100))
    }

    /// The NPS as a whole number, ties away from zero.
    #[must_use]
    pub fn display(self) -> Option<String> {
        let share = ratio(whole(self.promoters) - whole(self.detractors), whole(self.n()))?;
        Some(display_percentage(&share, 0, Rounding::HalfUp, false))
    }

    /// The variance of one answer counted as +1, 0 or −1: p + d − (p − d)².
    #[must_use]
    pub fn variance(self) -> Option<Exact> {
        let n = whole(self.n());
        let (p, d) = (
            ratio(whole(self.promoters), n)?,
            ratio(whole(self.detractors), n)?,
        );
        let difference = &p - &d;
        Some(&(&p + &d) - &(&difference * &difference))
    }

    /// The standard error of the NPS in its own points.
    #[must_use]
    pub fn standard_error(self) -> Option<f64> {
        Some(100.0 * (self.variance()?.to_f64() / self.n() as f64).sqrt())
    }

    /// The NPS with 95 % confidence. Whether it is shown, [`Recommendations::is_enough`] says.
    #[must_use]
    pub fn interval(self) -> Option<Interval> {
        Some(Interval::around(
            self.nps()?.to_f64(),
            Z95 * self.standard_error()?,
        ))
    }

    /// Whether there are enough answers for the interval to be shown.
    #[must_use]
    pub const fn is_enough(self) -> bool {
        self.n() >= NPS_ENOUGH
    }
}

/// The mean of a rating, and the share of its good answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The number of answers.
    pub n: usize,
    /// Their mean.
    pub mean: Exact,
    /// The share of good answers.
    pub good_share: Exact,
}

/// Customer effort, "… made it easy for me", 1 to 7: the mean and the share of 5 to 7 (R38). None of none.
///
/// The older form that asked for effort on 1 to 5 is another metric.
#[must_use]
pub fn ces(answers: &[i64]) -> Option<Rating> {
    rating(answers, 1..=7, 5)
}

/// Satisfaction, 1 to 5: the mean and the share of 4 and 5 (R39). None of none.
#[must_use]
pub fn csat(answers: &[i64]) -> Option<Rating> {
    rating(answers, 1..=5, 4)
}

/// The rating of answers in `range`, those from `good` on being good; others are left out.
#[must_use]
pub fn rating(answers: &[i64], range: std::ops::RangeInclusive<i64>, good: i64) -> Option<Rating> {
    let answers: Vec<i64> = answers
        .iter()
        .copied()
        .filter(|answer| range.contains(answer))
        .collect();
    let n = i64::try_from(answers.len()).ok()?;
    let good_answers = answers.iter().filter(|answer| **answer >= good).count();
    Some(Rating {
        n: answers.len(),
        mean: ratio(answers.iter().sum(), n)?,
        good_share: ratio(i64::try_from(good_answers).ok()?, n)?,
    })
}

fn ratio(part: i64, whole: i64) -> Option<Exact> {
    Exact::ratio(part, whole)
}

/// Counts of people are far below the limit.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
