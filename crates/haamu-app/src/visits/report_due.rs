//! When reports of visits are due, when they were handed in, and in which period they count.

use std::collections::BTreeMap;

use haamu_domain::binding::MAIN_STAGE;
use haamu_domain::{AgencyId, LocalDate, SubmissionId, Timestamp, VisitState, Zone};
use haamu_store::Tx;
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::submissions::{self, Submission};

use crate::Error;

/// When the report of a visit is due, and whether it is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportDue {
    /// The last day on which it is in time, at the place.
    pub by: LocalDate,
    /// When it was handed in the first time, where that is still known.
    pub handed_in_at: Option<Timestamp>,
    /// Whether it came after that day, or has not come and the day is over.
    pub is_late: bool,
    /// The day by whose period the results count.
    pub counts_in: LocalDate,
}

impl ReportDue {
    /// When the report of a visit is due that is in this state, of this round and perhaps with a plan of its own.
    pub(crate) fn of(
        (state, round, plan): (VisitState, &Round, Option<&VisitPlan>),
        handed_in_at: Option<Timestamp>,
        zone: &Zone,
        now: Timestamp,
    ) -> Self {
        let by = plan.and_then(|plan| plan.report_by).unwrap_or(round.report_by);
        Self {
            by,
            handed_in_at,
            is_late: is_late(state, by, handed_in_at, zone, now),
            counts_in: round.counts_in,
        }
    }
}

/// When evaluations were handed in the first time. Of those of which anything was deleted the moments are not exact
/// any more, and left out.
pub(crate) async fn first_handed_in(
    tx: &Tx,
    agency: AgencyId,
    of: &[Submission],
) -> Result<BTreeMap<SubmissionId, Timestamp>, Error> {
    let exact = of.iter().filter(|submission| submission.purged.is_empty());
    let ids: Vec<_> = exact.map(|submission| submission.id).collect();
    let mut found = BTreeMap::new();
    for (id, stage) in submissions::list_stages_of(tx, agency, &ids).await? {
        if stage.stage == MAIN_STAGE {
            let at = found.entry(id).or_insert(stage.submitted_at);
            *at = stage.submitted_at.min(*at);
        }
    }
    Ok(found)
}

/// Whether a report came after the day by which it is due, or is owed still when that day is over.
fn is_late(
    state: VisitState,
    by: LocalDate,
    handed_in_at: Option<Timestamp>,
    zone: &Zone,
    now: Timestamp,
) -> bool {
    let came_at = handed_in_at.or_else(|| state.is_owed().then_some(now));
    came_at.is_some_and(|at| zone.date_of(at) > by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_late_once_its_day_is_over_at_the_place() {
        let zone = Zone::named("Europe/Helsinki").expect("a zone");
        let by = LocalDate::parse("2026-12-01").expect("a date");
        let end = zone.start_of(by.plus_days(1));
        let (before, after) = (end.plus_seconds(-1), end);
        let is_late = |state, handed_in_at, now| is_late(state, by, handed_in_at, &zone, now);
        assert!(!is_late(VisitState::InReview, Some(before), after));
        assert!(is_late(VisitState::InReview, Some(after), after));
        assert!(!is_late(VisitState::Accepted, None, before));
        assert!(is_late(VisitState::InProgress, None, after));
        assert!(!is_late(VisitState::Planned, None, after), "nobody owes it");
        assert!(
            !is_late(VisitState::Closed, None, after),
            "when it came is not known any more"
        );
    }
}
