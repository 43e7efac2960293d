//! The worked examples of the scoring specification, through the public API.

use haamu_form::score::display_percentage;
use haamu_form::{
    Answers, Band, Checklist, Decimal, Decisions, Exact, Rounding, ScoreOutput, ScoreRequest, score, trace,
};
use serde_json::{Value, json};

const VECTORS: &str = include_str!("../../../../tests/fixtures/scoring-vectors.json");
const EXAMPLES: [(&str, &str); 3] = [
    (
        "checklists/retail-store-visit.json",
        include_str!("../../../../deploy/examples/checklists/retail-store-visit.json"),
    ),
    (
        "checklists/restaurant-visit.json",
        include_str!("../../../../deploy/examples/checklists/restaurant-visit.json"),
    ),
    (
        "checklists/remote-service-contact.json",
        include_str!("../../../../deploy/examples/checklists/remote-service-contact.json"),
    ),
];

fn vectors(kind: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(VECTORS).expect("JSON");
    let vectors = document["vectors"].as_array().expect("a list of vectors");
    let of_kind: Vec<Value> = vectors
        .iter()
        .filter(|vector| vector["kind"] == kind)
        .cloned()
        .collect();
    assert!(!of_kind.is_empty(), "no vectors of kind {kind}");
    of_kind
}

fn checklist_text(vector: &Value) -> String {
    let Some(file) = vector["checklist_file"].as_str() else {
        return vector["checklist"].to_string();
    };
    let example = EXAMPLES.iter().find(|(name, _)| *name == file);
    example.expect("an example checklist").1.to_owned()
}

/// Every key that `expected` has must be the same in `actual`.
fn assert_contains(actual: &Value, expected: &Value, place: &str) {
    match expected {
        Value::Object(fields) => {
            for (key, value) in fields {
                assert_contains(&actual[key], value, &format!("{place}.{key}"));
            }
        }
        _ => assert_eq!(actual, expected, "{place}"),
    }
}

fn check_score_vector(vector: &Value) {
    let id = vector["id"].as_str().expect("an id");
    let checklist = Checklist::parse(&checklist_text(vector)).expect(id);
    let answers = json!({"answers": vector["answers"], "voided": vector["voided"]}).to_string();
    let (answers, voided) = haamu_form::parse_answers_file(&checklist, &answers).expect(id);
    let decisions = Decisions {
        voided: &voided,
        ..Decisions::default()
    };
    let score = score(&checklist, &answers, decisions);
    let output = serde_json::to_value(ScoreOutput::new(&checklist, &score)).expect("serialisable");
    assert_contains(&output, &vector["expected"], id);
    if let Some(last) = &score.last {
        assert_eq!(
            trace(&checklist, &answers, &score).total(),
            *last,
            "{id}: the trace adds up"
        );
    }
}

#[test]
fn visit_scores() {
    let vectors = vectors("visit_score");
    assert_eq!(vectors.len(), 46);
    vectors.iter().for_each(check_score_vector);
}

#[test]
fn checklist_scores() {
    let vectors = vectors("checklist_score");
    assert_eq!(vectors.len(), 8);
    vectors.iter().for_each(check_score_vector);
}

#[test]
fn a_batch_line_scores_like_its_parts() {
    for vector in vectors("visit_score") {
        let line = json!({
            "checklist": vector["checklist"], "answers": vector["answers"], "voided": vector["voided"]
        });
        let request = ScoreRequest::parse(&line.to_string()).expect("a sound line");
        let decisions = Decisions {
            voided: &request.voided,
            ..Decisions::default()
        };
        let score = score(&request.checklist, &request.answers, decisions);
        let output =
            serde_json::to_value(ScoreOutput::new(&request.checklist, &score)).expect("serialisable");
        assert_contains(
            &output,
            &vector["expected"],
            vector["id"].as_str().expect("an id"),
        );
    }
}

#[test]
fn optimum_bands() {
    for vector in vectors("optimum_band") {
        let limit = |key: &str| {
            vector["input"]["band"][key]
                .as_str()
                .map(|text| Decimal::parse(text).expect("a decimal"))
        };
        let band = Band {
            zero_low: limit("zero_low"),
            full_low: limit("full_low"),
            full_high: limit("full_high"),
            zero_high: limit("zero_high"),
        };
        let values = vector["input"]["values"].as_array().expect("values");
        let shares: Vec<String> = values
            .iter()
            .map(|value| {
                Decimal::parse(value.as_str().expect("text"))
                    .expect("a decimal")
                    .to_exact()
            })
            .map(|value| band.share(&value).to_string())
            .collect();
        assert_eq!(json!(shares), vector["expected"]["fractions"], "{}", vector["id"]);
    }
}

#[test]
fn display_rounding() {
    for vector in vectors("display_rounding") {
        let input = &vector["input"];
        let values = input["values"].as_array().expect("values");
        let guard = input["guard"].as_bool().expect("guard");
        for (name, expected) in vector["expected"].as_object().expect("expectations") {
            let rounding = match name.as_str() {
                "half_even" => Rounding::HalfEven,
                _ => Rounding::HalfUp,
            };
            let shown: Vec<String> = values
                .iter()
                .enumerate()
                .map(|(index, value)| {
                    let value: Exact = value.as_str().expect("text").parse().expect("a fraction");
                    let decimals = input["decimals"].as_u64().or(input["decimals"][index].as_u64());
                    let decimals = u32::try_from(decimals.expect("decimals")).expect("small");
                    display_percentage(&value, decimals, rounding, guard)
                })
                .collect();
            assert_eq!(json!(shown), *expected, "{} {name}", vector["id"]);
        }
    }
}

#[test]
fn the_example_checklists_are_fit_to_be_published() {
    for (name, document) in EXAMPLES {
        let checklist = Checklist::parse(document).expect(name);
        let findings = checklist.publish_check();
        assert!(
            findings.iter().all(|finding| !finding.is_error()),
            "{name}: {findings:#?}"
        );
        assert!(Answers::empty(&checklist).states().len() > 30, "{name}");
    }
}
