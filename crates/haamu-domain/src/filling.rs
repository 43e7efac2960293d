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
    /// Whether anybody has a visit, as lists of visits are asked for.
    Holding {
        /// Nobody has it, and it is offered to nobody.
        None = "none",
        /// Somebody is to answer an offer of it.
        Offered = "offered",
        /// Somebody has accepted it.
        Accepted = "accepted",
    }
}

names! {
    /// Why an assignment ended before the visit was handed in.
    EndReason {
        /// The shopper refused it.
        Declined = "declined",
        /// The shopper gave it back.
        GivenBack = "given_back",
        /// Another application was chosen. Until applications were told apart, also one that the shopper took back.
        NotChosen = "not_chosen",
        /// The shopper took the application back, or is no shopper of the agency any more.
        Withdrawn = "withdrawn",
        /// A coordinator refused the application.
        Refused = "refused",
        /// The shopper did not answer in time.
        Expired = "expired",
        /// A coordinator gave the visit to somebody else.
        Reassigned = "reassigned",
        /// A coordinator withdrew it.
        Cancelled = "cancelled",
        /// The shopper had accepted it, and had not begun when its days were over.
        Overdue = "overdue",
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
            Self::Overdue => Some(NoticeKind::Overdue),
            Self::Declined
            | Self::GivenBack
            | Self::NotChosen
            | Self::Withdrawn
            | Self::Refused
            | Self::PlaceClosed
            | Self::CannotDo => None,
        }
    }

    /// What coordinators are told by mail of what a shopper did with a visit, so that somebody else gets it.
    #[must_use]
    pub const fn staff_notice(self) -> Option<NoticeKind> {
        match self {
            Self::Declined => Some(NoticeKind::Declined),
            Self::GivenBack => Some(NoticeKind::GivenBack),
            // Neither an answer nor a visit came in time.
            Self::Expired | Self::Overdue => Some(NoticeKind::Lapsed),
            Self::PlaceClosed => Some(NoticeKind::PlaceClosed),
            Self::CannotDo => Some(NoticeKind::CannotDo),
            Self::NotChosen | Self::Withdrawn | Self::Refused | Self::Reassigned | Self::Cancelled => None,
        }
    }

    /// What an applicant is told by mail of the end of their application; nothing of what they did themselves. Whoever
    /// is told that another one was chosen hears it with the offer to that one.
    #[must_use]
    pub const fn applicant_notice(self) -> Option<NoticeKind> {
        match self {
            Self::Cancelled => Some(NoticeKind::CalledOff),
            Self::Refused => Some(NoticeKind::Refused),
            _ => None,
        }
    }

    /// Whether a shopper who had a visit, or asked for it, does not want it, cannot make it, or is not to have it.
    #[must_use]
    pub const fn is_given_up(self) -> bool {
        match self {
            Self::Declined
            | Self::Expired
            | Self::Overdue
            | Self::GivenBack
            | Self::Refused
            | Self::CannotDo => true,
            Self::NotChosen | Self::Withdrawn | Self::Reassigned | Self::Cancelled | Self::PlaceClosed => {
                false
            }
        }
    }

    /// Whether the visit itself falls away with it, until a coordinator says otherwise.
    #[must_use]
    pub const fn ends_visit(self) -> bool {
        matches!(self, Self::PlaceClosed)
    }
}

names! {
    /// What a shopper is told about a visit by mail, or a coordinator about what a shopper did with one.
    NoticeKind {
        /// It was made.
        Offered = "offered",
        /// They are asked whether they want the visit.
        Invited = "invited",
        /// A coordinator took it back.
        TakenBack = "taken_back",
        /// It was not answered in time.
        Expired = "expired",
        /// Its days are soon over, and it is not begun.
        DueSoon = "due_soon",
        /// It was not begun in time, and taken back.
        Overdue = "overdue",
        /// They asked for the visit, and somebody else was chosen.
        NotChosen = "not_chosen",
        /// They asked for the visit, and it was called off.
        CalledOff = "called_off",
        /// They asked for the visit, and a coordinator refused it to them.
        Refused = "refused",
        /// They have the visit, and got more time for it.
        Extended = "extended",
        /// They have the visit, and its plan has changed.
        Changed = "changed",
        /// A shopper refused an offer.
        Declined = "declined",
        /// A shopper gave a visit back.
        GivenBack = "given_back",
        /// A shopper did not answer an offer in time.
        Lapsed = "lapsed",
        /// A shopper found the place of a visit closed for good, or not there.
        PlaceClosed = "place_closed",
        /// A shopper could not do what the scenario of a visit asks.
        CannotDo = "cannot_do",
        /// Whoever had a visit is no shopper any more, and it is nobody's.
        Departed = "departed",
        /// Whoever has begun a visit is no shopper any more, and has it still.
        DepartedBegun = "departed_begun",
        /// Whoever has a visit was suspended.
        Suspended = "suspended",
        /// The report of a visit that they have is due soon.
        ReportDue = "report_due",
    }
}

impl NoticeKind {
    /// Whether it is for coordinators.
    #[must_use]
    pub const fn is_for_staff(self) -> bool {
        match self {
            Self::Declined
            | Self::GivenBack
            | Self::Lapsed
            | Self::PlaceClosed
            | Self::CannotDo
            | Self::Departed
            | Self::DepartedBegun
            | Self::Suspended => true,
            Self::Offered
            | Self::Invited
            | Self::TakenBack
            | Self::Expired
            | Self::DueSoon
            | Self::Overdue
            | Self::NotChosen
            | Self::CalledOff
            | Self::Refused
            | Self::Extended
            | Self::Changed
            | Self::ReportDue => false,
        }
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

/// The first day after one on which quotas of a kind take another visit. Other days do not cure full parts of the
/// day.
#[must_use]
pub fn next_room(
    quotas: &BTreeMap<(QuotaKind, String), u32>,
    taken: &BTreeMap<(QuotaKind, String), u32>,
    round_starts_on: LocalDate,
    (kind, date): (QuotaKind, LocalDate),
) -> Option<LocalDate> {
    let has_room = |day: &LocalDate| {
        let full = full_cells(quotas, taken, round_starts_on, *day, None);
        full.iter().all(|(full, _)| *full != kind)
    };
    match kind {
        QuotaKind::Daypart => None,
        QuotaKind::Weekday => (1..=7).map(|days| date.plus_days(days)).find(has_room),
        QuotaKind::Week => {
            let of_week = date.days_since(round_starts_on).rem_euclid(7);
            let next = date.plus_days(7 - of_week.unsigned_abs());
            // One week more than there are quotas is enough.
            let weeks = u32::try_from(quotas.len()).unwrap_or(u32::MAX);
            (0..=weeks).map(|weeks| next.plus_days(7 * weeks)).find(has_room)
        }
    }
}

/// Which part of the day, scenario and slice of time a visit of a place gets, each by its number.
///
/// Nothing goes together more often than by chance: in as many visits of one place as there are combinations, and in
/// the visits with one number of as many places, each combination comes once. All three turn together, so that visits
/// of a place that follow one another mostly differ in all of them.
#[must_use]
pub fn turn(place: usize, visit: usize, [dayparts, scenarios, slices]: [usize; 3]) -> [usize; 3] {
    let [dayparts, scenarios, slices] = [dayparts.max(1), scenarios.max(1), slices.max(1)];
    let both = dayparts * scenarios;
    [
        (visit + place) % dayparts,
        (beside(visit % both, dayparts, scenarios) + place / dayparts) % scenarios,
        (beside(visit, both, slices) + place / both) % slices,
    ]
}

/// A number that turns with a count, beside one that comes again after `period`. It is one ahead each time that both
/// would come to the same, so that they meet in all ways.
const fn beside(count: usize, period: usize, of: usize) -> usize {
    let (mut a, mut b) = (period, of);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let both = period / a * of;
    count + count / both
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

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

    proptest! {
        /// All combinations come equally often, at one place over its visits and over places in a visit of each.
        #[test]
        fn turns_come_to_every_combination_once(
            of in (1_usize..6, 1_usize..6, 1_usize..9),
            place in 0_usize..100,
            visit in 0_usize..100,
        ) {
            let of = [of.0, of.1, of.2];
            let count = of.iter().product();
            let at_place: BTreeSet<_> = (0..count).map(|visit| turn(place, visit, of)).collect();
            prop_assert_eq!(at_place.len(), count);
            let over_places: BTreeSet<_> = (0..count).map(|more| turn(place + more, visit, of)).collect();
            prop_assert_eq!(over_places.len(), count);
            let is_within = turn(place, visit, of).into_iter().zip(of).all(|(one, number)| one < number);
            prop_assert!(is_within);
        }

        /// The day that is named has room by weekday, or by week, and no day between has.
        #[test]
        fn the_next_day_with_room_is_the_first(
            cells_of in prop::collection::btree_map((any::<bool>(), 0_usize..7), (0_u32..3, 0_u32..3), 0..14),
            asked in 0_u32..60,
        ) {
            let starts_on = day("2026-11-04");
            let (mut quotas, mut taken) = (BTreeMap::new(), BTreeMap::new());
            for ((by_week, number), (most, has)) in cells_of {
                let of = match by_week {
                    true => cell(QuotaKind::Week, &(number + 1).to_string()),
                    false => cell(QuotaKind::Weekday, crate::Weekday::ALL[number].as_str()),
                };
                quotas.insert(of.clone(), most);
                taken.insert(of, has);
            }
            let asked = starts_on.plus_days(asked);
            for kind in [QuotaKind::Weekday, QuotaKind::Week] {
                let is_full = |day| full_cells(&quotas, &taken, starts_on, day, None).iter().any(|(full, _)| *full == kind);
                let found = next_room(&quotas, &taken, starts_on, (kind, asked));
                let naive = (1..100).map(|days| asked.plus_days(days)).find(|day| !is_full(*day));
                if is_full(asked) {
                    prop_assert_eq!(found, naive);
                }
            }
        }
    }

    #[test]
    fn cells_have_the_names_of_their_kind() {
        assert!(QuotaKind::Weekday.has("mon") && !QuotaKind::Weekday.has("monday"));
        assert!(QuotaKind::Daypart.has("night") && !QuotaKind::Daypart.has("noon"));
        assert!(QuotaKind::Week.has("12") && !QuotaKind::Week.has("0") && !QuotaKind::Week.has("+1"));
        assert!(!QuotaKind::Week.has("01"));
        for reason in EndReason::ALL {
            assert_eq!(EndReason::from_name(reason.as_str()), Some(*reason));
            assert!(reason.staff_notice().is_none_or(NoticeKind::is_for_staff));
            assert!(!reason.notice().is_some_and(NoticeKind::is_for_staff));
            assert!(!reason.applicant_notice().is_some_and(NoticeKind::is_for_staff));
        }
    }
}
