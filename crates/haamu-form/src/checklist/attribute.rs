//! Attributes of the location, which conditions may ask for.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::answer::Context;
use crate::{Decimal, Exact, Finding, Id, Texts};

use super::{Calculation, Checklist, Condition};

/// Keys of what is known of the location begin so.
pub(super) const LOCATION: &str = "location.";

/// Something that the checklist wants to know of the location before anybody visits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationAttribute {
    /// The name; conditions ask for `location.<name>`.
    pub id: Id,
    /// What its values are.
    pub kind: AttributeKind,
    /// The name for readers.
    pub label: Texts,
}

/// What the values of an attribute are. They are always written as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeKind {
    /// Any text.
    Text,
    /// A number with at most four decimals, such as `12` or `2.5`; it has an order.
    Number,
    /// `yes` or `no`.
    YesNo,
    /// One of these.
    Choice(Vec<Id>),
}

impl AttributeKind {
    /// Whether a text is a value of this kind.
    #[must_use]
    pub fn can_hold(&self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => Decimal::parse(value).is_ok(),
            Self::YesNo => matches!(value, "yes" | "no"),
            Self::Choice(options) => options.iter().any(|option| option.as_str() == value),
        }
    }

    /// What its values are, for a person.
    #[must_use]
    pub fn expected(&self) -> Cow<'static, str> {
        match self {
            Self::Text => Cow::Borrowed("a text"),
            Self::Number => Cow::Borrowed("a number"),
            Self::YesNo => Cow::Borrowed("yes or no"),
            Self::Choice(options) => {
                let options: Vec<&str> = options.iter().map(Id::as_str).collect();
                Cow::Owned(format!("one of {}", options.join(", ")))
            }
        }
    }
}

/// What is known of the visit, as conditions compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ContextValue<'a> {
    /// A text, without order.
    Text(&'a str),
    /// A number.
    Number(Exact),
}

impl Checklist {
    /// What the checklist wants to know of the location, in document order.
    #[must_use]
    pub fn location_attributes(&self) -> &[LocationAttribute] {
        &self.location_attributes
    }

    /// The attribute of the location that a key of the context names, where the checklist declares it.
    #[must_use]
    pub fn location_attribute(&self, key: &str) -> Option<&LocationAttribute> {
        let name = key.strip_prefix(LOCATION)?;
        self.location_attributes
            .iter()
            .find(|attribute| attribute.id.as_str() == name)
    }

    /// The names of the location's attributes that conditions ask for, declared or not. Nothing
    /// else of a location needs to be known to whoever fills the checklist in.
    #[must_use]
    pub fn asked_attributes(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        for condition in self.conditions() {
            note_attributes(condition, &mut names);
        }
        names
    }

    /// Of what is known, the values that are not of the kind that the checklist declares. To
    /// conditions they are unknown.
    #[must_use]
    pub fn misfits(&self, context: &Context) -> Vec<Finding> {
        let misfit = |attribute: &LocationAttribute| {
            let key = format!("{LOCATION}{}", attribute.id);
            let value = context.get(&key)?;
            if attribute.kind.can_hold(value) {
                return None;
            }
            let expected = attribute.kind.expected();
            let message = format!("{value:?} is not {expected}; conditions take it for unknown");
            let finding = Finding::warning("attribute_not_of_kind", format!("context.{key}"), message);
            Some(finding.with(&[&value]))
        };
        self.location_attributes.iter().filter_map(misfit).collect()
    }

    /// What is known under a key, by the kind that the checklist declares; none where it is not of that kind.
    pub(crate) fn context_value<'a>(&self, key: &str, text: &'a str) -> Option<ContextValue<'a>> {
        match self.location_attribute(key).map(|attribute| &attribute.kind) {
            Some(AttributeKind::Number) => {
                let number = Decimal::parse(text).ok()?;
                Some(ContextValue::Number(number.to_exact()))
            }
            Some(kind) if !kind.can_hold(text) => None,
            _ => Some(ContextValue::Text(text)),
        }
    }

    /// All conditions of the checklist.
    fn conditions(&self) -> Vec<&Condition> {
        let mut found = Vec::new();
        for section in &self.sections {
            found.extend(&section.show_if);
            found.extend(section.constraints.iter().map(|rule| &rule.fail_if));
        }
        for question in &self.questions {
            found.extend(&question.show_if);
            let options = question.kind.options().iter();
            found.extend(options.filter_map(|option| option.show_if.as_ref()));
            if let super::QuestionKind::Calculated(value) = &question.kind {
                note_conditions(&value.calculation, &mut found);
            }
        }
        found
    }
}

fn note_attributes<'a>(condition: &'a Condition, names: &mut BTreeSet<&'a str>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| note_attributes(part, names));
        }
        Condition::Not(part) => note_attributes(part, names),
        Condition::Context { key, .. } => names.extend(key.strip_prefix(LOCATION)),
        Condition::Compare { .. } | Condition::CompareAnswers { .. } => {}
    }
}

fn note_conditions<'a>(calculation: &'a Calculation, found: &mut Vec<&'a Condition>) {
    match calculation {
        Calculation::If(choice) => {
            found.push(&choice.condition);
            note_conditions(&choice.then, found);
            note_conditions(&choice.otherwise, found);
        }
        Calculation::Add(parts)
        | Calculation::Multiply(parts)
        | Calculation::Least(parts)
        | Calculation::Greatest(parts)
        | Calculation::FirstOf(parts) => parts.iter().for_each(|part| note_conditions(part, found)),
        Calculation::Subtract(pair) | Calculation::Divide(pair) => {
            pair.iter().for_each(|part| note_conditions(part, found));
        }
        Calculation::Number(_)
        | Calculation::Question(_)
        | Calculation::MinutesBetween(_)
        | Calculation::CountSelected(_)
        | Calculation::CountInstances(_)
        | Calculation::OverInstances(..) => {}
    }
}
