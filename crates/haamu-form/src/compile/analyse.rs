//! What conditions and points amount to: questions that are never shown,
//! conditions that always or never hold, points that nobody can earn.
//!
//! Conditions are tried on all answers that make a difference to them. Where
//! those are too many, the finding `analysis_bounded` says so: then nothing is
//! claimed about the place.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{Answer, LocalDateTime};
use crate::checklist::{
    Condition, CriticalEffect, Facts, Known, MultiChoice, MultiMode, Question, QuestionKind,
};
use crate::{Checklist, Decimal, Exact, Finding};

use super::estimated_minutes;

/// A condition is tried on at most so many combinations of answers.
const MAX_CASES: usize = 20_000;
/// A checklist is given at most so many trials in all.
const MAX_TRIALS: usize = 2_000_000;
/// Of a question with more options, not every choice of several is tried.
const MAX_FREE_OPTIONS: usize = 6;

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
    trials: usize,
    findings: Vec<Finding>,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source<'a> {
    Question(usize),
    Context(&'a str),
}

/// What may be found there.
#[derive(Clone, Debug)]
enum Value<'a> {
    Missing,
    Answer(Answer),
    Number(Exact),
    Text(&'a str),
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
            trials: 0,
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
        self.trials += cases;
        if self.trials > MAX_TRIALS {
            return None;
        }
        let mut outcomes = Outcomes::default();
        let mut picks = vec![0_usize; sources.len()];
        for _ in 0..cases {
            let case = Case {
                checklist: self.checklist,
                sources: &sources,
                domains: &domains,
                picks: &picks,
            };
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
            // "\u{1}" stands for all that no condition names.
            Source::Context(_) => domain.extend(operands.into_iter().chain(["\u{1}"]).map(Value::Text)),
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
        } else if self.is_best_critical(question) {
            let message =
                "every answer that earns all points is critical: the highest score cannot be reached";
            self.warn("maximum_out_of_reach", format!("{path}.points"), message);
        } else if !self.can_rise(question) {
            let message = "where both scales earn all their points, the change does not: the highest score cannot be reached";
            self.warn("maximum_out_of_reach", format!("{path}.points"), message);
        }
    }

    /// Whether every option that earns all points triggers an effect that costs more than it brings.
    fn is_best_critical(&self, question: &Question) -> bool {
        let costs = question
            .critical
            .is_some_and(|critical| critical.effect != CriticalEffect::Flag);
        let QuestionKind::SingleChoice { options } = &question.kind else {
            return false;
        };
        let mut best = options
            .iter()
            .filter(|option| Some(option.points) == question.points && !option.na);
        costs && best.all(|option| option.critical)
    }

    /// Whether a change can earn all its points, or not apply, while its two scales earn all of theirs.
    fn can_rise(&self, question: &Question) -> bool {
        let QuestionKind::Change(change) = &question.kind else {
            return true;
        };
        let ends = |index: usize| -> Option<(Vec<i64>, i64)> {
            let end = &self.checklist.questions()[index];
            let QuestionKind::Scale(scale) = &end.kind else {
                return None;
            };
            let all = if end.points.is_some_and(|points| !points.is_zero()) && !end.bonus {
                vec![if scale.higher_is_better {
                    scale.max
                } else {
                    scale.min
                }]
            } else {
                // Of a long scale only the ends are tried; a trapezoid is full somewhere on the way if at all.
                (scale.min..=scale.max.min(scale.min.saturating_add(100)))
                    .chain([scale.max])
                    .collect()
            };
            Some((all, scale.max))
        };
        let Some(((starts, max), (finishes, _))) = ends(change.from).zip(ends(change.to)) else {
            return true;
        };
        starts.iter().any(|from| {
            finishes.iter().any(|to| {
                let has_no_room = *from == max && *to == max;
                has_no_room || change.band.share(&Exact::integer(to - from)) == Exact::ONE
            })
        })
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

fn collect<'a>(condition: &'a Condition, operands: &mut BTreeMap<Source<'a>, BTreeSet<&'a str>>) {
    let mut note = |source, comparison: &'a crate::Comparison| {
        let known: &mut BTreeSet<&'a str> = operands.entry(source).or_default();
        known.extend(comparison.operands().iter().map(crate::Operand::as_str));
    };
    match condition {
        Condition::Compare { question, comparison } => note(Source::Question(*question), comparison),
        Condition::Context { key, comparison } => note(Source::Context(key), comparison),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, operands));
        }
        Condition::Not(part) => collect(part, operands),
        // Values on both sides of a comparison of two answers are added to each domain anyway.
        Condition::CompareAnswers { .. } => {}
    }
}

/// What a condition asks of the visit.
fn keys(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(keys).collect(),
        Condition::Not(part) => keys(part),
        Condition::Context { key, .. } => vec![key],
        Condition::Compare { .. } | Condition::CompareAnswers { .. } => Vec::new(),
    }
}

/// Answers that make a difference to conditions that compare with `operands`, and to
/// comparisons of two answers. None if they cannot be listed.
fn values<'a>(kind: &QuestionKind, operands: &BTreeSet<&'a str>) -> Option<Vec<Value<'a>>> {
    let numbers = || operands.iter().filter_map(|text| Decimal::parse(text).ok());
    let whole_around = || numbers().flat_map(|number| [-1, 0, 1].map(|step| number.whole_part() + step));
    let step = Decimal::parse("0.0001").unwrap_or_default();
    // Beside the operands, two numbers far out on both sides, so that either of two answers can be the greater.
    let far = Decimal::integer(1_000_000_000);
    let around = || -> BTreeSet<Decimal> {
        let around = numbers().flat_map(|number| [number.minus(step), number, number.plus(step)]);
        let others = [Decimal::default(), far, Decimal::default().minus(far)];
        around.chain(others).collect()
    };
    let answers: Vec<Answer> = match kind {
        QuestionKind::YesNo { .. } => [true, false].map(Answer::YesNo).to_vec(),
        QuestionKind::SingleChoice { options } => {
            let real = (0..options.len()).filter(|option| !options[*option].na);
            real.map(Answer::Option).collect()
        }
        QuestionKind::MultiChoice(multi) => choices(multi, operands)?,
        QuestionKind::Scale(scale) => {
            let all: BTreeSet<i64> = if scale.max - scale.min <= 12 {
                (scale.min..=scale.max).collect()
            } else {
                let wanted = whole_around().chain([scale.min, scale.max]);
                wanted
                    .filter(|value| (scale.min..=scale.max).contains(value))
                    .collect()
            };
            all.into_iter().map(Answer::Integer).collect()
        }
        QuestionKind::Number { .. } | QuestionKind::Duration { .. } => {
            around().into_iter().map(Answer::Decimal).collect()
        }
        // Whatever it is worked out from: any value is taken for possible.
        QuestionKind::Calculated(_) => {
            let all = around().into_iter().map(|value| Value::Number(value.to_exact()));
            return Some(all.collect());
        }
        QuestionKind::Money { .. } => {
            let all: BTreeSet<i64> = whole_around().chain([0, 1_000_000_000]).collect();
            all.into_iter().map(Answer::Integer).collect()
        }
        QuestionKind::Text(_) | QuestionKind::Barcode(_) => {
            let texts = operands.iter().copied().chain(["\u{1}"]);
            texts.map(|text| Answer::Text(text.to_owned())).collect()
        }
        QuestionKind::DateTime => {
            let ends = ["0001-01-01T00:00", "9999-12-31T23:59"];
            let moments = operands
                .iter()
                .copied()
                .chain(ends)
                .filter_map(LocalDateTime::parse);
            moments.map(Answer::DateTime).collect()
        }
        QuestionKind::Photo(_)
        | QuestionKind::Receipt(_)
        | QuestionKind::Audio
        | QuestionKind::Location
        | QuestionKind::Signature
        | QuestionKind::File(_) => vec![Answer::Media],
        QuestionKind::Change(_) => Vec::new(),
    };
    Some(answers.into_iter().map(Value::Answer).collect())
}

/// The choices that make a difference: with few options all, with many those of the options that conditions name.
fn choices(multi: &MultiChoice, named: &BTreeSet<&str>) -> Option<Vec<Answer>> {
    let relevant: Vec<usize> = if multi.options.len() <= MAX_FREE_OPTIONS {
        (0..multi.options.len()).collect()
    } else {
        (0..multi.options.len())
            .filter(|option| named.contains(multi.options[*option].id.as_str()))
            .collect()
    };
    if relevant.len() > MAX_FREE_OPTIONS {
        return None;
    }
    let other = (0..multi.options.len())
        .find(|option| !relevant.contains(option) && !multi.options[*option].exclusive);
    let mut found: BTreeSet<Vec<usize>> = BTreeSet::new();
    for subset in 0_u32..1 << relevant.len() {
        let chosen = (0..relevant.len())
            .filter(|bit| subset & (1 << bit) != 0)
            .map(|bit| relevant[bit]);
        let mut chosen: Vec<usize> = chosen.filter(|option| !multi.options[*option].na).collect();
        // An option that no condition names stands for all such.
        if chosen.is_empty() {
            chosen.extend(other);
        }
        let is_allowed = chosen.len() == 1 || !chosen.iter().any(|option| multi.options[*option].exclusive);
        if !chosen.is_empty() && is_allowed {
            found.insert(chosen);
        }
    }
    Some(found.into_iter().map(Answer::Options).collect())
}

/// One combination of answers.
struct Case<'c> {
    checklist: &'c Checklist,
    sources: &'c [Source<'c>],
    domains: &'c [Vec<Value<'c>>],
    picks: &'c [usize],
}

impl<'c> Case<'c> {
    fn holds(&self, condition: &Condition) -> bool {
        condition.holds(self)
    }

    fn value(&self, source: Source<'_>) -> Option<&'c Value<'c>> {
        let place = self.sources.binary_search(&source).ok()?;
        Some(&self.domains[place][self.picks[place]])
    }
}

impl<'c> Facts<'c> for Case<'c> {
    /// The answer that conditions see: none where the question is not shown (R61).
    fn effective(&self, index: usize) -> Option<Known<'c>> {
        let value = self.value(Source::Question(index))?;
        let question = &self.checklist.questions()[index];
        let section = &self.checklist.sections()[question.section];
        let is_shown = [&section.show_if, &question.show_if]
            .into_iter()
            .flatten()
            .all(|condition| self.holds(condition));
        match value {
            Value::Answer(answer) if is_shown => Some(Known::Answer(&question.kind, answer)),
            Value::Number(number) if is_shown => Some(Known::Number(number)),
            _ => None,
        }
    }

    fn context(&self, key: &str) -> Option<&str> {
        match self.value(Source::Context(key))? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn instances(&self, _section: usize) -> usize {
        0
    }

    fn over_instances(&self, _question: usize) -> Vec<Known<'c>> {
        Vec::new()
    }
}

/// The next combination.
fn next(picks: &mut [usize], domains: &[Vec<Value<'_>>]) {
    for (pick, domain) in picks.iter_mut().zip(domains) {
        *pick += 1;
        if *pick < domain.len() {
            return;
        }
        *pick = 0;
    }
}

/// The most points that an answer can earn, before they are limited to the question's points; none where any can.
fn most(checklist: &Checklist, question: &Question) -> Option<Exact> {
    let points = question.points?.to_exact();
    Some(match &question.kind {
        QuestionKind::SingleChoice { options } => options
            .iter()
            .filter(|option| !option.na)
            .map(|option| option.points.to_exact())
            .max()?,
        QuestionKind::MultiChoice(multi) => most_of_choices(multi, &points)?,
        QuestionKind::Change(change) => {
            let QuestionKind::Scale(scale) = &checklist.questions()[change.to].kind else {
                return None;
            };
            let widest = scale.max - scale.min;
            let shares = (-widest..=widest).map(|difference| change.band.share(&Exact::integer(difference)));
            // A scale of a million steps is not looked through.
            &points * &shares.take(10_000).max()?
        }
        QuestionKind::YesNo { .. }
        | QuestionKind::Scale(_)
        | QuestionKind::Number { .. }
        | QuestionKind::Duration { .. } => {
            return None;
        }
        _ => Exact::ZERO,
    })
}

fn most_of_choices(multi: &MultiChoice, points: &Exact) -> Option<Exact> {
    let real = || multi.options.iter().filter(|option| !option.na);
    let alone = || real().map(|option| option.points.to_exact());
    let together: Exact = {
        let gains: Vec<Exact> = real()
            .filter(|option| !option.exclusive && !option.points.is_negative())
            .map(|option| option.points.to_exact())
            .collect();
        gains.iter().sum()
    };
    Some(match &multi.mode {
        MultiMode::Sum => together.max(alone().max()?),
        // To have no faults, one says so with an option that costs nothing.
        MultiMode::Deduct => points - &alone().min()?,
        MultiMode::AllRequired { required, forbidden } => {
            let has_exclusive =
                required.iter().any(|index| multi.options[*index].exclusive) && required.len() > 1;
            let is_forbidden = required.iter().any(|index| forbidden.contains(index));
            if has_exclusive || is_forbidden {
                Exact::ZERO
            } else {
                points.clone()
            }
        }
        MultiMode::AtLeast { count } => {
            let good = real().filter(|option| option.good && !option.exclusive).count();
            let good = i64::try_from(good).ok()?.min(i64::from(*count));
            points * &Exact::ratio(good, i64::from(*count))?
        }
    })
}
