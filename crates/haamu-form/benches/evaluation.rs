//! What an evaluation costs: the 36-question retail checklist, and very large checklists.
//!
//! `cargo bench -p haamu-form` shows times and allocations. With `--peer` as its only argument it prints
//! the nanoseconds of one full evaluation, for `cargo xtask bench` to compare.

use std::hint::black_box;
use std::time::Instant;

use divan::{AllocProfiler, Bencher};
use haamu_form::{Answers, Checklist, Decisions, Draft, Stage, score, trace};
use serde_json::{Map, Value, json};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const RETAIL: &str = include_str!("../../../deploy/examples/checklists/retail-store-visit.json");
const ANSWERS: &str = include_str!("../../../deploy/examples/answers/retail-warm.json");

#[expect(
    clippy::disallowed_methods,
    reason = "this program is no part of the pure crate"
)]
fn main() {
    if std::env::args().any(|argument| argument == "--peer") {
        peer();
    } else {
        divan::main();
    }
}

fn retail() -> (Checklist, String) {
    let file: Value = serde_json::from_str(ANSWERS).expect("JSON");
    (
        Checklist::parse(RETAIL).expect("sound"),
        file["answers"].to_string(),
    )
}

/// Answers read, visibility, validation, score.
fn evaluate(checklist: &Checklist, answers: &str) -> bool {
    let answers = Answers::parse(checklist, answers).expect("sound");
    let draft = Draft::new(answers);
    let (score, findings) = draft.assess(checklist, Stage::Whole);
    findings.is_empty() && score.last.is_some()
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "this program is no part of the pure crate; the figure is its result"
)]
fn peer() {
    let (checklist, answers) = retail();
    let run = |count: u32| {
        let started = Instant::now();
        for _ in 0..count {
            black_box(evaluate(black_box(&checklist), black_box(&answers)));
        }
        started.elapsed().as_nanos() / u128::from(count)
    };
    run(2_000);
    println!("{}", run(20_000));
}

#[divan::bench]
fn full_evaluation(bencher: Bencher<'_, '_>) {
    let (checklist, answers) = retail();
    bencher.bench_local(|| evaluate(black_box(&checklist), black_box(&answers)));
}

#[divan::bench]
fn score_only(bencher: Bencher<'_, '_>) {
    let (checklist, answers) = retail();
    let answers = Answers::parse(&checklist, &answers).expect("sound");
    bencher.bench_local(|| score(black_box(&checklist), black_box(&answers), Decisions::default()));
}

#[divan::bench]
fn trace_only(bencher: Bencher<'_, '_>) {
    let (checklist, answers) = retail();
    let answers = Answers::parse(&checklist, &answers).expect("sound");
    let scored = score(&checklist, &answers, Decisions::default());
    bencher.bench_local(|| trace(black_box(&checklist), black_box(&answers), black_box(&scored)));
}

#[divan::bench]
fn parse_checklist(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| Checklist::parse(black_box(RETAIL)).expect("sound"));
}

/// A checklist with so many questions, each but the first shown by the one before it.
#[divan::bench(args = [1_000, 10_000])]
fn many_questions(bencher: Bencher<'_, '_>, count: usize) {
    let questions: Vec<Value> = (0..count)
        .map(|index| {
            let mut question = json!({"id": format!("q{index}"), "type": "yes_no", "points": "1"});
            if index > 0 {
                question["show_if"] =
                    json!({"question": format!("q{}", index - 1), "op": "equals", "value": "yes"});
            }
            question
        })
        .collect();
    let document = json!({"sections": [{"id": "s", "questions": questions}]}).to_string();
    let answers: Map<String, Value> = (0..count)
        .map(|index| (format!("q{index}"), json!("yes")))
        .collect();
    let answers = Value::Object(answers).to_string();
    bencher.bench_local(|| {
        let checklist = Checklist::parse(black_box(&document)).expect("sound");
        evaluate(&checklist, black_box(&answers))
    });
}

/// A question with so many options, all of them chosen.
#[divan::bench(args = [1_000, 10_000])]
fn many_options(bencher: Bencher<'_, '_>, count: usize) {
    let options: Vec<Value> = (0..count)
        .map(|index| json!({"id": format!("o{index}"), "points": "1"}))
        .collect();
    let question =
        json!({"id": "q", "type": "multi_choice", "points": count.to_string(), "options": options});
    let document = json!({"sections": [{"id": "s", "questions": [question]}]}).to_string();
    let chosen: Vec<String> = (0..count).map(|index| format!("o{index}")).collect();
    let answers = json!({"q": chosen}).to_string();
    bencher.bench_local(|| {
        let checklist = Checklist::parse(black_box(&document)).expect("sound");
        evaluate(&checklist, black_box(&answers))
    });
}
