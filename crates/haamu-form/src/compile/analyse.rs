//! What conditions and points amount to: questions that are never shown,
//! conditions that always or never hold, points that nobody can earn.
//!
//! Conditions are tried on all answers that make a difference to them. Where
//! those are too many, the finding `analysis_bounded` says so: then nothing is
//! claimed about the place.

use std::collections::{BTreeMap, BTreeSet};

use crate::checklist::{AttributeKind, Condition, Question, QuestionKind};
use crate::{Checklist, Finding};

use super::cases::{
    Case, Source, Value, attribute_values, collect, conditions_of, keys, next, values, weight,
};
use super::estimated_minutes;
use super::reach::{can_rise, is_best_critical, most};

/// A condition is tried on at most so many combinations of answers.
const MAX_CASES: usize = 20_000;
/// A checklist is given at most so many comparisons in all.
const MAX_COMPARISONS: usize = 20_000_000;

/// Findings of conditions and points, in checklist order.
#[must_use]
pub fn analyse(checklist: &Checklist) -> Vec<Finding> {
    let mut analysis = Analysis::new(checklist);
    for index in 0..checklist.sections().len() {
        analysis.section(index);
    }
    analysis.whole();
    analysis.findings
}

struct Analysis<'a> {
    checklist: &'a Checklist,
    /// The values that conditions compare each question or key with.
    operands: BTreeMap<Source<'a>, BTreeSet<&'a str>>,
    comparisons: usize,
    findings: Vec<Finding>,
}

/// What a condition did over all cases.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    holds: bool,
    fails: bool,
}

impl<'a> Analysis<'a> {
    fn new(checklist: &'a Checklist) -> Self {
        let mut operands: BTreeMap<Source<'_>, BTreeSet<&str>> = BTreeMap::new();
        let of_sections = checklist
            .sections()
            .iter()
            .filter_map(|section| section.show_if.as_ref());
        let of_questions = checklist
            .questions()
            .iter()
            .filter_map(|question| question.show_if.as_ref());
        let of_options = checklist
            .questions()
            .iter()
            .flat_map(|question| question.kind.options())
            .filter_map(|option| option.show_if.as_ref());
        for condition in of_sections.chain(of_questions).chain(of_options) {
            collect(condition, &mut operands);
        }
        Self {
            checklist,
            operands,
            comparisons: 0,
            findings: Vec::new(),
        }
    }

    fn warn(&mut self, code: &'static str, path: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding::warning(code, path, message));
    }

    fn section(&mut self, index: usize) {
        let section = &self.checklist.sections()[index];
        let path = format!("sections[{index}]");
        let is_reached = match &section.show_if {
            Some(condition) => self.condition(condition, None, &format!("{path}.show_if")),
            None => true,
        };
        for place in section.questions.clone() {
            let path = self.checklist.document_path(place);
            let question = &self.checklist.questions()[place];
            if let Some(condition) = question.show_if.as_ref().filter(|_| is_reached) {
                let _ = self.condition(condition, section.show_if.as_ref(), &format!("{path}.show_if"));
            }
            for (position, option) in question.kind.options().iter().enumerate() {
                if let Some(condition) = &option.show_if {
                    let path = format!("{path}.options[{position}].show_if");
                    let _ = self.condition(condition, question.show_if.as_ref(), &path);
                }
            }
            self.points(question, &path);
            let is_impossible = match &question.kind {
                QuestionKind::Text(limits) => limits.all().iter().any(|(.., range)| range.is_empty()),
                QuestionKind::Number { limits, .. } => limits.is_empty(),
                _ => false,
            };
            if is_impossible {
                let message = "more is asked for than is allowed: nobody can answer this";
                self.findings
                    .push(Finding::error("cannot_be_answered", path, message));
            }
        }
    }

    /// Tries a condition, within another that must hold too. Says whether it can hold.
    fn condition(&mut self, condition: &'a Condition, within: Option<&'a Condition>, path: &str) -> bool {
        let Some(alone) = self.outcomes(condition, None) else {
            let message = "there are too many combinations of answers to try this condition on all of them";
            self.warn("analysis_bounded", path, message);
            return true;
        };
        if !alone.holds {
            let message = "no answers make this condition true: what it shows is never shown";
            self.warn("contradictory_condition", path, message);
            return false;
        }
        if !alone.fails {
            self.warn(
                "always_true_condition",
                path,
                "this condition is true whatever is answered",
            );
        }
        let Some(within) = within else { return true };
        match self.outcomes(condition, Some(within)) {
            Some(both) if !both.holds => {
                let message = "this condition is never true where its section is shown";
                self.warn("unreachable_question", path, message);
                false
            }
            _ => true,
        }
    }

    /// What a condition does over all answers to the questions that it rests on;
    /// with `within`, only where that holds. None if there are too many.
    fn outcomes(&mut self, condition: &'a Condition, within: Option<&'a Condition>) -> Option<Outcomes> {
        let mut sources = BTreeSet::new();
        for condition in std::iter::once(condition).chain(within) {
            self.rest_on(condition, &mut sources);
        }
        let sources: Vec<Source<'_>> = sources.into_iter().collect();
        let mut domains = Vec::with_capacity(sources.len());
        let mut cases = 1_usize;
        for source in &sources {
            let domain = self.domain(*source)?;
            cases = cases
                .checked_mul(domain.len())
                .filter(|cases| *cases <= MAX_CASES)?;
            domains.push(domain);
        }
        let shown_by = sources
            .iter()
            .flat_map(|source| conditions_of(self.checklist, *source));
        let of_case: usize = shown_by.chain([condition]).chain(within).map(weight).sum();
        self.comparisons = self.comparisons.saturating_add(cases.saturating_mul(of_case));
        if self.comparisons > MAX_COMPARISONS {
            return None;
        }
        let mut outcomes = Outcomes::default();
        let mut picks = vec![0_usize; sources.len()];
        for _ in 0..cases {
            let case = Case::new(self.checklist, &sources, &domains, &picks);
            if within.is_none_or(|within| case.holds(within)) {
                let holds = case.holds(condition);
                outcomes.holds |= holds;
                outcomes.fails |= !holds;
            }
            next(&mut picks, &domains);
        }
        Some(outcomes)
    }

    /// What a condition rests on, and what decides whether that is shown.
    fn rest_on(&self, condition: &'a Condition, sources: &mut BTreeSet<Source<'a>>) {
        sources.extend(keys(condition).into_iter().map(Source::Context));
        for source in condition.sources() {
            if !sources.insert(Source::Question(source)) {
                continue;
            }
            let question = &self.checklist.questions()[source];
            let section = &self.checklist.sections()[question.section];
            for condition in [&question.show_if, &section.show_if].into_iter().flatten() {
                self.rest_on(condition, sources);
            }
        }
    }

    /// Values that make a difference to conditions. None if they cannot be listed.
    fn domain(&self, source: Source<'a>) -> Option<Vec<Value<'a>>> {
        let operands: BTreeSet<&'a str> = self.operands.get(&source).cloned().unwrap_or_default();
        let mut domain = vec![Value::Missing];
        match source {
            Source::Context(key) => {
                let attribute = self.checklist.location_attribute(key);
                let kind = attribute.map_or(&AttributeKind::Text, |attribute| &attribute.kind);
                domain.extend(attribute_values(kind, operands));
            }
            Source::Question(index) => {
                domain.extend(values(&self.checklist.questions()[index].kind, &operands)?)
            }
        }
        Some(domain)
    }

    /// Whether the full points of a question can be earned.
    fn points(&mut self, question: &Question, path: &str) {
        let Some(points) = question.points.filter(|points| !points.is_zero()) else {
            return;
        };
        if most(self.checklist, question).is_some_and(|most| most < points.to_exact()) {
            let message = format!("no answer earns all of its {points} points");
            self.warn("points_out_of_reach", format!("{path}.points"), message);
        } else if is_best_critical(question) {
            let message =
                "every answer that earns all points is critical: the highest score cannot be reached";
            self.warn("maximum_out_of_reach", format!("{path}.points"), message);
        } else if !can_rise(self.checklist, question) {
            let message = "where both scales earn all their points, the change does not: the highest score cannot be reached";
            self.warn("maximum_out_of_reach", format!("{path}.points"), message);
        }
    }

    /// What concerns the checklist as a whole.
    fn whole(&mut self) {
        let counts = |question: &&Question| {
            question.points.is_some_and(|points| !points.is_zero())
                && question.kind.can_be_scored()
                && !question.bonus
        };
        let may_drop_out = |question: &Question| {
            let section = &self.checklist.sections()[question.section];
            let is_conditional = question.show_if.is_some() || section.show_if.is_some();
            is_conditional
                || section.repeat.is_some()
                || question.kind.is_derived()
                || question.allows_not_applicable()
                || question.not_observed_allowed
                || !question.required
        };
        let mut scored = self.checklist.questions().iter().filter(counts).peekable();
        if scored.peek().is_some() && scored.all(may_drop_out) {
            let message = "every scored question may be hidden, unanswered or not applicable: a visit may have no score";
            self.warn("score_may_be_missing", "sections", message);
        }
        let needed = estimated_minutes(self.checklist);
        if let Some(stated) = self
            .checklist
            .header()
            .estimated_minutes
            .filter(|stated| *stated < needed)
        {
            let message = format!("{stated} minutes are stated, but filling in alone takes about {needed}");
            self.warn("estimated_minutes_low", "estimated_minutes", message);
        }
    }
}
