//! Evaluations of a full size: a checklist of 60 questions and two photos, and answers that differ from visit to visit.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::device::PHOTO;

/// The questions that take a photo.
pub const PHOTO_QUESTIONS: [&str; 2] = ["photo_entrance", "photo_receipt"];
/// The length of a photo in bytes, as phones make them for such work.
pub const PHOTO_BYTES: usize = 307_200;

const CHOICES: usize = 26;
const YES_NO: usize = 14;
const NUMBERS: usize = 7;
const LISTS: usize = 6;
const SHORT_TEXTS: usize = 5;
const LONG_TEXTS: usize = 2;
/// How many questions are answered.
pub const ANSWERS: usize = CHOICES + YES_NO + NUMBERS + LISTS + SHORT_TEXTS + LONG_TEXTS;

const OPTIONS: [&str; 5] = ["proactive", "friendly", "neutral", "hurried", "absent"];
const WORDS: [&str; 40] = [
    "the",
    "and",
    "a",
    "at",
    "with",
    "was",
    "to",
    "who",
    "then",
    "but",
    "store",
    "shelf",
    "shop",
    "window",
    "queue",
    "counter",
    "seller",
    "customer",
    "bag",
    "receipt",
    "jacket",
    "price",
    "smiled",
    "asked",
    "waited",
    "showed",
    "explained",
    "thanked",
    "found",
    "looked",
    "quickly",
    "kindly",
    "busy",
    "quiet",
    "minutes",
    "behind",
    "before",
    "after",
    "while",
    "again",
];

fn ids(kind: &'static str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |number| format!("{kind}_{number:02}"))
}

fn question(id: &str, kind: &str, more: Value) -> Value {
    let mut question = json!({"id": id, "type": kind, "perspective": "fact", "touchpoint": "floor", "required": false,
        "text": {"fi": format!("Kysymys {id}: miten tämä hoidettiin?"), "en": format!("Question {id}: how was this done?")}});
    if let (Some(question), Value::Object(more)) = (question.as_object_mut(), more) {
        question.extend(more);
    }
    question
}

/// The checklist.
#[must_use]
pub fn full_checklist() -> Value {
    let text = |text: &str| json!({"fi": text, "en": text});
    let points = ["4", "3", "2", "1", "0"];
    let options = |with_points: bool| -> Vec<Value> {
        let option = |(id, points): (&&str, &str)| match with_points {
            true => json!({"id": id, "points": points, "text": text(id)}),
            false => json!({"id": id, "text": text(id)}),
        };
        OPTIONS.iter().zip(points).map(option).collect()
    };
    let choices = ids("service", CHOICES).map(|id| {
        question(
            &id,
            "single_choice",
            json!({"points": "4", "options": options(true)}),
        )
    });
    let yes_no = ids("standard", YES_NO)
        .map(|id| question(&id, "yes_no", json!({"points": "1", "good_answer": "yes"})));
    let numbers = ids("measure", NUMBERS).map(|id| question(&id, "number", json!({})));
    let lists =
        ids("noticed", LISTS).map(|id| question(&id, "multi_choice", json!({"options": options(false)})));
    let texts = ids("note", SHORT_TEXTS).chain(ids("story", LONG_TEXTS));
    let texts = texts.map(|id| question(&id, "text", json!({"max_chars": 2000})));
    let photos = PHOTO_QUESTIONS.iter().map(|id| {
        question(
            id,
            "photo",
            json!({"photo": {"max_count": 3, "people_in_frame": "forbidden", "strip_metadata": true}}),
        )
    });
    let questions: Vec<Value> = choices
        .chain(yes_no)
        .chain(numbers)
        .chain(lists)
        .chain(texts)
        .chain(photos)
        .collect();
    json!({
        "format": "haamu-checklist/1", "id": "full-visit", "version": 1, "title": text("Full visit"),
        "languages": ["fi", "en"], "default_language": "fi", "channel": "in_person", "visit_kind": "mystery_visit",
        "scoring": {"mode": "section_weight", "unanswered": "exclude", "cap_bonus": true,
            "display_decimals": 1, "rounding": "half_up", "band_on": "displayed",
            "bands": [{"id": "good", "min": "75", "label": text("Good")}, {"id": "poor", "min": "0", "label": text("Poor")}]},
        "touchpoints": [{"id": "floor", "impact": 3, "phase": "during", "label": text("On the floor")}],
        "sections": [{"id": "visit", "title": text("Visit"), "weight": "100", "questions": questions}]
    })
}

/// The answers of one visit, in the order of the questions; the same for the same number.
#[must_use]
pub fn full_answers(visit: u64) -> Vec<(String, Value)> {
    let random = &mut StdRng::seed_from_u64(visit);
    let mut answers: Vec<(String, Value)> = Vec::with_capacity(ANSWERS);
    let option = |random: &mut StdRng| OPTIONS[random.random_range(0..OPTIONS.len())];
    for id in ids("service", CHOICES) {
        answers.push((id, json!(option(random))));
    }
    for id in ids("standard", YES_NO) {
        let is_good = random.random_range(0..5) > 0;
        answers.push((id, json!(if is_good { "yes" } else { "no" })));
    }
    for id in ids("measure", NUMBERS) {
        answers.push((id, json!(random.random_range(1..240))));
    }
    for id in ids("noticed", LISTS) {
        let first = random.random_range(0..OPTIONS.len() - 1);
        let chosen: Vec<&str> = OPTIONS[first..].iter().copied().take(2).collect();
        answers.push((id, json!(chosen)));
    }
    for id in ids("note", SHORT_TEXTS) {
        answers.push((id, json!(sentence(random, 8))));
    }
    for id in ids("story", LONG_TEXTS) {
        answers.push((id, json!(sentence(random, 55))));
    }
    answers
}

fn sentence(random: &mut StdRng, words: usize) -> String {
    let word = |random: &mut StdRng| WORDS[random.random_range(0..WORDS.len())];
    let words: Vec<&str> = (0..words).map(|_| word(random)).collect();
    format!("{}.", words.join(" "))
}

/// The same answers as one JSON document, as a document database keeps them.
#[must_use]
pub fn full_document(visit: u64) -> Value {
    let answers: Map<String, Value> = full_answers(visit)
        .into_iter()
        .map(|(id, value)| (id, json!({"value": value})))
        .collect();
    json!({"_id": format!("evaluation-{visit:06}"), "visit": format!("visit-{visit:06}"), "checklist": "full-visit@1",
        "shopper": "aino.virtasaari", "answered_at": "2026-11-20T13:37:00+02:00", "answers": answers})
}

/// A photo of a visit: a real one, and behind its end what makes it another file.
#[must_use]
pub fn full_photo(visit: u64, place: usize) -> Vec<u8> {
    let random = &mut StdRng::seed_from_u64(visit.wrapping_mul(31).wrapping_add(place as u64));
    let mut bytes = PHOTO.to_vec();
    while bytes.len() < PHOTO_BYTES {
        bytes.extend_from_slice(&random.random::<u64>().to_le_bytes());
    }
    bytes.truncate(PHOTO_BYTES);
    bytes
}
