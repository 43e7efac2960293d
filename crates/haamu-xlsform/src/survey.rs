//! An XLSForm as a checklist document.

mod build;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use haamu_form::Checklist;
use serde_json::{Map, Value, json};

use crate::columns::{Columns, tag};
use crate::expression;
use crate::notice::{ImportError, Imported, Notice, Place};
use crate::translate::{self, Known, Scope};
use crate::workbook::{Row, Sheet, Workbook};

use types::Kind;

const SURVEY: &str = "survey";
const CHOICES: &str = "choices";
const SETTINGS: &str = "settings";

/// Columns of the survey that are taken over or told of row by row.
const READ: [&str; 11] = [
    "type",
    "name",
    "relevant",
    "required",
    "haamu::points",
    "haamu::good_answer",
    "haamu::bonus",
    "haamu::weight",
    "parameters",
    "disabled",
    "calculation",
];
/// Columns of the survey whose cells have no equivalent, and what becomes of them.
const UNSUPPORTED: [(&str, &str, &str); 9] = [
    (
        "constraint",
        "constraint_ignored",
        "the constraint has no equivalent: any answer of the type is taken",
    ),
    (
        "choice_filter",
        "choice_filter_ignored",
        "the options are not filtered: all are offered",
    ),
    (
        "appearance",
        "appearance_ignored",
        "how a question looks is the app's own",
    ),
    (
        "default",
        "default_ignored",
        "an answer that is there from the start has no equivalent",
    ),
    (
        "readonly",
        "readonly_ignored",
        "a question that cannot be answered has no equivalent",
    ),
    (
        "repeat_count",
        "repeat_count_ignored",
        "the questions are asked once",
    ),
    ("trigger", "trigger_ignored", "a calculation has no equivalent"),
    (
        "autoplay",
        "autoplay_ignored",
        "how a question looks is the app's own",
    ),
    (
        "required_message",
        "message_ignored",
        "messages are the app's own",
    ),
];

/// Imports a form.
///
/// # Errors
/// There is no survey sheet with a `type` column.
pub fn import(book: &Workbook) -> Result<Imported, ImportError> {
    let empty = Sheet::default();
    let unusable = |message: &str| ImportError::Unusable {
        place: Place {
            sheet: SURVEY.to_owned(),
            row: 0,
            column: String::new(),
        },
        message: message.to_owned(),
    };
    let survey = book
        .survey()
        .ok_or_else(|| unusable("there is no sheet named survey"))?;
    let mut importer = Importer::new(
        Columns::of(survey),
        Columns::of(book.sheet(CHOICES).unwrap_or(&empty)),
        settings(book.sheet(SETTINGS)),
    );
    if !importer.columns.has("type") {
        return Err(unusable("there is no column named type"));
    }
    for name in book
        .names()
        .filter(|name| ![SURVEY, CHOICES, SETTINGS].contains(name))
    {
        let place = Place {
            sheet: name.to_owned(),
            row: 0,
            column: String::new(),
        };
        importer.notices.push(Notice {
            place,
            code: "sheet_ignored",
            message: "this sheet is not read".to_owned(),
        });
    }
    importer.choices(book.sheet(CHOICES).unwrap_or(&empty));
    importer.other_columns();
    for row in &survey.rows {
        importer.row(row);
    }
    importer.finish()
}

/// The settings by column.
fn settings(sheet: Option<&Sheet>) -> BTreeMap<String, String> {
    let Some(sheet) = sheet else {
        return BTreeMap::new();
    };
    let Some(row) = sheet.rows.first() else {
        return BTreeMap::new();
    };
    let pairs = sheet.headings.iter().zip(&row.cells);
    pairs
        .map(|(heading, cell)| (heading.trim().to_lowercase(), cell.clone()))
        .collect()
}

/// A group that is open.
#[derive(Debug)]
struct Group {
    row: usize,
    /// Its condition, where it is inside a section and its questions must carry it.
    condition: Option<Value>,
    is_repeat: bool,
}

/// An option of a list.
#[derive(Clone, Debug)]
struct Choice {
    name: String,
    id: String,
    text: Map<String, Value>,
    points: String,
}

struct Importer<'s> {
    columns: Columns<'s>,
    choice_columns: Columns<'s>,
    settings: BTreeMap<String, String>,
    default_language: String,
    lists: BTreeMap<String, Vec<Choice>>,
    groups: Vec<Group>,
    sections: Vec<Value>,
    /// Questions and sections that were given an id.
    ids: BTreeSet<String>,
    scope: Scope,
    notices: Vec<Notice>,
}

impl<'s> Importer<'s> {
    fn new(columns: Columns<'s>, choice_columns: Columns<'s>, settings: BTreeMap<String, String>) -> Self {
        let named = settings
            .get("default_language")
            .filter(|name| !name.is_empty())
            .map(|name| tag(name));
        let mut languages = columns.languages("label").into_iter();
        // Where no language is named, a column without one is English, as an app without translations would have it.
        let default_language = match (named, languages.next()) {
            (Some(named), _) if named != "default" => named,
            (_, Some(Some(first))) => first,
            _ => "en".to_owned(),
        };
        Self {
            columns,
            choice_columns,
            settings,
            default_language,
            lists: BTreeMap::new(),
            groups: Vec::new(),
            sections: Vec::new(),
            ids: BTreeSet::new(),
            scope: Scope::new(),
            notices: Vec::new(),
        }
    }

    fn note(&mut self, row: usize, meaning: &str, code: &'static str, message: impl Into<String>) {
        let heading = self.columns.heading(meaning);
        let column = if heading.is_empty() {
            meaning.to_owned()
        } else {
            heading.to_owned()
        };
        let place = Place {
            sheet: SURVEY.to_owned(),
            row,
            column,
        };
        self.notices.push(Notice {
            place,
            code,
            message: message.into(),
        });
    }

    fn note_choice(&mut self, row: usize, column: &str, code: &'static str, message: impl Into<String>) {
        let place = Place {
            sheet: CHOICES.to_owned(),
            row,
            column: column.to_owned(),
        };
        self.notices.push(Notice {
            place,
            code,
            message: message.into(),
        });
    }

    /// The lists of options.
    fn choices(&mut self, sheet: &Sheet) {
        for name in self
            .choice_columns
            .others(&["list_name", "name", "haamu::points"])
        {
            let place = Place {
                sheet: CHOICES.to_owned(),
                row: 1,
                column: self.choice_columns.heading(name).to_owned(),
            };
            let message = "this column is not read; filters on it have no equivalent".to_owned();
            self.notices.push(Notice {
                place,
                code: "column_ignored",
                message,
            });
        }
        for row in &sheet.rows {
            let list = self.choice_columns.cell(row, "list_name").to_owned();
            let name = self.choice_columns.cell(row, "name").to_owned();
            if list.is_empty() || name.is_empty() {
                self.note_choice(
                    row.number,
                    "name",
                    "choice_ignored",
                    "an option needs the name of its list and its own",
                );
                continue;
            }
            if self.choice_columns.has_text(row, "media") {
                self.note_choice(
                    row.number,
                    "media",
                    "media_ignored",
                    "pictures and sounds are not taken over",
                );
            }
            let id = sound_id(&name);
            let text = self.choice_columns.texts(row, "label", &self.default_language);
            let points = self.choice_columns.cell(row, "haamu::points").to_owned();
            let options = self.lists.entry(list.clone()).or_default();
            if options.iter().any(|option| option.id == id) {
                let message = format!("the list {list:?} has an option {id:?} already; this one is left out");
                self.note_choice(row.number, "name", "choice_repeated", message);
                continue;
            }
            options.push(Choice {
                name,
                id,
                text,
                points,
            });
        }
    }

    /// Tells of columns that nothing is known of.
    fn other_columns(&mut self) {
        let told: Vec<&str> = READ
            .iter()
            .copied()
            .chain(UNSUPPORTED.iter().map(|(name, ..)| *name))
            .collect();
        for name in self.columns.others(&told) {
            let place = Place {
                sheet: SURVEY.to_owned(),
                row: 1,
                column: self.columns.heading(name).to_owned(),
            };
            let message = "this column is not read".to_owned();
            self.notices.push(Notice {
                place,
                code: "column_ignored",
                message,
            });
        }
    }

    fn row(&mut self, row: &Row) {
        let written = self.columns.cell(row, "type").to_owned();
        if written.is_empty() {
            if row.cells.iter().any(|cell| !cell.is_empty()) {
                self.note(
                    row.number,
                    "type",
                    "row_ignored",
                    "a row without a type is a remark",
                );
            }
            return;
        }
        if is_yes(self.columns.cell(row, "disabled")) {
            self.note(
                row.number,
                "disabled",
                "row_disabled",
                "this row is switched off and left out",
            );
            return;
        }
        match Kind::read(&written) {
            Kind::BeginGroup => self.begin(row, false),
            Kind::BeginRepeat => {
                self.note(
                    row.number,
                    "type",
                    "repeat_once",
                    "a repeated group is asked once",
                );
                self.begin(row, true);
            }
            Kind::EndGroup => {
                if self.groups.pop().is_none() {
                    self.note(row.number, "type", "group_unbalanced", "no group is open here");
                }
            }
            Kind::Metadata => self.note(
                row.number,
                "type",
                "metadata_ignored",
                format!("{written:?} is recorded by the app or not at all"),
            ),
            Kind::Note => self.note(
                row.number,
                "type",
                "note_ignored",
                "a note without an answer has no equivalent",
            ),
            Kind::Calculation => {
                self.note(
                    row.number,
                    "calculation",
                    "calculation_ignored",
                    "a calculated value has no equivalent",
                );
            }
            Kind::Unknown => self.note(
                row.number,
                "type",
                "type_unknown",
                format!("the type {written:?} has no equivalent; the question is left out"),
            ),
            Kind::Question(kind) => self.question(row, &kind),
        }
    }

    /// The condition in the column `relevant`, if there is one that has an equivalent.
    fn relevant(&mut self, row: &Row) -> Option<Value> {
        let written = self.columns.cell(row, "relevant").to_owned();
        if written.is_empty() {
            return None;
        }
        let message = match expression::parse(&written) {
            Err(error) => format!("{error}; what it hides is shown"),
            Ok(parsed) => match translate::condition(&parsed, &self.scope) {
                Ok(condition) => return Some(condition),
                Err(why) => format!("{why}; what it hides is shown"),
            },
        };
        self.note(row.number, "relevant", "relevant_ignored", message);
        None
    }

    fn unsupported(&mut self, row: &Row) {
        for (meaning, code, message) in UNSUPPORTED {
            if !self.columns.cell(row, meaning).is_empty() || self.columns.has_text(row, meaning) {
                self.note(row.number, meaning, code, message);
            }
        }
        if self.columns.has_text(row, "media") {
            self.note(
                row.number,
                "media",
                "media_ignored",
                "pictures and sounds are not taken over",
            );
        }
        for meaning in ["guidance_hint", "constraint_message"] {
            if self.columns.has_text(row, meaning) {
                self.note(row.number, meaning, "text_ignored", "this text is not taken over");
            }
        }
    }

    fn begin(&mut self, row: &Row, is_repeat: bool) {
        self.unsupported(row);
        let condition = self.relevant(row);
        if self.groups.is_empty() {
            let name = self.columns.cell(row, "name").to_owned();
            let title = self.columns.texts(row, "label", &self.default_language);
            let weight = self.columns.cell(row, "haamu::weight").to_owned();
            self.open_section(&name, title, condition, &weight);
            self.groups.push(Group {
                row: row.number,
                condition: None,
                is_repeat,
            });
        } else {
            self.groups.push(Group {
                row: row.number,
                condition,
                is_repeat,
            });
        }
    }

    fn finish(mut self) -> Result<Imported, ImportError> {
        for group in std::mem::take(&mut self.groups) {
            let what = if group.is_repeat { "repeat" } else { "group" };
            self.note(
                group.row,
                "type",
                "group_unbalanced",
                format!("this {what} is never closed"),
            );
        }
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

fn is_yes(cell: &str) -> bool {
    matches!(cell.to_lowercase().as_str(), "yes" | "true" | "true()" | "1")
}

/// An id as checklists take it: no spaces, at most 128 characters.
fn sound_id(name: &str) -> String {
    let sound: String = name
        .trim()
        .chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                '_'
            } else {
                c
            }
        })
        .take(120)
        .collect();
    if sound.is_empty() {
        "unnamed".to_owned()
    } else {
        sound
    }
}

/// What conditions can know of a question.
fn known(id: &str, question: &Value, options: Option<BTreeMap<String, String>>) -> Known {
    let kind = question["type"].as_str().unwrap_or_default();
    Known {
        id: id.to_owned(),
        has_order: matches!(kind, "number" | "scale" | "duration" | "money"),
        options,
        is_yes_no: kind == "yes_no",
    }
}
