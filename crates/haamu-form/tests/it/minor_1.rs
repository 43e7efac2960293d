//! What came with minor version 1 of the format.
#![expect(clippy::needless_pass_by_value, reason = "documents are written in place")]

use haamu_form::compile;
use haamu_form::versions::{Change, difference, migrate};
use haamu_form::{
    Answers, Checklist, Context, Decisions, Draft, Exact, Language, RetentionClass, Score, Stage, Symbology,
    parse_answers_file, score,
};
use serde_json::{Value, json};

fn parse(document: &Value) -> Checklist {
    Checklist::parse(&document.to_string()).expect("sound")
}

fn questions(questions: Value) -> Value {
    json!({"format_minor": 1, "sections": [{"id": "s", "questions": questions}]})
}

fn scored(checklist: &Checklist, file: &Value) -> Score {
    let (answers, voided) = parse_answers_file(checklist, &file.to_string()).expect("sound");
    let decisions = Decisions {
        voided: &voided,
        ..Decisions::default()
    };
    score(checklist, &answers, decisions)
}

fn codes(document: &Value) -> Vec<String> {
    let findings = Checklist::parse(&document.to_string())
        .expect_err("unsound")
        .into_vec();
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect()
}

/// Codes and places of what keeps a checklist from being published, texts left aside.
fn publish_errors(document: &Value) -> Vec<String> {
    let aside = [
        "missing_field",
        "missing_text",
        "bad_default_language",
        "nothing_scored",
    ];
    let findings = parse(document).publish_check();
    let errors = findings
        .iter()
        .filter(|finding| finding.is_error() && !aside.contains(&finding.code));
    errors
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect()
}

#[test]
fn a_matrix_asks_one_thing_of_several_rows() {
    let document = questions(json!([
        {"id": "first", "type": "yes_no"},
        {"id": "body", "type": "matrix", "rows_of": "scale", "text": {"en": "How was"}, "points": "2",
         "scale": {"min": 1, "max": 5}, "rows": [
            {"id": "eyes", "text": {"en": "eye contact"}},
            {"id": "voice", "text": {"en": "the voice"}, "points": "4"},
            {"id": "later", "text": {"en": "a smile"}, "show_if": {"question": "body.eyes", "op": "gte", "value": 3}}]},
        {"id": "last", "type": "yes_no", "show_if": {"question": "body.voice", "op": "equals", "value": 5}}]));
    let checklist = parse(&document);
    let ids: Vec<_> = checklist
        .questions()
        .iter()
        .map(|question| question.id.as_str())
        .collect();
    assert_eq!(ids, ["first", "body.eyes", "body.voice", "body.later", "last"]);
    assert_eq!(checklist.matrices()[0].questions, 1..4);
    assert_eq!(checklist.questions()[2].matrix, Some(0));
    assert_eq!(checklist.document_path(3), "sections[0].questions[1].rows[2]");
    let nested = scored(
        &checklist,
        &json!({"answers": {"body": {"eyes": 3, "voice": 5}, "last": "no"}}),
    );
    let flat = scored(
        &checklist,
        &json!({"answers": {"body.eyes": 3, "body.voice": 5, "last": "no"}}),
    );
    assert_eq!(nested, flat);
    assert_eq!(nested.raw, Exact::ratio(5, 6));
    let refused = Answers::parse(&checklist, r#"{"body": {"ears": 3, "eyes": 9}}"#).expect_err("refused");
    let paths: Vec<_> = refused
        .as_slice()
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(paths, ["answers.body.ears", "answers.body.eyes"]);
}

#[test]
fn errors_of_a_matrix_are_said_once_and_where_they_stand() {
    let document = questions(json!([
        {"id": "body", "type": "matrix", "rows_of": "scale", "scale": {"min": 5, "max": 1}, "colour": "red", "rows": [
            {"id": "a", "points": "x"}, {"id": "b", "na_allowed": true}]}]));
    assert_eq!(
        codes(&document),
        [
            "bad_decimal sections[0].questions[0].rows[0].points",
            "out_of_range sections[0].questions[0].scale",
            "unknown_field sections[0].questions[0].colour",
            "unknown_field sections[0].questions[0].na_allowed",
        ]
    );
    let no_rows = questions(json!([{"id": "m", "type": "matrix", "rows_of": "text", "rows": []}]));
    assert_eq!(
        codes(&no_rows),
        ["unknown_value sections[0].questions[0].rows_of"]
    );
}

#[test]
fn a_value_is_worked_out_exactly() {
    let checklist = parse(&questions(json!([
        {"id": "in", "type": "datetime"},
        {"id": "out", "type": "datetime"},
        {"id": "price", "type": "money", "currency": "EUR"},
        {"id": "people", "type": "number"},
        {"id": "extras", "type": "multi_choice", "options": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
        {"id": "polite", "type": "yes_no"},
        {"id": "minutes", "type": "calculated", "unit": "min", "points": "4",
         "calculation": {"minutes_between": ["in", "out"]},
         "band": {"full_high": "30", "zero_high": "60"}},
        {"id": "each", "type": "calculated", "calculation": {"divide": [{"question": "price"}, {"question": "people"}]}},
        {"id": "mixed", "type": "calculated", "calculation": {"add": [
            {"multiply": ["0.5", {"count_selected": "extras"}]},
            {"if": {"question": "polite", "op": "equals", "value": "yes"}, "then": "10", "else": {"question": "polite"}},
            {"first_of": [{"question": "each"}, "0"]},
            {"subtract": [{"greatest": ["1", "2"]}, {"least": ["1", "2"]}]}]}},
        {"id": "dear", "type": "yes_no", "show_if": {"question": "each", "op": "gt", "value": "333.33"}}])));
    let score = scored(
        &checklist,
        &json!({"answers": {"in": "2026-02-28T23:50", "out": "2026-03-01T00:35", "price": 1000, "people": "3",
            "extras": ["a", "c"], "polite": "yes"}}),
    );
    assert_eq!(
        score.questions[6].value,
        Exact::ratio(45, 1),
        "over midnight and the end of February"
    );
    assert_eq!(score.questions[6].earned, Exact::integer(2));
    assert_eq!(
        score.questions[7].value,
        Exact::ratio(3_333_333, 10_000),
        "four decimals"
    );
    assert_eq!(
        score.questions[8].value,
        Exact::ratio(3_453_333, 10_000),
        "1 + 10 + 1000/3 + 1"
    );
    assert_eq!(
        score.questions[9].status.as_str(),
        "unanswered",
        "shown: .3333 is more than .33"
    );
    let missing = scored(&checklist, &json!({"answers": {"price": 1000, "people": "0"}}));
    assert_eq!(
        missing.questions[7].status.as_str(),
        "not_applicable",
        "nothing is divided by 0"
    );
    assert_eq!(missing.questions[9].status.as_str(), "not_shown");
    let refused = Answers::parse(&checklist, r#"{"each": 3}"#).expect_err("refused");
    assert_eq!(refused.first_error().code, "answer_is_derived");
}

#[test]
fn a_value_that_grows_without_bound_is_missing() {
    let mut all = vec![json!({"id": "q0", "type": "number"})];
    for number in 1..60 {
        let before = json!({"question": format!("q{}", number - 1)});
        all.push(json!({"id": format!("q{number}"), "type": "calculated", "calculation": {"multiply": [before, before]}}));
    }
    let checklist = parse(&questions(Value::Array(all)));
    let score = scored(&checklist, &json!({"answers": {"q0": "999999999999.9999"}}));
    assert!(score.questions[1].value.is_some());
    assert_eq!(score.questions[59].value, None);
}

#[test]
fn calculations_are_checked_before_they_are_published() {
    let document = questions(json!([
        {"id": "story", "type": "text"},
        {"id": "when", "type": "datetime"},
        {"id": "a", "type": "calculated", "calculation": {"question": "story"}},
        {"id": "b", "type": "calculated", "calculation": {"minutes_between": ["when", "story"]}},
        {"id": "c", "type": "calculated", "calculation": {"count_selected": "when"}}]));
    assert_eq!(
        publish_errors(&document),
        [
            "calculation_not_a_number sections[0].questions[2].calculation",
            "calculation_not_a_moment sections[0].questions[3].calculation",
            "calculation_not_a_number sections[0].questions[4].calculation",
        ]
    );
    assert_eq!(
        codes(&questions(
            json!([{"id": "a", "type": "calculated", "calculation": {"root": "2"}}])
        ))
        .len(),
        1
    );
    assert_eq!(
        codes(&questions(
            json!([{"id": "a", "type": "calculated", "points": "1", "calculation": {"add": []}}])
        )),
        [
            "empty_list sections[0].questions[0].calculation.add",
            "missing_field sections[0].questions[0].band"
        ]
    );
}

#[test]
fn answers_that_do_not_fit_together_are_said_in_the_authors_words() {
    let document = json!({"format_minor": 1, "sections": [{"id": "s", "questions": [
            {"id": "in", "type": "datetime"}, {"id": "out", "type": "datetime"}, {"id": "note", "type": "yes_no"}],
        "constraints": [
            {"id": "order", "fail_if": {"question": "out", "op": "lt", "other": "in"},
             "message": {"fi": "Lähtö ei voi olla ennen saapumista.", "en": "Departure cannot be before arrival."}},
            {"id": "late", "question": "note", "severity": "warning", "message": {"en": "That late?"},
             "fail_if": {"question": "in", "op": "gte", "value": "2026-01-01T22:00"}}]}]});
    let checklist = parse(&document);
    let findings = |answers: Value| {
        let draft = Draft::new(Answers::parse(&checklist, &answers.to_string()).expect("sound"));
        let findings = draft.findings(&checklist, Stage::Whole);
        (findings, draft.complete(&checklist, Stage::Whole).is_ok())
    };
    let (none, is_complete) = findings(json!({"out": "2026-01-01T09:00"}));
    assert!(
        none.is_empty() && is_complete,
        "nothing is complained of before it was said"
    );
    let (broken, is_complete) = findings(json!({"in": "2026-01-01T23:00", "out": "2026-01-01T22:59"}));
    assert!(!is_complete);
    let lines: Vec<_> = broken
        .iter()
        .map(|one| format!("{one} / {}", one.text(Language::Finnish)))
        .collect();
    assert_eq!(
        lines,
        [
            "error constraint_broken answers.out Departure cannot be before arrival. / Lähtö ei voi olla ennen saapumista.",
            "warning constraint_broken answers.note That late? / That late?",
        ]
    );
    let (late, is_complete) = findings(json!({"in": "2026-01-01T23:00"}));
    assert_eq!((late.len(), is_complete), (1, true), "a warning does not block");
}

#[test]
fn two_answers_are_compared_only_where_they_can_be() {
    let document = questions(json!([
        {"id": "n", "type": "number"}, {"id": "s", "type": "scale", "scale": {"min": 1, "max": 5}},
        {"id": "t", "type": "text"}, {"id": "d", "type": "datetime"},
        {"id": "sound", "type": "yes_no", "show_if": {"question": "n", "op": "gt", "other": "s"}},
        {"id": "unsound", "type": "yes_no", "show_if": {"question": "n", "op": "gt", "other": "t"}},
        {"id": "unsound_too", "type": "yes_no", "show_if": {"question": "d", "op": "equals", "other": "t"}}]));
    assert_eq!(
        publish_errors(&document),
        [
            "condition_not_comparable sections[0].questions[5].show_if",
            "condition_not_comparable sections[0].questions[6].show_if",
        ]
    );
    let checklist = parse(&document);
    let shown = |answers: Value| {
        scored(&checklist, &json!({"answers": answers})).questions[4]
            .status
            .as_str()
    };
    assert_eq!(shown(json!({"n": "3.5", "s": 3})), "unanswered");
    assert_eq!(shown(json!({"n": "3", "s": 3})), "not_shown");
    assert_eq!(shown(json!({"n": "3"})), "not_shown");
}

#[test]
fn conditions_ask_what_is_known_of_the_visit() {
    let document = questions(json!([
        {"id": "weekend", "type": "yes_no", "show_if": {"context": "weekday", "op": "in", "value": ["sat", "sun"]}},
        {"id": "large", "type": "yes_no", "show_if": {"context": "location.size", "op": "equals", "value": "large"}},
        {"id": "other", "type": "yes_no", "show_if": {"not": {"context": "round", "op": "equals", "value": "spring"}}}]));
    let checklist = parse(&document);
    let shown = |context: Value| -> Vec<bool> {
        let score = scored(&checklist, &json!({"answers": {}, "context": context}));
        score
            .questions
            .iter()
            .map(|question| question.status.as_str() != "not_shown")
            .collect()
    };
    assert_eq!(shown(json!({})), [false, false, true]);
    assert_eq!(
        shown(json!({"weekday": "sun", "location.size": "large", "round": "spring"})),
        [true, true, false]
    );
    let mut dated = document;
    dated["channel"] = json!("remote");
    let all = dated["sections"][0]["questions"].as_array_mut().expect("a list");
    all.insert(0, json!({"id": "when", "type": "datetime"}));
    all.push(json!({"id": "far", "type": "yes_no", "show_if": {"context": "channel", "op": "equals", "value": "remote"}}));
    let dated = parse(&dated);
    for (day, is_weekend) in [
        ("2026-11-22", true),
        ("2026-11-21", true),
        ("2026-11-20", false),
        ("2024-02-29", false),
        ("2000-01-01", true),
    ] {
        let score = scored(&dated, &json!({"answers": {"when": format!("{day}T12:00")}}));
        assert_eq!(
            score.questions[1].status.as_str() == "unanswered",
            is_weekend,
            "{day}"
        );
        assert_eq!(score.questions[4].status.as_str(), "unanswered");
    }
    let refused = parse_answers_file(&checklist, r#"{"answers": {}, "context": {"moon": "full"}}"#)
        .expect_err("refused");
    assert_eq!(refused.first_error().path, "context.moon");
    let bad = |condition: Value| {
        codes(&questions(
            json!([{"id": "q", "type": "yes_no", "show_if": condition}]),
        ))
    };
    let at = "sections[0].questions[0].show_if";
    assert_eq!(
        bad(json!({"context": "moon", "op": "answered"})),
        [format!("unknown_value {at}.context")]
    );
    assert_eq!(
        bad(json!({"context": "weekday", "op": "equals", "value": "lördag"})),
        [format!("unknown_value {at}.value")]
    );
    assert_eq!(
        bad(json!({"context": "round", "op": "lt", "value": "b"})),
        [format!("condition_without_order {at}.op")]
    );
    let mut context = Context::default();
    assert!(context.set("location.size", "large") && !context.set("moon", "full"));
}

#[test]
fn a_quiz_is_passed_from_its_mark_on() {
    let quiz = json!({"format_minor": 1, "quiz": {"pass_mark": "75", "attempts": 3},
        "scoring": {"bands": [{"id": "fine", "min": "0"}]},
        "sections": [{"id": "s", "questions": (0..4).map(|number|
            json!({"id": format!("q{number}"), "type": "yes_no", "points": "1"})).collect::<Vec<_>>()}]});
    let checklist = parse(&quiz);
    let answers = |good: usize| {
        let given = (0..4).map(|number| {
            (
                format!("q{number}"),
                json!(if number < good { "yes" } else { "no" }),
            )
        });
        json!({"answers": given.collect::<serde_json::Map<_, _>>()})
    };
    let (three, two) = (scored(&checklist, &answers(3)), scored(&checklist, &answers(2)));
    assert_eq!(
        (three.has_passed(&checklist), two.has_passed(&checklist)),
        (Some(true), Some(false))
    );
    assert_eq!(two.grade.expect("a grade").as_str(), "failed");
    let nothing = scored(&checklist, &json!({"answers": {}}));
    assert_eq!(nothing.has_passed(&checklist), Some(false));
    let mut with_files = quiz;
    with_files["sections"][0]["questions"][0] = json!({"id": "q0", "type": "photo"});
    with_files["sections"][0]["repeat"] = json!({});
    assert_eq!(
        publish_errors(&with_files),
        [
            "quiz_with_files sections[0].questions[0]",
            "quiz_in_parts sections[0]"
        ]
    );
}

#[test]
fn codes_on_products_are_checked_by_their_digits() {
    assert!(Symbology::Ean13.can_hold("4006381333931") && !Symbology::Ean13.can_hold("4006381333932"));
    assert!(Symbology::Ean8.can_hold("73513537") && Symbology::UpcA.can_hold("036000291452"));
    assert!(!Symbology::Ean13.can_hold("ＡＢ") && !Symbology::Ean8.can_hold("7351353"));
    let checklist = parse(&questions(
        json!([{"id": "code", "type": "barcode", "symbologies": ["ean_13", "ean_8"]},
        {"id": "any", "type": "barcode"}]),
    ));
    let findings = |code: &str| {
        let answers = json!({"code": code, "any": "x"}).to_string();
        Draft::new(Answers::parse(&checklist, &answers).expect("sound")).findings(&checklist, Stage::Whole)
    };
    assert!(findings("73513537").is_empty());
    assert_eq!(findings("73513538")[0].code, "barcode_not_valid");
}

#[test]
fn files_and_signatures_are_counted() {
    let checklist = parse(&questions(json!([
        {"id": "offer", "type": "file", "required": true, "file": {"max_count": 1, "media_types": ["application/pdf"]}},
        {"id": "name", "type": "signature", "required": true},
        {"id": "told", "type": "yes_no", "evidence": {"photo": "optional", "file": "required"}}])));
    let mut draft = Draft::new(Answers::parse(&checklist, r#"{"told": "yes"}"#).expect("sound"));
    let codes = |draft: &Draft| -> Vec<String> {
        let findings = draft.findings(&checklist, Stage::Whole);
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.path))
            .collect()
    };
    assert_eq!(
        codes(&draft),
        [
            "answer_required answers.offer",
            "answer_required answers.name",
            "file_required files.told"
        ]
    );
    draft.set_file_count(&checklist, 0, 2);
    draft.set_photo_count(&checklist, 1, 2);
    draft.set_file_count(&checklist, 2, 1);
    assert_eq!(
        codes(&draft),
        ["too_many_files files.offer", "too_many_photos photos.name"]
    );
}

#[test]
fn options_are_shuffled_the_same_way_each_time() {
    let options: Vec<Value> = ["pear", "Apple", "quince", "fig"]
        .iter()
        .map(|id| json!({"id": id, "text": {"en": id}}))
        .collect();
    let mut all = options;
    all.push(json!({"id": "none", "exclusive": true}));
    let question =
        |order: &str| json!({"id": order, "type": "multi_choice", "option_order": order, "options": all});
    let checklist = parse(&questions(json!([
        question("written"),
        question("alphabetical"),
        question("shuffled")
    ])));
    let [written, alphabetical, shuffled] = [0, 1, 2].map(|index| &checklist.questions()[index]);
    assert_eq!(written.offered_options(b"a", "en"), [0, 1, 2, 3, 4]);
    assert_eq!(alphabetical.offered_options(b"a", "en"), [1, 3, 0, 2, 4]);
    let orders: std::collections::BTreeSet<Vec<usize>> = (0_u8..40)
        .map(|seed| shuffled.offered_options(&[seed], "en"))
        .collect();
    assert!(orders.len() > 10, "many orders: {}", orders.len());
    assert!(
        orders.iter().all(|order| order[4] == 4),
        "what excludes the others stays last"
    );
    assert_eq!(
        shuffled.offered_options(b"a", "en"),
        shuffled.offered_options(b"a", "fi")
    );
    let refused = questions(json!([{"id": "q", "type": "yes_no", "option_order": "shuffled"}]));
    assert_eq!(
        publish_errors(&refused),
        ["order_without_options sections[0].questions[0].option_order"]
    );
}

#[test]
fn data_has_a_class_and_some_never_reaches_the_client() {
    let checklist = parse(&questions(json!([
        {"id": "story", "type": "text"}, {"id": "receipt", "type": "receipt"}, {"id": "polite", "type": "yes_no"},
        {"id": "badge", "type": "text", "sensitivity": "staff"},
        {"id": "bank", "type": "text", "sensitivity": "shopper"},
        {"id": "kept", "type": "text", "retention": "score"},
        {"id": "wall", "type": "text", "integrity": true}])));
    let classes: Vec<_> = checklist
        .questions()
        .iter()
        .map(|question| question.retention_class())
        .collect();
    assert_eq!(
        classes,
        [
            RetentionClass::Narrative,
            RetentionClass::Voucher,
            RetentionClass::Score,
            RetentionClass::StaffData,
            RetentionClass::ShopperData,
            RetentionClass::Score,
            RetentionClass::Narrative,
        ]
    );
    assert_eq!(
        checklist.client_questions(),
        [true, true, true, false, false, true, false]
    );
    let derived = parse(&questions(json!([
        {"id": "age", "type": "number", "sensitivity": "shopper"}, {"id": "wait", "type": "number"},
        {"id": "both", "type": "calculated", "calculation": {"add": [{"question": "age"}, {"question": "wait"}]}},
        {"id": "again", "type": "calculated", "calculation": {"question": "both"}},
        {"id": "twice", "type": "calculated", "calculation": {"multiply": ["2", {"question": "wait"}]}}])));
    assert_eq!(
        derived.client_questions(),
        [false, true, false, false, true],
        "what is worked out tells of its sources"
    );
    let scored = questions(json!([{"id": "q", "type": "yes_no", "points": "1", "integrity": true}]));
    assert_eq!(
        publish_errors(&scored),
        ["kept_back_scored sections[0].questions[0]"]
    );
}

#[test]
fn files_come_with_a_checklist_by_what_they_hold() {
    let hash = "ab".repeat(32);
    let document = json!({"format_minor": 1, "languages": ["en"],
        "files": [
            {"id": "guide", "sha256": hash, "media_type": "application/pdf", "title": {"en": "Guide"}},
            {"id": "counter", "sha256": hash, "media_type": "image/jpeg", "title": {"en": "Counter"}},
            {"id": "spare", "sha256": hash, "media_type": "image/png", "title": {"en": "Spare"}, "alt": {"en": "A spare"}}],
        "guidelines": [{"file": "guide", "must_read": true}],
        "sections": [{"id": "s", "questions": [{"id": "q", "type": "yes_no", "points": "1", "help_files": ["counter"]}]}]});
    let checklist = parse(&document);
    assert_eq!(checklist.header().guidelines[0].file, 0);
    assert_eq!(checklist.questions()[0].help_files, [1]);
    let findings = checklist.publish_check();
    let of_files: Vec<_> = findings
        .iter()
        .filter(|finding| finding.path.starts_with("files"))
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect();
    assert_eq!(of_files, ["missing_text files[1].alt", "unused_file files[2]"]);
    let mut bad = document;
    bad["files"][0]["sha256"] = json!("AB");
    bad["files"][1]["media_type"] = json!("jpeg");
    bad["files"][2]["id"] = json!("guide");
    bad["guidelines"][0]["file"] = json!("nothing");
    let found = codes(&bad);
    assert!(
        found.contains(&"bad_hash files[0].sha256".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"bad_media_type files[1].media_type".to_owned()));
    assert!(found.contains(&"unknown_file guidelines[0].file".to_owned()));
}

#[test]
fn a_document_says_which_minor_version_it_needs() {
    let mut document = questions(json!([{"id": "q", "type": "signature"}]));
    assert!(publish_errors(&document).is_empty());
    document["format_minor"] = json!(0);
    assert_eq!(publish_errors(&document), ["format_minor_too_low format_minor"]);
    let plain =
        json!({"sections": [{"id": "s", "questions": [{"id": "q", "type": "text", "min_chars": 3}]}]});
    assert!(
        publish_errors(&plain).is_empty(),
        "what was there before needs nothing"
    );
}

#[test]
fn a_question_with_a_new_id_is_known_by_its_standard_id() {
    let with_id = |id: &str| {
        parse(&questions(
            json!([{"id": id, "type": "yes_no", "points": "1", "standard_id": "greeting.1"}]),
        ))
    };
    let (old, new) = (with_id("greeted"), with_id("welcomed"));
    let difference = difference(&old, &new);
    assert_eq!(difference.questions.len(), 1);
    assert!(difference.questions[0].changes.contains(&Change::Renamed));
    let draft = Draft::new(Answers::parse(&old, r#"{"greeted": "no"}"#).expect("sound"));
    let moved = migrate(&old, &new, &draft);
    assert!(moved.aside.is_empty());
    assert_eq!(
        moved.draft.answers(),
        &Answers::parse(&new, r#"{"welcomed": "no"}"#).expect("sound")
    );
    let twice = questions(
        json!([{"id": "a", "type": "yes_no", "standard_id": "x"}, {"id": "b", "type": "yes_no", "standard_id": "x"}]),
    );
    assert_eq!(
        publish_errors(&twice),
        ["repeated_id sections[0].questions[1].standard_id"]
    );
}

#[test]
fn conditions_on_the_visit_and_on_two_answers_are_analysed() {
    let document = questions(json!([
        {"id": "a", "type": "number"}, {"id": "b", "type": "number"},
        {"id": "never", "type": "yes_no", "show_if": {"all": [
            {"question": "a", "op": "lt", "other": "b"}, {"question": "a", "op": "gt", "other": "b"}]}},
        {"id": "both", "type": "yes_no", "show_if": {"all": [
            {"context": "weekday", "op": "equals", "value": "mon"}, {"context": "weekday", "op": "equals", "value": "tue"}]}},
        {"id": "fine", "type": "yes_no", "show_if": {"any": [
            {"question": "a", "op": "lte", "other": "b"}, {"context": "location.size", "op": "equals", "value": "large"}]}}]));
    let found: Vec<_> = compile::analyse(&parse(&document))
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect();
    assert_eq!(
        found,
        [
            "contradictory_condition sections[0].questions[2].show_if",
            "contradictory_condition sections[0].questions[3].show_if",
        ]
    );
}

#[test]
fn names_that_look_alike_do_not_meet() {
    let document = json!({"format_minor": 1, "sections": [
        {"id": "a", "questions": [{"id": "m.x", "type": "yes_no"}]},
        {"id": "b", "repeat": {}, "questions": [
            {"id": "m", "type": "matrix", "rows_of": "yes_no", "rows": [{"id": "r"}]}]}]});
    let checklist = parse(&document);
    let refused = Answers::parse(&checklist, r#"{"b": [{"m": {"x": "yes"}}]}"#).expect_err("no such row");
    assert_eq!(refused.first_error().path, "answers.b[0].m.x");
    let mut brackets = document;
    brackets["sections"][0]["questions"][0]["id"] = json!("b[0].m.r");
    assert_eq!(codes(&brackets), ["bad_id "]);
    assert_eq!(haamu_form::Slot::parse(&checklist, "b[+1].m.r"), None);
    assert_eq!(haamu_form::Slot::parse(&checklist, "b[01].m.r"), None);
}

#[test]
fn a_chain_of_conditions_is_analysed_in_time() {
    let scale = |id: &str| json!({"id": id, "type": "scale", "scale": {"min": 1, "max": 5}});
    let mut all = vec![scale("s"), scale("t")];
    for number in 0..40 {
        let before = if number == 0 {
            "t".to_owned()
        } else {
            format!("c{}", number - 1)
        };
        let answered = json!({"question": before, "op": "answered"});
        all.push(
            json!({"id": format!("c{number}"), "type": "change", "change": {"from": "s", "to": "t"},
            "show_if": {"any": [answered, answered]}}),
        );
    }
    let findings = compile::analyse(&parse(&questions(Value::Array(all))));
    assert!(!findings.is_empty());
}

#[test]
fn calculations_are_bounded() {
    let many: Vec<Value> = (0..600).map(|_| json!({"question": "n"})).collect();
    let found = codes(&questions(
        json!([{"id": "n", "type": "number"}, {"id": "c", "type": "calculated", "calculation": {"add": many}}]),
    ));
    assert!(
        found.iter().all(|code| code.starts_with("too_many_operations")) && !found.is_empty(),
        "{found:?}"
    );
}

#[test]
fn rules_of_what_is_hidden_are_not_asked() {
    let document = json!({"format_minor": 1, "sections": [
        {"id": "first", "questions": [{"id": "problem", "type": "yes_no"}]},
        {"id": "then", "show_if": {"question": "problem", "op": "equals", "value": "yes"},
         "questions": [{"id": "solved", "type": "yes_no"}],
         "constraints": [{"id": "r", "question": "solved", "fail_if": {"not": {"question": "solved", "op": "answered"}}, "message": {"en": "?"}}]}]});
    let checklist = parse(&document);
    let count = |answers: &str| {
        let draft = Draft::new(Answers::parse(&checklist, answers).expect("sound"));
        draft.findings(&checklist, Stage::Whole).len()
    };
    assert_eq!(
        (count(r#"{"problem": "no"}"#), count(r#"{"problem": "yes"}"#)),
        (0, 1)
    );
}

#[test]
fn an_option_that_is_not_offered_any_more_is_no_answer() {
    let checklist = parse(&questions(json!([
        {"id": "a", "type": "yes_no"},
        {"id": "b", "type": "single_choice", "points": "2", "options": [
            {"id": "x", "points": "2", "show_if": {"question": "a", "op": "equals", "value": "yes"}}, {"id": "y"}]}])));
    let status = |a: &str| {
        scored(&checklist, &json!({"answers": {"a": a, "b": "x"}})).questions[1]
            .status
            .as_str()
    };
    assert_eq!((status("yes"), status("no")), ("scored", "unanswered"));
}
