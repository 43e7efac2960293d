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
use crate::score::{SectionEffect, SectionScore, Trigger, percentage, section_effects};
use crate::{Answers, Checklist, Exact, Score};

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
    let notice = |place, reason| TraceLine {
        place,
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
        Some(notice(Place::Question(trigger.question), reason))
    };
    let missed = crate::score::missed_pass_marks(checklist, &score.sections);
    let marks = missed.map(|section| {
        let mark = checklist.sections()[section].pass_mark.unwrap_or_default();
        notice(Place::Section(section), Reason::PassMark { mark })
    });
    score
        .triggers
        .iter()
        .filter_map(of_trigger)
        .chain(marks)
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
            points,
            effect,
            reason,
        });
    }

    /// Points lost in questions, and bonus points gained.
    fn questions(&mut self, answers: &Answers) {
        for (index, (question, score)) in self
            .checklist
            .questions()
            .iter()
            .zip(&self.score.questions)
            .enumerate()
        {
            let point_value = self.point_values[question.section].clone();
            let lost = &score.possible - &score.earned;
            if !score.possible.is_zero() && !lost.is_zero() {
                let reason = match answers.state(index) {
                    AnswerState::Missing if !question.kind.is_change() => Reason::Unanswered,
                    state => Reason::of_loss(self.checklist, answers, question, state),
                };
                let effect = -&(&lost * &point_value);
                self.push(Place::Question(index), lost, effect, reason);
            } else if score.possible.is_zero() && !score.earned.is_zero() {
                let effect = &score.earned * &point_value;
                self.push(
                    Place::Question(index),
                    score.earned.clone(),
                    effect,
                    Reason::Bonus,
                );
            }
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
