//! Reading questions: what all types have in common.

use crate::read::{Fields, Node, Read, Reader, brief, read_word};
use crate::{Decimal, Id};

use super::kind::QuestionKind;
use super::read_extras::Files;
use super::read_kind::read_kind;
use super::{CommentRule, Critical, CriticalEffect, EvidenceRule, Perspective, Question};

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
    let evidence: Evidence = fields.optional("evidence", reader).unwrap_or_default();
    let critical = fields.optional("critical", reader);
    let metric = fields.optional("metric", reader);
    let standard_id = fields.newer("standard_id", reader);
    let sensitivity = fields.newer("sensitivity", reader).unwrap_or_default();
    let retention = fields.newer("retention", reader);
    let integrity = fields.newer("integrity", reader).unwrap_or(false);
    let option_order = fields.newer("option_order", reader).unwrap_or_default();
    let help_files = fields
        .newer("help_files", reader)
        .map_or_else(Vec::new, |Files(files)| files);
    // Where the type is unknown, so are its fields, and none of them can be called unknown.
    let kind = read_kind(&type_name?, &mut fields, reader);
    fields.finish(reader);
    let kind = kind?;
    let is_banded = matches!(
        kind,
        QuestionKind::Number { .. } | QuestionKind::Duration { .. } | QuestionKind::Calculated(_)
    );
    if is_banded && points.is_some() && node.field("band").is_none() {
        reader.error_at(
            "band",
            "missing_field",
            "a scored number, duration or calculated value needs a band",
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
        photo_evidence: evidence.photo,
        file_evidence: evidence.file,
        critical,
        metric,
        standard_id,
        sensitivity,
        retention,
        integrity,
        option_order,
        help_files,
        matrix: None,
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
#[derive(Default)]
struct Evidence {
    photo: Option<EvidenceRule>,
    file: Option<EvidenceRule>,
}

impl Read for Evidence {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let evidence = Self {
            photo: fields.optional("photo", reader),
            file: fields.newer("file", reader),
        };
        fields.finish(reader);
        Some(evidence)
    }
}

impl Read for EvidenceRule {
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
