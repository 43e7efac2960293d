//! The checklist that comes of a form.

use haamu_form::Checklist;
use serde_json::{Value, json};

use crate::notice::{ImportError, Imported, Notice, Place};

use super::{CHOICES, Importer, SETTINGS, SURVEY, sound_id};

impl Importer<'_> {
    /// The checklist of all that was read, with the notices by place.
    ///
    /// # Errors
    /// What was read is no sound checklist.
    pub(super) fn finish(mut self) -> Result<Imported, ImportError> {
        for group in std::mem::take(&mut self.groups) {
            let what = if group.is_repeat { "repeat" } else { "group" };
            self.note(
                group.row,
                "type",
                "group_unbalanced",
                format!("this {what} is never closed"),
            );
        }
        self.place_rules();
        self.sections.retain(|section| {
            section["questions"]
                .as_array()
                .is_some_and(|questions| !questions.is_empty())
        });
        if self.sections.is_empty() {
            // A form of notes and calculations only; its author finds them in the notices.
            self.note(
                0,
                "",
                "no_question",
                "the form has no question that a checklist could ask",
            );
            self.sections.push(json!({"id": "questions", "questions": []}));
        }
        let document = self.document();
        Checklist::parse(&document.to_string()).map_err(ImportError::Unsound)?;
        self.notices.sort_by(|a, b| {
            (sheet_order(&a.place.sheet), a.place.row).cmp(&(sheet_order(&b.place.sheet), b.place.row))
        });
        Ok(Imported {
            document,
            notices: self.notices,
        })
    }

    /// Rules stand in the section of their question.
    fn place_rules(&mut self) {
        for rule in std::mem::take(&mut self.rules) {
            let holds = |section: &&mut Value| {
                let questions = section["questions"].as_array();
                questions.is_some_and(|all| all.iter().any(|question| question["id"] == rule["question"]))
            };
            let Some(section) = self.sections.iter_mut().find(holds) else {
                continue;
            };
            match section.get_mut("constraints").and_then(Value::as_array_mut) {
                Some(rules) => rules.push(rule),
                None => section["constraints"] = json!([rule]),
            }
        }
    }

    fn document(&mut self) -> Value {
        let setting = |name: &str| {
            self.settings
                .get(name)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let id = setting("form_id")
            .or_else(|| setting("id_string"))
            .map_or_else(|| "imported".to_owned(), |id| sound_id(&id));
        let title = setting("form_title")
            .or_else(|| setting("title"))
            .unwrap_or_else(|| id.clone());
        let written = setting("version");
        let version = written
            .as_deref()
            .and_then(|text| text.parse::<u32>().ok())
            .filter(|version| *version > 0);
        if let (Some(written), None) = (&written, version) {
            let place = Place {
                sheet: SETTINGS.to_owned(),
                row: 2,
                column: "version".to_owned(),
            };
            let message = format!("the version {written:?} is no whole number; it becomes 1");
            self.notices.push(Notice {
                place,
                code: "version_replaced",
                message,
            });
        }
        let languages = self.all_languages();
        json!({
            "format": "haamu-checklist/1",
            "format_minor": 1,
            "id": id,
            "version": version.unwrap_or(1),
            "status": "draft",
            "languages": languages,
            "default_language": self.default_language,
            "title": {(&self.default_language): title},
            "channel": "in_person",
            "visit_kind": "mystery_visit",
            "sections": self.sections,
        })
    }

    /// All languages that some text is in, the default first.
    fn all_languages(&self) -> Vec<String> {
        let of_columns = self
            .columns
            .languages("label")
            .into_iter()
            .chain(self.choice_columns.languages("label"));
        let mut languages = vec![self.default_language.clone()];
        for language in of_columns.flatten() {
            if !languages.contains(&language) {
                languages.push(language);
            }
        }
        languages
    }
}

fn sheet_order(sheet: &str) -> usize {
    [SURVEY, CHOICES, SETTINGS]
        .iter()
        .position(|known| *known == sheet)
        .unwrap_or(3)
}
