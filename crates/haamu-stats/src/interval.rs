//! Confidence intervals (R33 to R35), two-sided at 95 %.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// The 97.5 % point of the standard normal distribution.
pub const Z95: f64 = 1.959_963_984_540_054;

/// An interval from `low` to `high`, not clipped to what is possible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// The interval `centre ± half_width`.
    #[must_use]
    pub(crate) fn around(centre: f64, half_width: f64) -> Self {
        Self {
            low: centre - half_width,
            high: centre + half_width,
        }
    }

    /// The part of it that a reader is shown: a percentage lies between 0 and 100.
    #[must_use]
    pub fn clipped(self, low: f64, high: f64) -> Self {
        Self {
            low: self.low.max(low),
            high: self.high.min(high),
        }
    }
}

/// How sure a mean is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MeanInterval {
    /// Fewer than two values say nothing about their spread.
    TooFew,
    /// All values are the same, so that no interval can be given.
    NoVariation,
    /// The interval.
    Interval {
        /// The mean.
        mean: f64,
        /// The standard deviation of the sample.
        deviation: f64,
        /// The 97.5 % point of Student's t with n − 1 degrees of freedom.
        t: f64,
        /// Where the mean lies with 95 % confidence.
        interval: Interval,
    },
}

/// The interval of a mean by Student's t (R33). Values that are not finite make it [`MeanInterval::TooFew`].
///
/// A reader who looks at visits of a single shopper is shown none: such visits
/// are not independent (R35).
#[must_use]
pub fn of_mean(values: &[f64]) -> MeanInterval {
    if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
        return MeanInterval::TooFew;
    }
    let n = values.len() as f64;
    let mean = mean(values);
    let deviation = variance(values).sqrt();
    if deviation == 0.0 || values.iter().all(|value| *value == values[0]) {
        return MeanInterval::NoVariation;
    }
    let t = student_quantile(n - 1.0);
    let interval = Interval::around(mean, t * deviation / n.sqrt());
    MeanInterval::Interval {
        mean,
        deviation,
        t,
        interval,
    }
}

/// Wilson's score interval of a share, without continuity correction (R34); none of none.
///
/// # Panics
/// If there are more successes than trials.
#[must_use]
pub fn of_share(successes: u64, trials: u64) -> Option<Interval> {
    assert!(successes <= trials, "a share is at most 1");
    if trials == 0 {
        return None;
    }
    let n = trials as f64;
    let p = successes as f64 / n;
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half_width = Z95 * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    // Rounding must not push the ends of certain shares out of range.
    let low = if successes == 0 { 0.0 } else { centre - half_width };
    let high = if successes == trials {
        1.0
    } else {
        centre + half_width
    };
    Some(Interval { low, high })
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance of a sample of at least two values.
pub(crate) fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The 97.5 % point of Student's t.
pub(crate) fn student_quantile(freedom: f64) -> f64 {
    student(freedom).inverse_cdf(0.975)
}

pub(crate) fn student(freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom are positive")
}
