//! Earned points of one question (2.2).

use crate::answer::{Answer, AnswerState};
use crate::checklist::{
    AnswerOption, Band, MultiChoice, MultiMode, Question, QuestionKind, Scale, UnansweredPolicy,
};
use crate::{Checklist, Decimal, Exact, Slot};

use super::status::Settled;
use super::{Decisions, InstanceScore, QuestionStatus};

/// What a question contributes at one place.
pub(super) fn slot_score(settled: &Settled<'_>, slot: Slot, decisions: Decisions<'_>) -> InstanceScore {
    let checklist = settled.checklist();
    let question = &checklist.questions()[slot.question];
    let status = settled.status(slot);
    let points = question.points.map_or(Exact::ZERO, Decimal::to_exact);
    let value = derived_value(settled, slot);
    let (earned, possible) = match status {
        QuestionStatus::Scored => (earned(settled, slot, value.as_ref(), &points), points),
        QuestionStatus::Bonus => (earned(settled, slot, value.as_ref(), &points), Exact::ZERO),
        QuestionStatus::Unanswered if costs_its_points(checklist, question, decisions) => {
            (Exact::ZERO, points)
        }
        QuestionStatus::Unanswered
        | QuestionStatus::NotShown
        | QuestionStatus::Voided
        | QuestionStatus::NotApplicable
        | QuestionStatus::NotObserved
        | QuestionStatus::Unscored => (Exact::ZERO, Exact::ZERO),
    };
    InstanceScore {
        status,
        earned,
        possible,
        value,
    }
}

/// The value of a derived question that counts for something.
fn derived_value(settled: &Settled<'_>, slot: Slot) -> Option<Exact> {
    if !settled.status(slot).is_answered() {
        return None;
    }
    match &settled.checklist().questions()[slot.question].kind {
        QuestionKind::Change(change) => {
            let difference = settled.change_difference(change, slot.instance);
            difference.map(Exact::integer)
        }
        QuestionKind::Calculated(_) => settled.value(slot).cloned(),
        _ => None,
    }
}

/// Whether a question without an answer enters the ratio with nothing earned.
fn costs_its_points(checklist: &Checklist, question: &Question, decisions: Decisions<'_>) -> bool {
    let is_counted = checklist.scoring().unanswered == UnansweredPolicy::Zero
        || (decisions.accepted_incomplete && question.required);
    is_counted && !question.bonus && question.kind.can_be_scored()
}

/// Earned points of an answered question, from 0 to `points` (R5).
fn earned(settled: &Settled<'_>, slot: Slot, value: Option<&Exact>, points: &Exact) -> Exact {
    let checklist = settled.checklist();
    let of_band = |band: &Band| value.map_or(Exact::ZERO, |value| points * &band.share(value));
    let earned = match &checklist.questions()[slot.question].kind {
        QuestionKind::Change(change) => of_band(&change.band),
        QuestionKind::Calculated(calculated) => of_band(&calculated.band),
        kind => match settled.answers().state_at(checklist, slot) {
            AnswerState::Given(answer) => earned_by_answer(kind, answer, points),
            AnswerState::Missing | AnswerState::NotApplicable | AnswerState::NotObserved => Exact::ZERO,
        },
    };
    earned.clamped(&Exact::ZERO, points)
}

fn earned_by_answer(kind: &QuestionKind, answer: &Answer, points: &Exact) -> Exact {
    match (kind, answer) {
        (QuestionKind::YesNo { yes_is_good }, Answer::YesNo(yes)) if yes == yes_is_good => points.clone(),
        (QuestionKind::SingleChoice { options }, Answer::Option(index)) => options[*index].points.to_exact(),
        (QuestionKind::MultiChoice(multi), Answer::Options(chosen)) => {
            earned_by_options(multi, chosen, points)
        }
        (QuestionKind::Scale(scale), Answer::Integer(value)) => points * &scale.share(*value),
        (QuestionKind::Number { band, .. } | QuestionKind::Duration { band, .. }, Answer::Decimal(value)) => {
            points * &band.share(&value.to_exact())
        }
        _ => Exact::ZERO,
    }
}

fn earned_by_options(multi: &MultiChoice, chosen: &[usize], points: &Exact) -> Exact {
    let sum = || {
        let of_chosen: Vec<Exact> = chosen
            .iter()
            .map(|index| multi.options[*index].points.to_exact())
            .collect();
        of_chosen.iter().sum::<Exact>()
    };
    match &multi.mode {
        MultiMode::Sum => sum(),
        MultiMode::Deduct => points - &sum(),
        MultiMode::AllRequired { required, forbidden } => {
            let is_met = required.iter().all(|index| chosen.contains(index))
                && !forbidden.iter().any(|index| chosen.contains(index));
            if is_met { points.clone() } else { Exact::ZERO }
        }
        MultiMode::AtLeast { count } => {
            let share = Exact::ratio(
                i64::from(multi.good_chosen(chosen).min(*count)),
                i64::from(*count),
            );
            points * &share.unwrap_or_default()
        }
    }
}

impl MultiChoice {
    /// How many good options are among the chosen.
    pub(crate) fn good_chosen(&self, chosen: &[usize]) -> u32 {
        let is_good = |option: &AnswerOption| option.good;
        let count = chosen
            .iter()
            .filter(|index| is_good(&self.options[**index]))
            .count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl Scale {
    /// The share of the way from the worst to the best answer.
    fn share(&self, value: i64) -> Exact {
        let distance = if self.higher_is_better {
            value - self.min
        } else {
            self.max - value
        };
        Exact::ratio(distance, self.max - self.min).unwrap_or_default()
    }
}
