//! Attributes of locations: which of them a visit takes along, and whether they are what checklists take them for.

use std::collections::BTreeMap;

use haamu_form::{Checklist, Finding};

/// A location's attributes: their values by their names.
pub type Attributes = BTreeMap<String, String>;

/// What a visit takes along of its location's attributes: those that the conditions of its checklist ask for.
///
/// They are pinned when the submission begins, so that every device and the server see the same
/// until the end, whatever is changed at the location meanwhile.
#[must_use]
pub fn pinned(checklist: &Checklist, of_location: &Attributes) -> Attributes {
    let asked = checklist.asked_attributes();
    let found = of_location
        .iter()
        .filter(|(name, _)| asked.contains(name.as_str()));
    found.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Warnings for whoever publishes a checklist: attributes that no location has, and those whose
/// values at some locations are not of the kind that the checklist declares.
#[must_use]
pub fn publish_warnings(checklist: &Checklist, locations: &[Attributes]) -> Vec<Finding> {
    let asked = checklist.asked_attributes();
    let mut warnings = Vec::new();
    for (index, attribute) in checklist.location_attributes().iter().enumerate() {
        let name = attribute.id.as_str();
        if !asked.contains(name) {
            continue;
        }
        let path = format!("location_attributes[{index}]");
        let values: Vec<&String> = locations
            .iter()
            .filter_map(|location| location.get(name))
            .collect();
        if values.is_empty() {
            let message = "no location has this attribute, so no comparison with it holds";
            warnings.push(Finding::warning("attribute_nowhere", path, message));
            continue;
        }
        let misfits: Vec<&&String> = values
            .iter()
            .filter(|value| !attribute.kind.can_hold(value))
            .collect();
        if let Some(first) = misfits.first() {
            let message = format!(
                "at {} locations it is not {}, but for example {first:?}; conditions take it for unknown there",
                misfits.len(),
                attribute.kind.expected()
            );
            warnings.push(Finding::warning("attribute_not_of_kind", path, message));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checklist() -> Checklist {
        let document = r#"{"format_minor": 2, "location_attributes": [
            {"id": "drive_in", "type": "yes_no"}, {"id": "tills", "type": "number"}, {"id": "unasked", "type": "number"}],
            "sections": [{"id": "s", "show_if": {"context": "location.free", "op": "answered"}, "questions": [
                {"id": "q", "type": "yes_no", "show_if": {"any": [
                    {"context": "location.drive_in", "op": "equals", "value": "yes"},
                    {"context": "location.tills", "op": "gt", "value": 3}]}}]}]}"#;
        Checklist::parse(document).expect("sound")
    }

    fn attributes(all: &[(&str, &str)]) -> Attributes {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        all.iter().map(text).collect()
    }

    #[test]
    fn a_visit_takes_along_what_its_checklist_asks_for_and_nothing_else() {
        let location = attributes(&[
            ("drive_in", "yes"),
            ("unasked", "1"),
            ("rent", "9000"),
            ("free", "x"),
        ]);
        let expected = attributes(&[("drive_in", "yes"), ("free", "x")]);
        assert_eq!(pinned(&checklist(), &location), expected);
        assert_eq!(pinned(&checklist(), &Attributes::new()), Attributes::new());
    }

    #[test]
    fn whoever_publishes_hears_of_values_that_are_taken_for_unknown() {
        let locations = [
            attributes(&[("drive_in", "perhaps"), ("unasked", "x")]),
            attributes(&[("drive_in", "yes")]),
            attributes(&[("drive_in", "YES")]),
        ];
        let found = publish_warnings(&checklist(), &locations);
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("attribute_not_of_kind") && found[0].contains("at 2 locations"),
            "{found:?}"
        );
        assert!(
            found[1].contains("attribute_nowhere") && found[1].contains("location_attributes[1]"),
            "{found:?}"
        );
    }
}
