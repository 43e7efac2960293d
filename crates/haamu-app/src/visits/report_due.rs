//! When reports of visits are due, when they were handed in, and in which period they count.

use std::collections::BTreeMap;

use haamu_domain::binding::MAIN_STAGE;
use haamu_domain::{AgencyId, LocalDate, SubmissionId, Timestamp, VisitState, Zone};
use haamu_store::Tx;
use haamu_store::repo::{clients, plans, programmes, submissions};

use crate::programmes::home_zone;
use crate::{App, Error};

use super::briefs::distinct;
use super::read::VisitView;

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

impl App {
    /// Adds to views of visits what is known of their reports, with a fixed number of queries.
    pub(crate) async fn add_reports(
        &self,
        tx: &Tx,
        agency: AgencyId,
        views: &mut [VisitView],
    ) -> Result<(), Error> {
        if views.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = views.iter().map(|view| view.visit.id).collect();
        let rounds = distinct(views.iter().map(|view| view.visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let plans = plans::list(tx, agency, &ids).await?;
        let places = distinct(views.iter().map(|view| view.visit.location));
        let places = clients::list_locations_by_ids(tx, agency, &places).await?;
        let handed_in = handed_in(tx, agency, views).await?;
        for view in views {
            let visit = &view.visit;
            let Some(round) = rounds.iter().find(|round| round.id == visit.round) else {
                continue;
            };
            let zone = places.get(&visit.location);
            let zone = zone.and_then(|place| Zone::named(&place.time_zone));
            let own = plans.get(&visit.id).and_then(|plan| plan.report_by);
            let by = own.unwrap_or(round.report_by);
            let submission = view.assignment.as_ref().map(|assignment| assignment.submission);
            let handed_in_at = submission.and_then(|id| handed_in.get(&id).copied());
            let zone = zone.unwrap_or_else(home_zone);
            view.report = Some(ReportDue {
                by,
                handed_in_at,
                is_late: is_late(visit.state, by, handed_in_at, &zone, self.now()),
                counts_in: round.counts_in,
            });
        }
        Ok(())
    }
}

/// When evaluations were handed in the first time. Of those of which anything was deleted the moments are not exact
/// any more, and left out.
async fn handed_in(
    tx: &Tx,
    agency: AgencyId,
    views: &[VisitView],
) -> Result<BTreeMap<SubmissionId, Timestamp>, Error> {
    let assignments = views.iter().filter_map(|view| view.assignment.as_ref());
    let ids: Vec<_> = assignments.map(|assignment| assignment.submission).collect();
    let mut known = submissions::list_by_ids(tx, agency, &ids).await?;
    known.retain(|submission| submission.purged.is_empty());
    let ids: Vec<_> = known.iter().map(|submission| submission.id).collect();
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
    let is_owed = matches!(state, VisitState::Accepted | VisitState::InProgress);
    let came_at = handed_in_at.or_else(|| is_owed.then_some(now));
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
