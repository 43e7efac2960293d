//! Expressions as calculations of a checklist.

use serde_json::{Value, json};

use crate::expression::{Expression, Operator};
use crate::translate::{Known, Scope, condition, literal, question};

/// The calculation of an expression, or why there is none.
pub(crate) fn calculation(expression: &Expression, scope: &Scope) -> Result<Value, String> {
    if let Some(text) = literal(expression) {
        return match haamu_form::Decimal::parse(&text) {
            Ok(number) => Ok(json!(number.to_string())),
            Err(_) => Err(format!("{text:?} is no number of at most four decimals")),
        };
    }
    match expression {
        Expression::Binary(operator, left, right) => {
            let key = match operator {
                Operator::Plus => "add",
                Operator::Minus => "subtract",
                Operator::Times => "multiply",
                Operator::Divide => "divide",
                _ => return Err("only numbers are worked out".to_owned()),
            };
            Ok(json!({key: [calculation(left, scope)?, calculation(right, scope)?]}))
        }
        Expression::Negated(inner) => Ok(json!({"subtract": ["0", calculation(inner, scope)?]})),
        Expression::Call(name, arguments) => call(name, arguments, scope),
        _ => Ok(json!({"question": number(question(expression, scope)?)?})),
    }
}

fn number(known: &Known) -> Result<&str, String> {
    if known.has_order || known.is_yes_no {
        Ok(&known.id)
    } else {
        Err(format!("the answer to {} is no number", known.id))
    }
}

fn call(name: &str, arguments: &[Expression], scope: &Scope) -> Result<Value, String> {
    let all = || -> Result<Vec<Value>, String> {
        let values = arguments.iter().map(|argument| calculation(argument, scope));
        values.collect()
    };
    match (name, arguments) {
        ("number", [inner]) => calculation(inner, scope),
        ("if", [when, then, otherwise]) => Ok(json!({
            "if": condition(when, scope)?,
            "then": calculation(then, scope)?,
            "else": calculation(otherwise, scope)?,
        })),
        ("coalesce", [_, _]) => Ok(json!({"first_of": all()?})),
        ("count-selected", [source]) => {
            let known = question(source, scope)?;
            if known.options.is_none() {
                return Err(format!("{} has no options to count", known.id));
            }
            Ok(json!({"count_selected": known.id}))
        }
        ("count", [Expression::Question(group)]) => {
            let section = scope.repeats.get(group);
            let section = section.ok_or_else(|| format!("{group:?} is no earlier repeated group"))?;
            Ok(json!({"count_instances": section}))
        }
        ("sum" | "min" | "max", [source]) if over(source, scope).is_some() => {
            let id = over(source, scope).unwrap_or_default();
            Ok(json!({(format!("{name}_over")): id}))
        }
        ("min", [_, _, ..]) => Ok(json!({"least": all()?})),
        ("max", [_, _, ..]) => Ok(json!({"greatest": all()?})),
        _ => Err(format!(
            "the function {name}() has no equivalent in a calculation"
        )),
    }
}

/// The number in another repeated group that a function runs over.
fn over<'s>(source: &Expression, scope: &'s Scope) -> Option<&'s str> {
    let Expression::Question(name) = source else {
        return None;
    };
    let known = scope.questions.get(name)?;
    let is_elsewhere = known.repeat.is_some() && known.repeat != scope.here;
    (is_elsewhere && number(known).is_ok()).then_some(known.id.as_str())
}
