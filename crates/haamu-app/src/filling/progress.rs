//! How far a round is: its visits by state, and how full its quotas are.

use std::collections::BTreeMap;

use haamu_domain::filling::{QuotaKind, cells};
use haamu_domain::{Actor, LocalDate, RoundId, Verb, VisitState};
use haamu_store::Tx;
use haamu_store::repo::programmes::{self, Round};
use haamu_store::repo::progress::{Taken, Unassigned};
use haamu_store::repo::{plans, progress};

use crate::context::require_in_agency;
use crate::programmes::within_reach;
use crate::{App, Error};

/// How full a cell of a quota is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellProgress {
    /// How many visits it takes at most; none where it takes any number.
    pub size: Option<u32>,
    /// Visits that nobody has, and whose own plan leaves them no other cell.
    pub planned: u64,
    /// Visits that are offered to somebody.
    pub offered: u64,
    /// Visits that somebody has accepted or begun.
    pub accepted: u64,
    /// Visits that were made and handed in.
    pub made: u64,
}

impl CellProgress {
    /// How many visits still find room; none where any number does.
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let taken = self.offered + self.accepted + self.made;
        Some(u64::from(self.size?).saturating_sub(taken))
    }
}

/// How far a round is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundProgress {
    /// Its visits by state.
    pub states: BTreeMap<VisitState, u64>,
    /// Those of them that are planned and offered to somebody.
    pub offered: u64,
    /// Those of them that are planned and not to be made any more.
    pub called_off: u64,
    /// Those of them that somebody has, whose report was due before today.
    pub reports_overdue: u64,
    /// The cells of its quotas, and others that visits fall into.
    pub cells: BTreeMap<(QuotaKind, String), CellProgress>,
}

impl App {
    /// How far a round is.
    ///
    /// # Errors
    /// There is no such round.
    pub async fn read_round_progress(&self, actor: &Actor, id: RoundId) -> Result<RoundProgress, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        let today = self.today();
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let round = programmes::find_round(tx, agency, id).await?;
            let (round, _) = within_reach(tx, actor, Verb::ReadVisits, round, "round").await?;
            let mut found = RoundProgress {
                states: progress::count_by_state(tx, agency, id)
                    .await?
                    .into_iter()
                    .collect(),
                called_off: progress::count_called_off(tx, agency, id).await?,
                reports_overdue: progress::count_overdue(tx, agency, id, today).await?,
                ..RoundProgress::default()
            };
            for (cell, size) in plans::list_quotas(tx, agency, id).await? {
                found.cells.entry(cell).or_default().size = Some(size);
            }
            for group in progress::count_unassigned(tx, agency, id).await? {
                found.add_unassigned(&round, &group);
            }
            let agreed = progress::count_agreed(tx, agency, id).await?;
            for group in agreed
                .into_iter()
                .chain(progress::count_made(tx, agency, id).await?)
            {
                found.add_taken(&round, &group);
            }
            Ok(found)
        })
        .await
    }
}

impl RoundProgress {
    fn add_unassigned(&mut self, round: &Round, group: &Unassigned) {
        for cell in only_cells(round, group) {
            self.cells.entry(cell).or_default().planned += group.visits;
        }
    }

    fn add_taken(&mut self, round: &Round, group: &Taken) {
        let is_offered = group.state == VisitState::Planned;
        if is_offered {
            self.offered += group.visits;
        }
        for cell in cells(round.starts_on, group.date, group.daypart) {
            let of_cell = self.cells.entry(cell).or_default();
            match group.state {
                VisitState::Planned => of_cell.offered += group.visits,
                VisitState::Accepted | VisitState::InProgress => of_cell.accepted += group.visits,
                _ => of_cell.made += group.visits,
            }
        }
    }
}

/// The cells that a visit falls into on whichever of its days it is made.
fn only_cells(round: &Round, group: &Unassigned) -> Vec<(QuotaKind, String)> {
    let first = group.starts_on.unwrap_or(round.starts_on);
    let last = group.visit_by.unwrap_or(round.visit_by);
    let on = |day: LocalDate| cells(round.starts_on, day, group.daypart);
    let (mut common, at_end) = (on(first), on(last));
    common.retain(|(kind, cell)| match kind {
        // A week or more has all weekdays, though it may end on that on which it began.
        QuotaKind::Weekday => first == last,
        QuotaKind::Week | QuotaKind::Daypart => at_end.contains(&(*kind, cell.clone())),
    });
    common
}

#[cfg(test)]
mod tests {
    use haamu_domain::{ChecklistVersionId, Daypart, ProgrammeId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_visit_is_planned_for_a_cell_where_its_days_leave_no_other() {
        let day = |text: &str| LocalDate::parse(text).expect("a date");
        let round = Round {
            id: RoundId::from_uuid(Uuid::nil()),
            programme: ProgrammeId::from_uuid(Uuid::nil()),
            name: String::new(),
            checklist_version: ChecklistVersionId::from_uuid(Uuid::nil()),
            starts_on: day("2026-11-02"),
            visit_by: day("2026-11-29"),
            report_by: day("2026-12-01"),
            counts_in: day("2026-11-30"),
            cancelled: None,
            row_version: 1,
        };
        let planned = |from: Option<&str>, until: Option<&str>, daypart| {
            let group = Unassigned {
                starts_on: from.map(day),
                visit_by: until.map(day),
                daypart,
                visits: 1,
            };
            let cells = only_cells(&round, &group).into_iter();
            cells
                .map(|(kind, cell)| format!("{} {cell}", kind.as_str()))
                .collect::<Vec<_>>()
        };
        assert_eq!(planned(None, None, None), [""; 0]);
        assert_eq!(planned(None, None, Some(Daypart::Night)), ["daypart night"]);
        assert_eq!(planned(Some("2026-11-09"), Some("2026-11-15"), None), ["week 2"]);
        assert_eq!(planned(Some("2026-11-09"), Some("2026-11-16"), None), [""; 0]);
        assert_eq!(planned(None, Some("2026-11-02"), None), ["weekday mon", "week 1"]);
    }
}
