//! An XLSForm as a checklist document.

mod build;
mod choices;
mod document;
mod groups;
mod rules;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use haamu_form::Id;
use serde_json::{Map, Value};

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
const READ: [&str; 14] = [
    "type",
    "name",
    "relevant",
    "constraint",
    "required",
    "haamu::points",
    "haamu::good_answer",
    "haamu::bonus",
    "haamu::weight",
    "parameters",
    "disabled",
    "calculation",
    "choice_filter",
    "repeat_count",
];
/// Columns of the survey whose cells have no equivalent, and what becomes of them.
const UNSUPPORTED: [(&str, &str, &str); 6] = [
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
    /// The section that the group is, where it is one.
    section: Option<Opened>,
}

/// A section as it was opened, so that it can go on behind a repeated group in it.
#[derive(Clone, Debug)]
struct Opened {
    name: String,
    title: Map<String, Value>,
    condition: Option<Value>,
}

/// An option of a list.
#[derive(Clone, Debug)]
struct Choice {
    name: String,
    id: String,
    text: Map<String, Value>,
    points: String,
    /// The cells of other columns, which filters look at.
    cells: BTreeMap<String, String>,
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
    /// Rules over answers, each at its question.
    rules: Vec<Value>,
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
            scope: Scope::default(),
            rules: Vec::new(),
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
            Kind::BeginGroup => self.begin_group(row, false),
            Kind::BeginRepeat => self.begin_repeat(row),
            Kind::EndGroup => self.end(row),
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
            Kind::Calculation => self.calculated(row),
            Kind::Hidden => self.note(
                row.number,
                "type",
                "hidden_ignored",
                "a value that is neither asked nor worked out has no equivalent",
            ),
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
            let is_signature = meaning == "appearance" && self.columns.cell(row, meaning) == "signature";
            if is_signature {
                continue;
            }
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
        if self.columns.has_text(row, "guidance_hint") {
            self.note(
                row.number,
                "guidance_hint",
                "text_ignored",
                "this text is not taken over",
            );
        }
    }
}

fn is_yes(cell: &str) -> bool {
    matches!(cell.to_lowercase().as_str(), "yes" | "true" | "true()" | "1")
}

/// An id as checklists take it: no spaces or unseen characters, at most 128 characters.
pub(crate) fn sound_id(name: &str) -> String {
    let sound: String = name
        .trim()
        .chars()
        .map(|c| {
            if Id::new(c.encode_utf8(&mut [0; 4])).is_some() {
                c
            } else {
                '_'
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
        has_order: matches!(kind, "number" | "scale" | "duration" | "money" | "calculated"),
        options,
        is_yes_no: kind == "yes_no",
        is_moment: kind == "datetime",
        repeat: None,
    }
}
