//! A plain list of questions in CSV.

use haamu_form::Checklist;
use serde_json::{Value, json};

use crate::notice::{ImportError, Imported, Notice, Place};
use crate::survey::sound_id;

const SHEET: &str = "questions";
const KNOWN: [&str; 7] = ["section", "id", "type", "text", "options", "points", "required"];

/// Imports a list with the columns `text` and, as wanted, `section`, `id`,
/// `type` (`yes_no` if absent), `options` (separated by `|`), `points` and
/// `required`. `language` is the language of all texts.
///
/// # Errors
/// The file is no CSV, has no column `text`, or no question.
pub fn import_questions(csv: &str, language: &str) -> Result<Imported, ImportError> {
    let csv = csv.strip_prefix('\u{feff}').unwrap_or(csv);
    let heading = csv.lines().next().unwrap_or_default();
    let is_semicolon = heading.matches(';').count() > heading.matches(',').count();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if is_semicolon { b';' } else { b',' })
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(csv.as_bytes());
    let headings: Vec<String> = reader.headers()?.iter().map(str::to_lowercase).collect();
    let place = |row: usize, column: &str| Place {
        sheet: SHEET.to_owned(),
        row,
        column: column.to_owned(),
    };
    if !headings.iter().any(|heading| heading == "text") {
        return Err(ImportError::Unusable {
            place: place(1, "text"),
            message: "there is no column named text".to_owned(),
        });
    }
    let mut notices: Vec<Notice> = headings
        .iter()
        .filter(|heading| !heading.is_empty() && !KNOWN.contains(&heading.as_str()))
        .map(|heading| Notice {
            place: place(1, heading),
            code: "column_ignored",
            message: "this column is not read".to_owned(),
        })
        .collect();
    let mut list = List {
        language,
        number: 0,
        sections: Vec::new(),
    };
    for record in reader.records() {
        let record = record?;
        let row = record.position().map_or(0, |position| {
            usize::try_from(position.line()).unwrap_or(usize::MAX)
        });
        let cell = |name: &str| {
            let index = headings.iter().position(|heading| heading == name);
            index.and_then(|index| record.get(index)).unwrap_or_default()
        };
        if let Err((column, code, message)) = list.row(&cell) {
            notices.push(Notice {
                place: place(row, column),
                code,
                message,
            });
        }
    }
    let document = document(list.sections, language)?;
    Ok(Imported { document, notices })
}

/// What was read so far.
struct List<'l> {
    language: &'l str,
    number: usize,
    /// Title and questions.
    sections: Vec<(String, Vec<Value>)>,
}

impl List<'_> {
    /// Reads one row; `Err` has the column, the code and the words of a notice.
    fn row<'c>(
        &mut self,
        cell: &impl Fn(&str) -> &'c str,
    ) -> Result<(), (&'static str, &'static str, String)> {
        if cell("text").is_empty() {
            return Ok(());
        }
        self.number += 1;
        let id = if cell("id").is_empty() {
            format!("q{}", self.number)
        } else {
            sound_id(cell("id"))
        };
        let mut questions = self.sections.iter().flat_map(|(_, questions)| questions);
        if questions.any(|question| question["id"] == id) {
            let message = format!("the id {id:?} stands more than once; this row is left out");
            return Err(("id", "id_repeated", message));
        }
        let Some(question) = question(&id, cell, self.language) else {
            let kind = cell("type");
            let message = format!("{kind:?} is not a type that a list of questions can have");
            return Err(("type", "type_unknown", message));
        };
        let section = Some(cell("section")).filter(|section| !section.is_empty());
        let section = section.unwrap_or(SHEET);
        match self.sections.iter_mut().find(|(known, _)| known == section) {
            Some((_, questions)) => questions.push(question),
            None => self.sections.push((section.to_owned(), vec![question])),
        }
        Ok(())
    }
}

fn document(sections: Vec<(String, Vec<Value>)>, language: &str) -> Result<Value, ImportError> {
    if sections.is_empty() {
        return Err(ImportError::NoQuestion);
    }
    let sections: Vec<Value> = sections
        .into_iter()
        .enumerate()
        .map(|(index, (title, questions))| {
            json!({"id": format!("s{}", index + 1), "title": {(language): title}, "questions": questions})
        })
        .collect();
    let document = json!({
        "format": "haamu-checklist/1", "id": "imported", "version": 1, "status": "draft",
        "languages": [language], "default_language": language, "title": {(language): "Imported"},
        "channel": "in_person", "visit_kind": "mystery_visit", "sections": sections,
    });
    Checklist::parse(&document.to_string()).map_err(ImportError::Unsound)?;
    Ok(document)
}

fn question<'c>(id: &str, cell: &impl Fn(&str) -> &'c str, language: &str) -> Option<Value> {
    let options: Vec<&str> = cell("options")
        .split('|')
        .map(str::trim)
        .filter(|option| !option.is_empty())
        .collect();
    let kind = match cell("type") {
        "" if options.is_empty() => "yes_no",
        "" => "single_choice",
        kind => kind,
    };
    let mut question = match kind {
        "yes_no" | "text" | "datetime" | "photo" | "audio" | "location" | "number" => json!({"type": kind}),
        "scale" => json!({"type": "scale", "scale": {"min": 1, "max": 5}}),
        "single_choice" | "multi_choice" if !options.is_empty() => {
            let options = options.iter().enumerate();
            let options = options
                .map(|(index, text)| json!({"id": format!("o{}", index + 1), "text": {(language): text}}));
            json!({"type": kind, "options": options.collect::<Vec<_>>()})
        }
        _ => return None,
    };
    question["id"] = json!(id);
    question["perspective"] = json!("fact");
    question["text"] = json!({(language): cell("text")});
    let points = cell("points").replace(',', ".");
    if kind != "number" && haamu_form::Decimal::parse(&points).is_ok_and(|points| !points.is_negative()) {
        question["points"] = json!(points);
    }
    if matches!(
        cell("required").to_lowercase().as_str(),
        "yes" | "true" | "1" | "x"
    ) {
        question["required"] = json!(true);
    }
    Some(question)
}
