//! Reading what a checklist wants to know of the location.

use std::collections::BTreeSet;

use crate::Id;
use crate::read::{Fields, Node, Read, Reader, brief};

use super::attribute::{AttributeKind, LocationAttribute};

/// The minor version of the format that knows declared attributes.
pub(super) const SINCE: u32 = 2;

impl Read for LocationAttribute {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id: Option<Id> = fields.required("id", reader);
        let name: Option<String> = fields.required("type", reader);
        let kind = name.and_then(|name| read_kind(&name, &mut fields, reader));
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self {
            id: id?,
            kind: kind?,
            label,
        })
    }
}

fn read_kind(name: &str, fields: &mut Fields<'_, '_>, reader: &mut Reader) -> Option<AttributeKind> {
    match name {
        "text" => Some(AttributeKind::Text),
        "number" => Some(AttributeKind::Number),
        "yes_no" => Some(AttributeKind::YesNo),
        "choice" => {
            let options: Vec<Id> = fields.required("options", reader)?;
            check_options(&options, reader);
            Some(AttributeKind::Choice(options))
        }
        other => {
            // What else stands there belongs to a type that is not known.
            let _ = fields.node("options");
            let message = format!("{:?} is not one of text, number, yes_no, choice", brief(other));
            reader.error_at("type", "unknown_value", message);
            None
        }
    }
}

fn check_options(options: &[Id], reader: &mut Reader) {
    if options.is_empty() {
        reader.error_at("options", "empty_list", "a choice needs at least one option");
    }
    let mut seen = BTreeSet::new();
    for option in options {
        if !seen.insert(option) {
            let message = format!("the option {:?} stands more than once", brief(option.as_str()));
            reader.error_at("options", "repeated_id", message);
        }
    }
}
