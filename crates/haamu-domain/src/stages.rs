//! Follow-up stages: sections that are filled in some days after the visit.

use haamu_form::{Answer, AnswerState, Answers, Checklist, QuestionKind, score};

use crate::{Timestamp, Zone};

/// A follow-up section and the time in which it may be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// The section's id, which names the stage.
    pub stage: String,
    /// The start of the first day.
    pub opens_at: Timestamp,
    /// The end of the last day.
    pub closes_at: Timestamp,
}

/// When the visit took place, as its shopper says: the first date and time that
/// was answered outside of follow-up sections.
#[must_use]
pub fn visited_at(checklist: &Checklist, answers: &Answers, zone: &Zone) -> Option<Timestamp> {
    let mut moments = checklist
        .questions()
        .iter()
        .enumerate()
        .filter_map(|(index, question)| {
            let is_main = checklist.sections()[question.section].fill_after_days.is_none();
            match answers.state(index) {
                AnswerState::Given(Answer::DateTime(local))
                    if is_main && question.kind == QuestionKind::DateTime =>
                {
                    Some(zone.moment_of(*local))
                }
                _ => None,
            }
        });
    moments.next()
}

/// The follow-up sections that this evaluation has, in checklist order. A section of which nothing is shown is none.
#[must_use]
pub fn follow_ups(
    checklist: &Checklist,
    answers: &Answers,
    zone: &Zone,
    visited_at: Timestamp,
) -> Vec<FollowUp> {
    let shown = score::shown_questions(checklist, answers);
    let first_day = zone.date_of(visited_at);
    let of_section = |section: &haamu_form::Section| {
        let days = section.fill_after_days?;
        let has_questions = section.questions.clone().any(|index| shown[index]);
        has_questions.then(|| FollowUp {
            stage: section.id.to_string(),
            opens_at: zone.start_of(first_day.plus_days(days.min)),
            closes_at: zone.start_of(first_day.plus_days(days.max + 1)),
        })
    };
    checklist.sections().iter().filter_map(of_section).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_up_opens_and_closes_by_the_days_of_the_place() {
        let document = r#"{"sections": [
            {"id": "main", "questions": [
                {"id": "kind", "type": "yes_no"}, {"id": "when", "type": "datetime"}]},
            {"id": "later", "fill_after_days": {"min": 2, "max": 5}, "questions": [
                {"id": "kept", "type": "yes_no", "show_if": {"question": "kind", "op": "equals", "value": "yes"}}]}]}"#;
        let checklist = Checklist::parse(document).expect("sound");
        let zone = Zone::named("Europe/Helsinki").expect("a zone");
        let handed_in = Timestamp::from_millis(1_800_000_000_000);
        let answers =
            Answers::parse(&checklist, r#"{"kind": "yes", "when": "2026-11-19T23:30"}"#).expect("sound");
        let visited = visited_at(&checklist, &answers, &zone).expect("answered");
        let found = follow_ups(&checklist, &answers, &zone, visited);
        assert_eq!(found[0].opens_at.to_rfc3339(), "2026-11-20T22:00:00Z");
        assert_eq!(found[0].closes_at.to_rfc3339(), "2026-11-24T22:00:00Z");

        let hidden = Answers::parse(&checklist, r#"{"kind": "no"}"#).expect("sound");
        assert_eq!(visited_at(&checklist, &hidden, &zone), None);
        assert_eq!(follow_ups(&checklist, &hidden, &zone, handed_in), []);
    }
}
