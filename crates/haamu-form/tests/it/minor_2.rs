//! What came with minor version 2 of the format: attributes of the location have types.

use haamu_form::compile;
use haamu_form::versions::{Change, difference};
use haamu_form::{
    Answers, Checklist, Context, Decimal, Decisions, Language, LocationAttribute, Score, parse_answers_file,
    score,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(condition: &Value) -> Value {
    json!({"format_minor": 2,
        "location_attributes": [
            {"id": "drive_in", "type": "yes_no", "label": {"en": "Drive-in"}},
            {"id": "tills", "type": "number", "label": {"en": "Tills"}},
            {"id": "format", "type": "choice", "options": ["kiosk", "supermarket"], "label": {"en": "Format"}},
            {"id": "chain", "type": "text", "label": {"en": "Chain"}}],
        "sections": [{"id": "s", "questions": [
            {"id": "always", "type": "yes_no", "points": "1"},
            {"id": "sometimes", "type": "yes_no", "points": "3", "show_if": condition}]}]})
}

fn checklist(condition: &Value) -> Checklist {
    Checklist::parse(&document(condition).to_string()).expect("sound")
}

fn known(name: &str, value: &str) -> Context {
    let mut context = Context::default();
    assert!(context.set(&format!("location.{name}"), value));
    context
}

fn scored(checklist: &Checklist, context: Context) -> Score {
    let answers = Answers::parse(checklist, r#"{"always": "yes", "sometimes": "no"}"#).expect("sound");
    score(checklist, &answers.with_context(context), Decisions::default())
}

fn is_shown(checklist: &Checklist, context: Context) -> bool {
    scored(checklist, context).questions[1].status.as_str() != "not_shown"
}

fn asks(name: &str, op: &str, value: &Value) -> Value {
    json!({"context": format!("location.{name}"), "op": op, "value": value})
}

fn codes(document: &Value) -> Vec<String> {
    let findings = match Checklist::parse(&document.to_string()) {
        Ok(checklist) => checklist.publish_check(),
        Err(findings) => findings.into_vec(),
    };
    let of_interest = |path: &str| path.contains("show_if") || path.contains("location_attributes");
    let found = findings
        .iter()
        .filter(|one| of_interest(&one.path) || one.path == "format_minor");
    found.map(|one| format!("{} {}", one.code, one.path)).collect()
}

#[test]
fn a_question_is_there_where_the_location_has_what_it_is_about() {
    let drive_in = checklist(&asks("drive_in", "equals", &json!("yes")));
    let (with, without) = (
        scored(&drive_in, known("drive_in", "yes")),
        scored(&drive_in, known("drive_in", "no")),
    );
    assert_eq!(with.display.as_deref(), Some("25.0"));
    assert_eq!(without.display.as_deref(), Some("100.0"));
    assert!(!is_shown(&drive_in, Context::default()));
    let format = checklist(&asks("format", "in", &json!(["kiosk"])));
    assert!(
        is_shown(&format, known("format", "kiosk")) && !is_shown(&format, known("format", "supermarket"))
    );
}

#[test]
fn numbers_compare_as_numbers() {
    let many = checklist(&asks("tills", "gte", &json!(10)));
    for (value, expected) in [
        ("9", false),
        ("9.9999", false),
        ("10", true),
        ("10.0", true),
        ("100", true),
    ] {
        assert_eq!(is_shown(&many, known("tills", value)), expected, "{value}");
    }
    let four = checklist(&asks("tills", "equals", &json!("4")));
    assert!(is_shown(&four, known("tills", "4.0")) && !is_shown(&four, known("tills", "5")));
}

#[test]
fn what_is_not_of_its_kind_is_as_unknown_as_what_is_not_said() {
    for (name, value) in [
        ("drive_in", "perhaps"),
        ("tills", "four"),
        ("format", "ship"),
        ("tills", "0.00001"),
    ] {
        for op in ["answered", "equals", "not_equals"] {
            let compared = match name {
                "drive_in" => "yes",
                "tills" => "4",
                _ => "kiosk",
            };
            let condition = asks(name, op, &json!(compared));
            let checklist = checklist(&condition);
            assert!(!is_shown(&checklist, known(name, value)), "{name} {op}");
            assert!(!is_shown(&checklist, Context::default()), "{name} {op}");
            let negated = self::checklist(&json!({"not": condition}));
            assert!(is_shown(&negated, known(name, value)) && is_shown(&negated, Context::default()));
        }
        let checklist = checklist(&asks("drive_in", "answered", &Value::Null));
        let [finding] = &checklist.misfits(&known(name, value))[..] else {
            panic!("one misfit of {name}");
        };
        assert_eq!(
            (finding.code, finding.path.clone()),
            ("attribute_not_of_kind", format!("context.location.{name}"))
        );
        assert!(finding.text(Language::Finnish).contains(value));
        assert!(finding.text(Language::Swedish).contains(value));
    }
    let fine = checklist(&asks("drive_in", "answered", &Value::Null));
    assert_eq!(fine.misfits(&known("drive_in", "no")), []);
    assert_eq!(fine.misfits(&Context::default()), []);
}

#[test]
fn a_checklist_that_takes_an_attribute_for_something_else_is_not_published() {
    let at = "sections[0].questions[1].show_if";
    for (name, value) in [
        ("drive_in", json!("true")),
        ("tills", json!("many")),
        ("format", json!("ship")),
    ] {
        let expected = format!("condition_unknown_value {at}");
        assert!(
            codes(&document(&asks(name, "equals", &value))).contains(&expected),
            "{name}"
        );
    }
    let unordered = asks("format", "lt", &json!("kiosk"));
    assert_eq!(
        codes(&document(&unordered)),
        [format!("condition_without_order {at}.op")]
    );
    let undeclared = codes(&document(&asks("size", "equals", &json!("large"))));
    assert!(
        undeclared.contains(&format!("attribute_not_declared {at}")),
        "{undeclared:?}"
    );
    assert!(undeclared.contains(&"unused_attribute location_attributes[0]".to_owned()));
    let mut older = document(&asks("drive_in", "equals", &json!("yes")));
    older["format_minor"] = json!(1);
    assert!(codes(&older).contains(&"format_minor_too_low format_minor".to_owned()));
}

#[test]
fn attributes_are_declared_once_and_in_full() {
    let mut bad = document(&asks("drive_in", "answered", &Value::Null));
    bad["location_attributes"] = json!([
        {"id": "a", "type": "date"}, {"id": "b", "type": "choice"}, {"id": "c", "type": "choice", "options": []},
        {"id": "d", "type": "choice", "options": ["x", "x"]}, {"id": "e", "type": "text", "options": ["x"]}]);
    assert_eq!(
        codes(&bad),
        [
            "unknown_value location_attributes[0].type",
            "missing_field location_attributes[1].options",
            "empty_list location_attributes[2].options",
            "repeated_id location_attributes[3].options",
            "unknown_field location_attributes[4].options",
        ]
    );
    bad["location_attributes"] = json!([{"id": "a", "type": "text"}, {"id": "a", "type": "number"}]);
    let refused = Checklist::parse(&bad.to_string()).expect_err("refused");
    assert_eq!(refused.first_error().code, "repeated_id");
}

#[test]
fn only_what_conditions_ask_for_is_asked_for() {
    let document = json!({"format_minor": 2, "location_attributes": [{"id": "never", "type": "text"}],
        "sections": [
            {"id": "a", "show_if": asks("section", "answered", &Value::Null), "questions": [
                {"id": "n", "type": "number"},
                {"id": "q", "type": "single_choice", "options": [
                    {"id": "x", "show_if": {"not": asks("option", "answered", &Value::Null)}}, {"id": "y"}],
                 "show_if": {"any": [{"all": [asks("question", "equals", &json!("1"))]}]}},
                {"id": "c", "type": "calculated", "calculation": {"add": ["1", {"subtract": ["2", {
                    "if": asks("calculation", "answered", &Value::Null), "then": "1", "else": "2"}]}]}}],
             "constraints": [{"id": "r", "question": "n", "fail_if": asks("rule", "answered", &Value::Null)}]},
            {"id": "b", "show_if": {"context": "round", "op": "answered"}, "questions": []}]});
    let checklist = Checklist::parse(&document.to_string()).expect("sound");
    let asked: Vec<&str> = checklist.asked_attributes().into_iter().collect();
    assert_eq!(asked, ["calculation", "option", "question", "rule", "section"]);
    let declared: Vec<&LocationAttribute> = checklist.location_attributes().iter().collect();
    assert_eq!(declared[0].id.as_str(), "never");
}

#[test]
fn conditions_on_attributes_are_analysed_by_their_kinds() {
    let found = |condition: Value| -> Vec<String> {
        let findings = compile::analyse(&checklist(&condition));
        let of_condition = findings.iter().filter(|one| one.path.ends_with("show_if"));
        of_condition.map(|one| one.code.to_owned()).collect()
    };
    let both = |first: Value, second: Value| json!({"all": [first, second]});
    let tills = |op: &str, value: i64| asks("tills", op, &json!(value));
    assert_eq!(
        found(both(tills("lt", 4), tills("gt", 4))),
        ["contradictory_condition"]
    );
    assert_eq!(found(both(tills("gt", 3), tills("lt", 4))), Vec::<String>::new());
    let neither = json!({"all": [asks("drive_in", "answered", &Value::Null),
        asks("drive_in", "not_equals", &json!("yes")), asks("drive_in", "not_equals", &json!("no"))]});
    assert_eq!(found(neither), ["contradictory_condition"]);
    let whatever = json!({"any": [asks("format", "in", &json!(["kiosk", "supermarket"])),
        {"not": asks("format", "answered", &Value::Null)}]});
    assert_eq!(found(whatever), ["always_true_condition"]);
}

#[test]
fn another_kind_of_an_attribute_is_another_condition() {
    let old = document(&asks("tills", "equals", &json!("4")));
    let mut new = old.clone();
    new["location_attributes"][1]["type"] = json!("text");
    let [old, new] = [old, new].map(|one| Checklist::parse(&one.to_string()).expect("sound"));
    let difference = difference(&old, &new);
    assert_eq!(difference.questions.len(), 1);
    assert!(difference.questions[0].changes.contains(&Change::Reconditioned));
    assert!(difference.may_change_scores());
}

#[test]
fn files_of_answers_say_what_is_known_of_the_location() {
    let checklist = checklist(&asks("tills", "gt", &json!(3)));
    let read = |file: &str| parse_answers_file(&checklist, file).map(|(answers, _)| answers);
    let answers = read(r#"{"answers": {"sometimes": "yes"}, "context": {"location.tills": "4"}}"#);
    assert_eq!(answers.expect("sound").context().get("location.tills"), Some("4"));
    let refused = read(r#"{"answers": {}, "context": {"location.tills": 4}}"#).expect_err("texts only");
    assert_eq!(refused.first_error().code, "wrong_type");
}

proptest! {
    /// What an order between decimals says, and nothing where a side is no decimal.
    #[test]
    fn the_order_of_attributes_is_that_of_decimals(value in "-?[0-9]{1,6}(\\.[0-9]{1,5})?|[a-z]{0,3}",
        bound in "-?[0-9]{1,6}(\\.[0-9]{1,4})?") {
        let limit = Decimal::parse(&bound).expect("a decimal");
        let number = Decimal::parse(&value).ok();
        for (op, expected) in [
            ("lt", number.map(|number| number < limit)), ("lte", number.map(|number| number <= limit)),
            ("gt", number.map(|number| number > limit)), ("gte", number.map(|number| number >= limit)),
            ("equals", number.map(|number| number == limit)), ("not_equals", number.map(|number| number != limit)),
        ] {
            let checklist = checklist(&asks("tills", op, &json!(bound)));
            prop_assert_eq!(is_shown(&checklist, known("tills", &value)), expected.unwrap_or(false), "{}", op);
        }
    }

    /// What is declared as a text, or not declared at all, is compared as before.
    #[test]
    fn texts_compare_letter_by_letter(value in "\\PC{1,6}", other in "\\PC{1,6}") {
        for name in ["chain", "undeclared"] {
            let equal = checklist(&asks(name, "equals", &json!(other)));
            prop_assert_eq!(is_shown(&equal, known(name, &value)), value == other);
            prop_assert!(is_shown(&equal, known(name, &other)));
            let unequal = checklist(&asks(name, "not_equals", &json!(other)));
            prop_assert_eq!(is_shown(&unequal, known(name, &value)), value != other);
        }
    }
}
