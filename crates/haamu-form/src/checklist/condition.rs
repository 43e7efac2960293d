//! Conditions on earlier answers (R60, R61).

use std::cmp::Ordering;

use crate::answer::{Answer, LocalDateTime};
use crate::{Decimal, Exact};

use super::attribute::ContextValue;
use super::{AnswerOption, QuestionKind};

/// When a section or a question is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of them hold.
    All(Vec<Self>),
    /// At least one of them holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// An earlier answer compares so.
    Compare {
        /// The index of an earlier question.
        question: usize,
        /// The comparison.
        comparison: Comparison,
    },
    /// Two earlier answers compare so.
    CompareAnswers {
        /// The index of an earlier question.
        question: usize,
        /// How its answer stands to the other.
        relation: Relation,
        /// The index of the other earlier question.
        other: usize,
    },
    /// Something that is known of the visit compares so; where it is not known, no comparison holds.
    Context {
        /// What is compared, such as `weekday` or `location.size`.
        key: String,
        /// The comparison; with order only where the checklist declares a number.
        comparison: Comparison,
    },
}

/// How one answer stands to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are equal.
    Equals,
    /// They are not equal.
    NotEquals,
    /// The first is less.
    LessThan,
    /// The first is less or equal.
    AtMost,
    /// The first is greater.
    GreaterThan,
    /// The first is greater or equal.
    AtLeast,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::NotEquals => order.is_ne(),
            Self::LessThan => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::GreaterThan => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// What is known in the place of one question.
#[derive(Clone, Debug)]
pub(crate) enum Known<'a> {
    /// Its answer.
    Answer(&'a QuestionKind, &'a Answer),
    /// The number that was worked out.
    Number(&'a Exact),
}

/// What conditions and calculations look at.
pub(crate) trait Facts<'a> {
    /// The answer or number of a question, or `None` where it is missing (R61).
    fn effective(&self, question: usize) -> Option<Known<'a>>;
    /// Something that is known of the visit; none also where it is not what the checklist says that it is.
    fn context(&self, key: &str) -> Option<ContextValue<'_>>;
    /// How many instances a repeated section has.
    fn instances(&self, section: usize) -> usize;
    /// What is known of a question in all instances of its section.
    fn over_instances(&self, question: usize) -> Vec<Known<'a>>;
}

/// A comparison of an answer. With a missing answer every comparison is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// There is an answer.
    Answered,
    /// It equals the value; on a multi-select, the value is among the selected.
    Equals(Operand),
    /// It does not equal the value; on a multi-select, the value is not among the selected.
    NotEquals(Operand),
    /// It equals one of the values.
    In(Vec<Operand>),
    /// It is less.
    LessThan(Operand),
    /// It is less or equal.
    AtMost(Operand),
    /// It is greater.
    GreaterThan(Operand),
    /// It is greater or equal.
    AtLeast(Operand),
}

/// The value that an answer is compared with, as its text: numbers compare as
/// numbers whether the document writes `5` or `"5"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand(pub(crate) String);

impl Operand {
    /// The text of the value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Condition {
    /// Whether the condition holds.
    pub(crate) fn holds<'a>(&self, facts: &impl Facts<'a>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Not(part) => !part.holds(facts),
            Self::Compare { question, comparison } => facts
                .effective(*question)
                .is_some_and(|known| comparison.holds(&known)),
            Self::CompareAnswers {
                question,
                relation,
                other,
            } => {
                let pair = facts.effective(*question).zip(facts.effective(*other));
                pair.and_then(|(first, second)| order_of(&first, &second))
                    .is_some_and(|order| relation.holds(order))
            }
            Self::Context { key, comparison } => facts.context(key).is_some_and(|value| match value {
                ContextValue::Text(text) => comparison.holds_for_text(text),
                ContextValue::Number(number) => comparison.holds_for_number(&number),
            }),
        }
    }

    /// The questions that the condition looks at.
    #[must_use]
    pub fn sources(&self) -> Vec<usize> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::sources).collect(),
            Self::Not(part) => part.sources(),
            Self::Compare { question, .. } => vec![*question],
            Self::CompareAnswers { question, other, .. } => vec![*question, *other],
            Self::Context { .. } => Vec::new(),
        }
    }
}

impl Comparison {
    fn holds(&self, known: &Known<'_>) -> bool {
        let (kind, answer) = match known {
            Known::Answer(kind, answer) => (kind, answer),
            Known::Number(value) => return self.holds_for_number(value),
        };
        let ordered =
            |operand: &Operand, wanted: fn(Ordering) -> bool| operand.order_of(answer).is_some_and(wanted);
        match self {
            Self::Answered => true,
            Self::Equals(operand) => operand.matches(kind, answer),
            Self::NotEquals(operand) => !operand.matches(kind, answer),
            Self::In(operands) => operands.iter().any(|operand| operand.matches(kind, answer)),
            Self::LessThan(operand) => ordered(operand, Ordering::is_lt),
            Self::AtMost(operand) => ordered(operand, Ordering::is_le),
            Self::GreaterThan(operand) => ordered(operand, Ordering::is_gt),
            Self::AtLeast(operand) => ordered(operand, Ordering::is_ge),
        }
    }

    fn holds_for_number(&self, value: &Exact) -> bool {
        let order = |operand: &Operand| {
            let number = Decimal::parse(&operand.0).ok()?;
            Some(value.cmp(&number.to_exact()))
        };
        let is = |operand: &Operand, wanted: fn(Ordering) -> bool| order(operand).is_some_and(wanted);
        match self {
            Self::Answered => true,
            Self::Equals(operand) => is(operand, Ordering::is_eq),
            Self::NotEquals(operand) => !is(operand, Ordering::is_eq),
            Self::In(operands) => operands.iter().any(|operand| is(operand, Ordering::is_eq)),
            Self::LessThan(operand) => is(operand, Ordering::is_lt),
            Self::AtMost(operand) => is(operand, Ordering::is_le),
            Self::GreaterThan(operand) => is(operand, Ordering::is_gt),
            Self::AtLeast(operand) => is(operand, Ordering::is_ge),
        }
    }

    /// A text that is known of a visit has no order.
    fn holds_for_text(&self, value: &str) -> bool {
        match self {
            Self::Answered => true,
            Self::Equals(operand) => operand.0 == value,
            Self::NotEquals(operand) => operand.0 != value,
            Self::In(operands) => operands.iter().any(|operand| operand.0 == value),
            Self::LessThan(_) | Self::AtMost(_) | Self::GreaterThan(_) | Self::AtLeast(_) => false,
        }
    }

    /// The values that the comparison names.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        match self {
            Self::Answered => &[],
            Self::In(operands) => operands,
            Self::Equals(operand)
            | Self::NotEquals(operand)
            | Self::LessThan(operand)
            | Self::AtMost(operand)
            | Self::GreaterThan(operand)
            | Self::AtLeast(operand) => std::slice::from_ref(operand),
        }
    }

    /// Whether the comparison asks for an order, which only some types have.
    #[must_use]
    pub const fn needs_order(&self) -> bool {
        matches!(
            self,
            Self::LessThan(_) | Self::AtMost(_) | Self::GreaterThan(_) | Self::AtLeast(_)
        )
    }
}

impl Operand {
    fn matches(&self, kind: &QuestionKind, answer: &Answer) -> bool {
        let is_option = |option: &AnswerOption| option.id.as_str() == self.0;
        match answer {
            Answer::YesNo(yes) => self.0 == if *yes { "yes" } else { "no" },
            Answer::Option(index) => is_option(&kind.options()[*index]),
            Answer::Options(indexes) => indexes.iter().any(|index| is_option(&kind.options()[*index])),
            Answer::Text(text) => *text == self.0,
            Answer::Integer(_) | Answer::Decimal(_) | Answer::DateTime(_) => {
                self.order_of(answer) == Some(Ordering::Equal)
            }
            Answer::Media => false,
        }
    }

    /// How the answer stands to the value, where the type has an order.
    fn order_of(&self, answer: &Answer) -> Option<Ordering> {
        let number = || Decimal::parse(&self.0).ok();
        match answer {
            Answer::Integer(value) => Some(Decimal::integer(*value).cmp(&number()?)),
            Answer::Decimal(value) => Some(value.cmp(&number()?)),
            Answer::DateTime(value) => Some(value.cmp(&LocalDateTime::parse(&self.0)?)),
            Answer::YesNo(_) | Answer::Option(_) | Answer::Options(_) | Answer::Text(_) | Answer::Media => {
                None
            }
        }
    }
}

/// How two answers stand to each other; none where their types have nothing in common.
fn order_of(first: &Known<'_>, second: &Known<'_>) -> Option<Ordering> {
    if let (Some(first), Some(second)) = (number(first), number(second)) {
        return Some(first.cmp(&second));
    }
    let (Known::Answer(kind, first), Known::Answer(other_kind, second)) = (first, second) else {
        return None;
    };
    let option =
        |kind: &QuestionKind, index: usize| kind.options().get(index).map(|option| option.id.clone());
    match (first, second) {
        (Answer::DateTime(first), Answer::DateTime(second)) => Some(first.cmp(second)),
        (Answer::YesNo(first), Answer::YesNo(second)) => Some(first.cmp(second)),
        (Answer::Text(first), Answer::Text(second)) => Some(first.cmp(second)),
        (Answer::Option(first), Answer::Option(second)) => {
            Some(option(kind, *first).cmp(&option(other_kind, *second)))
        }
        _ => None,
    }
}

/// What is known as a number; none where it is none.
pub(super) fn number(known: &Known<'_>) -> Option<Exact> {
    match known {
        Known::Number(value) => Some((*value).clone()),
        Known::Answer(_, Answer::Integer(value)) => Some(Exact::integer(*value)),
        Known::Answer(_, Answer::Decimal(value)) => Some(value.to_exact()),
        Known::Answer(..) => None,
    }
}
