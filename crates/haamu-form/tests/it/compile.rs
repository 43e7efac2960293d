//! The form compiler: wording, conditions and points.

use haamu_form::compile::{RuleSet, analyse, check, estimated_minutes, lint};
use haamu_form::{Answers, Checklist, Finding, score};
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse(document: &Value) -> Checklist {
    Checklist::parse(&document.to_string()).expect("sound")
}

fn codes(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}", finding.code, finding.path))
        .collect()
}

/// What the linter says of one question in one language.
fn judged(language: &str, text: &str, rules: RuleSet) -> Vec<&'static str> {
    let question =
        json!({"id": "q", "type": "yes_no", "perspective": "staff_behaviour", "text": {language: text}});
    let checklist = parse(&json!({"sections": [{"id": "s", "questions": [question]}]}));
    lint(&checklist, rules)
        .into_iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn leading_questions_are_errors_in_both_rule_sets() {
    for (language, text) in [
        ("fi", "Eikö palvelu ollut nopeaa?"),
        ("fi", "Kuinka erinomaista palvelu oli?"),
        ("fi", "Olitko varmaankin tyytyväinen?"),
        ("sv", "Visst var servicen snabb?"),
        ("sv", "Håller du inte med om att det gick snabbt?"),
        ("en", "Don't you think the service was fast?"),
        ("en", "How great was the service?"),
    ] {
        for rules in [RuleSet::CustomerSurvey, RuleSet::ShopperChecklist] {
            assert!(judged(language, text, rules).contains(&"lint_leading"), "{text}");
        }
    }
}

#[test]
fn a_customer_is_asked_openly_and_a_shopper_closely() {
    for (language, text) in [
        ("fi", "Tervehdittiinkö sinua?"),
        ("sv", "Hälsade någon på dig?"),
        ("en", "Did anybody greet you?"),
    ] {
        assert_eq!(
            judged(language, text, RuleSet::CustomerSurvey),
            ["lint_closed"],
            "{text}"
        );
        assert_eq!(
            judged(language, text, RuleSet::ShopperChecklist),
            Vec::<&str>::new(),
            "{text}"
        );
    }
    for (language, text) in [
        ("fi", "Miten sinua palveltiin?"),
        ("sv", "Hur blev du betjänad?"),
        ("en", "How were you served?"),
    ] {
        assert_eq!(
            judged(language, text, RuleSet::CustomerSurvey),
            Vec::<&str>::new(),
            "{text}"
        );
    }
}

#[test]
fn two_questions_in_one_are_found_and_lists_are_not() {
    for (language, text) in [
        ("fi", "Tervehtikö myyjä ja hymyilikö hän?"),
        ("fi", "Tervehdittiin ja autettiin heti."),
        ("sv", "Hälsade säljaren och log hen?"),
        ("en", "Were you greeted and thanked?"),
        ("en", "Was it clean and was it warm?"),
    ] {
        assert!(
            judged(language, text, RuleSet::ShopperChecklist).contains(&"lint_double_barrelled"),
            "{text}"
        );
    }
    for (language, text) in [
        ("fi", "Näitkö puutteita (roskia ja likaa)?"),
        ("fi", "Oliko hinta tai koko näkyvissä?"),
        ("en", "Did you see faults (litter and dirt)?"),
        ("sv", "Fanns pris och storlek framme?"),
    ] {
        assert!(
            !judged(language, text, RuleSet::ShopperChecklist).contains(&"lint_double_barrelled"),
            "{text}"
        );
    }
}

#[test]
fn taste_needs_a_criterion_and_persons_are_left_alone() {
    assert_eq!(
        judged("fi", "Oliko palvelu riittävän nopeaa?", RuleSet::ShopperChecklist),
        ["lint_subjective"]
    );
    assert_eq!(
        judged(
            "fi",
            "Oliko palvelu riittävän nopeaa (alle 2 min)?",
            RuleSet::ShopperChecklist
        ),
        Vec::<&str>::new()
    );
    assert_eq!(
        judged("en", "Was the lighting adequate?", RuleSet::ShopperChecklist),
        ["lint_subjective"]
    );
    assert_eq!(
        judged("sv", "Var belysningen tillräcklig?", RuleSet::ShopperChecklist),
        ["lint_subjective"]
    );
    for (language, text) in [
        ("fi", "Mikä oli myyjän nimi?"),
        ("sv", "Vilken hårfärg hade säljaren?"),
        ("en", "What was on the name tag?"),
    ] {
        assert!(
            judged(language, text, RuleSet::ShopperChecklist).contains(&"lint_person"),
            "{text}"
        );
    }
}

#[test]
fn scales_have_words_at_their_ends_and_balance() {
    let question =
        json!({"id": "q", "type": "scale", "scale": {"min": -1, "max": 3}, "text": {"fi": "Rauhallisuus"}});
    let checklist = parse(&json!({"sections": [{"id": "s", "questions": [question]}]}));
    let found = lint(&checklist, RuleSet::ShopperChecklist);
    assert_eq!(
        codes(&found),
        [
            "lint_unbalanced_scale sections[0].questions[0].scale",
            "lint_scale_label sections[0].questions[0].scale.min_label",
            "lint_scale_label sections[0].questions[0].scale.max_label",
        ]
    );
}

#[test]
fn what_may_not_occur_needs_a_way_out() {
    let question = json!({"id": "q", "type": "yes_no", "points": "1", "theme": "recovery", "perspective": "staff_behaviour", "text": {"en": "Did staff apologise?"}});
    let document = |question: Value| json!({"themes": [{"id": "recovery"}], "sections": [{"id": "s", "questions": [question]}]});
    let found = lint(&parse(&document(question.clone())), RuleSet::ShopperChecklist);
    assert_eq!(codes(&found), ["lint_no_escape sections[0].questions[0]"]);
    let mut allowed = question;
    allowed["na_allowed"] = json!(true);
    assert_eq!(lint(&parse(&document(allowed)), RuleSet::ShopperChecklist), []);
}

#[test]
fn wording_never_keeps_a_checklist_from_being_published() {
    let question =
        json!({"id": "q", "type": "yes_no", "points": "1", "text": {"fi": "Eikö myyjä hymyillyt?"}});
    let found = check(&parse(
        &json!({"sections": [{"id": "s", "questions": [question]}]}),
    ));
    let hit = found
        .iter()
        .find(|finding| finding.code == "lint_leading")
        .expect("found");
    assert!(!hit.is_error());
}

fn when(question: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({"question": question, "op": op, "value": value.into()})
}

/// What the analysis says of a second question that is shown under a condition.
#[expect(clippy::needless_pass_by_value, reason = "the macro takes it")]
fn analysed(condition: Value) -> Vec<String> {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "yes", "type": "yes_no", "required": true, "points": "1"},
        {"id": "pick", "type": "single_choice", "options": [{"id": "a"}, {"id": "b"}, {"id": "skip", "na": true}]},
        {"id": "many", "type": "multi_choice", "options": [{"id": "a"}, {"id": "b"}, {"id": "none", "exclusive": true}]},
        {"id": "scale", "type": "scale", "scale": {"min": 1, "max": 5}},
        {"id": "number", "type": "number"},
        {"id": "when", "type": "datetime"},
        {"id": "hidden", "type": "yes_no", "show_if": {"question": "yes", "op": "equals", "value": "yes"}},
        {"id": "last", "type": "text", "show_if": condition}]}]});
    analyse(&parse(&document))
        .into_iter()
        .map(|finding| finding.code.to_owned())
        .collect()
}

#[test]
fn conditions_that_never_hold_are_found() {
    for condition in [
        json!({"all": [when("yes", "equals", "yes"), when("yes", "equals", "no")]}),
        json!({"all": [when("scale", "lt", 2), when("scale", "gt", 1)]}),
        json!({"all": [when("many", "equals", "none"), when("many", "equals", "a")]}),
        json!({"all": [when("hidden", "answered", ""), when("yes", "equals", "no")]}),
        json!({"all": [when("number", "gt", "2.5"), when("number", "lte", "2.5")]}),
        json!({"all": [when("when", "lt", "2026-01-01T00:00"), when("when", "gt", "2026-01-02T00:00")]}),
        when("pick", "equals", "skip"),
        when("scale", "gt", 5),
        json!({"any": []}),
    ] {
        assert_eq!(
            analysed(condition.clone()),
            ["contradictory_condition"],
            "{condition}"
        );
    }
}

#[test]
fn conditions_that_always_hold_are_found() {
    for condition in [
        json!({"any": [when("yes", "answered", ""), {"not": when("yes", "answered", "")}]}),
        json!({"not": {"all": [when("yes", "equals", "yes"), when("yes", "equals", "no")]}}),
        json!({"all": []}),
    ] {
        assert_eq!(
            analysed(condition.clone()),
            ["always_true_condition"],
            "{condition}"
        );
    }
}

#[test]
fn conditions_that_may_hold_are_left_alone() {
    for condition in [
        when("yes", "equals", "yes"),
        when("scale", "gte", 5),
        when("many", "equals", "a"),
        when("number", "gt", "2.5"),
        json!({"all": [when("many", "equals", "a"), when("many", "equals", "b")]}),
        json!({"all": [when("number", "gt", "2.4999"), when("number", "lt", "2.5001")]}),
        when("when", "lt", "2026-01-01T00:00"),
        // Missing answers make a difference (R61).
        json!({"not": when("yes", "equals", "yes")}),
        json!({"any": [when("yes", "equals", "yes"), when("yes", "equals", "no")]}),
    ] {
        assert_eq!(analysed(condition.clone()), Vec::<String>::new(), "{condition}");
    }
}

#[test]
fn a_question_that_its_section_excludes_is_unreachable() {
    let document = json!({"sections": [
        {"id": "one", "questions": [{"id": "yes", "type": "yes_no", "points": "1", "required": true}]},
        {"id": "two", "show_if": when("yes", "equals", "yes"), "questions": [
            {"id": "last", "type": "text", "show_if": when("yes", "equals", "no")}]}]});
    assert_eq!(
        codes(&analyse(&parse(&document))),
        ["unreachable_question sections[1].questions[0].show_if"]
    );
}

#[test]
fn too_many_combinations_are_said_to_be() {
    let mut questions: Vec<Value> = (0..12)
        .map(|index| json!({"id": format!("q{index}"), "type": "scale", "scale": {"min": 1, "max": 5}}))
        .collect();
    let all: Vec<Value> = (0..12)
        .map(|index| when(&format!("q{index}"), "equals", 1))
        .collect();
    questions.push(json!({"id": "last", "type": "text", "show_if": {"all": all}}));
    let found = analyse(&parse(
        &json!({"sections": [{"id": "s", "questions": questions}]}),
    ));
    assert_eq!(
        codes(&found),
        ["analysis_bounded sections[0].questions[12].show_if"]
    );
}

#[test]
fn points_that_nobody_can_earn_are_found() {
    let question = |mut question: Value| {
        question["id"] = json!("q");
        question["required"] = json!(true);
        let document = json!({"sections": [{"id": "s", "questions": [question]}]});
        codes(&analyse(&parse(&document)))
    };
    let out_of_reach = ["points_out_of_reach sections[0].questions[0].points"];
    let options =
        json!([{"id": "a", "points": "1"}, {"id": "b", "points": "1"}, {"id": "n", "exclusive": true}]);
    for kind in [
        json!({"type": "multi_choice", "points": "3", "options": options}),
        json!({"type": "multi_choice", "points": "2", "multi": {"mode": "at_least", "count": 3}, "options": options}),
        json!({"type": "multi_choice", "points": "2", "multi": {"mode": "all_required", "required": ["a"], "forbidden": ["a"]}, "options": options}),
        json!({"type": "multi_choice", "points": "2", "multi": {"mode": "deduct"}, "options": [{"id": "a", "points": "1"}]}),
        json!({"type": "single_choice", "points": "2", "options": [{"id": "a", "points": "1"}]}),
    ] {
        assert_eq!(question(kind.clone()), out_of_reach, "{kind}");
    }
    assert_eq!(
        question(json!({"type": "multi_choice", "points": "2", "options": options})),
        Vec::<String>::new()
    );
    for kind in [
        json!({"type": "text", "min_chars": 20, "max_chars": 10}),
        json!({"type": "text", "min_sentences": 3, "max_sentences": 2}),
        json!({"type": "number", "min": "3", "max": "2.9"}),
    ] {
        let nobody = ["cannot_be_answered sections[0].questions[0]"];
        assert_eq!(question(kind.clone()), nobody, "{kind}");
    }
}

#[test]
fn a_checklist_that_may_end_without_a_score_says_so() {
    let document = json!({"sections": [{"id": "s", "questions": [
        {"id": "a", "type": "yes_no", "points": "1", "required": true, "na_allowed": true},
        {"id": "b", "type": "text"}]}]});
    assert_eq!(
        codes(&analyse(&parse(&document))),
        ["score_may_be_missing sections"]
    );
}

#[test]
fn the_examples_are_sound_and_take_the_time_that_they_state() {
    for (document, at_most) in [
        (
            include_str!("../../../../deploy/examples/checklists/retail-store-visit.json"),
            15,
        ),
        (
            include_str!("../../../../deploy/examples/checklists/restaurant-visit.json"),
            15,
        ),
        (
            include_str!("../../../../deploy/examples/checklists/remote-service-contact.json"),
            15,
        ),
    ] {
        let checklist = Checklist::parse(document).expect("sound");
        // Only hints on wording: a few items ask "this or that".
        for finding in check(&checklist) {
            assert!(
                finding.code.starts_with("lint_") && !finding.is_error(),
                "{finding}"
            );
        }
        assert!(
            (3..=at_most).contains(&estimated_minutes(&checklist)),
            "{}",
            estimated_minutes(&checklist)
        );
    }
}

fn comparison() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(|yes| when("yes", "equals", if yes { "yes" } else { "no" })),
        any::<bool>().prop_map(|yes| when("hidden", "not_equals", if yes { "yes" } else { "no" })),
        (0..6_i64, 0..4_usize).prop_map(|(value, op)| when("scale", ["lt", "lte", "gt", "gte"][op], value)),
        prop_oneof![Just("a"), Just("b"), Just("none")].prop_map(|option| when("many", "equals", option)),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    comparison().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| json!({"all": parts})),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| json!({"any": parts})),
            inner.prop_map(|part| json!({"not": part})),
        ]
    })
}

proptest! {
    /// Whatever is answered, what the analysis claims of a condition is so.
    #[test]
    fn the_analysis_is_right(
        condition in condition(), yes in prop::option::of(any::<bool>()), hidden in prop::option::of(any::<bool>()),
        scale in prop::option::of(1..=5_i64), many in prop::sample::subsequence(vec!["a", "b"], 0..=2), none in any::<bool>(),
    ) {
        let claims = analysed(condition.clone());
        let document = json!({"sections": [{"id": "s", "questions": [
            {"id": "yes", "type": "yes_no"},
            {"id": "many", "type": "multi_choice", "options": [{"id": "a"}, {"id": "b"}, {"id": "none", "exclusive": true}]},
            {"id": "scale", "type": "scale", "scale": {"min": 1, "max": 5}},
            {"id": "hidden", "type": "yes_no", "show_if": {"question": "yes", "op": "equals", "value": "yes"}},
            {"id": "last", "type": "text", "show_if": condition}]}]});
        let checklist = parse(&document);
        let word = |yes: bool| if yes { "yes" } else { "no" };
        let chosen = if many.is_empty() && none { vec!["none"] } else { many };
        let given = json!({"yes": yes.map(word), "hidden": hidden.map(word), "scale": scale, "many": chosen});
        let answers = Answers::parse(&checklist, &given.to_string()).expect("sound");
        let is_shown = score::shown_questions(&checklist, &answers)[4];
        prop_assert!(!(is_shown && claims.iter().any(|claim| claim == "contradictory_condition")));
        prop_assert!(is_shown || claims.iter().all(|claim| claim != "always_true_condition"));
    }
}

#[test]
fn answers_that_cannot_all_be_best_at_once_are_found() {
    let codes = |questions: Value| -> Vec<String> {
        let document = json!({"sections": [{"id": "s", "questions": questions}]});
        let checklist = Checklist::parse(&document.to_string()).expect("sound");
        let findings = analyse(&checklist);
        let all = findings
            .iter()
            .filter(|finding| finding.code == "maximum_out_of_reach");
        all.map(|finding| finding.path.clone()).collect()
    };
    let choice = |critical: bool| {
        json!([{"id": "q", "type": "single_choice", "points": "2", "critical": {"effect": "visit_zero"}, "options": [
            {"id": "best", "points": "2", "critical": critical}, {"id": "less", "points": "1"}]}])
    };
    assert_eq!(codes(choice(true)), ["sections[0].questions[0].points"]);
    assert!(codes(choice(false)).is_empty());
    let change = |is_low_best: bool, full_low: &str| {
        json!([{"id": "from", "type": "scale", "scale": {"min": 1, "max": 5}},
            {"id": "to", "type": "scale", "scale": {"min": 1, "max": 5, "higher_is_better": !is_low_best}, "points": "1"},
            {"id": "c", "type": "change", "change": {"from": "from", "to": "to"}, "points": "1", "band": {"full_low": full_low}}])
    };
    assert!(codes(change(false, "4")).is_empty());
    assert!(
        codes(change(true, "0")).is_empty(),
        "from the lowest to the lowest"
    );
    assert_eq!(codes(change(true, "1")), ["sections[0].questions[2].points"]);
}
