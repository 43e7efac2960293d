//! Many visits to one score (R29 to R32).

use haamu_form::Exact;

/// What became of a visit, as far as an aggregate needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Included {
    /// It was released and has a score, 1 being 100 %.
    Score(Exact),
    /// It was released, and nothing in it could be scored.
    WithoutScore,
    /// It was voided.
    Voided,
    /// It is not released yet.
    InReview,
}

/// How many visits entered an aggregate, and how many did not, by reason (R29).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Visits with a score.
    pub n: usize,
    /// Released visits in which nothing could be scored.
    pub without_score: usize,
    /// Voided visits.
    pub voided: usize,
    /// Visits that are not released yet.
    pub in_review: usize,
}

/// The scores that enter an aggregate, and the counts of all visits.
#[must_use]
pub fn included(visits: &[Included]) -> (Vec<Exact>, Counts) {
    let mut scores = Vec::with_capacity(visits.len());
    let mut counts = Counts::default();
    for visit in visits {
        match visit {
            Included::Score(score) => {
                counts.n += 1;
                scores.push(score.clone());
            }
            Included::WithoutScore => counts.without_score += 1,
            Included::Voided => counts.voided += 1,
            Included::InReview => counts.in_review += 1,
        }
    }
    (scores, counts)
}

/// The arithmetic mean of exact values (R30); none of none.
#[must_use]
pub fn mean(values: &[Exact]) -> Option<Exact> {
    let count = i64::try_from(values.len()).ok()?;
    values.iter().sum::<Exact>().divided_by(&Exact::integer(count))
}

/// Σ earned over Σ possible of many visits (R30, `pooled_points`); none if nothing was possible.
///
/// It differs from the [`mean`] of visit scores: a visit with many applicable questions weighs more.
#[must_use]
pub fn pooled_points(visits: &[(Exact, Exact)]) -> Option<Exact> {
    let earned: Exact = visits.iter().map(|(earned, _)| earned).sum();
    let possible: Exact = visits.iter().map(|(_, possible)| possible).sum();
    earned.divided_by(&possible)
}

/// How much each location counts in a region or programme (R31).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weighting {
    /// Every visit counts the same.
    Visits,
    /// Every location counts the same: the mean of the locations' means.
    #[default]
    Locations,
    /// Each location counts by its own weight, such as its number of customers.
    Custom,
}

/// The visits to one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The scores of its visits.
    pub scores: Vec<Exact>,
    /// Its weight under [`Weighting::Custom`], not negative.
    pub weight: Exact,
}

/// The score of several locations (R31); none if no visit has a score, or all weights are zero.
/// Locations without a score are left out.
#[must_use]
pub fn of_locations(locations: &[Location], weighting: Weighting) -> Option<Exact> {
    let scored = || locations.iter().filter(|location| !location.scores.is_empty());
    match weighting {
        Weighting::Visits => {
            let all: Vec<Exact> = scored()
                .flat_map(|location| location.scores.iter().cloned())
                .collect();
            mean(&all)
        }
        Weighting::Locations => {
            let means: Vec<Exact> = scored().filter_map(|location| mean(&location.scores)).collect();
            mean(&means)
        }
        Weighting::Custom => {
            let weighted = scored().filter_map(|location| Some((mean(&location.scores)?, &location.weight)));
            let parts: Vec<(Exact, Exact)> = weighted
                .map(|(mean, weight)| (&mean * weight, weight.clone()))
                .collect();
            pooled_points(&parts)
        }
    }
}

/// What may be said of a value that rests on so many visits (R32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// No visit: a dash.
    None,
    /// One visit: the value, marked so, without an interval.
    OneVisit,
    /// Two visits: indicative, an interval only where it is asked for, no rank.
    Indicative,
    /// Three or more: with an interval, and ranked.
    Sufficient,
}

impl Evidence {
    /// The evidence of `n` visits.
    #[must_use]
    pub const fn of(n: usize) -> Self {
        match n {
            0 => Self::None,
            1 => Self::OneVisit,
            2 => Self::Indicative,
            _ => Self::Sufficient,
        }
    }

    /// Whether the value may stand in a ranking.
    #[must_use]
    pub const fn can_be_ranked(self) -> bool {
        matches!(self, Self::Sufficient)
    }
}

/// The most that one visit can distort the mean of `n`: `1/n` of the whole range (R32); none of none.
#[must_use]
pub fn maximum_distortion(n: usize) -> Option<Exact> {
    Exact::ratio(1, i64::try_from(n).ok()?)
}
