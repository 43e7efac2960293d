//! Bad documents get a clear error, in bounded time, and all errors at once.

use haamu_form::{Answers, Checklist, Draft, Findings, Stage, parse_answers_file};
use serde_json::{Value, json};

fn codes(findings: &Findings) -> Vec<(String, String)> {
    findings
        .as_slice()
        .iter()
        .map(|finding| (finding.code.to_owned(), finding.path.clone()))
        .collect()
}

fn pair(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

fn small_checklist() -> Checklist {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "greeted", "type": "yes_no", "points": "1", "required": true, "comment": {"required_when": "below_full"}},
        {"id": "signs", "type": "multi_choice", "points": "1", "multi": {"mode": "at_least", "count": 1},
         "options": [{"id": "a"}, {"id": "b"}, {"id": "none", "exclusive": true, "good": false}]},
        {"id": "wait", "type": "duration", "unit": "min", "points": "2",
         "band": {"zero_low": null, "full_low": null, "full_high": "2", "zero_high": "5"}},
        {"id": "calm", "type": "scale", "scale": {"min": 1, "max": 5}, "not_observed_allowed": true},
        {"id": "calmer", "type": "change", "change": {"from": "calm", "to": "calm"}},
        {"id": "when", "type": "datetime"},
        {"id": "paid", "type": "money", "currency": "EUR"},
        {"id": "story", "type": "text", "required": true, "min_chars": 10, "max_chars": 20},
        {"id": "picture", "type": "photo", "required": true, "photo": {"max_count": 2}},
        {"id": "reason", "type": "text", "required": true,
         "show_if": {"question": "greeted", "op": "equals", "value": "no"}}
    ]}]});
    Checklist::parse(&document.to_string()).expect("a sound checklist")
}

#[test]
fn all_errors_of_a_checklist_are_reported_at_once() {
    let document = json!({
        "format": "haamu-checklist/1", "colour": "red",
        "scoring": {"mode": "magic", "display_decimals": 9},
        "sections": [{"id": "s", "weight": "-1", "questions": [
            {"id": "a", "type": "yes_no", "points": 1},
            {"id": "a", "type": "scale", "scale": {"min": 5, "max": 1}},
            {"id": "b", "type": "poetry"},
            {"id": "c", "type": "yes_no", "options": [], "show_if": {"question": "d", "op": "equals", "value": "yes"}},
            {"id": "d", "type": "yes_no", "show_if": {"question": "zzz", "op": "about", "value": 1}},
            {"id": "e", "type": "number", "points": "1.23456"},
        ]}]
    });
    let findings = Checklist::parse(&document.to_string()).expect_err("unsound");
    assert_eq!(
        codes(&findings),
        [
            pair("unknown_value", "scoring.mode"),
            pair("out_of_range", "scoring.display_decimals"),
            pair("out_of_range", "sections[0].weight"),
            pair("wrong_type", "sections[0].questions[0].points"),
            pair("out_of_range", "sections[0].questions[1].scale"),
            pair("unknown_type", "sections[0].questions[2].type"),
            pair(
                "condition_not_earlier",
                "sections[0].questions[3].show_if.question"
            ),
            pair("unknown_field", "sections[0].questions[3].options"),
            pair("unknown_value", "sections[0].questions[4].show_if.op"),
            pair("unknown_question", "sections[0].questions[4].show_if.question"),
            pair("bad_decimal", "sections[0].questions[5].points"),
            pair("unknown_field", "colour"),
        ]
    );
}

#[test]
fn other_formats_and_newer_minor_versions_are_refused_by_name() {
    for (document, code) in [
        (
            json!({"format": "haamu-checklist/2", "sections": []}),
            "unknown_format",
        ),
        (
            json!({"format": "haamu-checklist/1", "format_minor": 3, "surprise": 1, "sections": []}),
            "newer_format",
        ),
    ] {
        let findings = Checklist::parse(&document.to_string()).expect_err("refused");
        assert_eq!(findings.first_error().code, code);
        assert_eq!(
            findings.as_slice().len(),
            1,
            "nothing else is said of a document that is not understood"
        );
    }
}

#[test]
fn answers_of_a_wrong_type_or_range_are_refused_with_their_place() {
    let checklist = small_checklist();
    for (id, value, code, path) in [
        (
            "nobody",
            json!("yes"),
            "answer_unknown_question",
            "answers.nobody",
        ),
        ("greeted", json!(true), "answer_wrong_type", "answers.greeted"),
        ("signs", json!("a"), "answer_wrong_type", "answers.signs"),
        (
            "signs",
            json!(["a", "x"]),
            "answer_unknown_option",
            "answers.signs[1]",
        ),
        (
            "signs",
            json!(["a", "a"]),
            "answer_repeated_option",
            "answers.signs[1]",
        ),
        (
            "signs",
            json!(["none", "a"]),
            "answer_exclusive_option",
            "answers.signs",
        ),
        ("wait", json!("1e3"), "answer_bad_decimal", "answers.wait"),
        ("wait", json!(1.234_56), "answer_bad_decimal", "answers.wait"),
        ("calm", json!(6), "answer_out_of_range", "answers.calm"),
        ("calm", json!(4.0), "answer_not_an_integer", "answers.calm"),
        ("calm", json!("4"), "answer_wrong_type", "answers.calm"),
        ("calmer", json!(1), "answer_is_derived", "answers.calmer"),
        ("calmer", json!("na"), "answer_is_derived", "answers.calmer"),
        ("when", json!("yesterday"), "answer_bad_datetime", "answers.when"),
        ("paid", json!(12.5), "answer_not_an_integer", "answers.paid"),
        (
            "story",
            json!({"text": "x"}),
            "answer_wrong_type",
            "answers.story",
        ),
    ] {
        let answers = json!({ id: value });
        let findings = Answers::parse(&checklist, &answers.to_string()).expect_err(id);
        assert_eq!(codes(&findings), [pair(code, path)], "{answers}");
    }
}

#[test]
fn the_answers_file_is_strict() {
    let checklist = small_checklist();
    let refused =
        |file: Value| codes(&parse_answers_file(&checklist, &file.to_string()).expect_err("refused"));
    assert_eq!(refused(json!({"voided": []})), [pair("missing_field", "answers")]);
    assert_eq!(
        refused(json!({"answers": {"greeted": 1}, "voided": ["nobody"], "extra": 1})),
        [
            pair("unknown_field", "extra"),
            pair("answer_wrong_type", "answers.greeted"),
            pair("voided_unknown_question", "voided[0]"),
        ]
    );
    let twice = r#"{"answers": {"greeted": "yes", "greeted": "no"}}"#;
    let findings = parse_answers_file(&checklist, twice).expect_err("a repeated key");
    assert_eq!(codes(&findings), [pair("repeated_key", "answers.greeted")]);
}

#[test]
fn a_literal_value_is_no_status() {
    let checklist = small_checklist();
    let status = Answers::parse(&checklist, r#"{"story": "na"}"#).expect("a status");
    let literal = Answers::parse(&checklist, r#"{"story": {"value": "na"}}"#).expect("a text");
    assert_ne!(status, literal);
}

#[test]
fn hostile_documents_fail_in_bounded_time() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let deeper = "[".repeat(1_000_000);
    let conditions = format!("{}{}{}", r#"{"not":"#.repeat(90), "1", "}".repeat(90));
    let deep_condition = format!(r#"{{"sections":[{{"id":"s","show_if":{conditions},"questions":[]}}]}}"#);
    for document in [
        deep,
        deeper,
        deep_condition,
        "\u{0}".to_owned(),
        String::new(),
        "{\"a\":".to_owned(),
    ] {
        assert!(Checklist::parse(&document).is_err());
    }
    for id in [
        "",
        "s\u{0}",
        "s s",
        "s\u{202e}",
        "\u{feff}s",
        "s\u{200b}",
        &"s".repeat(129),
    ] {
        let document = json!({"sections": [{"id": id, "questions": []}]}).to_string();
        let findings = Checklist::parse(&document).expect_err("a bad id");
        assert_eq!(findings.first_error().code, "bad_id", "{id:?}");
    }
    let checklist = small_checklist();
    let many: Vec<String> = (0..1_000_000).map(|number| format!("\"x{number}\":1")).collect();
    let findings = Answers::parse(&checklist, &format!("{{{}}}", many.join(","))).expect_err("unknown");
    assert_eq!(findings.as_slice().len(), 1_000_000);
    for huge in [
        "9".repeat(1_000_000),
        format!("0.{}", "1".repeat(1_000_000)),
        "1e999999999".to_owned(),
        format!("-{}", "0".repeat(1_000_000)),
    ] {
        let read = Answers::parse(&checklist, &json!({"wait": huge}).to_string());
        assert_eq!(read.is_ok(), huge.starts_with("-0"), "{}", &huge[..9]);
    }
}

#[test]
fn a_draft_says_everything_that_it_lacks() {
    let checklist = small_checklist();
    let answers = Answers::parse(
        &checklist,
        r#"{"greeted": "no", "calm": "not_observed", "wait": "na", "story": "short"}"#,
    );
    let draft = Draft::new(answers.expect("sound answers"));
    let findings = draft.complete(&checklist, Stage::Main).expect_err("incomplete");
    assert_eq!(
        codes(&findings),
        [
            pair("comment_required", "comments.greeted"),
            pair("not_applicable_not_allowed", "answers.wait"),
            pair("comment_required", "comments.calm"),
            pair("text_too_short", "answers.story"),
            pair("answer_required", "answers.picture"),
            pair("answer_required", "answers.reason"),
        ]
    );
}

#[test]
fn an_option_that_means_na_allows_the_status_too() {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "bot", "type": "single_choice", "points": "1", "options": [
            {"id": "smooth", "points": "1"}, {"id": "na", "na": true}]},
    ]}]});
    let checklist = Checklist::parse(&document.to_string()).expect("a sound checklist");
    let draft = Draft::new(Answers::parse(&checklist, r#"{"bot": "na"}"#).expect("sound answers"));
    assert_eq!(draft.findings(&checklist, Stage::Main), []);
}

#[test]
fn completing_removes_what_is_hidden() {
    let checklist = small_checklist();
    let answers = r#"{"greeted": "yes", "story": "long enough", "reason": "left over from before"}"#;
    let mut draft = Draft::new(Answers::parse(&checklist, answers).expect("sound answers"));
    let picture = checklist.question_index("picture").expect("it exists");
    draft.set_photo_count(&checklist, picture, 3);
    let findings = draft
        .clone()
        .complete(&checklist, Stage::Main)
        .expect_err("one photo too many");
    assert_eq!(codes(&findings), [pair("too_many_photos", "photos.picture")]);
    draft.set_photo_count(&checklist, picture, 2);
    let complete = draft.complete(&checklist, Stage::Main).expect("complete");
    let reason = checklist.question_index("reason").expect("it exists");
    assert_eq!(
        complete.evaluation().answers().state(reason),
        &haamu_form::AnswerState::Missing
    );
}
