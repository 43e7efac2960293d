//! Values that are worked out from earlier answers, in exact arithmetic.

use crate::answer::Answer;
use crate::{Exact, QuestionKind};

use super::Condition;
use super::condition::{Facts, Known, number};

/// A number worked out from earlier answers. Where anything it needs is missing, so is the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calculation {
    /// A number as written.
    Number(crate::Decimal),
    /// The answer to a question: a number, duration, amount or point of a scale; yes is 1, no is 0.
    Question(usize),
    /// All added up.
    Add(Vec<Self>),
    /// The first without the second.
    Subtract(Box<[Self; 2]>),
    /// All multiplied.
    Multiply(Vec<Self>),
    /// The first over the second; missing where the second is 0.
    Divide(Box<[Self; 2]>),
    /// The least of those that are there.
    Least(Vec<Self>),
    /// The greatest of those that are there.
    Greatest(Vec<Self>),
    /// The first that is there.
    FirstOf(Vec<Self>),
    /// One of two values.
    If(Box<Choice>),
    /// The minutes from the first to the second of two moments; negative if they are the other way round.
    MinutesBetween([usize; 2]),
    /// How many options are selected.
    CountSelected(usize),
    /// How many instances a repeated section has, by the section's index.
    CountInstances(usize),
    /// Something of a question over all instances of its section; instances without an answer are left out.
    OverInstances(Aggregate, usize),
}

/// A value that depends on a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The condition.
    pub condition: Condition,
    /// The value if it holds.
    pub then: Calculation,
    /// The value if it does not.
    pub otherwise: Calculation,
}

/// How the answers of several instances become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// A value of more bits is missing: chains of products would double it at every step.
const MAX_BITS: u64 = 2_048;

impl Calculation {
    /// The value, if nothing that it needs is missing.
    pub(crate) fn value<'a>(&self, facts: &impl Facts<'a>) -> Option<Exact> {
        let value = match self {
            Self::Number(number) => number.to_exact(),
            Self::Question(question) => number_of(&facts.effective(*question)?)?,
            Self::Add(parts) => all(parts, facts, Exact::ZERO, |sum, part| &sum + &part)?,
            Self::Multiply(parts) => all(parts, facts, Exact::ONE, |product, part| &product * &part)?,
            Self::Subtract(pair) => &pair[0].value(facts)? - &pair[1].value(facts)?,
            Self::Divide(pair) => pair[0].value(facts)?.divided_by(&pair[1].value(facts)?)?,
            Self::Least(parts) => parts.iter().filter_map(|part| part.value(facts)).min()?,
            Self::Greatest(parts) => parts.iter().filter_map(|part| part.value(facts)).max()?,
            Self::FirstOf(parts) => parts.iter().find_map(|part| part.value(facts))?,
            Self::If(choice) => {
                if choice.condition.holds(facts) {
                    choice.then.value(facts)?
                } else {
                    choice.otherwise.value(facts)?
                }
            }
            Self::MinutesBetween([from, to]) => {
                let moment = |question: usize| match facts.effective(question)? {
                    Known::Answer(_, Answer::DateTime(moment)) => Some(moment.seconds()),
                    _ => None,
                };
                Exact::ratio(moment(*to)? - moment(*from)?, 60)?
            }
            Self::CountSelected(question) => match facts.effective(*question)? {
                Known::Answer(_, Answer::Options(chosen)) => {
                    Exact::integer(i64::try_from(chosen.len()).ok()?)
                }
                _ => return None,
            },
            Self::CountInstances(section) => Exact::integer(i64::try_from(facts.instances(*section)).ok()?),
            Self::OverInstances(aggregate, question) => aggregate.of(facts
                .over_instances(*question)
                .iter()
                .filter_map(number_of)
                .collect())?,
        };
        (value.bits() <= MAX_BITS).then_some(value)
    }

    /// The questions that the value rests on.
    #[must_use]
    pub fn sources(&self) -> Vec<usize> {
        match self {
            Self::Number(_) | Self::CountInstances(_) => Vec::new(),
            Self::Question(question) | Self::CountSelected(question) | Self::OverInstances(_, question) => {
                vec![*question]
            }
            Self::Add(parts)
            | Self::Multiply(parts)
            | Self::Least(parts)
            | Self::Greatest(parts)
            | Self::FirstOf(parts) => parts.iter().flat_map(Self::sources).collect(),
            Self::Subtract(pair) | Self::Divide(pair) => pair.iter().flat_map(Self::sources).collect(),
            Self::MinutesBetween(pair) => pair.to_vec(),
            Self::If(choice) => {
                let mut sources = choice.condition.sources();
                sources.extend(choice.then.sources());
                sources.extend(choice.otherwise.sources());
                sources
            }
        }
    }
}

/// All parts put together one by one; none if one is missing or the result grows too large.
fn all<'a>(
    parts: &[Calculation],
    facts: &impl Facts<'a>,
    start: Exact,
    join: fn(Exact, Exact) -> Exact,
) -> Option<Exact> {
    parts.iter().try_fold(start, |value, part| {
        let value = join(value, part.value(facts)?);
        (value.bits() <= MAX_BITS).then_some(value)
    })
}

/// What is known as a number; yes is 1 and no is 0.
fn number_of(known: &Known<'_>) -> Option<Exact> {
    match known {
        Known::Answer(_, Answer::YesNo(yes)) => Some(Exact::integer(i64::from(*yes))),
        known => number(known),
    }
}

impl Aggregate {
    fn of(self, values: Vec<Exact>) -> Option<Exact> {
        let count = i64::try_from(values.len()).ok().filter(|count| *count > 0)?;
        match self {
            Self::Sum => bounded_sum(&values),
            Self::Mean => bounded_sum(&values)?.divided_by(&Exact::integer(count)),
            Self::Min => values.into_iter().min(),
            Self::Max => values.into_iter().max(),
        }
    }
}

fn bounded_sum(values: &[Exact]) -> Option<Exact> {
    values.iter().try_fold(Exact::ZERO, |sum, value| {
        let sum = &sum + value;
        (sum.bits() <= MAX_BITS).then_some(sum)
    })
}

impl QuestionKind {
    /// Whether a calculation can take the answer for a number.
    #[must_use]
    pub const fn is_numeric(&self) -> bool {
        matches!(
            self,
            Self::Scale(_)
                | Self::Number { .. }
                | Self::Duration { .. }
                | Self::Money { .. }
                | Self::YesNo { .. }
                | Self::Calculated(_)
        )
    }
}
