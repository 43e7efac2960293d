//! Visits that somebody has accepted and has not begun: when they are reminded, and when the visit is taken back.

use crate::Timestamp;
use crate::eligibility::FieldRules;

/// What is to happen next about such a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing before then.
    Wait(Timestamp),
    /// The shopper is reminded.
    Remind,
    /// The visit is taken back.
    TakeBack,
    /// Nothing any more.
    Nothing,
}

/// What is to happen now about a visit that somebody has accepted and has not begun, whose days are over at
/// `ends_at`. Whoever accepts when the time of the reminder has come already counts as reminded.
#[must_use]
pub fn next_step(rules: &FieldRules, ends_at: Timestamp, now: Timestamp, is_reminded: bool) -> Step {
    let remind_at = rules.remind_days.filter(|_| !is_reminded);
    let remind_at = remind_at.map(|days| ends_at.plus_days(-i64::from(days)));
    let take_back_at = rules.take_back_days;
    let take_back_at = take_back_at.map(|days| ends_at.plus_days(i64::from(days)));
    if take_back_at.is_some_and(|at| at <= now) {
        return Step::TakeBack;
    }
    if now < ends_at {
        return match remind_at {
            Some(at) if at <= now => Step::Remind,
            Some(at) => Step::Wait(at),
            // The rule is asked for once more when the days are over: it may be another one by then.
            None => Step::Wait(ends_at),
        };
    }
    take_back_at.map_or(Step::Nothing, Step::Wait)
}

/// Whether somebody who accepts a visit now needs no reminder any more.
#[must_use]
pub fn is_past_reminder(rules: &FieldRules, ends_at: Timestamp, now: Timestamp) -> bool {
    next_step(rules, ends_at, now, false) == Step::Remind
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn day(number: i64) -> Timestamp {
        Timestamp::from_millis(number * 86_400_000)
    }

    fn rules(remind_days: Option<u32>, take_back_days: Option<u32>) -> FieldRules {
        FieldRules {
            remind_days,
            take_back_days,
            ..FieldRules::default()
        }
    }

    #[test]
    fn one_is_reminded_once_and_the_visit_is_taken_back_later() {
        let rules = rules(Some(2), Some(1));
        let step = |now: i64, is_reminded| next_step(&rules, day(10), day(now), is_reminded);
        assert_eq!(step(3, false), Step::Wait(day(8)));
        assert_eq!(step(8, false), Step::Remind);
        assert_eq!(step(8, true), Step::Wait(day(10)));
        assert_eq!(step(10, true), Step::Wait(day(11)));
        assert_eq!(
            step(10, false),
            Step::Wait(day(11)),
            "a reminder would come too late"
        );
        assert_eq!(step(11, false), Step::TakeBack);
        assert!(is_past_reminder(&rules, day(10), day(9)) && !is_past_reminder(&rules, day(10), day(7)));
    }

    #[test]
    fn without_rules_nothing_happens_and_the_end_is_waited_for() {
        let rules = rules(None, None);
        let step = |now: i64| next_step(&rules, day(10), day(now), false);
        assert_eq!(step(3), Step::Wait(day(10)));
        assert_eq!(step(10), Step::Nothing);
        let at_once = next_step(&self::rules(None, Some(0)), day(10), day(10), false);
        assert_eq!(at_once, Step::TakeBack);
    }
}
