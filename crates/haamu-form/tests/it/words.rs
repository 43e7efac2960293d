//! What shoppers are told of their answers, in three languages.

use haamu_form::{Answers, Checklist, Draft, Language, Stage};
use serde_json::json;

fn checklist() -> Checklist {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "greeted", "type": "yes_no", "points": "1", "required": true, "comment": {"required_when": "below_full"}},
        {"id": "calm", "type": "scale", "scale": {"min": 1, "max": 5}},
        {"id": "wait", "type": "duration", "unit": "min"},
        {"id": "story", "type": "text", "required": true, "min_chars": 10, "max_chars": 20},
        {"id": "long", "type": "text", "max_chars": 3},
        {"id": "account", "type": "text", "min_words": 4, "max_sentences": 1},
        {"id": "report", "type": "text", "max_words": 2, "min_sentences": 2},
        {"id": "cold", "type": "number", "min": "0", "max": "40.5", "unit": "°C"},
        {"id": "warm", "type": "number", "min": "0", "max": "40.5", "unit": "°C"},
        {"id": "mild", "type": "number", "min": "0", "max": "40.5", "unit": "°C"},
        {"id": "picture", "type": "photo", "required": true, "photo": {"max_count": 2}},
        {"id": "pictures", "type": "photo", "photo": {"max_count": 2}},
        {"id": "seen", "type": "yes_no", "evidence": {"photo": "required"}}]}]});
    Checklist::parse(&document.to_string()).expect("sound")
}

#[test]
fn every_finding_of_an_evaluation_has_its_sentence_in_three_languages() {
    let checklist = checklist();
    let answers = Answers::parse(
        &checklist,
        r#"{"greeted": "no", "calm": "na", "wait": "-3", "story": "Lyhyt.", "long": "Pitkä teksti",
            "account": "Hei! Kiitos.", "report": "Yksi virke vain, klo 10.30.", "cold": "-0.5", "warm": "41", "mild": "40.5", "seen": "not_observed"}"#,
    );
    let mut draft = Draft::new(answers.expect("sound"));
    let pictures = checklist.question_index("pictures").expect("a question");
    draft.set_photo_count(&checklist, pictures, 3);
    let mut lines = Vec::new();
    for finding in draft.findings(&checklist, Stage::Whole) {
        for language in Language::ALL {
            lines.push(format!(
                "{} {} {} {}",
                language.tag(),
                finding.code,
                finding.path,
                finding.text(language)
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_refusal_of_an_answer_has_its_sentence_in_three_languages() {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "one", "type": "single_choice", "options": [{"id": "a"}]},
        {"id": "many", "type": "multi_choice", "options": [{"id": "a"}, {"id": "b"}, {"id": "none", "exclusive": true}]},
        {"id": "calm", "type": "scale", "scale": {"min": 1, "max": 5}},
        {"id": "calmer", "type": "scale", "scale": {"min": 1, "max": 5}},
        {"id": "change", "type": "change", "change": {"from": "calm", "to": "calmer"}},
        {"id": "count", "type": "number"},
        {"id": "when", "type": "datetime"}]}]});
    let checklist = Checklist::parse(&document.to_string()).expect("sound");
    let mut lines = Vec::new();
    for (question, value) in [
        ("nobody", "1"),
        ("one", "\"b\""),
        ("one", "1"),
        ("many", "[\"a\", \"a\"]"),
        ("many", "[\"a\", \"none\"]"),
        ("calm", "9"),
        ("calm", "1.5"),
        ("change", "1"),
        ("count", "\"1,5\""),
        ("when", "\"yesterday\""),
    ] {
        let refused = Answers::empty(&checklist)
            .set(&checklist, question, value)
            .expect_err("refused");
        let finding = refused.first_error();
        for language in Language::ALL {
            lines.push(format!(
                "{} {} {} {}",
                language.tag(),
                finding.code,
                finding.path,
                finding.text(language)
            ));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
