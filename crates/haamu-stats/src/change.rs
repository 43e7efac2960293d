//! Whether two rounds differ (R40 to R44).

use statrs::distribution::{ContinuousCDF, Discrete, Hypergeometric, Normal};

use crate::interval::{Interval, mean, student, student_quantile, variance};
use crate::metrics::Recommendations;

/// The level of significance.
pub const ALPHA: f64 = 0.05;
/// Means are compared from so many values on each side.
const FEWEST_VALUES: usize = 3;
/// Below this expected count, shares are compared by Fisher's exact test.
const SMALLEST_EXPECTED: f64 = 5.0;

/// What may be said of a change; never more (R43).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The later round is better.
    Improved,
    /// The later round is worse.
    Declined,
    /// The difference may be chance.
    NoCertainChange,
}

impl Verdict {
    /// The verdict on a difference with this probability of being chance.
    #[must_use]
    pub fn of(difference: f64, p: f64) -> Self {
        if p >= ALPHA || difference == 0.0 {
            Self::NoCertainChange
        } else if difference > 0.0 {
            Self::Improved
        } else {
            Self::Declined
        }
    }
}

/// The test of a difference of two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanChange {
    /// After minus before.
    pub difference: f64,
    /// Welch's t.
    pub t: f64,
    /// Its degrees of freedom.
    pub freedom: f64,
    /// The two-sided probability of a difference of this size by chance.
    pub p: f64,
    /// The difference with 95 % confidence.
    pub interval: Interval,
}

/// Compares two means by Welch's t, two-sided (R40). None with fewer than three
/// values on a side, or if neither side varies.
#[must_use]
pub fn of_means(before: &[f64], after: &[f64]) -> Option<MeanChange> {
    let is_finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    if before.len().min(after.len()) < FEWEST_VALUES || !is_finite(before) || !is_finite(after) {
        return None;
    }
    let error = |values: &[f64]| variance(values) / values.len() as f64;
    let (first, second) = (error(before), error(after));
    let squared = first + second;
    if squared <= 0.0 {
        return None;
    }
    let difference = mean(after) - mean(before);
    let t = difference / squared.sqrt();
    let part = |error: f64, count: usize| error.powi(2) / (count as f64 - 1.0);
    let freedom = squared.powi(2) / (part(first, before.len()) + part(second, after.len()));
    let p = 2.0 * student(freedom).cdf(-t.abs());
    let interval = Interval::around(difference, student_quantile(freedom) * squared.sqrt());
    Some(MeanChange {
        difference,
        t,
        freedom,
        p,
        interval,
    })
}

/// So many successes of so many trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Successes.
    pub successes: u64,
    /// Trials.
    pub trials: u64,
}

impl Share {
    fn value(self) -> f64 {
        self.successes as f64 / self.trials as f64
    }
}

/// How two shares were compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ShareTest {
    /// By the pooled z.
    PooledZ {
        /// z.
        z: f64,
    },
    /// By Fisher's exact test, because an expected count is below 5.
    FisherExact,
}

/// The test of a difference of two shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareChange {
    /// After minus before, 1 being 100 percentage points.
    pub difference: f64,
    /// How they were compared.
    pub test: ShareTest,
    /// The two-sided probability of a difference of this size by chance.
    pub p: f64,
}

/// Compares two shares (R41); none if a side has no trial.
///
/// # Panics
/// If there are more successes than trials.
#[must_use]
pub fn of_shares(before: Share, after: Share) -> Option<ShareChange> {
    assert!(
        before.successes <= before.trials && after.successes <= after.trials,
        "a share is at most 1"
    );
    if before.trials == 0 || after.trials == 0 {
        return None;
    }
    let difference = after.value() - before.value();
    let successes = before.successes + after.successes;
    let trials = before.trials + after.trials;
    let pooled = successes as f64 / trials as f64;
    let expected = [before.trials, after.trials].map(|n| n as f64 * pooled.min(1.0 - pooled));
    if expected.iter().any(|count| *count < SMALLEST_EXPECTED) {
        let p = fisher_exact(before, after);
        return Some(ShareChange {
            difference,
            test: ShareTest::FisherExact,
            p,
        });
    }
    let error = (pooled * (1.0 - pooled) * (1.0 / before.trials as f64 + 1.0 / after.trials as f64)).sqrt();
    let z = difference / error;
    Some(ShareChange {
        difference,
        test: ShareTest::PooledZ { z },
        p: two_sided(z),
    })
}

/// The probability of a table at least as unlikely as this one, its margins being given.
fn fisher_exact(before: Share, after: Share) -> f64 {
    let population = before.trials + after.trials;
    let successes = before.successes + after.successes;
    let Ok(table) = Hypergeometric::new(population, successes, before.trials) else {
        return 1.0;
    };
    let seen = table.ln_pmf(before.successes);
    // Tables that are as likely must count in spite of rounding.
    let limit = seen + 1e-7;
    let lowest = (before.trials + successes).saturating_sub(population);
    let highest = before.trials.min(successes);
    let likely = (lowest..=highest)
        .map(|count| table.ln_pmf(count))
        .filter(|chance| *chance <= limit);
    likely.map(f64::exp).sum::<f64>().min(1.0)
}

/// The test of a difference of two Net Promoter Scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NpsChange {
    /// After minus before, in points.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// z.
    pub z: f64,
    /// The two-sided probability of a difference of this size by chance.
    pub p: f64,
}

/// Compares two Net Promoter Scores (R42); none if a side has no answer or neither varies.
#[must_use]
pub fn of_nps(before: Recommendations, after: Recommendations) -> Option<NpsChange> {
    let difference = (&after.nps()? - &before.nps()?).to_f64();
    let standard_error = before.standard_error()?.hypot(after.standard_error()?);
    if standard_error <= 0.0 {
        return None;
    }
    let z = difference / standard_error;
    Some(NpsChange {
        difference,
        standard_error,
        z,
        p: two_sided(z),
    })
}

/// Holm's correction for a table with many tests (R43): the adjusted probabilities, in the given order.
#[must_use]
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let count = probabilities.len();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
    let mut adjusted = vec![1.0; count];
    let mut highest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        let factor = (count - rank) as f64;
        highest = highest.max((probabilities[index] * factor).min(1.0));
        adjusted[index] = highest;
    }
    adjusted
}

/// How much more the locations with an action changed than those without (R44), described and not tested.
#[must_use]
pub fn difference_of_differences(with: (f64, f64), without: (f64, f64)) -> f64 {
    (with.1 - with.0) - (without.1 - without.0)
}

fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().cdf(-z.abs())
}
