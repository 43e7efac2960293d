//! Questions and sections of the document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::translate::Known;
use crate::workbook::Row;

use super::types::{Asked, Question};
use super::{Choice, Importer, Opened, is_yes, known, sound_id};

/// Questions outside of any group go into sections of this name.
const LOOSE: &str = "questions";
/// The option that a form adds by `or_other`.
const OTHER: &str = "other";

impl Importer<'_> {
    /// Opens a section and says its id.
    pub(super) fn open_section(&mut self, opened: &Opened, weight: &str) -> String {
        let id = self.fresh_id(&opened.name);
        let mut section = json!({"id": id, "questions": []});
        if !opened.title.is_empty() {
            section["title"] = Value::Object(opened.title.clone());
        }
        if let Some(condition) = &opened.condition {
            section["show_if"] = condition.clone();
        }
        if haamu_form::Decimal::parse(weight).is_ok_and(|weight| !weight.is_negative()) {
            section["weight"] = json!(weight);
        }
        self.sections.push(section);
        id
    }

    /// An id that nothing else has.
    pub(super) fn fresh_id(&mut self, name: &str) -> String {
        let sound = sound_id(name);
        let mut id = sound.clone();
        let mut number = 2;
        while !self.ids.insert(id.clone()) {
            id = format!("{sound}_{number}");
            number += 1;
        }
        id
    }

    pub(super) fn question(&mut self, row: &Row, asked: &Question) {
        let name = self.columns.cell(row, "name").to_owned();
        if name.is_empty() {
            self.note(
                row.number,
                "name",
                "name_missing",
                "a question needs a name; it is left out",
            );
            return;
        }
        self.unsupported(row);
        if let Some(difference) = asked.difference {
            self.note(row.number, "type", "type_differs", difference);
        }
        let condition = self.condition(row);
        let Some((mut question, options)) = self.kind(row, &asked.kind) else {
            return;
        };
        let id = self.fresh_id(&name);
        if id != name {
            self.note(
                row.number,
                "name",
                "name_changed",
                format!("the name {name:?} becomes {id:?}"),
            );
        }
        question["id"] = json!(id);
        question["perspective"] = json!("fact");
        self.texts(row, &mut question);
        self.required(row, &mut question);
        let own = known(&id, &question, options);
        // A rule may name its own question.
        self.remember(&name, own.clone());
        self.constraint(row, &mut question, &own);
        self.choice_filter(row, &mut question, asked);
        self.scores(row, &mut question);
        if let Some(condition) = condition {
            question["show_if"] = condition;
        }
        let has_other = matches!(
            &asked.kind,
            Asked::One { has_other: true, .. } | Asked::Many { has_other: true, .. }
        );
        self.push(question);
        if has_other {
            self.push_other(&name, &id);
        }
    }

    pub(super) fn remember(&mut self, name: &str, known: Known) {
        let known = Known {
            repeat: self.scope.here,
            ..known
        };
        // Of questions with the same name the last one is meant, as the nearest.
        self.scope.questions.insert(name.to_owned(), known);
    }

    pub(super) fn push(&mut self, question: Value) {
        // After a group, loose questions begin a section of their own.
        let is_loose = self.groups.is_empty();
        let fits = self.sections.last().is_some_and(|section| {
            let is_of_loose = section["id"].as_str().is_some_and(|id| id.starts_with(LOOSE));
            !is_loose || is_of_loose
        });
        if !fits {
            let loose = Opened {
                name: LOOSE.to_owned(),
                title: Map::new(),
                condition: None,
            };
            self.open_section(&loose, "");
        }
        let questions = self
            .sections
            .last_mut()
            .and_then(|section| section["questions"].as_array_mut());
        if let Some(questions) = questions {
            questions.push(question);
        }
    }

    /// The words for the option that `or_other` adds.
    fn push_other(&mut self, name: &str, source: &str) {
        let id = self.fresh_id(&format!("{name}_{OTHER}"));
        let texts = json!({"en": "Please specify", "fi": "Tarkenna", "sv": "Precisera"});
        let language = self.default_language.clone();
        let mut text = Map::new();
        text.insert(
            language.clone(),
            texts
                .get(&language)
                .cloned()
                .unwrap_or_else(|| texts["en"].clone()),
        );
        self.push(
            json!({"id": id, "type": "text", "perspective": "fact", "text": text,
            "show_if": {"question": source, "op": "equals", "value": OTHER}}),
        );
    }

    /// The row's own condition with those of the groups around it.
    pub(super) fn condition(&mut self, row: &Row) -> Option<Value> {
        let own = self.relevant(row);
        let around = self.groups.iter().filter_map(|group| group.condition.clone());
        let mut all: Vec<Value> = around.chain(own).collect();
        match all.len() {
            0 => None,
            1 => all.pop(),
            _ => Some(json!({"all": all})),
        }
    }

    pub(super) fn texts(&mut self, row: &Row, question: &mut Value) {
        let label = self.columns.texts(row, "label", &self.default_language);
        let hint = self.columns.texts(row, "hint", &self.default_language);
        let has_reference = label
            .values()
            .chain(hint.values())
            .any(|text| text.as_str().is_some_and(|text| text.contains("${")));
        if has_reference {
            self.note(
                row.number,
                "label",
                "reference_in_text",
                "answers are not put into texts; the name stands there",
            );
        }
        if !label.is_empty() {
            question["text"] = Value::Object(label);
        }
        if !hint.is_empty() {
            question["help"] = Value::Object(hint);
        }
    }

    fn required(&mut self, row: &Row, question: &mut Value) {
        let written = self.columns.cell(row, "required").to_owned();
        let is_no = matches!(
            written.to_lowercase().as_str(),
            "" | "no" | "false" | "false()" | "0"
        );
        if is_yes(&written) {
            question["required"] = json!(true);
        } else if !is_no {
            self.note(
                row.number,
                "required",
                "required_ignored",
                "whether it is required cannot depend on answers; it is not",
            );
        }
    }

    /// The columns that this project adds to a form.
    pub(super) fn scores(&mut self, row: &Row, question: &mut Value) {
        let points = self.columns.cell(row, "haamu::points").to_owned();
        if points.is_empty() {
            return;
        }
        let is_points = haamu_form::Decimal::parse(&points).is_ok_and(|points| !points.is_negative());
        let needs_band = question["type"] == "number";
        if !is_points || needs_band {
            self.note(
                row.number,
                "haamu::points",
                "points_ignored",
                "points are a decimal, and a number needs a band to earn them",
            );
            return;
        }
        question["points"] = json!(points);
        if is_yes(self.columns.cell(row, "haamu::bonus")) {
            question["bonus"] = json!(true);
        }
        let good = self.columns.cell(row, "haamu::good_answer").to_lowercase();
        if question["type"] == "yes_no" && good == "no" {
            question["good_answer"] = json!("no");
        }
    }

    /// The type with what belongs to it, and the options by their names.
    fn kind(&mut self, row: &Row, asked: &Asked) -> Option<(Value, Option<BTreeMap<String, String>>)> {
        Some(match asked {
            Asked::Text => (json!({"type": "text"}), None),
            Asked::Number => (json!({"type": "number"}), None),
            Asked::Range => (self.range(row), None),
            Asked::DateTime => (json!({"type": "datetime"}), None),
            Asked::Photo if self.columns.cell(row, "appearance") == "signature" => {
                (json!({"type": "signature"}), None)
            }
            Asked::Photo => (json!({"type": "photo"}), None),
            Asked::Barcode => (json!({"type": "barcode"}), None),
            Asked::Signature => (json!({"type": "signature"}), None),
            Asked::File => (json!({"type": "file"}), None),
            Asked::Audio => (json!({"type": "audio"}), None),
            Asked::Location => (json!({"type": "location"}), None),
            Asked::YesNo => (json!({"type": "yes_no"}), None),
            Asked::One { list, has_other } => self.choice(row, list, *has_other, false)?,
            Asked::Many { list, has_other } => self.choice(row, list, *has_other, true)?,
        })
    }

    /// `start=1 end=5 step=1` is a scale; anything else a number.
    fn range(&mut self, row: &Row) -> Value {
        let written = self.columns.cell(row, "parameters").to_owned();
        let text = |name: &str| {
            let mut pairs = written
                .split([' ', ',', ';'])
                .filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim())
        };
        let value = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok());
        let (start, end) = (value("start"), value("end"));
        let is_whole = text("step").is_none_or(|step| step == "1");
        match (start, end) {
            (Some(start), Some(end))
                if is_whole && start < end && start >= -1_000_000 && end <= 1_000_000 =>
            {
                json!({"type": "scale", "scale": {"min": start, "max": end}})
            }
            _ => {
                self.note(
                    row.number,
                    "parameters",
                    "parameters_ignored",
                    "a range in other steps than 1 is asked for as a number",
                );
                json!({"type": "number"})
            }
        }
    }

    fn choice(
        &mut self,
        row: &Row,
        list: &str,
        has_other: bool,
        is_many: bool,
    ) -> Option<(Value, Option<BTreeMap<String, String>>)> {
        let Some(choices) = self
            .lists
            .get(list)
            .cloned()
            .filter(|choices| !choices.is_empty())
        else {
            self.note(
                row.number,
                "type",
                "list_missing",
                format!("there is no list {list:?}; the answer is given in words"),
            );
            return Some((json!({"type": "text"}), None));
        };
        let is_yes_no = choices.len() == 2
            && !is_many
            && !has_other
            && ["yes", "no"]
                .iter()
                .all(|word| choices.iter().any(|choice| choice.name == *word))
            && choices.iter().all(|choice| choice.points.is_empty());
        if is_yes_no {
            return Some((json!({"type": "yes_no"}), None));
        }
        let mut options: Vec<Value> = choices.iter().map(option).collect();
        let mut names: BTreeMap<String, String> = choices
            .iter()
            .map(|choice| (choice.name.clone(), choice.id.clone()))
            .collect();
        if has_other && !choices.iter().any(|choice| choice.id == OTHER) {
            options.push(json!({"id": OTHER, "text": {(&self.default_language): "Other"}}));
            names.insert(OTHER.to_owned(), OTHER.to_owned());
        }
        let kind = if is_many { "multi_choice" } else { "single_choice" };
        Some((json!({"type": kind, "options": options}), Some(names)))
    }
}

fn option(choice: &Choice) -> Value {
    let mut option = json!({"id": choice.id});
    if !choice.text.is_empty() {
        option["text"] = Value::Object(choice.text.clone());
    }
    if haamu_form::Decimal::parse(&choice.points).is_ok() {
        option["points"] = json!(choice.points);
    }
    option
}
