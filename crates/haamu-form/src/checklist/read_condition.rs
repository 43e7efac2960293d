//! Reading conditions and the rules made of them.

use crate::answer::Context;
use crate::read::{Fields, Node, Read, Reader, brief, read_word};
use crate::{Id, Severity};

use super::Constraint;
use super::condition::{Comparison, Condition, Operand, Relation};

impl Read for Condition {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let condition = if fields.node("all").is_some() {
            fields.optional("all", reader).map(Self::All)
        } else if fields.node("any").is_some() {
            fields.optional("any", reader).map(Self::Any)
        } else if fields.node("not").is_some() {
            fields
                .optional("not", reader)
                .map(|part: Self| Self::Not(Box::new(part)))
        } else if fields.node("context").is_some() {
            reader.needs_minor(1);
            read_context(&mut fields, reader)
        } else if fields.node("other").is_some() {
            reader.needs_minor(1);
            read_pair(&mut fields, reader)
        } else {
            read_comparison(&mut fields, reader)
        };
        fields.finish(reader);
        condition
    }
}

fn read_comparison(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Condition> {
    let id: Option<String> = fields.required("question", reader);
    let comparison = read_operator(fields, reader);
    let question = reader.at_key("question", |reader| reader.source(&id?));
    Some(Condition::Compare {
        question: question?,
        comparison: comparison?,
    })
}

fn read_operator(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Comparison> {
    let op: Option<String> = fields.required("op", reader);
    let _ = fields.node("value");
    match op?.as_str() {
        // Nothing is compared, but editors that always write a value may leave one here.
        "answered" => Some(Comparison::Answered),
        "in" => fields.required("value", reader).map(Comparison::In),
        "equals" => fields.required("value", reader).map(Comparison::Equals),
        "not_equals" => fields.required("value", reader).map(Comparison::NotEquals),
        "lt" => fields.required("value", reader).map(Comparison::LessThan),
        "lte" => fields.required("value", reader).map(Comparison::AtMost),
        "gt" => fields.required("value", reader).map(Comparison::GreaterThan),
        "gte" => fields.required("value", reader).map(Comparison::AtLeast),
        other => {
            let known = "answered, equals, not_equals, in, lt, lte, gt, gte";
            let message = format!("{:?} is not one of {known}", brief(other));
            reader.error_at("op", "unknown_value", message);
            None
        }
    }
}

/// What is known of the visit has no order, but for numbers that are known of the location.
fn read_context(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Condition> {
    let key: Option<String> = fields.required("context", reader);
    let comparison = read_operator(fields, reader);
    let (key, comparison) = (key?, comparison?);
    if !Context::is_key(&key) {
        let known = Context::KEYS.join(", ");
        let message = format!("{:?} is not one of {known}, location.<attribute>", brief(&key));
        reader.error_at("context", "unknown_value", message);
        return None;
    }
    if comparison.needs_order() && !reader.has_order(&key) {
        reader.error_at(
            "op",
            "condition_without_order",
            "what is known of the visit has no order, unless the checklist declares it as a number",
        );
    }
    let is_weekday = |operand: &Operand| Context::WEEKDAYS.contains(&operand.as_str());
    if key == "weekday" && !comparison.operands().iter().all(is_weekday) {
        let known = Context::WEEKDAYS.join(", ");
        reader.error_at("value", "unknown_value", format!("a weekday is one of {known}"));
    }
    Some(Condition::Context { key, comparison })
}

fn read_pair(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Condition> {
    let id: Option<String> = fields.required("question", reader);
    let relation = fields.required("op", reader);
    let other: Option<String> = fields.required("other", reader);
    let question = reader.at_key("question", |reader| reader.source(&id?));
    let other = reader.at_key("other", |reader| reader.source(&other?));
    Some(Condition::CompareAnswers {
        question: question?,
        relation: relation?,
        other: other?,
    })
}

impl Read for Relation {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("equals", Self::Equals),
            ("not_equals", Self::NotEquals),
            ("lt", Self::LessThan),
            ("lte", Self::AtMost),
            ("gt", Self::GreaterThan),
            ("gte", Self::AtLeast),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for Severity {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("error", Self::Error), ("warning", Self::Warning)],
        )
    }
}

impl Read for Constraint {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id: Option<Id> = fields.required("id", reader);
        let fail_if: Option<Condition> = fields.required("fail_if", reader);
        let message = fields.optional("message", reader).unwrap_or_default();
        let named: Option<String> = fields.optional("question", reader);
        let severity = fields.optional("severity", reader).unwrap_or(Severity::Error);
        fields.finish(reader);
        let question = match named {
            Some(id) => reader.at_key("question", |reader| reader.source(&id)),
            None => {
                let last = fail_if
                    .as_ref()
                    .and_then(|condition| condition.sources().into_iter().max());
                if fail_if.is_some() && last.is_none() {
                    let message =
                        "the rule looks at no question, so it must name the one that it is shown at";
                    reader.error_at("question", "missing_field", message);
                }
                last
            }
        };
        Some(Self {
            id: id?,
            fail_if: fail_if?,
            message,
            question: question?,
            severity,
        })
    }
}

impl Read for Operand {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        match node {
            Node::String(text) => Some(Self(text.clone().into_owned())),
            Node::Number(text) => Some(Self((*text).to_owned())),
            Node::Null | Node::Bool(_) | Node::Array(_) | Node::Object(_) => {
                reader.wrong_type("a string or a number", node);
                None
            }
        }
    }
}
