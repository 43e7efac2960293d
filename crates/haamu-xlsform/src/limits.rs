//! Limits of answers as XLSForm constraints, and back.

use haamu_form::{Decimal, NumberLimits, QuestionKind, TextLimits};
use serde_json::{Value, json};

use crate::expression::{Expression, Operator};

/// What the answer of a question is, as far as limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// A whole number.
    Integer,
    /// Any number.
    Decimal,
    /// The length of a text in characters.
    Length,
}

/// The limits that a constraint sets: keys of the question and their values.
///
/// # Errors
/// It is more than limits joined by `and`; the message says what.
pub(crate) fn read(
    constraint: &Expression,
    measured: Measured,
) -> Result<Vec<(&'static str, Value)>, String> {
    match constraint {
        Expression::Binary(Operator::And, left, right) => {
            let mut limits = read(left, measured)?;
            for (key, value) in read(right, measured)? {
                if limits.iter().any(|(known, _)| *known == key) {
                    return Err("the answer is limited twice on the same side".to_owned());
                }
                limits.push((key, value));
            }
            Ok(limits)
        }
        Expression::Binary(operator, left, right) => match (is_answer(left, measured), number(right)) {
            (true, Some(bound)) => one(*operator, bound, measured),
            _ => match (number(left), is_answer(right, measured)) {
                (Some(bound), true) => one(operator.turned(), bound, measured),
                _ => Err("only the answer itself can be limited, by numbers".to_owned()),
            },
        },
        _ => Err("only the lowest and highest answer have an equivalent".to_owned()),
    }
}

fn is_answer(expression: &Expression, measured: Measured) -> bool {
    match (measured, expression) {
        (Measured::Integer | Measured::Decimal, Expression::Here) => true,
        (Measured::Length, Expression::Call(name, arguments)) => {
            name == "string-length" && arguments.as_slice() == [Expression::Here]
        }
        _ => false,
    }
}

fn number(expression: &Expression) -> Option<Decimal> {
    match expression {
        Expression::Number(text) => Decimal::parse(text).ok(),
        Expression::Negated(inner) => match inner.as_ref() {
            Expression::Number(text) => Decimal::parse(&format!("-{text}")).ok(),
            _ => None,
        },
        _ => None,
    }
}

fn one(operator: Operator, bound: Decimal, measured: Measured) -> Result<Vec<(&'static str, Value)>, String> {
    let (is_lowest, step) = match operator {
        Operator::AtLeast => (true, 0),
        Operator::Greater => (true, 1),
        Operator::AtMost => (false, 0),
        Operator::Less => (false, -1),
        _ => return Err("only the lowest and highest answer have an equivalent".to_owned()),
    };
    let whole = bound.to_string().parse::<i64>().ok();
    let bound = match (step, whole) {
        (0, _) => bound,
        (_, Some(whole)) if measured != Measured::Decimal => Decimal::integer(whole.saturating_add(step)),
        _ => return Err("a limit that is itself not allowed has no equivalent".to_owned()),
    };
    if measured != Measured::Length {
        let key = if is_lowest { "min" } else { "max" };
        return Ok(vec![(key, json!(bound.to_string()))]);
    }
    let count = bound.to_string().parse::<u32>();
    let count = count.map_err(|_| "the length of a text is a whole number")?;
    let key = if is_lowest { "min_chars" } else { "max_chars" };
    Ok(vec![(key, json!(count))])
}

/// The constraint of a question, empty if there is none; and whether all its limits are in it.
pub(crate) fn write(kind: &QuestionKind) -> (String, bool) {
    match kind {
        QuestionKind::Number { limits, .. } => (of_number(limits), true),
        QuestionKind::Text(limits) => of_text(limits),
        _ => (String::new(), true),
    }
}

fn of_number(limits: &NumberLimits) -> String {
    let low = limits.min.map(|min| format!(". >= {min}"));
    let high = limits.max.map(|max| format!(". <= {max}"));
    joined([low, high])
}

fn of_text(limits: &TextLimits) -> (String, bool) {
    let characters = limits.characters;
    let low = (characters.min > 0).then(|| format!("string-length(.) >= {}", characters.min));
    let high = characters.max.map(|max| format!("string-length(.) <= {max}"));
    let rest = TextLimits {
        characters,
        ..TextLimits::default()
    };
    (joined([low, high]), *limits == rest)
}

fn joined(parts: [Option<String>; 2]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
