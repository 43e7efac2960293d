//! What an edit would have done to evaluations that are stored.

use crate::{Checklist, Decisions, Draft, Exact, score};

use super::migrate;

/// The differences of scores that an edit would make. Stored scores stay as they are (R2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Evaluations that have a score in both versions.
    pub compared: usize,
    /// Of those, the ones whose score would be another.
    pub changed: usize,
    /// Of those, the ones whose grade would be another.
    pub regraded: usize,
    /// Evaluations that would have a score only now, or no more.
    pub scored_in_one: usize,
    /// Evaluations of which some answer would have no place.
    pub with_aside: usize,
    /// New minus old score of the compared evaluations, ascending, 1 being 100 percentage points.
    pub differences: Vec<Exact>,
}

impl Impact {
    /// The mean difference; none if nothing could be compared.
    #[must_use]
    pub fn mean(&self) -> Option<Exact> {
        let count = i64::try_from(self.differences.len()).ok()?;
        let sum: Exact = self.differences.iter().sum();
        sum.divided_by(&Exact::integer(count))
    }

    /// The difference below which a share of all differences lies, by nearest rank; none if there is none.
    #[must_use]
    pub fn percentile(&self, hundredths: usize) -> Option<&Exact> {
        let rank = (self.differences.len() * hundredths.clamp(1, 100)).div_ceil(100);
        self.differences.get(rank.checked_sub(1)?)
    }
}

/// Scores evaluations of the version `old` once more, as if they had been made with `new`.
#[must_use]
pub fn impact<'a>(
    old: &Checklist,
    new: &Checklist,
    evaluations: impl IntoIterator<Item = &'a Draft>,
) -> Impact {
    let mut impact = Impact::default();
    for draft in evaluations {
        let migration = migrate(old, new, draft);
        if !migration.aside.is_empty() {
            impact.with_aside += 1;
        }
        let before = score(old, draft.answers(), Decisions::default());
        let after = score(new, migration.draft.answers(), Decisions::default());
        match (&before.last, &after.last) {
            (Some(was), Some(is)) => {
                let difference = is - was;
                impact.compared += 1;
                impact.changed += usize::from(!difference.is_zero());
                impact.regraded += usize::from(before.grade != after.grade);
                impact.differences.push(difference);
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => impact.scored_in_one += 1,
        }
    }
    impact.differences.sort();
    impact
}
