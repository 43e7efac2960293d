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
