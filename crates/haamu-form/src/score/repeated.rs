//! How the instances of a repeated section make up its score.
//!
//! Summed, the section has the points of all instances. As a mean, each instance
//! that has possible points counts the same: with n of them, Qᵢ possible in
//! instance i and Q = ΣQᵢ/n, the points of instance i count Q/(n·Qᵢ) each. So the
//! section has the possible points Q of an average instance, and its score is the
//! mean of the instances' scores, in all three modes. An instance without possible
//! points drops out with its bonus, as a section does (R20).

use crate::checklist::{Repeat, RepeatScoring};
use crate::{Exact, Slot};

use super::points::slot_score;
use super::status::Settled;
use super::{Decisions, InstanceScore, QuestionScore, QuestionStatus, SectionInstance};

/// The scores of a repeated section's questions, put together, and what became of each instance.
pub(super) fn scores(
    settled: &Settled<'_>,
    section: usize,
    repeat: &Repeat,
    decisions: Decisions<'_>,
) -> (Vec<QuestionScore>, Vec<SectionInstance>) {
    let questions = settled.checklist().sections()[section].questions.clone();
    let count = settled.answers().instance_count(section);
    let by_instance: Vec<Vec<InstanceScore>> = (0..count)
        .map(|instance| {
            let score = |question| slot_score(settled, Slot::in_instance(question, instance), decisions);
            questions.clone().map(score).collect()
        })
        .collect();
    let instances = factors(&by_instance, repeat.scoring);
    let of_question = |place: usize| {
        let scores: Vec<InstanceScore> = by_instance.iter().map(|scores| scores[place].clone()).collect();
        let weighted = |points: fn(&InstanceScore) -> &Exact| -> Exact {
            let pairs = scores.iter().zip(&instances);
            let all: Vec<Exact> = pairs.map(|(score, of)| points(score) * &of.factor).collect();
            all.iter().sum()
        };
        QuestionScore {
            status: foremost(&scores),
            earned: weighted(|score| &score.earned),
            possible: weighted(|score| &score.possible),
            value: None,
            instances: scores,
        }
    };
    ((0..questions.len()).map(of_question).collect(), instances)
}

fn factors(by_instance: &[Vec<InstanceScore>], scoring: RepeatScoring) -> Vec<SectionInstance> {
    let sum = |scores: &[InstanceScore], points: fn(&InstanceScore) -> &Exact| -> Exact {
        scores.iter().map(points).sum()
    };
    let possible: Vec<Exact> = by_instance
        .iter()
        .map(|scores| sum(scores, |score| &score.possible))
        .collect();
    let counted = possible.iter().filter(|possible| !possible.is_zero()).count();
    let counted = Exact::integer(i64::try_from(counted).unwrap_or(i64::MAX));
    let all: Exact = possible.iter().sum();
    let mean = all.divided_by(&counted);
    let factor = |possible: &Exact| match (scoring, &mean) {
        (RepeatScoring::Sum, _) => Exact::ONE,
        (RepeatScoring::Mean, Some(mean)) => mean.divided_by(&(&counted * possible)).unwrap_or_default(),
        // Nothing is possible in any instance: bonus points are all there is, and count on average.
        (RepeatScoring::Mean, None) => {
            let instances = i64::try_from(by_instance.len()).unwrap_or(i64::MAX);
            Exact::ratio(1, instances).unwrap_or_default()
        }
    };
    let pairs = by_instance.iter().zip(&possible);
    pairs
        .map(|(scores, possible)| SectionInstance {
            raw: sum(scores, |score| &score.earned).divided_by(possible),
            factor: factor(possible),
        })
        .collect()
}

/// The status that counts for most.
fn foremost(scores: &[InstanceScore]) -> QuestionStatus {
    let order = [
        QuestionStatus::Scored,
        QuestionStatus::Bonus,
        QuestionStatus::Unscored,
        QuestionStatus::Unanswered,
        QuestionStatus::NotObserved,
        QuestionStatus::NotApplicable,
        QuestionStatus::Voided,
    ];
    let is_there = |status: &QuestionStatus| scores.iter().any(|score| score.status == *status);
    order
        .into_iter()
        .find(is_there)
        .unwrap_or(QuestionStatus::NotShown)
}
