//! Sections that are filled in several times.

use haamu_form::score::ScoreOutput;
use haamu_form::versions::{Reason, migrate};
use haamu_form::{
    Answers, Checklist, Decisions, Draft, Exact, Score, Slot, Stage, parse_answers_file, score, trace,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A visit with a repeated section of staff met, before and after which there are others.
fn document(scoring: &str, mode: &str) -> Value {
    json!({"format_minor": 1, "scoring": {"mode": mode}, "sections": [
        {"id": "arrival", "weight": "20", "questions": [
            {"id": "clean", "type": "yes_no", "points": "2"},
            {"id": "busy", "type": "yes_no"}]},
        {"id": "staff", "weight": "50", "repeat": {"min": 1, "max": 5, "scoring": scoring, "label": {"en": "Staff member"}},
         "questions": [
            {"id": "greeted", "type": "yes_no", "points": "3", "required": true,
             "critical": {"effect": "section_cap", "cap": "50", "fail_below": "0"}},
            {"id": "how", "type": "scale", "scale": {"min": 1, "max": 5}, "points": "4",
             "show_if": {"question": "greeted", "op": "equals", "value": "yes"},
             "na_allowed": true, "comment": {"required_when": "below_full"}},
            {"id": "extra", "type": "yes_no", "points": "1", "bonus": true},
            {"id": "before", "type": "scale", "scale": {"min": 1, "max": 5}},
            {"id": "after", "type": "scale", "scale": {"min": 1, "max": 5}},
            {"id": "rise", "type": "change", "change": {"from": "before", "to": "after"}, "points": "2"}]},
        {"id": "end", "weight": "30", "questions": [
            {"id": "met", "type": "calculated", "calculation": {"count_instances": "staff"}},
            {"id": "friendliest", "type": "calculated", "calculation": {"max_over": "how"}, "points": "5",
             "band": {"zero_low": "1", "full_low": "4"}},
            {"id": "why_so_many", "type": "yes_no", "points": "1",
             "show_if": {"question": "met", "op": "gte", "value": 3}}]}]})
}

fn checklist(scoring: &str) -> Checklist {
    Checklist::parse(&document(scoring, "section_weight").to_string()).expect("sound")
}

fn scored(checklist: &Checklist, answers: &Value) -> (Answers, Score) {
    let answers = Answers::parse(checklist, &answers.to_string()).expect("sound");
    let score = score(checklist, &answers, Decisions::default());
    (answers, score)
}

fn ratio(top: i64, bottom: i64) -> Option<Exact> {
    Exact::ratio(top, bottom)
}

#[test]
fn as_a_mean_each_instance_counts_the_same() {
    let checklist = checklist("mean");
    // 3 + 4 of 7, and 0 of 3: the mean of 1 and 0.
    let (answers, score) = scored(
        &checklist,
        &json!({"staff": [{"greeted": "yes", "how": 5}, {"greeted": "no"}]}),
    );
    let staff = &score.sections[1];
    assert_eq!(staff.raw, ratio(1, 2));
    assert_eq!(
        staff.possible,
        Exact::integer(5),
        "an average instance has (7 + 3) / 2"
    );
    let of_instances: Vec<_> = staff
        .instances
        .iter()
        .map(|instance| instance.raw.clone())
        .collect();
    assert_eq!(of_instances, [ratio(1, 1), ratio(0, 1)]);
    assert_eq!(
        trace(&checklist, &answers, &score).total(),
        score.last.expect("a score")
    );
}

#[test]
fn as_a_sum_each_instance_adds_to_what_is_possible() {
    let checklist = checklist("sum");
    let (_, score) = scored(
        &checklist,
        &json!({"staff": [{"greeted": "yes", "how": 5}, {"greeted": "no"}]}),
    );
    assert_eq!(score.sections[1].possible, Exact::integer(10));
    assert_eq!(score.sections[1].raw, ratio(7, 10));
}

#[test]
fn conditions_and_changes_look_at_their_own_instance() {
    let checklist = checklist("sum");
    let (_, score) = scored(
        &checklist,
        &json!({"staff": [
            {"greeted": "no", "how": 5, "before": 2, "after": 3},
            {"greeted": "yes", "how": 3, "before": 4}]}),
    );
    let statuses = |question: usize| -> Vec<&str> {
        let instances = score.questions[question].instances.iter();
        instances.map(|instance| instance.status.as_str()).collect()
    };
    assert_eq!(statuses(3), ["not_shown", "scored"]);
    assert_eq!(statuses(7), ["scored", "not_applicable"]);
    assert_eq!(score.questions[3].earned, Exact::integer(2));
    assert_eq!(
        score.questions[9].value,
        ratio(3, 1),
        "the hidden 5 does not count"
    );
}

#[test]
fn what_is_worked_out_over_instances_can_be_scored_and_asked() {
    let checklist = checklist("mean");
    let one = json!({"greeted": "yes", "how": 2});
    let (_, two) = scored(&checklist, &json!({"staff": [one, one]}));
    assert_eq!(two.questions[8].value, ratio(2, 1));
    assert_eq!(two.questions[9].earned, ratio(5, 3).expect("a third of the way"));
    assert_eq!(two.questions[10].status.as_str(), "not_shown");
    let (_, three) = scored(&checklist, &json!({"staff": [one, one, one]}));
    assert_eq!(three.questions[10].status.as_str(), "unanswered");
    let (_, none) = scored(&checklist, &json!({}));
    assert_eq!(none.questions[8].value, ratio(0, 1));
    assert_eq!(none.questions[9].status.as_str(), "not_applicable");
}

#[test]
fn a_reviewer_voids_one_instance_or_all() {
    let checklist = checklist("sum");
    let file = |voided: Value| {
        let file = json!({"answers": {"staff": [{"greeted": "no"}, {"greeted": "yes"}]}, "voided": voided});
        let (answers, voided) = parse_answers_file(&checklist, &file.to_string()).expect("sound");
        let decisions = Decisions {
            voided: &voided,
            ..Decisions::default()
        };
        score(&checklist, &answers, decisions)
    };
    assert_eq!(file(json!([])).sections[1].raw, ratio(1, 2));
    assert_eq!(file(json!(["staff[0].greeted"])).sections[1].raw, ratio(1, 1));
    assert_eq!(file(json!(["greeted"])).sections[1].raw, None);
    let output = |score: &Score| serde_json::to_value(ScoreOutput::new(&checklist, score)).expect("JSON");
    assert_eq!(output(&file(json!([])))["critical"], json!(["staff[0].greeted"]));
}

#[test]
fn instances_that_are_missing_cost_their_points_where_the_incomplete_is_accepted() {
    let checklist = checklist("sum");
    let answers = Answers::parse(&checklist, r#"{"clean": "yes"}"#).expect("sound");
    let decisions = Decisions {
        accepted_incomplete: true,
        ..Decisions::default()
    };
    let score = score(&checklist, &answers, decisions);
    assert_eq!(score.sections[1].raw, ratio(0, 1));
    assert_eq!(
        trace(&checklist, &answers, &score).total(),
        score.last.expect("a score")
    );
}

#[test]
fn findings_name_the_instance() {
    let checklist = checklist("mean");
    let answers = json!({"staff": [{"greeted": "yes", "how": 2}, {}]}).to_string();
    let draft = Draft::new(Answers::parse(&checklist, &answers).expect("sound"));
    let paths = |draft: &Draft| -> Vec<String> {
        let findings = draft.findings(&checklist, Stage::Whole);
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.path))
            .collect()
    };
    assert_eq!(
        paths(&draft),
        [
            "comment_required comments.staff[0].how",
            "answer_required answers.staff[1].greeted"
        ]
    );
    let nothing = Draft::new(Answers::empty(&checklist));
    assert_eq!(paths(&nothing), ["too_few_instances answers.staff"]);
    let mut mended = draft;
    mended.set_comment(Slot::in_instance(3, 0), "mumbled");
    assert_eq!(paths(&mended), ["answer_required answers.staff[1].greeted"]);
}

#[test]
fn answers_outside_their_place_are_refused() {
    let checklist = checklist("mean");
    for (answers, code, path) in [
        (
            json!({"greeted": "yes"}),
            "answer_in_instances",
            "answers.greeted",
        ),
        (
            json!({"staff": {"greeted": "yes"}}),
            "wrong_type",
            "answers.staff",
        ),
        (
            json!({"staff": [{"clean": "yes"}]}),
            "answer_unknown_question",
            "answers.staff[0].clean",
        ),
        (
            json!({"staff": [{"how": 9}]}),
            "answer_out_of_range",
            "answers.staff[0].how",
        ),
        (
            json!({"staff": [{}, {}, {}, {}, {}, {}]}),
            "too_many_instances",
            "answers.staff",
        ),
        (
            json!({"arrival": []}),
            "answer_unknown_question",
            "answers.arrival",
        ),
    ] {
        let refused = Answers::parse(&checklist, &answers.to_string()).expect_err("refused");
        assert_eq!(
            (refused.first_error().code, refused.first_error().path.as_str()),
            (code, path)
        );
    }
    let mut answers = Answers::empty(&checklist);
    assert!(
        answers.set(&checklist, "staff[5].greeted", "\"yes\"").is_err(),
        "at most five"
    );
    assert!(
        answers.set(&checklist, "greeted", "\"yes\"").is_err(),
        "in which instance?"
    );
    answers.set(&checklist, "staff[1].how", "4").expect("a place");
    assert_eq!(answers.instance_count(1), 2);
    assert_eq!(
        answers.shorthand(&checklist, Slot::in_instance(3, 1)),
        Some(json!(4))
    );
}

#[test]
fn references_into_instances_are_refused_outside_them() {
    for (change, code) in [
        (
            json!({"id": "x", "type": "yes_no", "show_if": {"question": "how", "op": "answered"}}),
            "question_is_repeated",
        ),
        (
            json!({"id": "x", "type": "calculated", "calculation": {"question": "how"}}),
            "question_is_repeated",
        ),
        (
            json!({"id": "x", "type": "calculated", "calculation": {"sum_over": "clean"}}),
            "question_not_repeated",
        ),
        (
            json!({"id": "x", "type": "calculated", "calculation": {"count_instances": "arrival"}}),
            "section_not_repeated",
        ),
        (
            json!({"id": "x", "type": "calculated", "calculation": {"question": "y"}}),
            "unknown_question",
        ),
        (
            json!({"id": "x", "type": "calculated", "calculation": {"question": "x"}}),
            "condition_not_earlier",
        ),
    ] {
        let mut document = document("mean", "section_weight");
        document["sections"][2]["questions"]
            .as_array_mut()
            .expect("a list")
            .push(change);
        let refused = Checklist::parse(&document.to_string()).expect_err("refused");
        assert_eq!(refused.first_error().code, code);
    }
}

#[test]
fn a_draft_keeps_its_instances_in_another_version() {
    let old = checklist("mean");
    let mut changed = document("mean", "section_weight");
    changed["sections"][1]["repeat"]["max"] = json!(2);
    changed["sections"][1]["questions"]
        .as_array_mut()
        .expect("a list")
        .remove(2);
    let new = Checklist::parse(&changed.to_string()).expect("sound");
    let one = json!({"greeted": "yes", "extra": "yes"});
    let mut draft = Draft::new(
        Answers::parse(
            &old,
            &json!({"clean": "no", "staff": [one, one, one]}).to_string(),
        )
        .expect("sound"),
    );
    draft.set_comment(Slot::in_instance(2, 1), "at once");
    let moved = migrate(&old, &new, &draft);
    assert_eq!(moved.draft.answers().instance_count(1), 2);
    assert_eq!(moved.draft.comment(Slot::in_instance(2, 1)), "at once");
    let aside: Vec<_> = moved
        .aside
        .iter()
        .map(|one| (one.question.as_str(), one.instance, one.reason))
        .collect();
    assert_eq!(
        aside,
        [
            ("extra", Some(0), Reason::QuestionDropped),
            ("extra", Some(1), Reason::QuestionDropped),
            ("greeted", Some(2), Reason::DoesNotFit),
            ("extra", Some(2), Reason::QuestionDropped),
        ]
    );
}

/// The answers of one staff member.
fn instance() -> impl Strategy<Value = Value> {
    let yes_no = || {
        prop_oneof![
            Just(Value::Null),
            Just(json!("yes")),
            Just(json!("no")),
            Just(json!("na"))
        ]
    };
    let scale = || {
        prop_oneof![
            Just(Value::Null),
            (1_i64..=5).prop_map(Value::from),
            Just(json!("na"))
        ]
    };
    (yes_no(), scale(), yes_no(), scale(), scale()).prop_map(|(greeted, how, extra, before, after)| {
        json!({"greeted": greeted, "how": how, "extra": extra, "before": before, "after": after})
    })
}

/// The section written out once for each instance, with ids of their own.
fn written_out(document: &Value, count: usize) -> Value {
    let mut document = document.clone();
    let questions = document["sections"][1]["questions"]
        .as_array()
        .expect("a list")
        .clone();
    let mut all = Vec::new();
    for number in 0..count {
        let text = serde_json::to_string(&questions).expect("JSON");
        let ids = ["greeted", "how", "extra", "before", "after", "rise"];
        let renamed = ids.iter().fold(text, |text, id| {
            text.replace(&format!("\"{id}\""), &format!("\"{id}_{number}\""))
        });
        let copy: Vec<Value> = serde_json::from_str(&renamed).expect("JSON");
        all.extend(copy);
    }
    document["sections"][1] = json!({"id": "staff", "weight": "50", "questions": all});
    // What is worked out over instances has no counterpart there.
    document["sections"][2] = json!({"id": "end", "weight": "30", "questions": []});
    document
}

proptest! {
    #[test]
    fn a_sum_is_the_section_written_out(
        instances in proptest::collection::vec(instance(), 1..5), clean in any::<bool>(), mode in 0_usize..3,
    ) {
        let mode = ["section_weight", "point_sum", "scaled_points"][mode];
        let mut whole = document("sum", mode);
        whole["sections"][2] = json!({"id": "end", "weight": "30", "questions": []});
        let checklist = Checklist::parse(&whole.to_string()).expect("sound");
        let clean = if clean { "yes" } else { "no" };
        let (answers, score) = scored(&checklist, &json!({"clean": clean, "staff": instances}));
        let mut flat = Map::new();
        flat.insert("clean".to_owned(), json!(clean));
        for (number, instance) in instances.iter().enumerate() {
            for (id, value) in instance.as_object().expect("an object") {
                flat.insert(format!("{id}_{number}"), value.clone());
            }
        }
        let expected = super::naive::score(&written_out(&whole, instances.len()), &flat, &[]);
        let ours = serde_json::to_value(ScoreOutput::new(&checklist, &score)).expect("JSON");
        for key in ["raw", "final", "display", "grade"] {
            prop_assert_eq!(&ours[key], &expected[key]);
        }
        if let Some(last) = &score.last {
            prop_assert_eq!(&trace(&checklist, &answers, &score).total(), last);
        }
    }

    #[test]
    fn a_mean_is_the_mean_of_the_instances_scores(
        instances in proptest::collection::vec(instance(), 1..5), mode in 0_usize..3,
    ) {
        let mode = ["section_weight", "point_sum", "scaled_points"][mode];
        let checklist = Checklist::parse(&document("mean", mode).to_string()).expect("sound");
        let (answers, whole) = scored(&checklist, &json!({"clean": "yes", "staff": instances}));
        let alone: Vec<Exact> = instances
            .iter()
            .filter_map(|instance| {
                let (_, score) = scored(&checklist, &json!({"staff": [instance]}));
                let section = &score.sections[1];
                // Without the cap on bonus points, which is for the section as a whole.
                (&section.earned + &section.bonus).divided_by(&section.possible)
            })
            .collect();
        let count = Exact::integer(i64::try_from(alone.len()).expect("few"));
        let mean = alone.iter().sum::<Exact>().divided_by(&count);
        prop_assert_eq!(&whole.sections[1].raw, &mean.map(|mean| mean.min(Exact::ONE)));
        if let Some(last) = &whole.last {
            prop_assert_eq!(&trace(&checklist, &answers, &whole).total(), last);
        }
    }

    #[test]
    fn the_order_of_instances_does_not_matter(instances in proptest::collection::vec(instance(), 1..5)) {
        let checklist = checklist("mean");
        let (_, forwards) = scored(&checklist, &json!({"staff": instances}));
        let backwards: Vec<&Value> = instances.iter().rev().collect();
        let (_, backwards) = scored(&checklist, &json!({"staff": backwards}));
        prop_assert_eq!(forwards.raw, backwards.raw);
        prop_assert_eq!(forwards.last, backwards.last);
    }
}
