//! Comparing versions, moving drafts, and what an edit would do.

use std::collections::BTreeSet;

use haamu_form::versions::{Change, Fate, Reason, difference, impact, migrate};
use haamu_form::{Answers, Checklist, Draft, Exact};
use proptest::prelude::*;
use serde_json::{Value, json};

const RETAIL: &str = include_str!("../../../../deploy/examples/checklists/retail-store-visit.json");

fn document() -> Value {
    json!({"sections": [
        {"id": "one", "questions": [
            {"id": "a", "type": "yes_no", "points": "1", "text": {"en": "A?"}},
            {"id": "b", "type": "single_choice", "points": "2", "options": [
                {"id": "x", "points": "2"}, {"id": "y", "points": "0"}]},
            {"id": "c", "type": "scale", "scale": {"min": 1, "max": 5}, "points": "1"}]},
        {"id": "two", "questions": [
            {"id": "d", "type": "text", "max_chars": 100},
            {"id": "e", "type": "photo"}]}]})
}

fn parse(document: &Value) -> Checklist {
    Checklist::parse(&document.to_string()).expect("sound")
}

/// The changes of a question after an edit of the document.
fn changes(edit: impl FnOnce(&mut Value), id: &str) -> BTreeSet<Change> {
    let mut after = document();
    edit(&mut after);
    let found = difference(&parse(&document()), &parse(&after));
    let question = found.questions.iter().find(|question| question.id.as_str() == id);
    question
        .map(|question| question.changes.clone())
        .unwrap_or_default()
}

#[test]
fn a_version_is_the_same_as_itself() {
    let retail = Checklist::parse(RETAIL).expect("sound");
    let found = difference(&retail, &retail);
    assert_eq!(
        (found.unchanged, found.questions.len(), found.sections.len()),
        (36, 0, 0)
    );
    assert!(!found.may_change_scores());
}

#[test]
fn each_edit_has_its_name() {
    let one = BTreeSet::from;
    assert_eq!(
        changes(
            |d| d["sections"][0]["questions"][0]["text"]["en"] = json!("Really?"),
            "a"
        ),
        one([Change::Reworded])
    );
    assert_eq!(
        changes(|d| d["sections"][0]["questions"][0]["points"] = json!("3"), "a"),
        one([Change::Rescored])
    );
    assert_eq!(
        changes(
            |d| d["sections"][0]["questions"][0]["good_answer"] = json!("no"),
            "a"
        ),
        one([Change::Rescored])
    );
    assert_eq!(
        changes(
            |d| d["sections"][0]["questions"][0]["required"] = json!(true),
            "a"
        ),
        one([Change::Revalidated])
    );
    assert_eq!(
        changes(|d| d["sections"][1]["questions"][0]["max_chars"] = json!(50), "d"),
        one([Change::Revalidated])
    );
    assert_eq!(
        changes(|d| d["sections"][0]["questions"][0]["metric"] = json!("m"), "a"),
        one([Change::Retagged])
    );
    let condition = json!({"question": "a", "op": "equals", "value": "yes"});
    assert_eq!(
        changes(|d| d["sections"][0]["questions"][2]["show_if"] = condition, "c"),
        one([Change::Reconditioned])
    );
    let number = json!({"id": "a", "type": "number", "text": {"en": "A?"}});
    assert!(changes(|d| d["sections"][0]["questions"][0] = number, "a").contains(&Change::Retyped));
}

#[test]
fn what_jumps_has_moved_and_what_it_passes_has_not() {
    let mut after = document();
    let questions = after["sections"][0]["questions"]
        .as_array_mut()
        .expect("questions");
    questions.rotate_left(1);
    let found = difference(&parse(&document()), &parse(&after));
    let moved: Vec<_> = found
        .questions
        .iter()
        .map(|question| (question.id.as_str(), &question.changes))
        .collect();
    assert_eq!(moved, [("a", &BTreeSet::from([Change::Moved]))]);
    assert!(!found.may_change_scores());
}

#[test]
fn options_are_compared_by_themselves() {
    let mut after = document();
    after["sections"][0]["questions"][1]["options"] =
        json!([{"id": "x", "points": "1"}, {"id": "z", "points": "2"}]);
    let found = difference(&parse(&document()), &parse(&after));
    let options: Vec<_> = found.questions[0]
        .options
        .iter()
        .map(|option| (option.id.as_str(), option.fate))
        .collect();
    assert_eq!(
        options,
        [("x", Fate::Kept), ("z", Fate::New), ("y", Fate::Dropped)]
    );
    assert!(found.may_change_scores());
}

#[test]
fn an_answer_without_a_place_is_put_aside() {
    let old = parse(&document());
    let answers = Answers::parse(&old, r#"{"a": "yes", "b": "y", "c": 5, "d": "Kerron."}"#).expect("sound");
    let mut draft = Draft::new(answers);
    draft.set_comment(0, "Heti ovella.");
    draft.set_photo_count(&old, 4, 2);
    let mut after = document();
    after["sections"][0]["questions"][1]["options"] = json!([{"id": "x", "points": "2"}]);
    after["sections"][0]["questions"][2]["scale"]["max"] = json!(4);
    after["sections"][1]["questions"] = json!([{"id": "e", "type": "photo"}]);
    let new = parse(&after);
    let moved = migrate(&old, &new, &draft);
    let aside: Vec<_> = moved
        .aside
        .iter()
        .map(|aside| (aside.question.as_str(), aside.answer.clone(), aside.reason))
        .collect();
    assert_eq!(
        aside,
        [
            ("b", Some(json!("y")), Reason::DoesNotFit),
            ("c", Some(json!(5)), Reason::DoesNotFit),
            ("d", Some(json!("Kerron.")), Reason::QuestionDropped),
        ]
    );
    assert_eq!(moved.draft.comment(0), "Heti ovella.");
    let photos = new.question_index("e").expect("a question");
    assert_eq!(moved.draft.photo_count(photos), 2);
}

#[test]
fn an_edit_shows_what_it_would_do_to_scores() {
    let old = parse(&document());
    let draft = |text: &str| Draft::new(Answers::parse(&old, text).expect("sound"));
    let drafts = [
        draft(r#"{"a": "yes", "b": "y", "c": 5}"#),
        draft(r#"{"a": "no", "b": "x", "c": 1}"#),
        draft("{}"),
    ];
    let mut after = document();
    after["sections"][0]["questions"][0]["points"] = json!("4");
    let found = impact(&old, &parse(&after), &drafts);
    assert_eq!(
        (
            found.compared,
            found.changed,
            found.with_aside,
            found.scored_in_one
        ),
        (2, 2, 0, 0)
    );
    // 2/4 becomes 5/7, and 2/4 becomes 2/7.
    assert_eq!(
        found.differences,
        [
            Exact::ratio(-3, 14).expect("a ratio"),
            Exact::ratio(3, 14).expect("a ratio")
        ]
    );
    assert_eq!(found.mean(), Some(Exact::ZERO));
    assert_eq!(found.percentile(50), found.differences.first());
    assert_eq!(impact(&old, &old, &drafts).changed, 0);
}

/// Edits of the document that keep it sound.
fn edited() -> impl Strategy<Value = Value> {
    (any::<[bool; 6]>(), 2_i64..8).prop_map(|(edits, max)| {
        let mut after = document();
        let questions = &mut after["sections"][0]["questions"];
        if edits[0] {
            questions[0] = json!({"id": "a", "type": "text"});
        }
        if edits[1] {
            questions[1]["options"] = json!([{"id": "x", "points": "2"}, {"id": "new", "points": "1"}]);
        }
        if edits[2] {
            questions[2]["scale"]["max"] = json!(max);
        }
        if edits[3] {
            questions.as_array_mut().expect("questions").remove(1);
        }
        if edits[4] {
            after["sections"][1]["questions"][0] = json!({"id": "d", "type": "photo"});
        }
        if edits[5] {
            after["sections"].as_array_mut().expect("sections").reverse();
        }
        after
    })
}

proptest! {
    #[test]
    fn moving_a_draft_loses_nothing(
        after in edited(), yes in any::<bool>(), option in 0..2_usize, scale in 1..=5_i64, files in 0..3_u32,
        comment in "[a-z]{0,5}",
    ) {
        let (old, new) = (parse(&document()), parse(&after));
        let given = json!({"a": if yes { "yes" } else { "no" }, "b": (["x", "y"][option]), "c": scale, "d": "words"});
        let mut draft = Draft::new(Answers::parse(&old, &given.to_string()).expect("sound"));
        draft.set_comment(1, comment.as_str());
        draft.set_photo_count(&old, 4, files);
        let moved = migrate(&old, &new, &draft);
        for (index, question) in old.questions().iter().enumerate() {
            let was = (draft.answers().shorthand(&old, index), draft.comment(index).to_owned(), draft.photo_count(index));
            let place = new.question_index(question.id.as_str());
            let aside = moved.aside.iter().find(|aside| aside.question == question.id);
            let is = match (aside, place) {
                (Some(aside), _) => (aside.answer.clone(), aside.comment.clone(), aside.files),
                (None, Some(place)) => (moved.draft.answers().shorthand(&new, place), moved.draft.comment(place).to_owned(), moved.draft.photo_count(place)),
                (None, None) => (None, String::new(), 0),
            };
            prop_assert_eq!(was, is, "{}", question.id);
        }
    }
}
