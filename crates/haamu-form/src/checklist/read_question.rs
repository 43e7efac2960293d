//! Reading questions: their common fields, what belongs to their type, and conditions.

use crate::read::{Fields, Node, Read, Reader, brief, read_word};
use crate::{Decimal, Id};

use super::condition::{Comparison, Condition, Operand};
use super::kind::QuestionKind;
use super::read_kind::read_kind;
use super::{CommentRule, Critical, CriticalEffect, Perspective, PhotoEvidence, Question};

pub(super) fn read_question(node: &Node<'_>, section: usize, reader: &mut Reader) -> Option<Question> {
    let mut fields = Fields::open(node, reader)?;
    // All fields are read before the first failure is acted on, so that all errors are noted.
    let id = fields.required("id", reader);
    let type_name: Option<String> = fields.required("type", reader);
    let text = fields.optional("text", reader).unwrap_or_default();
    let help = fields.optional("help", reader).unwrap_or_default();
    let perspective = fields.optional("perspective", reader);
    let theme = fields.optional("theme", reader);
    let touchpoints = read_touchpoint_ids(&mut fields, reader);
    let required = fields.optional("required", reader).unwrap_or(false);
    let points: Option<Decimal> = fields.optional("points", reader);
    if points.is_some_and(Decimal::is_negative) {
        reader.error_at("points", "out_of_range", "points are not negative");
    }
    let bonus = fields.optional("bonus", reader).unwrap_or(false);
    let show_if = fields.optional("show_if", reader);
    let na_allowed = fields.optional("na_allowed", reader).unwrap_or(false);
    let not_observed_allowed = fields.optional("not_observed_allowed", reader).unwrap_or(false);
    let comment = fields.optional("comment", reader).unwrap_or_default();
    let photo_evidence = fields
        .optional("evidence", reader)
        .and_then(|Evidence(photo)| photo);
    let critical = fields.optional("critical", reader);
    let metric = fields.optional("metric", reader);
    // Where the type is unknown, so are its fields, and none of them can be called unknown.
    let kind = read_kind(&type_name?, &mut fields, reader);
    fields.finish(reader);
    let kind = kind?;
    let is_banded = matches!(kind, QuestionKind::Number { .. } | QuestionKind::Duration { .. });
    if is_banded && points.is_some() && node.field("band").is_none() {
        reader.error_at(
            "band",
            "missing_field",
            "a scored number or duration needs a band",
        );
    }
    Some(Question {
        id: id?,
        section,
        kind,
        text,
        help,
        perspective,
        theme,
        touchpoints,
        required,
        points,
        bonus,
        show_if,
        na_allowed,
        not_observed_allowed,
        comment,
        photo_evidence,
        critical,
        metric,
    })
}

/// One touchpoint id or a list of them.
fn read_touchpoint_ids(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Vec<Id> {
    match fields.node("touchpoint") {
        Some(Node::Array(_)) => fields.list("touchpoint", reader),
        Some(_) => fields.optional("touchpoint", reader).into_iter().collect(),
        None => Vec::new(),
    }
}

impl Read for Perspective {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("staff_behaviour", Self::StaffBehaviour),
            ("own_experience", Self::OwnExperience),
            ("environment", Self::Environment),
            ("fact", Self::Fact),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for CommentRule {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        struct When(CommentRule);
        impl Read for When {
            fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
                let words = [
                    ("never", CommentRule::Never),
                    ("below_full", CommentRule::BelowFull),
                    ("full", CommentRule::Full),
                    ("always", CommentRule::Always),
                ];
                read_word(node, reader, &words).map(Self)
            }
        }
        let mut fields = Fields::open(node, reader)?;
        let rule = fields.required("required_when", reader).map(|When(rule)| rule);
        fields.finish(reader);
        rule
    }
}

/// What may or must be attached to an answer.
struct Evidence(Option<PhotoEvidence>);

impl Read for Evidence {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let photo = fields.optional("photo", reader);
        fields.finish(reader);
        Some(Self(photo))
    }
}

impl Read for PhotoEvidence {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("optional", Self::Optional), ("required", Self::Required)],
        )
    }
}

impl Read for Critical {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let effect: Option<String> = fields.required("effect", reader);
        let cap: Option<Decimal> = fields.optional("cap", reader);
        let fail_below = fields.optional("fail_below", reader);
        fields.finish(reader);
        let effect = match (effect?.as_str(), cap) {
            ("flag", None) => CriticalEffect::Flag,
            ("section_zero", None) => CriticalEffect::SectionZero,
            ("section_cap", Some(cap)) => CriticalEffect::SectionCap(cap),
            ("visit_cap", Some(cap)) => CriticalEffect::VisitCap(cap),
            ("visit_zero", None) => CriticalEffect::VisitZero,
            ("visit_fail", None) => CriticalEffect::VisitFail,
            ("section_cap" | "visit_cap", None) => {
                reader.error_at("cap", "missing_field", "a cap needs its percentage");
                return None;
            }
            ("flag" | "section_zero" | "visit_zero" | "visit_fail", Some(_)) => {
                reader.error_at(
                    "cap",
                    "unknown_field",
                    "only section_cap and visit_cap have a cap",
                );
                return None;
            }
            (other, _) => {
                let known = "flag, section_zero, section_cap, visit_cap, visit_zero, visit_fail";
                let message = format!("{:?} is not one of {known}", brief(other));
                reader.error_at("effect", "unknown_value", message);
                return None;
            }
        };
        if cap.is_some_and(|cap| cap.is_negative() || cap > Decimal::integer(100)) {
            reader.error_at("cap", "out_of_range", "a cap is a percentage between 0 and 100");
        }
        Some(Self { effect, fail_below })
    }
}

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
        } else {
            read_comparison(&mut fields, reader)
        };
        fields.finish(reader);
        condition
    }
}

fn read_comparison(fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<Condition> {
    let id: Option<String> = fields.required("question", reader);
    let op: Option<String> = fields.required("op", reader);
    let _ = fields.node("value");
    let op = op?;
    let comparison = match op.as_str() {
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
    };
    let id = id?;
    let index = reader.scope.indexes.get(&id).copied();
    match index {
        None => reader.error_at(
            "question",
            "unknown_question",
            format!("there is no question {:?}", brief(&id)),
        ),
        Some(index) if index >= reader.scope.earlier_than => {
            let message = format!("{:?} is not earlier than the place of this condition", brief(&id));
            reader.error_at("question", "condition_not_earlier", message);
        }
        Some(_) => {}
    }
    Some(Condition::Compare {
        question: index?,
        comparison: comparison?,
    })
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
