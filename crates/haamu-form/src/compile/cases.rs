//! The combinations of answers on which conditions are tried.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{Answer, LocalDateTime};
use crate::checklist::{AttributeKind, Condition, ContextValue, Facts, Known, MultiChoice, QuestionKind};
use crate::{Checklist, Decimal, Exact};

/// Of a question with more options, not every choice of several is tried.
const MAX_FREE_OPTIONS: usize = 6;

/// What a condition looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source<'a> {
    Question(usize),
    Context(&'a str),
}

/// What may be found there.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Missing,
    Answer(Answer),
    Number(Exact),
    Text(&'a str),
}

/// Notes what a condition compares with.
pub(super) fn collect<'a>(condition: &'a Condition, operands: &mut BTreeMap<Source<'a>, BTreeSet<&'a str>>) {
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
pub(super) fn keys(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(keys).collect(),
        Condition::Not(part) => keys(part),
        Condition::Context { key, .. } => vec![key],
        Condition::Compare { .. } | Condition::CompareAnswers { .. } => Vec::new(),
    }
}

/// Answers that make a difference to conditions that compare with `operands`, and to
/// comparisons of two answers. None if they cannot be listed.
pub(super) fn values<'a>(kind: &QuestionKind, operands: &BTreeSet<&'a str>) -> Option<Vec<Value<'a>>> {
    let numbers = || numbers(operands);
    let whole_around =
        || numbers().flat_map(|number| [-1, 0, 1].map(|step| number.whole_part().saturating_add(step)));
    let around = || around(operands);
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

/// Values of an attribute of the location that make a difference to conditions that compare with `operands`.
pub(super) fn attribute_values<'a>(kind: &'a AttributeKind, operands: BTreeSet<&'a str>) -> Vec<Value<'a>> {
    match kind {
        // "\u{1}" stands for all that no condition names.
        AttributeKind::Text => operands.into_iter().chain(["\u{1}"]).map(Value::Text).collect(),
        AttributeKind::Number => {
            let all = around(&operands).into_iter();
            all.map(|value| Value::Number(value.to_exact())).collect()
        }
        AttributeKind::YesNo => ["yes", "no"].map(Value::Text).to_vec(),
        AttributeKind::Choice(options) => options
            .iter()
            .map(|option| Value::Text(option.as_str()))
            .collect(),
    }
}

fn numbers(operands: &BTreeSet<&str>) -> impl Iterator<Item = Decimal> {
    operands.iter().filter_map(|text| Decimal::parse(text).ok())
}

/// The operands that are numbers, what lies next to them, and two numbers far out on both
/// sides, so that either of two answers can be the greater.
fn around(operands: &BTreeSet<&str>) -> BTreeSet<Decimal> {
    let step = Decimal::parse("0.0001").unwrap_or_default();
    let far = Decimal::integer(1_000_000_000);
    let around = numbers(operands).flat_map(|number| [number.minus(step), number, number.plus(step)]);
    let others = [Decimal::default(), far, Decimal::default().minus(far)];
    around.chain(others).collect()
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

/// The conditions under which a source is shown.
pub(super) fn conditions_of<'a>(
    checklist: &'a Checklist,
    source: Source<'_>,
) -> impl Iterator<Item = &'a Condition> + use<'a> {
    let question = match source {
        Source::Question(index) => checklist.questions().get(index),
        Source::Context(_) => None,
    };
    let section = question.map(|question| &checklist.sections()[question.section]);
    let of_section = section.and_then(|section| section.show_if.as_ref());
    let of_question = question.and_then(|question| question.show_if.as_ref());
    of_section.into_iter().chain(of_question)
}

/// How many comparisons a condition makes at most.
pub(super) fn weight(condition: &Condition) -> usize {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => 1 + parts.iter().map(weight).sum::<usize>(),
        Condition::Not(part) => weight(part),
        Condition::Compare { comparison, .. } | Condition::Context { comparison, .. } => {
            1 + comparison.operands().len()
        }
        Condition::CompareAnswers { .. } => 1,
    }
}

/// One combination of answers.
pub(super) struct Case<'c> {
    checklist: &'c Checklist,
    sources: &'c [Source<'c>],
    domains: &'c [Vec<Value<'c>>],
    picks: &'c [usize],
    /// Whether each source is shown, as far as that is settled.
    shown: Vec<bool>,
}

impl<'c> Case<'c> {
    /// Settles which sources are shown, each once, in the order of the checklist.
    pub(super) fn new(
        checklist: &'c Checklist,
        sources: &'c [Source<'c>],
        domains: &'c [Vec<Value<'c>>],
        picks: &'c [usize],
    ) -> Self {
        let mut case = Self {
            checklist,
            sources,
            domains,
            picks,
            shown: Vec::with_capacity(sources.len()),
        };
        for source in sources {
            let mut conditions = conditions_of(checklist, *source);
            let is_shown = conditions.all(|condition| condition.holds(&case));
            case.shown.push(is_shown);
        }
        case
    }

    pub(super) fn holds(&self, condition: &Condition) -> bool {
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
        let place = self.sources.binary_search(&Source::Question(index)).ok()?;
        if self.shown.get(place) != Some(&true) {
            return None;
        }
        match &self.domains[place][self.picks[place]] {
            Value::Answer(answer) => Some(Known::Answer(&self.checklist.questions()[index].kind, answer)),
            Value::Number(number) => Some(Known::Number(number)),
            Value::Missing | Value::Text(_) => None,
        }
    }

    fn context(&self, key: &str) -> Option<ContextValue<'_>> {
        match self.value(Source::Context(key))? {
            Value::Text(text) => Some(ContextValue::Text(text)),
            Value::Number(number) => Some(ContextValue::Number(number.clone())),
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
pub(super) fn next(picks: &mut [usize], domains: &[Vec<Value<'_>>]) {
    for (pick, domain) in picks.iter_mut().zip(domains) {
        *pick += 1;
        if *pick < domain.len() {
            return;
        }
        *pick = 0;
    }
}
