//! A certification quiz as those see it who take it.

use serde_json::{Map, Value};

/// What whoever takes a quiz may know of a checklist; points, pass marks and critical answers are not among it.
const SHOWN: &[&str] = &[
    "decimals",
    "default_language",
    "exclusive",
    "help",
    "id",
    "label",
    "languages",
    "max",
    "max_label",
    "min",
    "min_label",
    "multi",
    "na_allowed",
    "not_observed_allowed",
    "option_order",
    "options",
    "questions",
    "required",
    "rows",
    "sections",
    "show_if",
    "text",
    "title",
    "type",
    "unit",
];
/// What is copied as it is.
const WHOLE: &[&str] = &[
    "help",
    "label",
    "max_label",
    "min_label",
    "show_if",
    "text",
    "title",
    "unit",
];

/// The document of a quiz without what it is scored by.
#[must_use]
pub fn without_scoring(document: &Value) -> Value {
    match document {
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(key, _)| SHOWN.contains(&key.as_str()));
            let kept = shown.map(|(key, value)| {
                let is_whole = WHOLE.contains(&key.as_str());
                let value = if is_whole {
                    value.clone()
                } else {
                    without_scoring(value)
                };
                (key.clone(), value)
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_scoring).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_takes_a_quiz_does_not_see_what_it_is_scored_by() {
        let document = json!({
            "id": "quiz", "version": 1, "quiz": {"pass_mark": "80"}, "scoring": {"bands": []},
            "languages": ["fi", "en"], "title": {"fi": "Koe", "en": "Quiz"},
            "sections": [{"id": "s", "weight": "2", "questions": [
                {"id": "disclose", "type": "choice", "text": "May you say who you are?", "points": "1",
                 "options": [{"id": "yes", "label": "Yes", "points": "0", "critical": {"effect": "fail"}},
                             {"id": "no", "label": "No", "points": "1"}]}]}]
        });
        let shown = json!({
            "id": "quiz", "languages": ["fi", "en"], "title": {"fi": "Koe", "en": "Quiz"},
            "sections": [{"id": "s", "questions": [
                {"id": "disclose", "type": "choice", "text": "May you say who you are?",
                 "options": [{"id": "yes", "label": "Yes"}, {"id": "no", "label": "No"}]}]}]
        });
        assert_eq!(without_scoring(&document), shown);
    }
}
