//! Fuzz targets of the parsers: under the test runner some thousand mutations of sound files;
//! `cargo bolero test fuzz::checklists -p haamu-form` runs one under a coverage-guided fuzzer.

use haamu_form::versions::migrate;
use haamu_form::{
    Answers, Checklist, Decimal, Decisions, Draft, Exact, Language, ScoreRequest, Stage, compile,
    parse_answers_file, score, trace,
};

use serde_json::{Value, json};

const RETAIL: &str = include_str!("../../../../deploy/examples/checklists/retail-store-visit.json");
const ANSWERS: &str = include_str!("../../../../deploy/examples/answers/retail-warm.json");

/// One change of a file: where, how many bytes go, what comes instead.
type Edit = (u32, u8, u8);

/// Pieces that a mutation may put in, beside single bytes.
const PIECES: [&str; 16] = [
    "",
    "\"",
    "null",
    "-1",
    "1e999",
    "[",
    "]",
    "{}",
    ",",
    "999999999999999999999999",
    "\\u0000",
    "\u{202e}",
    "\"id\":",
    "true",
    "0.00001",
    "\"not\":{",
];

fn mutated(sound: &str, edits: &[Edit]) -> String {
    let mut bytes = sound.as_bytes().to_vec();
    for (place, removed, put) in edits {
        let start = usize::try_from(*place).unwrap_or_default() % (bytes.len() + 1);
        let end = bytes.len().min(start + usize::from(removed % 32));
        let piece: &[u8] = match PIECES.get(usize::from(*put)) {
            Some(piece) => piece.as_bytes(),
            None => std::slice::from_ref(put),
        };
        bytes.splice(start..end, piece.iter().copied());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The document with some of its nodes replaced by others of its nodes, so that most mutations are still JSON.
fn grafted(sound: &str, edits: &[Edit]) -> String {
    let mut document: Value = serde_json::from_str(sound).expect("JSON");
    for (place, other, put) in edits.iter().take(4) {
        let mut pointers = Vec::new();
        collect(&document, String::new(), &mut pointers);
        let pick = |number: usize| &pointers[number % pointers.len()];
        let place = usize::try_from(*place).unwrap_or_default();
        let graft = match put % 4 {
            0 => json!(null),
            1 => json!(u32::from(*other)),
            2 => json!("good"),
            _ => document
                .pointer(pick(place.wrapping_mul(31) + usize::from(*other)))
                .cloned()
                .unwrap_or_default(),
        };
        if let Some(node) = document.pointer_mut(pick(place)) {
            *node = graft;
        }
    }
    document.to_string()
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), pointers);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(field, format!("{pointer}/{key}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(pointer);
}

/// Whatever is read is either refused with findings or can be validated, scored and explained.
#[test]
fn checklists() {
    let answers: Value = serde_json::from_str(ANSWERS).expect("JSON");
    let answers = answers["answers"].to_string();
    let retail = Checklist::parse(RETAIL).expect("sound");
    let full = Answers::parse(&retail, &answers).expect("sound");
    bolero::check!().with_type::<Vec<Edit>>().for_each(|edits| {
        for document in [mutated(RETAIL, edits), grafted(RETAIL, edits)] {
            match Checklist::parse(&document) {
                Err(findings) => assert!(findings.first_error().is_error()),
                Ok(checklist) => {
                    let empty = Answers::empty(&checklist);
                    let read = Answers::parse(&checklist, &answers).unwrap_or(empty);
                    let moved = migrate(&retail, &checklist, &Draft::new(full.clone()));
                    finish(&checklist, moved.draft.answers().clone());
                    drop(compile::check(&checklist));
                    finish(&checklist, read);
                }
            }
        }
    });
}

#[test]
fn answers() {
    let checklist = Checklist::parse(RETAIL).expect("sound");
    bolero::check!().with_type::<Vec<Edit>>().for_each(|edits| {
        for document in [mutated(ANSWERS, edits), grafted(ANSWERS, edits)] {
            if let Ok((answers, _)) = parse_answers_file(&checklist, &document) {
                finish(&checklist, answers);
            }
        }
        let file: Value = serde_json::from_str(ANSWERS).expect("JSON");
        if let Ok(answers) = Answers::parse(&checklist, &grafted(&file["answers"].to_string(), edits)) {
            finish(&checklist, answers);
        }
    });
}

#[test]
fn lines_of_a_batch() {
    let line = json!({
        "checklist": serde_json::from_str::<Value>(RETAIL).expect("JSON"),
        "answers": serde_json::from_str::<Value>(ANSWERS).expect("JSON")["answers"],
    });
    let line = line.to_string();
    assert!(ScoreRequest::parse(&line).is_ok());
    bolero::check!().with_type::<Vec<Edit>>().for_each(|edits| {
        for line in [mutated(&line, edits), grafted(&line, edits)] {
            if let Ok(request) = ScoreRequest::parse(&line) {
                finish(&request.checklist, request.answers);
            }
        }
    });
}

/// A number that is read is written so that it is read as the same number.
#[test]
fn numbers() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return;
        };
        if let Ok(decimal) = Decimal::parse(text) {
            assert_eq!(Decimal::parse(&decimal.to_string()), Ok(decimal));
        }
        if let Ok(exact) = text.parse::<Exact>() {
            assert_eq!(exact.to_string().parse(), Ok(exact));
        }
    });
}

fn finish(checklist: &Checklist, answers: Answers) {
    let draft = Draft::new(answers);
    for finding in draft.findings(checklist, Stage::Whole) {
        assert!(!finding.text(Language::Finnish).is_empty());
    }
    let found = score(checklist, draft.answers(), Decisions::default());
    drop(trace(checklist, draft.answers(), &found));
}
