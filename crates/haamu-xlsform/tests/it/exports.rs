//! Checklists as forms, and back.

use haamu_form::Checklist;
use haamu_xlsform::{Workbook, export, import};
use serde_json::Value;

const EXAMPLES: [&str; 3] = [
    include_str!("../../../../deploy/examples/checklists/retail-store-visit.json"),
    include_str!("../../../../deploy/examples/checklists/restaurant-visit.json"),
    include_str!("../../../../deploy/examples/checklists/remote-service-contact.json"),
];

fn questions(document: &Value) -> Vec<Value> {
    let sections = document["sections"].as_array().expect("sections");
    sections
        .iter()
        .flat_map(|section| section["questions"].as_array().expect("questions").clone())
        .collect()
}

#[test]
fn a_form_comes_back_from_both_kinds_of_files() {
    for example in EXAMPLES {
        let original: Value = serde_json::from_str(example).expect("JSON");
        let exported = export(&Checklist::parse(example).expect("sound"));
        let file = exported.to_xlsx().expect("a workbook");
        let of_file = import(&Workbook::from_bytes(&file).expect("readable")).expect("imported");
        let of_text = import(&Workbook::from_markdown(&exported.to_markdown())).expect("imported");
        assert_eq!(of_file.document["sections"], of_text.document["sections"]);
        assert_eq!(
            (&of_file.document["id"], &of_file.document["title"]["fi"]),
            (&original["id"], &original["title"]["fi"])
        );
        let before: Vec<Value> = questions(&original)
            .into_iter()
            .filter(|question| question["type"] != "change")
            .collect();
        let after = questions(&of_file.document);
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before["id"], after["id"]);
            assert_eq!(before["text"], after["text"], "{}", before["id"]);
            assert_eq!(
                before["show_if"].is_null(),
                after["show_if"].is_null(),
                "{}",
                before["id"]
            );
            let is_same_type = before["type"] == after["type"];
            let is_near = matches!(
                before["type"].as_str(),
                Some("duration" | "money" | "receipt" | "nps" | "ces" | "csat")
            );
            assert!(is_same_type || is_near, "{} is {}", before, after["type"]);
            if is_same_type && before["type"] != "multi_choice" && before["type"] != "number" {
                assert_eq!(before["points"], after["points"], "{}", before["id"]);
            }
        }
    }
}

#[test]
fn what_a_form_cannot_say_is_told() {
    let exported = export(&Checklist::parse(EXAMPLES[0]).expect("sound"));
    let codes: std::collections::BTreeSet<_> = exported.notices.iter().map(|notice| notice.code).collect();
    for code in [
        "critical_left_out",
        "band_left_out",
        "question_left_out",
        "counting_left_out",
    ] {
        assert!(codes.contains(code), "{code}");
    }
}

#[test]
fn what_is_asked_of_the_location_hides_nothing_in_a_form() {
    let asks =
        |value: &str| serde_json::json!({"context": "location.drive_in", "op": "equals", "value": value});
    let seen = serde_json::json!({"question": "seen", "op": "equals", "value": "yes"});
    let yes_no =
        |id: &str, condition: Value| serde_json::json!({"id": id, "type": "yes_no", "show_if": condition});
    let document = serde_json::json!({"format_minor": 2, "languages": ["en"], "default_language": "en",
        "location_attributes": [{"id": "drive_in", "type": "yes_no"}],
        "sections": [{"id": "s", "questions": [
            {"id": "seen", "type": "yes_no"},
            yes_no("lane", asks("yes")),
            yes_no("door", serde_json::json!({"not": asks("yes")})),
            yes_no("both", serde_json::json!({"all": [seen, {"not": {"any": [{"not": asks("no")}, asks("yes")]}}]})),
            {"id": "worked_out", "type": "calculated", "calculation": {"if": asks("yes"), "then": "1", "else": "2"}}]}]});
    let exported = export(&Checklist::parse(&document.to_string()).expect("sound"));
    let rows = &exported.sheets["survey"];
    let relevant = |name: &str| rows.iter().find(|row| row[1] == name).map(|row| row[2].as_str());
    assert_eq!(relevant("lane"), Some("true()"));
    assert_eq!(relevant("door"), Some("not(false())"));
    assert_eq!(
        relevant("both"),
        Some("(${seen} = 'yes' and not((not(true()) or false())))")
    );
    assert_eq!(relevant("worked_out"), None);
    let of_places: Vec<_> = exported
        .notices
        .iter()
        .map(|notice| format!("{} {}", notice.code, notice.place.sheet))
        .collect();
    for told in [
        "context_left_out checklist",
        "context_left_out lane",
        "context_left_out door",
        "context_left_out both",
        "question_left_out worked_out",
    ] {
        assert!(of_places.contains(&told.to_owned()), "{told} in {of_places:?}");
    }
}
