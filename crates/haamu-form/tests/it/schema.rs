//! The JSON Schema says what the reader reads.

use std::collections::{BTreeMap, BTreeSet};

use haamu_form::Checklist;
use haamu_form::schema::checklist_schema;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

fn validator() -> Validator {
    let schema = checklist_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    jsonschema::validator_for(&schema).expect("a schema")
}

fn wrong(validator: &Validator, document: &Value) -> Vec<String> {
    let errors = validator.iter_errors(document);
    errors
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect()
}

#[test]
fn the_examples_and_vectors_fit_the_schema() {
    let validator = validator();
    let examples = [
        include_str!("../../../../deploy/examples/checklists/retail-store-visit.json"),
        include_str!("../../../../deploy/examples/checklists/restaurant-visit.json"),
        include_str!("../../../../deploy/examples/checklists/remote-service-contact.json"),
    ];
    for text in examples {
        let document: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(wrong(&validator, &document), Vec::<String>::new());
    }
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/scoring-vectors.json")).expect("JSON");
    let mut count = 0;
    let mut all = vec![&vectors];
    while let Some(value) = all.pop() {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    if key == "checklist" && value.get("sections").is_some() {
                        count += 1;
                        assert_eq!(wrong(&validator, value), Vec::<String>::new());
                    }
                    all.push(value);
                }
            }
            Value::Array(items) => all.extend(items),
            _ => {}
        }
    }
    assert!(count > 20, "{count}");
}

/// A small document with everything that the format has.
fn everything() -> Value {
    serde_json::from_str(include_str!("../../../../tests/fixtures/everything.json")).expect("JSON")
}

#[test]
fn reader_and_schema_take_everything() {
    let document = everything();
    Checklist::parse(&document.to_string()).expect("sound");
    assert_eq!(wrong(&validator(), &document), Vec::<String>::new());
}

/// All places of objects in a document whose keys are fields, not languages.
fn objects(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            let is_texts = fields.keys().all(|key| key == "en") && !fields.is_empty();
            if is_texts {
                return;
            }
            found.insert(path.to_owned(), value.clone());
            for (key, value) in fields {
                objects(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn an_unknown_field_is_refused_by_both_everywhere() {
    let validator = validator();
    let document = everything();
    let mut found = BTreeMap::new();
    objects(&document, "", &mut found);
    assert!(found.len() > 80, "{}", found.len());
    for path in found.keys() {
        let mut changed = document.clone();
        changed.pointer_mut(path).expect("there")["surprise"] = json!(true);
        let findings = Checklist::parse(&changed.to_string()).expect_err("refused");
        assert!(
            findings.as_slice().iter().any(|one| one.code == "unknown_field"),
            "{path}"
        );
        assert!(!validator.is_valid(&changed), "{path}");
    }
}

/// The fields that the reader knows where a surprising one stands.
fn known_by_reader(document: &Value) -> BTreeSet<String> {
    let findings = Checklist::parse(&document.to_string())
        .expect_err("refused")
        .into_vec();
    let unknown = findings
        .iter()
        .find(|one| one.path.ends_with("surprise"))
        .expect("an unknown field");
    let (_, list) = unknown.message.split_once("known here: ").expect("a list");
    list.split(", ").map(str::to_owned).collect()
}

#[test]
fn both_know_the_same_fields_of_every_type_of_question() {
    let schema = checklist_schema();
    let kinds = schema["$defs"]["Question"]["oneOf"]
        .as_array()
        .expect("a list")
        .clone();
    let document = everything();
    for section in document["sections"].as_array().expect("a list") {
        for question in section["questions"].as_array().expect("a list") {
            let kind = question["type"].as_str().expect("a type");
            if kind == "matrix" {
                continue; // Its rows are read with the fields of their type.
            }
            let of_kind = kinds.iter().find(|one| {
                let types = one["properties"]["type"]["enum"].as_array();
                types.is_some_and(|types| types.contains(&json!(kind)))
            });
            let of_kind = of_kind.unwrap_or_else(|| panic!("{kind} is in the schema"));
            let expected: BTreeSet<String> = of_kind["properties"]
                .as_object()
                .expect("fields")
                .keys()
                .cloned()
                .collect();
            let mut changed = document.clone();
            changed["sections"][0]["questions"] =
                json!([{"id": "a", "type": "scale", "scale": {"min": 1, "max": 5}}]);
            changed["sections"].as_array_mut().expect("a list").truncate(1);
            let mut alone = question.clone();
            alone["surprise"] = json!(true);
            changed["sections"][0]["questions"]
                .as_array_mut()
                .expect("a list")
                .push(alone);
            assert_eq!(known_by_reader(&changed), expected, "{kind}");
        }
    }
}

#[test]
fn both_know_the_same_fields_elsewhere() {
    let schema = checklist_schema();
    for (path, name) in [
        ("", ""),
        ("/scoring", "Scoring"),
        ("/scoring/bands/0", "ScoreBand"),
        ("/files/0", "AttachedFile"),
        ("/guidelines/0", "Guideline"),
        ("/touchpoints/0", "Touchpoint"),
        ("/themes/0", "Theme"),
        ("/location_attributes/0", "PlainAttribute"),
        ("/location_attributes/1", "ChoiceAttribute"),
        ("/sections/0", "Section"),
        ("/sections/1/repeat", "Repeat"),
        ("/sections/1/fill_after_days", "FillAfterDays"),
        ("/sections/0/constraints/0", "Constraint"),
        ("/sections/0/questions/1/options/0", "AnswerOption"),
        ("/sections/0/questions/0/evidence", "Evidence"),
        ("/sections/0/questions/0/critical", "Critical"),
        ("/sections/0/questions/0/comment", "Comment"),
        ("/sections/0/questions/6/scale", "Scale"),
        ("/sections/0/questions/11/band", "Band"),
        ("/sections/0/questions/13/change", "Ends"),
        ("/sections/0/questions/18/photo", "PhotoRules"),
        ("/sections/0/questions/23/file", "FileRules"),
        ("/sections/0/questions/25/rows/0", "Row"),
    ] {
        let mut document = everything();
        document.pointer_mut(path).expect("there")["surprise"] = json!(true);
        let definition = if name.is_empty() {
            &schema
        } else {
            &schema["$defs"][name]
        };
        let expected: BTreeSet<String> = definition["properties"]
            .as_object()
            .expect(name)
            .keys()
            .cloned()
            .collect();
        assert_eq!(known_by_reader(&document), expected, "{name}");
    }
    let mut quiz = everything();
    quiz["quiz"] = json!({"pass_mark": "80", "attempts": 2, "surprise": 1});
    let expected: BTreeSet<String> = ["attempts", "pass_mark"].map(str::to_owned).into();
    assert_eq!(known_by_reader(&quiz), expected);
}

proptest! {
    #[test]
    fn what_is_generated_for_other_tests_fits_the_schema(document in super::laws::rich_document()) {
        thread_local! {
            static VALIDATOR: Validator = validator();
        }
        let errors = VALIDATOR.with(|validator| wrong(validator, &document));
        prop_assert!(errors.is_empty(), "{:?}", errors);
    }
}
