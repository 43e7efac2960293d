//! Conditions on earlier answers (R60, R61).

use std::cmp::Ordering;

use crate::Decimal;
use crate::answer::{Answer, LocalDateTime};

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
    /// Whether the condition holds. `effective` gives the answer of a question,
    /// or `None` where it is missing (R61).
    pub(crate) fn holds<'a>(
        &self,
        effective: &impl Fn(usize) -> Option<(&'a QuestionKind, &'a Answer)>,
    ) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(effective)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(effective)),
            Self::Not(part) => !part.holds(effective),
            Self::Compare { question, comparison } => {
                effective(*question).is_some_and(|(kind, answer)| comparison.holds(kind, answer))
            }
        }
    }

    /// The questions that the condition looks at.
    #[must_use]
    pub fn sources(&self) -> Vec<usize> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::sources).collect(),
            Self::Not(part) => part.sources(),
            Self::Compare { question, .. } => vec![*question],
        }
    }
}

impl Comparison {
    fn holds(&self, kind: &QuestionKind, answer: &Answer) -> bool {
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
