//! Laws that hold for every checklist and all answers.

use haamu_form::{
    Answers, Checklist, Decisions, Exact, QuestionKind, Score, ScoreOutput, Slot, score, trace,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A scored or bonus question of any type with its options, limits and critical rule.
fn question(id: String) -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        Just(json!({"type": "yes_no"})),
        Just(json!({"type": "yes_no", "good_answer": "no"})),
        Just(json!({"type": "single_choice", "options": [
            {"id": "all", "points": "4"}, {"id": "some", "points": "1.5"}, {"id": "bad", "critical": true},
            {"id": "skip", "na": true}]})),
        Just(
            json!({"type": "multi_choice", "multi": {"mode": "deduct"}, "options": [
            {"id": "a", "points": "1"}, {"id": "b", "points": "2.5"}, {"id": "none", "exclusive": true}]})
        ),
        Just(
            json!({"type": "multi_choice", "multi": {"mode": "at_least", "count": 3}, "options": [
            {"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d", "good": false}]})
        ),
        Just(json!({"type": "multi_choice", "options": [
            {"id": "a", "points": "3"}, {"id": "b", "points": "2"}, {"id": "c", "points": "-1"}]})),
        Just(json!({"type": "scale", "scale": {"min": 1, "max": 5}})),
        Just(json!({"type": "scale", "scale": {"min": 0, "max": 6, "higher_is_better": false}})),
        Just(json!({"type": "number", "band":
            {"zero_low": "0", "full_low": "3", "full_high": "7", "zero_high": "9.5"}})),
    ];
    let critical = prop_oneof![
        8 => Just(Value::Null),
        1 => Just(json!({"effect": "flag"})),
        1 => Just(json!({"effect": "section_zero"})),
        1 => Just(json!({"effect": "section_cap", "cap": "35"})),
        1 => Just(json!({"effect": "visit_cap", "cap": "42.5"})),
        1 => Just(json!({"effect": "visit_zero", "fail_below": "0.2"})),
        1 => Just(json!({"effect": "visit_fail"})),
    ];
    let points = prop_oneof![4 => 1_u32..6, 1 => Just(0)];
    (
        kind,
        critical,
        proptest::option::weighted(0.9, points),
        proptest::bool::weighted(0.15),
    )
        .prop_map(move |(mut question, critical, points, bonus)| {
            question["id"] = json!(id);
            question["bonus"] = json!(bonus);
            if let Some(points) = points {
                question["points"] = json!(points.to_string());
            }
            if !critical.is_null() {
                question["critical"] = critical;
            }
            question
        })
}

fn section(index: usize) -> impl Strategy<Value = Value> {
    let questions = (1_usize..5).prop_flat_map(move |count| {
        (0..count)
            .map(|number| question(format!("q{index}_{number}")))
            .collect::<Vec<_>>()
    });
    (questions, 0_u32..40, any::<bool>(), proptest::bool::weighted(0.2)).prop_map(
        move |(questions, weight, is_conditional, has_pass_mark)| {
            let mut section =
                json!({"id": format!("s{index}"), "weight": weight.to_string(), "questions": questions});
            if is_conditional && index > 0 {
                section["show_if"] = json!({"not": {"question": "q0_0", "op": "answered"}});
            }
            if has_pass_mark {
                section["pass_mark"] = json!("50");
            }
            section
        },
    )
}

fn checklist() -> impl Strategy<Value = Checklist> {
    document()
        .prop_map(|document| Checklist::parse(&document.to_string()).expect("generated checklists are sound"))
}

fn document() -> impl Strategy<Value = Value> {
    let sections = (1_usize..5).prop_flat_map(|count| (0..count).map(section).collect::<Vec<_>>());
    let mode = prop_oneof![Just("section_weight"), Just("point_sum"), Just("scaled_points")];
    let unanswered = prop_oneof![Just("exclude"), Just("zero")];
    (sections, mode, unanswered, any::<bool>()).prop_map(|(sections, mode, unanswered, cap_bonus)| {
        json!({
            "scoring": {"mode": mode, "unanswered": unanswered, "cap_bonus": cap_bonus,
                "bands": [{"id": "good", "min": "75"}, {"id": "poor", "min": "0"}]},
            "sections": sections,
        })
    })
}

/// A document with everything: conditions on earlier questions, changes, rounding, more types.
pub(super) fn rich_document() -> impl Strategy<Value = Value> {
    let knobs = (0_u32..=4, any::<bool>(), any::<bool>(), any::<[u8; 8]>());
    (document(), knobs).prop_map(|(mut document, (decimals, is_even, is_exact, draws))| {
        document["scoring"]["display_decimals"] = json!(decimals);
        document["scoring"]["rounding"] = json!(if is_even { "half_even" } else { "half_up" });
        document["scoring"]["band_on"] = json!(if is_exact { "exact" } else { "displayed" });
        let sections = document["sections"].as_array_mut().expect("sections");
        let extra = json!({"id": "extra", "weight": "7.25", "questions": [
            {"id": "calm", "type": "scale", "scale": {"min": 1, "max": 5}},
            {"id": "calmer", "type": "scale", "scale": {"min": 1, "max": 5}, "points": "1"},
            {"id": "change", "type": "change", "change": {"from": "calm", "to": "calmer"}, "points": "2.5"},
            {"id": "wait", "type": "duration", "unit": "min", "points": "3",
             "band": {"zero_low": null, "full_low": null, "full_high": "2.5", "zero_high": "8"}},
            {"id": "story", "type": "text"},
            {"id": "set", "type": "multi_choice", "points": "2", "multi": {"mode": "all_required", "required": ["a"], "forbidden": ["c"]},
             "options": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}]});
        sections.push(extra);
        let mut earlier: Vec<Value> = Vec::new();
        let mut number = 0_usize;
        for section in sections {
            for question in section["questions"].as_array_mut().expect("questions") {
                number += 1;
                let draw = usize::from(draws[number % 8]);
                if draw.is_multiple_of(3) && !earlier.is_empty() && question["type"] != "change" {
                    question["show_if"] = condition(&earlier, draw);
                }
                if question["type"] != "change" {
                    earlier.push(question.clone());
                }
            }
        }
        document
    })
}

fn condition(earlier: &[Value], draw: usize) -> Value {
    let source = &earlier[draw % earlier.len()];
    let id = &source["id"];
    let options = source["options"].as_array();
    let compare = match source["type"].as_str() {
        Some("yes_no") => json!({"question": id, "op": "equals", "value": "yes"}),
        Some("scale" | "number" | "duration") => {
            let op = ["lt", "lte", "gt", "gte", "equals", "not_equals"][draw % 6];
            json!({"question": id, "op": op, "value": if draw.is_multiple_of(2) { json!(3) } else { json!("3.0") }})
        }
        Some("single_choice" | "multi_choice") => {
            let option = &options.expect("options")[0]["id"];
            match draw % 3 {
                0 => json!({"question": id, "op": "in", "value": [option]}),
                1 => json!({"question": id, "op": "not_equals", "value": option}),
                _ => json!({"question": id, "op": "equals", "value": option}),
            }
        }
        _ => json!({"question": id, "op": "answered"}),
    };
    match draw % 5 {
        0 => json!({"not": compare}),
        1 => json!({"any": [compare, {"question": earlier[0]["id"], "op": "answered"}]}),
        2 => json!({"all": [compare, {"not": {"question": earlier[0]["id"], "op": "answered"}}]}),
        _ => compare,
    }
}

/// Some answers to a checklist: each question draws from `choices` what it is answered.
fn answers(checklist: &Checklist, choices: &[u8]) -> Map<String, Value> {
    let mut answers = Map::new();
    for (question, choice) in checklist.questions().iter().zip(choices.iter().cycle()) {
        let value = match choice % 16 {
            _ if matches!(question.kind, QuestionKind::Change(_)) => continue,
            0 | 1 => continue,
            2 => json!("na"),
            3 => json!("not_observed"),
            choice => value_of(&question.kind, choice),
        };
        answers.insert(question.id.to_string(), value);
    }
    answers
}

fn value_of(kind: &QuestionKind, choice: u8) -> Value {
    let nth = |index: usize| kind.options()[index % kind.options().len()].id.to_string();
    match kind {
        QuestionKind::YesNo { .. } => json!(if choice.is_multiple_of(2) { "yes" } else { "no" }),
        QuestionKind::SingleChoice { .. } => json!(nth(choice.into())),
        QuestionKind::MultiChoice(multi) => {
            let chosen: Vec<String> = (0..multi.options.len())
                .filter(|index| !multi.options[*index].exclusive && (choice >> (index % 4)) & 1 == 1)
                .map(nth)
                .collect();
            json!(chosen)
        }
        QuestionKind::Scale(scale) => json!(scale.min + i64::from(choice) % (scale.max - scale.min + 1)),
        QuestionKind::Number { .. } | QuestionKind::Duration { .. } => {
            json!(format!("{}.{choice}", choice % 11))
        }
        QuestionKind::Text(_) => json!("words"),
        _ => Value::Null,
    }
}

fn scored(checklist: &Checklist, answers: &Map<String, Value>) -> (Answers, Score) {
    let text = Value::Object(answers.clone()).to_string();
    let answers = Answers::parse(checklist, &text).expect("generated answers are sound");
    let score = score(checklist, &answers, Decisions::default());
    (answers, score)
}

#[expect(clippy::disallowed_methods, reason = "tests are no part of the pure crate")]
/// `HAAMU_SCORER_CASES`, or as many as take some seconds.
fn scorer_cases() -> u32 {
    let wanted = std::env::var("HAAMU_SCORER_CASES").ok();
    wanted.and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(scorer_cases()))]

    #[test]
    fn a_second_scorer_agrees(
        document in rich_document(), choices in proptest::collection::vec(any::<u8>(), 1..40), void in any::<u8>(),
    ) {
        let checklist = Checklist::parse(&document.to_string()).expect("generated checklists are sound");
        let given = answers(&checklist, &choices);
        let parsed = Answers::parse(&checklist, &Value::Object(given.clone()).to_string()).expect("sound");
        let voided: Vec<Slot> = (0..checklist.questions().len()).filter(|index| index % 7 == usize::from(void)).map(Slot::from).collect();
        let ids: Vec<String> = voided.iter().map(|index| index.path(&checklist)).collect();
        let scored = score(&checklist, &parsed, Decisions { voided: &voided, ..Decisions::default() });
        let ours = serde_json::to_value(ScoreOutput::new(&checklist, &scored)).expect("JSON");
        let theirs = super::naive::score(&document, &given, &ids);
        for (key, value) in theirs.as_object().expect("an object") {
            prop_assert_eq!(&ours[key], value, "{} of {}", key, document);
        }
        if scored.last.is_some() {
            prop_assert_eq!(Some(trace(&checklist, &parsed, &scored).total()), scored.last);
        }
    }
}

proptest! {
    #[test]
    fn the_trace_adds_up_to_the_final_score(
        checklist in checklist(), choices in proptest::collection::vec(any::<u8>(), 1..24),
    ) {
        let (answers, score) = scored(&checklist, &answers(&checklist, &choices));
        if let Some(last) = &score.last {
            prop_assert_eq!(&trace(&checklist, &answers, &score).total(), last);
        }
    }

    #[test]
    fn scores_stay_within_their_bounds(
        checklist in checklist(), choices in proptest::collection::vec(any::<u8>(), 1..24),
    ) {
        let (_, score) = scored(&checklist, &answers(&checklist, &choices));
        prop_assert_eq!(score.raw.is_none(), score.last.is_none());
        for value in score.raw.iter().chain(&score.last) {
            prop_assert!(!value.is_negative());
            prop_assert!(!checklist.scoring().cap_bonus || *value <= Exact::ONE);
        }
        for (question, score) in checklist.questions().iter().zip(&score.questions) {
            let points = question.points.unwrap_or_default().to_exact();
            prop_assert!(!score.earned.is_negative() && score.earned <= points);
        }
    }

    #[test]
    fn a_question_that_does_not_apply_is_as_if_it_were_not_there(
        checklist in checklist(), choices in proptest::collection::vec(4_u8..16, 1..24), pick in any::<usize>(),
    ) {
        // Compared with voiding, which removes the question by another path; not the question others depend on.
        prop_assume!(checklist.questions().len() > 1);
        let index = 1 + pick % (checklist.questions().len() - 1);
        let given = answers(&checklist, &choices);
        let mut without = given.clone();
        without.insert(checklist.questions()[index].id.to_string(), json!("na"));
        let (_, not_applicable) = scored(&checklist, &without);
        let parsed = Answers::parse(&checklist, &Value::Object(given).to_string()).expect("sound answers");
        let decisions = Decisions { voided: &[index.into()], ..Decisions::default() };
        let voided = score(&checklist, &parsed, decisions);
        prop_assert_eq!(not_applicable.raw, voided.raw);
        prop_assert_eq!(not_applicable.last, voided.last);
        prop_assert_eq!(not_applicable.grade, voided.grade);
    }

    #[test]
    fn a_better_answer_never_lowers_the_score(
        checklist in checklist(), choices in proptest::collection::vec(any::<u8>(), 1..24),
    ) {
        // The first question decides what else is shown, so it stays as it is.
        let mut given = answers(&checklist, &choices);
        let (_, before) = scored(&checklist, &given);
        let good = checklist.questions().iter().enumerate().skip(1).find_map(|(index, question)| match question.kind {
            QuestionKind::YesNo { yes_is_good } if before.questions[index].status.is_answered() => {
                Some((question.id.to_string(), if yes_is_good { "yes" } else { "no" }))
            }
            _ => None,
        });
        if let Some((id, value)) = good {
            given.insert(id, json!(value));
            let (_, after) = scored(&checklist, &given);
            prop_assert!(after.raw >= before.raw);
            prop_assert!(after.last >= before.last);
        }
    }
}
