//! Whether the days of visits that nobody has handed in still lie within a round whose dates are to change.

use haamu_domain::{LocalDate, VisitId, Zone};
use haamu_store::repo::programmes::Round;
use haamu_store::repo::round_days::{MadeDays, OpenDays};

use crate::error::Checks;
use crate::programmes::home_zone;

/// So many visits are named in a refusal.
const MOST_NAMED: usize = 10;

/// Notes which dates cannot be because of what is agreed or planned already. What lay outside before stays there:
/// a visit may have been given more time than its round has.
pub(super) fn check(checks: &mut Checks, before: &Round, after: &Round, open: &[OpenDays]) {
    let mut note = |path: &str, code: &str, found: Vec<(VisitId, LocalDate)>, what: &str| {
        note(checks, path, code, &found, what);
    };
    let agreed = |days: &OpenDays| days.offer.and_then(|(_, _, due_on)| Some((days.visit, due_on?)));
    let too_early = open.iter().filter(|days| days.starts_on.is_none());
    let too_early = too_early
        .filter_map(agreed)
        .filter(|(_, day)| *day < after.starts_on && *day >= before.starts_on);
    let what = "are agreed for days before it, the first";
    note("starts_on", "day_agreed", too_early.collect(), what);
    let too_late = open.iter().filter(|days| days.visit_by.is_none());
    let too_late = too_late
        .filter_map(agreed)
        .filter(|(_, day)| *day > after.visit_by && *day <= before.visit_by);
    let what = "are agreed for days after it, the last";
    note("visit_by", "day_agreed", too_late.collect(), what);
    let own_start = open
        .iter()
        .filter_map(|days| Some((days.visit, days.starts_on?)))
        .filter(|(_, day)| *day < after.starts_on && *day >= before.starts_on);
    let what = "have days of their own before it, the first";
    note("starts_on", "day_planned", own_start.collect(), what);
    let own_end = open
        .iter()
        .filter_map(|days| Some((days.visit, days.visit_by?)))
        .filter(|(_, day)| *day > after.visit_by && *day <= before.visit_by);
    let what = "have days of their own after it, the last";
    note("visit_by", "day_planned", own_end.collect(), what);
    let ends = |days: &OpenDays, round: &Round| {
        let last = days.visit_by.unwrap_or(round.visit_by);
        let first = days.starts_on.unwrap_or(round.starts_on);
        (first, last, days.report_by.unwrap_or(round.report_by))
    };
    let turned = open.iter().filter_map(|days| {
        let (first, last, _) = ends(days, after);
        (last < first).then_some((days.visit, last))
    });
    let what = "would end before they start, the last";
    note("visit_by", "out_of_order", turned.collect(), what);
    let unreported = open.iter().filter_map(|days| {
        let (_, last, report) = ends(days, after);
        (report < last).then_some((days.visit, last))
    });
    let what = "end after it, the last";
    note("report_by", "day_planned", unreported.collect(), what);
}

/// Notes which dates cannot be because of visits that were made and of reports that came: they were within the round.
pub(super) fn check_made(checks: &mut Checks, before: &Round, after: &Round, made: &[MadeDays]) {
    let zone = |days: &MadeDays| Zone::named(&days.time_zone).unwrap_or_else(home_zone);
    let made_on = |days: &MadeDays| (days.visit, zone(days).business_date_of(days.visited_at));
    let too_early = made.iter().filter(|days| days.starts_on.is_none()).map(made_on);
    let too_early = too_early.filter(|(_, day)| *day < after.starts_on && *day >= before.starts_on);
    let what = "were made before it, the first";
    note(
        checks,
        "starts_on",
        "day_made",
        &too_early.collect::<Vec<_>>(),
        what,
    );
    let too_late = made.iter().filter(|days| days.visit_by.is_none()).map(made_on);
    let too_late = too_late.filter(|(_, day)| *day > after.visit_by && *day <= before.visit_by);
    let what = "were made after it, the last";
    note(
        checks,
        "visit_by",
        "day_made",
        &too_late.collect::<Vec<_>>(),
        what,
    );
    let came_on = |days: &MadeDays| Some((days.visit, zone(days).date_of(days.handed_in_at?)));
    let reported = made.iter().filter(|days| days.report_by.is_none());
    let reported = reported
        .filter_map(came_on)
        .filter(|(_, day)| *day > after.report_by && *day <= before.report_by);
    let what = "were reported after it, the last";
    note(
        checks,
        "report_by",
        "day_made",
        &reported.collect::<Vec<_>>(),
        what,
    );
}

fn note(checks: &mut Checks, path: &str, code: &str, found: &[(VisitId, LocalDate)], what: &str) {
    if let Some(message) = message(found, what) {
        checks.issue(path, code, message);
    }
}

/// What is told about visits with their days; none if there are none. Of what ends, the last day counts.
fn message(found: &[(VisitId, LocalDate)], what: &str) -> Option<String> {
    let days = || found.iter().map(|(_, day)| *day);
    let day = if what.ends_with("first") {
        days().min()?
    } else {
        days().max()?
    };
    let named: Vec<_> = found
        .iter()
        .take(MOST_NAMED)
        .map(|(visit, _)| visit.to_string())
        .collect();
    let more = if found.len() > MOST_NAMED {
        " and others"
    } else {
        ""
    };
    let count = found.len();
    let named = named.join(", ");
    Some(format!("{count} visits {what} on {day}: {named}{more}"))
}

#[cfg(test)]
mod tests {
    use haamu_domain::{AssignmentId, ChecklistVersionId, ProgrammeId, RoundId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::Error;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text).expect("a date")
    }

    fn round(starts_on: &str, visit_by: &str, report_by: &str) -> Round {
        Round {
            id: RoundId::from_uuid(Uuid::nil()),
            programme: ProgrammeId::from_uuid(Uuid::nil()),
            name: String::new(),
            checklist_version: ChecklistVersionId::from_uuid(Uuid::nil()),
            starts_on: day(starts_on),
            visit_by: day(visit_by),
            report_by: day(report_by),
            counts_in: day(report_by),
            cancelled: None,
            row_version: 1,
        }
    }

    /// A visit with its own first and last day, and the agreed one; an empty text is none.
    fn visit(own: [&str; 2], agreed: &str) -> OpenDays {
        let at = |text: &str| LocalDate::parse(text);
        OpenDays {
            visit: VisitId::from_uuid(Uuid::from_u128(7)),
            starts_on: at(own[0]),
            visit_by: at(own[1]),
            report_by: None,
            offer: Some((
                AssignmentId::from_uuid(Uuid::nil()),
                UserId::from_uuid(Uuid::nil()),
                at(agreed),
            )),
        }
    }

    fn refused(after: &Round, open: &OpenDays) -> Vec<String> {
        let before = round("2026-11-02", "2026-11-29", "2026-12-01");
        let mut checks = Checks::default();
        check(&mut checks, &before, after, std::slice::from_ref(open));
        match checks.finish() {
            Ok(()) => Vec::new(),
            Err(Error::Refused(refusal)) => {
                let issues = refusal.issues.into_iter();
                issues
                    .map(|issue| format!("{} {}", issue.path, issue.code))
                    .collect()
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_agreed_or_planned_stays_within_the_round() {
        let shorter = round("2026-11-09", "2026-11-22", "2026-12-01");
        assert_eq!(refused(&shorter, &visit(["", ""], "2026-11-15")), [""; 0]);
        assert_eq!(
            refused(&shorter, &visit(["", ""], "2026-11-08")),
            ["starts_on day_agreed"]
        );
        assert_eq!(
            refused(&shorter, &visit(["", ""], "2026-11-23")),
            ["visit_by day_agreed"]
        );
        assert_eq!(
            refused(&shorter, &visit(["2026-11-02", "2026-11-08"], "")),
            ["starts_on day_planned"]
        );
        assert_eq!(
            refused(&shorter, &visit(["2026-11-16", "2026-11-29"], "")),
            ["visit_by day_planned"]
        );
        // A visit that has more time than its round keeps it, if its report is due after that.
        assert_eq!(
            refused(&shorter, &visit(["", "2026-11-30"], "2026-11-30")),
            [""; 0]
        );
        let hurried = round("2026-11-02", "2026-11-29", "2026-11-29");
        assert_eq!(
            refused(&hurried, &visit(["", "2026-11-30"], "2026-11-30")),
            ["report_by day_planned"]
        );
        let later = round("2026-11-20", "2026-12-10", "2026-12-12");
        assert_eq!(
            refused(&later, &visit(["", "2026-11-10"], "")),
            ["visit_by out_of_order"]
        );
    }

    #[test]
    fn a_refusal_names_visits_and_the_outermost_day() {
        let visit = VisitId::from_uuid(Uuid::from_u128(7));
        let days = [(visit, day("2026-11-24")), (visit, day("2026-11-28"))];
        let said = message(&days, "are agreed for days after it, the last").expect("a message");
        assert!(
            said.starts_with("2 visits are agreed for days after it, the last on 2026-11-28: "),
            "{said}"
        );
        assert_eq!(message(&[], "end after it, the last"), None);
    }
}
