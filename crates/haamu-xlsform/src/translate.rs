//! Expressions as conditions of a checklist.
//!
//! In XPath a missing answer is an empty text, in a checklist every comparison
//! with one is false (R61); so `!=` becomes `not(equals)`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::expression::{Expression, Operator};

/// What conditions can know of an earlier question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its id in the checklist.
    pub(crate) id: String,
    /// Whether answers have an order.
    pub(crate) has_order: bool,
    /// The ids of its options by their names in the form, if it is a choice.
    pub(crate) options: Option<BTreeMap<String, String>>,
    /// Whether it is yes or no.
    pub(crate) is_yes_no: bool,
    /// Whether it is a date and time.
    pub(crate) is_moment: bool,
    /// The repeated section that it is in.
    pub(crate) repeat: Option<usize>,
}

/// What an expression can refer to.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// The earlier questions by their names in the form.
    pub(crate) questions: BTreeMap<String, Known>,
    /// The ids of earlier repeated sections by their names in the form.
    pub(crate) repeats: BTreeMap<String, String>,
    /// The repeated section that the expression stands in.
    pub(crate) here: Option<usize>,
    /// What `.` means.
    pub(crate) own: Option<Known>,
}

impl Scope {
    fn question(&self, name: &str) -> Result<&Known, String> {
        let known = self.questions.get(name);
        known.ok_or_else(|| format!("{name:?} is no earlier question that is answered"))
    }
}

/// The condition of an expression, or why there is none.
pub(crate) fn condition(expression: &Expression, scope: &Scope) -> Result<Value, String> {
    match expression {
        Expression::Binary(Operator::And, left, right) => {
            Ok(join("all", condition(left, scope)?, condition(right, scope)?))
        }
        Expression::Binary(Operator::Or, left, right) => {
            Ok(join("any", condition(left, scope)?, condition(right, scope)?))
        }
        Expression::Binary(operator, left, right) => comparison(*operator, left, right, scope),
        Expression::Call(name, arguments) => call(name, arguments, scope),
        // Spreadsheets write truth in capitals.
        Expression::Path(word) if word.eq_ignore_ascii_case("true") => Ok(json!({"all": []})),
        Expression::Path(word) if word.eq_ignore_ascii_case("false") => Ok(json!({"any": []})),
        Expression::Question(_) | Expression::Path(_) | Expression::Here => {
            let known = question(expression, scope)?;
            Ok(answered(known))
        }
        Expression::Text(_) | Expression::Number(_) | Expression::Negated(_) => {
            Err("a condition that compares nothing has no equivalent".to_owned())
        }
    }
}

fn join(key: &str, left: Value, right: Value) -> Value {
    // Chains of the same kind become one list.
    let mut parts = Vec::new();
    for side in [left, right] {
        match side.get(key).and_then(Value::as_array) {
            Some(inner) => parts.extend(inner.iter().cloned()),
            None => parts.push(side),
        }
    }
    json!({key: parts})
}

#[expect(clippy::needless_pass_by_value, reason = "the macro takes it")]
fn not(condition: Value) -> Value {
    json!({"not": condition})
}

fn answered(known: &Known) -> Value {
    json!({"question": known.id, "op": "answered"})
}

fn call(name: &str, arguments: &[Expression], scope: &Scope) -> Result<Value, String> {
    match (name, arguments) {
        ("not", [inner]) => Ok(not(condition(inner, scope)?)),
        ("true", []) => Ok(json!({"all": []})),
        ("false", []) => Ok(json!({"any": []})),
        ("boolean", [inner]) => condition(inner, scope),
        ("selected", [source, wanted]) => {
            let known = question(source, scope)?;
            equals(
                known,
                &literal(wanted).ok_or("the option of selected() must be written out")?,
            )
        }
        _ => Err(format!("the function {name}() has no equivalent in a condition")),
    }
}

fn comparison(
    operator: Operator,
    left: &Expression,
    right: &Expression,
    scope: &Scope,
) -> Result<Value, String> {
    // A literal on the left is turned around.
    if literal(left).is_some() && literal(right).is_none() {
        return comparison(operator.turned(), right, left, scope);
    }
    if let (Some(left), Some(right)) = (literal(left), literal(right)) {
        return constant(operator, &left, &right);
    }
    let Some(wanted) = literal(right) else {
        return pair(operator, question(left, scope)?, question(right, scope)?);
    };
    if let Expression::Call(name, arguments) = left {
        return counted(operator, name, arguments, &wanted, scope);
    }
    let known = question(left, scope)?;
    if wanted.is_empty() {
        return match operator {
            Operator::Equal => Ok(not(answered(known))),
            Operator::NotEqual => Ok(answered(known)),
            _ => Err("an order with nothing has no equivalent".to_owned()),
        };
    }
    let op = match operator {
        Operator::Equal => return equals(known, &wanted),
        Operator::NotEqual => return Ok(not(equals(known, &wanted)?)),
        Operator::Less => "lt",
        Operator::AtMost => "lte",
        Operator::Greater => "gt",
        Operator::AtLeast => "gte",
        _ => return Err("calculations have no equivalent in a condition".to_owned()),
    };
    if !known.has_order {
        return Err(format!("answers to {} have no order", known.id));
    }
    if haamu_form::Decimal::parse(&wanted).is_err() {
        return Err(format!("{wanted:?} is no number of at most four decimals"));
    }
    Ok(json!({"question": known.id, "op": op, "value": wanted}))
}

/// What a comparison of two values that are written out comes to; choice filters are full of them.
fn constant(operator: Operator, left: &str, right: &str) -> Result<Value, String> {
    let holds = match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        _ => return Err("an order of two values that are written out has no equivalent".to_owned()),
    };
    Ok(if holds {
        json!({"all": []})
    } else {
        json!({"any": []})
    })
}

/// Two answers compared with each other.
fn pair(operator: Operator, left: &Known, right: &Known) -> Result<Value, String> {
    let are_alike = left.has_order && right.has_order || left.is_moment && right.is_moment;
    if !are_alike {
        return Err(format!(
            "answers to {} and {} cannot be compared",
            left.id, right.id
        ));
    }
    let compare = |op: &str| json!({"question": left.id, "op": op, "other": right.id});
    Ok(match operator {
        Operator::Equal => compare("equals"),
        Operator::NotEqual => not(compare("equals")),
        Operator::Less => compare("lt"),
        Operator::AtMost => compare("lte"),
        Operator::Greater => compare("gt"),
        Operator::AtLeast => compare("gte"),
        _ => return Err("calculations have no equivalent in a condition".to_owned()),
    })
}

/// `count-selected(${q}) > 0`, `string-length(${q}) != 0` and the like: whether there is an answer.
fn counted(
    operator: Operator,
    name: &str,
    arguments: &[Expression],
    wanted: &str,
    scope: &Scope,
) -> Result<Value, String> {
    let (true, [source]) = (matches!(name, "count-selected" | "string-length"), arguments) else {
        return Err(format!("the function {name}() has no equivalent in a condition"));
    };
    let known = question(source, scope)?;
    match (operator, wanted) {
        (Operator::Greater | Operator::NotEqual, "0") | (Operator::AtLeast, "1") => Ok(answered(known)),
        (Operator::Equal | Operator::AtMost, "0") | (Operator::Less, "1") => Ok(not(answered(known))),
        _ => Err(format!(
            "a number of {name}() other than none or some has no equivalent"
        )),
    }
}

fn equals(known: &Known, wanted: &str) -> Result<Value, String> {
    let value = match &known.options {
        Some(options) => options
            .get(wanted)
            .cloned()
            .ok_or_else(|| format!("{} has no option {wanted:?}", known.id))?,
        None if known.is_yes_no => {
            let word = wanted.to_lowercase();
            if matches!(word.as_str(), "yes" | "no") {
                word
            } else {
                return Err(format!("{} is answered with yes or no", known.id));
            }
        }
        None => wanted.to_owned(),
    };
    Ok(json!({"question": known.id, "op": "equals", "value": value}))
}

/// The earlier question that an expression is about.
pub(crate) fn question<'s>(expression: &Expression, scope: &'s Scope) -> Result<&'s Known, String> {
    let known = match expression {
        Expression::Question(name) => scope.question(name)?,
        Expression::Path(path) => scope.question(path.rsplit('/').next().unwrap_or(path))?,
        Expression::Call(name, arguments)
            if matches!(name.as_str(), "number" | "string" | "int") && arguments.len() == 1 =>
        {
            return question(&arguments[0], scope);
        }
        Expression::Here => scope
            .own
            .as_ref()
            .ok_or("the answer itself cannot decide whether it is asked for")?,
        _ => return Err("only answers can be compared in a condition".to_owned()),
    };
    if known.repeat.is_some() && known.repeat != scope.here {
        return Err(format!("{} has several answers here", known.id));
    }
    Ok(known)
}

/// A text or number that is written out.
pub(crate) fn literal(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Text(text) => Some(text.clone()),
        Expression::Number(number) => Some(number.clone()),
        Expression::Negated(inner) => match inner.as_ref() {
            Expression::Number(number) => Some(format!("-{number}")),
            _ => None,
        },
        _ => None,
    }
}
