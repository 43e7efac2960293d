//! How visits get to shoppers: the job board, the origin and the end of assignments, and quotas of rounds.

use std::collections::BTreeMap;

use crate::machine::TransitionError;
use crate::names::names;
use crate::{Daypart, LocalDate};

names! {
    /// How shoppers get a visit that is on the job board.
    Board {
        /// They ask for it, and a coordinator decides.
        Apply = "apply",
        /// The first who may, takes it.
        SelfAssign = "self_assign",
    }
}

names! {
    /// How an assignment came about.
    Origin {
        /// A coordinator offered it.
        Coordinator = "coordinator",
        /// The shopper applied.
        Application = "application",
        /// The shopper took it from the board.
        SelfAssigned = "self_assigned",
        /// It is part of a proposed plan that a coordinator approved.
        Plan = "plan",
    }
}

names! {
    /// Why an assignment ended before the visit was handed in.
    EndReason {
        /// The shopper refused it.
        Declined = "declined",
        /// The shopper gave it back.
        GivenBack = "given_back",
        /// The shopper took the application back, or another one was chosen.
        NotChosen = "not_chosen",
        /// The shopper did not answer in time.
        Expired = "expired",
        /// A coordinator gave the visit to somebody else.
        Reassigned = "reassigned",
        /// A coordinator withdrew it.
        Cancelled = "cancelled",
        /// The shopper found the place closed for good, or not there.
        PlaceClosed = "place_closed",
        /// The shopper was there and could not do what the scenario asks.
        CannotDo = "cannot_do",
    }
}

impl EndReason {
    /// What the shopper is told by mail of the end of an offer; nothing of what they did themselves.
    #[must_use]
    pub const fn notice(self) -> Option<NoticeKind> {
        match self {
            Self::Reassigned | Self::Cancelled => Some(NoticeKind::TakenBack),
            Self::Expired => Some(NoticeKind::Expired),
            Self::Declined | Self::GivenBack | Self::NotChosen | Self::PlaceClosed | Self::CannotDo => None,
        }
    }

    /// Whether the visit itself falls away with it, until a coordinator says otherwise.
    #[must_use]
    pub const fn ends_visit(self) -> bool {
        matches!(self, Self::PlaceClosed)
    }
}

names! {
    /// What a shopper is told about an offer by mail.
    NoticeKind {
        /// It was made.
        Offered = "offered",
        /// They are asked whether they want the visit.
        Invited = "invited",
        /// A coordinator took it back.
        TakenBack = "taken_back",
        /// It was not answered in time.
        Expired = "expired",
        /// The report of a visit that they have is due soon.
        ReportDue = "report_due",
    }
}

names! {
    /// Where a proposed plan is in its life.
    ProposalState {
        /// It waits for its turn.
        Waiting = "waiting",
        /// It is being worked out.
        Planning = "planning",
        /// It can be looked at, and applied.
        Ready = "ready",
        /// Its visits are being offered.
        Applying = "applying",
        /// Its visits were offered, but for those that are told apart.
        Applied = "applied",
        /// It could not be worked out or applied: the programme or the coordinator's role is not what it was, or
        /// its job was given up.
        Failed = "failed",
    }
}

names! {
    /// What can happen to a proposed plan.
    ProposalEvent {
        /// It is being worked out, for the first time or once more.
        Plan = "plan",
        /// It was worked out.
        Keep = "keep",
        /// A coordinator has it applied.
        Apply = "apply",
        /// All its visits were offered or refused.
        Finish = "finish",
        /// It cannot go on, or its job was given up.
        Fail = "fail",
        /// The job that works it out is tried anew.
        PlanAnew = "plan_anew",
        /// The job that applies it is tried anew.
        ApplyAnew = "apply_anew",
    }
}

impl ProposalState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where it has no such edge: what is ready or applied does not fail.
    pub const fn after(self, event: ProposalEvent) -> Result<Self, TransitionError> {
        use ProposalEvent as E;
        Ok(match (self, event) {
            (Self::Waiting | Self::Planning, E::Plan) => Self::Planning,
            (Self::Planning, E::Keep) => Self::Ready,
            (Self::Ready, E::Apply) | (Self::Failed, E::ApplyAnew) => Self::Applying,
            (Self::Applying, E::Finish) => Self::Applied,
            (Self::Waiting | Self::Planning | Self::Applying | Self::Failed, E::Fail) => Self::Failed,
            (Self::Failed, E::PlanAnew) => Self::Waiting,
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
        })
    }
}

names! {
    /// What a quota counts by.
    QuotaKind {
        /// Days of the week, `mon` to `sun`.
        Weekday = "weekday",
        /// Parts of the day.
        Daypart = "daypart",
        /// Weeks of the round, `1` from its first day on.
        Week = "week",
    }
}

impl QuotaKind {
    /// Whether there is such a cell.
    #[must_use]
    pub fn has(self, cell: &str) -> bool {
        match self {
            Self::Weekday => ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&cell),
            Self::Daypart => Daypart::from_name(cell).is_some(),
            Self::Week => cell
                .parse::<u8>()
                .is_ok_and(|week| week >= 1 && !cell.starts_with(['0', '+'])),
        }
    }
}

/// The cells of quotas that a visit falls into.
#[must_use]
pub fn cells(
    round_starts_on: LocalDate,
    date: LocalDate,
    daypart: Option<Daypart>,
) -> Vec<(QuotaKind, String)> {
    let week = date.days_since(round_starts_on).div_euclid(7) + 1;
    let mut cells = vec![
        (QuotaKind::Weekday, date.weekday().as_str().to_owned()),
        (QuotaKind::Week, week.to_string()),
    ];
    cells.extend(daypart.map(|part| (QuotaKind::Daypart, part.as_str().to_owned())));
    cells
}

/// The quotas that a visit on that date would exceed. Cells without a quota take any number.
#[must_use]
pub fn full_cells(
    quotas: &BTreeMap<(QuotaKind, String), u32>,
    taken: &BTreeMap<(QuotaKind, String), u32>,
    round_starts_on: LocalDate,
    date: LocalDate,
    daypart: Option<Daypart>,
) -> Vec<(QuotaKind, String)> {
    let is_full = |cell: &(QuotaKind, String)| {
        let most = quotas.get(cell);
        most.is_some_and(|most| taken.get(cell).copied().unwrap_or(0) >= *most)
    };
    cells(round_starts_on, date, daypart)
        .into_iter()
        .filter(is_full)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text).expect("a date")
    }

    fn cell(kind: QuotaKind, cell: &str) -> (QuotaKind, String) {
        (kind, cell.to_owned())
    }

    #[test]
    fn a_visit_falls_into_its_weekday_its_week_and_its_part_of_the_day() {
        let starts_on = day("2026-11-02");
        assert_eq!(
            cells(starts_on, day("2026-11-08"), Some(Daypart::Evening)),
            [
                cell(QuotaKind::Weekday, "sun"),
                cell(QuotaKind::Week, "1"),
                cell(QuotaKind::Daypart, "evening")
            ]
        );
        assert_eq!(
            cells(starts_on, day("2026-11-09"), None)[1],
            cell(QuotaKind::Week, "2")
        );
    }

    #[test]
    fn a_full_cell_takes_no_more_and_one_without_a_quota_takes_all() {
        let starts_on = day("2026-11-02");
        let quotas = BTreeMap::from([
            (cell(QuotaKind::Weekday, "mon"), 2),
            (cell(QuotaKind::Week, "1"), 1),
        ]);
        let taken = BTreeMap::from([
            (cell(QuotaKind::Weekday, "mon"), 1),
            (cell(QuotaKind::Week, "1"), 1),
        ]);
        let full = |date: &str| full_cells(&quotas, &taken, starts_on, day(date), None);
        assert_eq!(full("2026-11-02"), [cell(QuotaKind::Week, "1")]);
        assert_eq!(full("2026-11-09"), []);
    }

    #[test]
    fn cells_have_the_names_of_their_kind() {
        assert!(QuotaKind::Weekday.has("mon") && !QuotaKind::Weekday.has("monday"));
        assert!(QuotaKind::Daypart.has("night") && !QuotaKind::Daypart.has("noon"));
        assert!(QuotaKind::Week.has("12") && !QuotaKind::Week.has("0") && !QuotaKind::Week.has("+1"));
        assert!(!QuotaKind::Week.has("01"));
        for reason in EndReason::ALL {
            assert_eq!(EndReason::from_name(reason.as_str()), Some(*reason));
        }
    }
}
