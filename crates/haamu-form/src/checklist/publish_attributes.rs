//! Whether what a checklist wants to know of the location is fit to be published.

use super::attribute::LOCATION;
use super::condition::Comparison;
use super::publish::Check;

impl Check<'_> {
    /// Attributes have names for readers, and conditions ask for them.
    pub(super) fn location_attributes(&mut self) {
        let checklist = self.checklist;
        let asked = checklist.asked_attributes();
        for (index, attribute) in checklist.location_attributes.iter().enumerate() {
            let path = format!("location_attributes[{index}]");
            self.required_text(&attribute.label, &format!("{path}.label"));
            if !asked.contains(attribute.id.as_str()) {
                let message = "no condition asks for this attribute, so it is not told to anybody";
                self.warning("unused_attribute", path, message);
            }
        }
    }

    /// What a condition compares an attribute with can be its value.
    pub(super) fn attribute_condition(&mut self, key: &str, comparison: &Comparison, path: &str) {
        if matches!(comparison, Comparison::In(operands) if operands.is_empty()) {
            self.warning("empty_condition", path, "an empty list of values never holds");
        }
        let Some(attribute) = self.checklist.location_attribute(key) else {
            if key.starts_with(LOCATION) {
                let message =
                    format!("{key} is not among location_attributes: any value of it is taken for a text");
                self.warning("attribute_not_declared", path, message);
            }
            return;
        };
        for operand in comparison.operands() {
            if !attribute.kind.can_hold(operand.as_str()) {
                let (value, expected) = (operand.as_str(), attribute.kind.expected());
                let message = format!("{value:?} cannot be {key}, which is {expected}");
                self.error("condition_unknown_value", path, message);
            }
        }
    }
}
