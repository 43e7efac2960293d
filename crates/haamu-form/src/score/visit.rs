//! Sections, the three modes, and critical effects (2.6 to 2.8).

use crate::answer::{Answer, AnswerState};
use crate::checklist::{BandOn, CriticalEffect, Question, QuestionKind, ScoreMode};
use crate::{Checklist, Decimal, Exact, Slot};

use super::status::Settled;
use super::{
    Grade, QuestionScore, QuestionStatus, Score, SectionInstance, SectionScore, Trigger, display_percentage,
};

/// The critical answers, in checklist order (R22, R23).
pub(super) fn triggers(settled: &Settled<'_>, questions: &[QuestionScore]) -> Vec<Trigger> {
    let checklist = settled.checklist();
    let mut triggers = Vec::new();
    for (index, (question, score)) in checklist.questions().iter().zip(questions).enumerate() {
        // An option may be marked critical where the question names no effect: that is an alert only.
        let effect = question
            .critical
            .map_or(CriticalEffect::Flag, |critical| critical.effect);
        let mut check = |slot: Slot, status: QuestionStatus, earned: &Exact| {
            if !status.is_answered() {
                return;
            }
            let state = settled.answers().state_at(checklist, slot);
            if is_critical(question, state) || is_below_limit(question, status, earned) {
                triggers.push(Trigger {
                    question: slot.question,
                    instance: slot.instance,
                    effect,
                });
            }
        };
        if checklist.repeat_of(index).is_none() {
            check(index.into(), score.status, &score.earned);
        }
        for (instance, score) in score.instances.iter().enumerate() {
            check(Slot::in_instance(index, instance), score.status, &score.earned);
        }
    }
    triggers
}

fn is_critical(question: &Question, state: &AnswerState) -> bool {
    match (&question.kind, state) {
        (QuestionKind::YesNo { yes_is_good }, AnswerState::Given(Answer::YesNo(yes))) => {
            question.critical.is_some() && yes != yes_is_good
        }
        (kind, AnswerState::Given(Answer::Option(index))) => kind.options()[*index].critical,
        (kind, AnswerState::Given(Answer::Options(indexes))) => {
            indexes.iter().any(|index| kind.options()[*index].critical)
        }
        _ => false,
    }
}

/// Whether the earned share is below the question's `fail_below`; never tested where no points are possible.
fn is_below_limit(question: &Question, status: QuestionStatus, earned: &Exact) -> bool {
    let limit = question.critical.and_then(|critical| critical.fail_below);
    let points = question
        .points
        .map(Decimal::to_exact)
        .filter(|points| !points.is_zero());
    match (limit, points, status) {
        (Some(limit), Some(points), QuestionStatus::Scored | QuestionStatus::Bonus) => earned
            .divided_by(&points)
            .is_some_and(|share| share < limit.to_exact()),
        _ => false,
    }
}

pub(super) fn visit_score(
    checklist: &Checklist,
    questions: Vec<QuestionScore>,
    instances: Vec<Vec<SectionInstance>>,
    triggers: Vec<Trigger>,
) -> Score {
    let effects = section_effects(checklist, &triggers);
    let sections: Vec<SectionScore> = checklist
        .sections()
        .iter()
        .zip(&effects)
        .zip(instances)
        .map(|((section, effect), instances)| SectionScore {
            instances,
            ..section_score(
                &questions[section.questions.clone()],
                checklist.scoring().cap_bonus,
                effect,
            )
        })
        .collect();
    let untouched = vec![SectionEffect::default(); sections.len()];
    let raw = visit_value(checklist, &sections, &untouched);
    let last = visit_value(checklist, &sections, &effects).map(|value| limited(value, &triggers));
    let scoring = checklist.scoring();
    let display = last
        .as_ref()
        .map(|value| display_percentage(value, scoring.display_decimals, scoring.rounding, true));
    let grade = grade(checklist, &sections, &triggers, last.as_ref(), display.as_deref());
    Score {
        raw,
        last,
        display,
        grade,
        triggers,
        sections,
        questions,
    }
}

/// What critical answers do to one section.
#[derive(Clone, Debug, Default)]
pub(crate) struct SectionEffect {
    /// Its score becomes zero.
    pub(crate) is_zero: bool,
    /// Its score is at most this, the lowest of all caps, 1 being 100 %.
    pub(crate) cap: Option<Exact>,
}

impl SectionEffect {
    /// The limit on earned plus bonus points of a section with `possible` points, if there is one.
    pub(crate) fn limit(&self, possible: &Exact) -> Option<Exact> {
        if self.is_zero {
            return Some(Exact::ZERO);
        }
        // A section without possible points keeps its bonus under a cap (2.21).
        self.cap
            .as_ref()
            .filter(|_| !possible.is_zero())
            .map(|cap| cap * possible)
    }
}

pub(crate) fn section_effects(checklist: &Checklist, triggers: &[Trigger]) -> Vec<SectionEffect> {
    let mut effects = vec![SectionEffect::default(); checklist.sections().len()];
    for trigger in triggers {
        let effect = &mut effects[checklist.questions()[trigger.question].section];
        match trigger.effect {
            CriticalEffect::SectionZero => effect.is_zero = true,
            CriticalEffect::SectionCap(cap) => {
                let cap = percentage(cap);
                effect.cap = Some(
                    effect
                        .cap
                        .take()
                        .map_or_else(|| cap.clone(), |other| other.min(cap.clone())),
                );
            }
            CriticalEffect::Flag
            | CriticalEffect::VisitCap(_)
            | CriticalEffect::VisitZero
            | CriticalEffect::VisitFail => {}
        }
    }
    effects
}

fn section_score(questions: &[QuestionScore], cap_bonus: bool, effect: &SectionEffect) -> SectionScore {
    let is_bonus = |question: &&QuestionScore| question.status == QuestionStatus::Bonus;
    let bonus: Exact = questions
        .iter()
        .filter(is_bonus)
        .map(|question| &question.earned)
        .sum();
    let all: Exact = questions.iter().map(|question| &question.earned).sum();
    let earned = &all - &bonus;
    let possible: Exact = questions.iter().map(|question| &question.possible).sum();
    let raw = all.divided_by(&possible).map(|share| capped(share, cap_bonus));
    let last = raw.clone().map(|share| {
        let share = if effect.is_zero { Exact::ZERO } else { share };
        effect
            .cap
            .clone()
            .map_or_else(|| share.clone(), |cap| share.clone().min(cap))
    });
    SectionScore {
        earned,
        bonus,
        possible,
        raw,
        last,
        instances: Vec::new(),
    }
}

/// Not below 0, and under `cap_bonus` not above 1 (R17).
fn capped(share: Exact, cap_bonus: bool) -> Exact {
    let share = share.max(Exact::ZERO);
    if cap_bonus { share.min(Exact::ONE) } else { share }
}

/// The visit score by the checklist's mode, before visit-wide limits (2.7).
fn visit_value(checklist: &Checklist, sections: &[SectionScore], effects: &[SectionEffect]) -> Option<Exact> {
    let scoring = checklist.scoring();
    let weights: Vec<Exact> = checklist
        .sections()
        .iter()
        .map(|section| section.weight.to_exact())
        .collect();
    let mut numerator = Exact::ZERO;
    let mut denominator = Exact::ZERO;
    for ((section, effect), weight) in sections.iter().zip(effects).zip(&weights) {
        let (value, measure) = match scoring.mode {
            ScoreMode::SectionWeight => {
                let Some(raw) = &section.raw else { continue };
                let score = effect
                    .limit(&Exact::ONE)
                    .map_or_else(|| raw.clone(), |limit| limit.min(raw.clone()));
                (score, Exact::ONE)
            }
            ScoreMode::PointSum | ScoreMode::ScaledPoints => {
                let points = &section.earned + &section.bonus;
                let limit = effect.limit(&section.possible);
                (
                    limit.map_or_else(|| points.clone(), |limit| limit.min(points.clone())),
                    section.possible.clone(),
                )
            }
        };
        let weight = if scoring.mode == ScoreMode::PointSum {
            &Exact::ONE
        } else {
            weight
        };
        numerator = &numerator + &(&value * weight);
        denominator = &denominator + &(&measure * weight);
    }
    let share = numerator.divided_by(&denominator)?;
    Some(if scoring.mode == ScoreMode::SectionWeight {
        share
    } else {
        capped(share, scoring.cap_bonus)
    })
}

/// Applies visit caps, the lowest first, and then zero (R22).
fn limited(value: Exact, triggers: &[Trigger]) -> Exact {
    triggers
        .iter()
        .fold(value, |value, trigger| match trigger.effect {
            CriticalEffect::VisitCap(cap) => value.min(percentage(cap)),
            CriticalEffect::VisitZero => Exact::ZERO,
            CriticalEffect::Flag
            | CriticalEffect::SectionZero
            | CriticalEffect::SectionCap(_)
            | CriticalEffect::VisitFail => value,
        })
}

fn grade(
    checklist: &Checklist,
    sections: &[SectionScore],
    triggers: &[Trigger],
    last: Option<&Exact>,
    display: Option<&str>,
) -> Option<Grade> {
    let is_failed_by_answer = triggers
        .iter()
        .any(|trigger| trigger.effect == CriticalEffect::VisitFail);
    let is_quiz_failed = has_passed_quiz(checklist, last) == Some(false);
    if is_failed_by_answer || is_quiz_failed || missed_pass_marks(checklist, sections).next().is_some() {
        return Some(Grade::Failed);
    }
    let shown = match checklist.scoring().band_on {
        BandOn::Exact => last? * &Exact::integer(100),
        // The displayed text is a decimal with at most four decimals.
        BandOn::Displayed => Decimal::parse(display?).ok()?.to_exact(),
    };
    let bands = checklist.scoring().bands.iter();
    let reached = bands.filter(|band| band.min.to_exact() <= shown);
    reached
        .max_by_key(|band| band.min)
        .map(|band| Grade::Band(band.id.clone()))
}

/// Whether a quiz is passed; none where the checklist is no quiz. Nothing answered is not passed.
pub(crate) fn has_passed_quiz(checklist: &Checklist, last: Option<&Exact>) -> Option<bool> {
    let mark = percentage(checklist.header().quiz?.pass_mark);
    Some(last.is_some_and(|score| *score >= mark))
}

/// The sections whose score is below their pass mark (R25).
pub(crate) fn missed_pass_marks<'a>(
    checklist: &'a Checklist,
    sections: &'a [SectionScore],
) -> impl Iterator<Item = usize> + 'a {
    let pairs = checklist.sections().iter().zip(sections).enumerate();
    pairs.filter_map(|(index, (section, score))| {
        let (mark, reached) = (section.pass_mark?, score.last.as_ref()?);
        (reached < &percentage(mark)).then_some(index)
    })
}

/// `value` percent as a fraction of 1.
pub(crate) fn percentage(value: Decimal) -> Exact {
    value
        .to_exact()
        .divided_by(&Exact::integer(100))
        .unwrap_or_default()
}
