//! Why a visit has the score that it has.
//!
//! A [`Trace`] starts at 100 % and lists every loss and gain down to the
//! question, the rule and the points; the effects of its lines add up exactly
//! to the final score.

mod output;
mod reason;
mod text;

use crate::answer::AnswerState;
use crate::checklist::{CriticalEffect, ScoreMode};
use crate::score::{SectionEffect, SectionScore, Trigger, has_passed_quiz, percentage, section_effects};
use crate::{Answers, Checklist, Exact, Score, Slot};

pub use output::TraceOutput;
pub use reason::Reason;

/// What a line of a trace is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The visit as a whole.
    Visit,
    /// The section at this index.
    Section(usize),
    /// The question at this index.
    Question(usize),
}

/// One loss or gain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// What it is about.
    pub place: Place,
    /// The instance of the repeated section that the question was answered in.
    pub instance: Option<usize>,
    /// Points of a question that were not earned, or of a bonus that were; 0 elsewhere.
    pub points: Exact,
    /// What it adds to the visit score, 1 being 100 %; a loss is negative.
    pub effect: Exact,
    /// Why.
    pub reason: Reason,
}

/// The explanation of a visit score.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Losses and gains in checklist order, then what applies to sections and
    /// to the whole visit. Empty if nothing was scorable.
    pub lines: Vec<TraceLine>,
}

impl Trace {
    /// 100 % and the effects of all lines: the final score.
    #[must_use]
    pub fn total(&self) -> Exact {
        let effects: Exact = self.lines.iter().map(|line| &line.effect).sum();
        &Exact::ONE + &effects
    }
}

/// Explains a score of these answers.
///
/// `score` must have been made from the same checklist and answers.
#[must_use]
pub fn trace(checklist: &Checklist, answers: &Answers, score: &Score) -> Trace {
    if score.last.is_none() {
        return Trace {
            lines: notices(checklist, score),
        };
    }
    let mut tracer = Tracer::new(checklist, score);
    tracer.questions(answers);
    tracer.sections();
    tracer.visit();
    let mut lines = tracer.lines;
    lines.extend(notices(checklist, score));
    Trace { lines }
}

/// What changes the verdict but not the number.
fn notices(checklist: &Checklist, score: &Score) -> Vec<TraceLine> {
    let notice = |place, instance, reason| TraceLine {
        place,
        instance,
        points: Exact::ZERO,
        effect: Exact::ZERO,
        reason,
    };
    let of_trigger = |trigger: &Trigger| {
        let reason = match trigger.effect {
            CriticalEffect::Flag => Reason::Flag,
            CriticalEffect::VisitFail => Reason::VisitFail,
            _ => return None,
        };
        Some(notice(
            Place::Question(trigger.question),
            trigger.instance,
            reason,
        ))
    };
    let missed = crate::score::missed_pass_marks(checklist, &score.sections);
    let marks = missed.map(|section| {
        let mark = checklist.sections()[section].pass_mark.unwrap_or_default();
        notice(Place::Section(section), None, Reason::PassMark { mark })
    });
    let of_quiz = || {
        let mark = checklist.header().quiz?.pass_mark;
        let is_failed = has_passed_quiz(checklist, score.last.as_ref()) == Some(false);
        is_failed.then(|| notice(Place::Visit, None, Reason::QuizMark { mark }))
    };
    score
        .triggers
        .iter()
        .filter_map(of_trigger)
        .chain(marks)
        .chain(of_quiz())
        .collect()
}

struct Tracer<'a> {
    checklist: &'a Checklist,
    score: &'a Score,
    effects: Vec<SectionEffect>,
    /// What one point of each section is worth in the visit score.
    point_values: Vec<Exact>,
    lines: Vec<TraceLine>,
    total: Exact,
}

impl<'a> Tracer<'a> {
    fn new(checklist: &'a Checklist, score: &'a Score) -> Self {
        Self {
            checklist,
            score,
            effects: section_effects(checklist, &score.triggers),
            point_values: point_values(checklist, &score.sections),
            lines: Vec::new(),
            total: Exact::ONE,
        }
    }

    fn push(&mut self, place: Place, points: Exact, effect: Exact, reason: Reason) {
        self.total = &self.total + &effect;
        self.lines.push(TraceLine {
            place,
            instance: None,
            points,
            effect,
            reason,
        });
    }

    /// Points lost in questions, and bonus points gained, in repeated sections instance by instance.
    fn questions(&mut self, answers: &Answers) {
        let score = self.score;
        for (index, question) in score.questions.iter().enumerate() {
            let section = self.checklist.questions()[index].section;
            let point_value = self.point_values[section].clone();
            if self.checklist.repeat_of(index).is_none() {
                let of = (question.earned.clone(), question.possible.clone());
                self.question(answers, index.into(), of, question.value.as_ref(), &point_value);
            }
            let instances = question.instances.iter().zip(&score.sections[section].instances);
            for (instance, (score, of)) in instances.enumerate() {
                let slot = Slot::in_instance(index, instance);
                let points = (score.earned.clone(), score.possible.clone());
                let point_value = &point_value * &of.factor;
                self.question(answers, slot, points, score.value.as_ref(), &point_value);
            }
        }
    }

    fn question(
        &mut self,
        answers: &Answers,
        slot: Slot,
        (earned, possible): (Exact, Exact),
        value: Option<&Exact>,
        point_value: &Exact,
    ) {
        let question = &self.checklist.questions()[slot.question];
        let lost = &possible - &earned;
        let (points, effect, reason) = if !possible.is_zero() && !lost.is_zero() {
            let reason = match answers.state_at(self.checklist, slot) {
                AnswerState::Missing if !question.kind.is_derived() => Reason::Unanswered,
                state => Reason::of_loss(question, state, value),
            };
            let effect = -&(&lost * point_value);
            (lost, effect, reason)
        } else if possible.is_zero() && !earned.is_zero() {
            let effect = &earned * point_value;
            (earned, effect, Reason::Bonus)
        } else {
            return;
        };
        self.push(Place::Question(slot.question), points, effect, reason);
        if let Some(line) = self.lines.last_mut() {
            line.instance = slot.instance;
        }
    }

    /// The cap on bonus points and critical effects, section by section.
    fn sections(&mut self) {
        for index in 0..self.score.sections.len() {
            let section = &self.score.sections[index];
            let point_value = self.point_values[index].clone();
            let mut points = &section.earned + &section.bonus;
            let is_capped = self.checklist.scoring().mode == ScoreMode::SectionWeight
                && self.checklist.scoring().cap_bonus
                && points > section.possible;
            if is_capped && !point_value.is_zero() {
                let over = &points - &section.possible;
                points = section.possible.clone();
                self.push(
                    Place::Section(index),
                    Exact::ZERO,
                    -&(&over * &point_value),
                    Reason::BonusCap,
                );
            }
            let Some(limit) = self.effects[index].limit(&section.possible) else {
                continue;
            };
            if limit < points {
                let taken = &points - &limit;
                let reason = self.section_reason(index);
                self.push(
                    Place::Section(index),
                    Exact::ZERO,
                    -&(&taken * &point_value),
                    reason,
                );
            }
        }
    }

    fn section_reason(&self, section: usize) -> Reason {
        let in_section = |trigger: &&Trigger| self.checklist.questions()[trigger.question].section == section;
        let mut lowest = None;
        for trigger in self.score.triggers.iter().filter(in_section) {
            match trigger.effect {
                CriticalEffect::SectionZero => {
                    return Reason::SectionZero {
                        question: trigger.question,
                    };
                }
                CriticalEffect::SectionCap(cap) if lowest.is_none_or(|(_, low)| cap < low) => {
                    lowest = Some((trigger.question, cap));
                }
                _ => {}
            }
        }
        let (question, cap) = lowest.expect("a section is limited only by a trigger in it");
        Reason::SectionCap { question, cap }
    }

    /// The cap on bonus points of the whole visit, and critical effects on the visit.
    fn visit(&mut self) {
        let caps_visit = self.checklist.scoring().mode != ScoreMode::SectionWeight;
        if caps_visit && self.checklist.scoring().cap_bonus && self.total > Exact::ONE {
            let over = &Exact::ONE - &self.total;
            self.push(Place::Visit, Exact::ZERO, over, Reason::BonusCap);
        }
        let mut lowest = None;
        let mut zero = None;
        for trigger in &self.score.triggers {
            match trigger.effect {
                CriticalEffect::VisitCap(cap) if lowest.is_none_or(|(_, low)| cap < low) => {
                    lowest = Some((trigger.question, cap));
                }
                CriticalEffect::VisitZero if zero.is_none() => zero = Some(trigger.question),
                _ => {}
            }
        }
        if let Some((question, cap)) = lowest
            && percentage(cap) < self.total
        {
            let taken = &percentage(cap) - &self.total;
            self.push(
                Place::Visit,
                Exact::ZERO,
                taken,
                Reason::VisitCap { question, cap },
            );
        }
        if let Some(question) = zero {
            let taken = -&self.total;
            self.push(Place::Visit, Exact::ZERO, taken, Reason::VisitZero { question });
        }
    }
}

/// What one point of each section is worth in the visit score, by mode; 0 in a section that drops out.
fn point_values(checklist: &Checklist, sections: &[SectionScore]) -> Vec<Exact> {
    let mode = checklist.scoring().mode;
    // The weight of one of the section's points, before division by the total.
    let measures: Vec<(Exact, Exact)> = checklist
        .sections()
        .iter()
        .zip(sections)
        .map(|(section, score)| match mode {
            ScoreMode::SectionWeight if score.raw.is_none() => (Exact::ZERO, Exact::ZERO),
            ScoreMode::SectionWeight => {
                let weight = section.weight.to_exact();
                (weight.divided_by(&score.possible).unwrap_or_default(), weight)
            }
            ScoreMode::PointSum => (Exact::ONE, score.possible.clone()),
            ScoreMode::ScaledPoints => {
                let weight = section.weight.to_exact();
                let total = &weight * &score.possible;
                (weight, total)
            }
        })
        .collect();
    let total: Exact = measures.iter().map(|(_, total)| total).sum();
    measures
        .iter()
        .map(|(point, _)| point.divided_by(&total).unwrap_or_default())
        .collect()
}
