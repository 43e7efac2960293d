//! A checklist as an XLSForm workbook.

mod condition;
mod question;

use std::collections::BTreeMap;

use haamu_form::{AnswerOption, Checklist, Texts};
use rust_xlsxwriter::{Workbook as Writer, XlsxError};

use crate::notice::{Notice, Place};

/// A workbook, and what an XLSForm cannot say.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The sheets as rows of cells, headings first, by name.
    pub sheets: BTreeMap<&'static str, Vec<Vec<String>>>,
    /// What was left out, by the checklist's own ids.
    pub notices: Vec<Notice>,
}

/// Writes a checklist as an XLSForm.
///
/// Sections become groups, conditions `relevant`. Scores stand in columns that other programs pass over:
/// `haamu::points`, `haamu::good_answer`, `haamu::bonus` and, with a group, `haamu::weight` in the sheet
/// `survey`; `haamu::points` in the sheet `choices`. [`import`](crate::import) reads them back.
#[must_use]
pub fn export(checklist: &Checklist) -> Exported {
    let mut exporter = Exporter::new(checklist);
    let header = checklist.header();
    if header.quiz.is_some() || !header.guidelines.is_empty() || !checklist.files().is_empty() {
        let message = "pass marks, guidelines and files are not in the form";
        exporter.note("checklist", "", "header_left_out", message);
    }
    if !checklist.location_attributes().is_empty() {
        let message = "what is known of the location is not in the form";
        exporter.note("checklist", "location_attributes", "context_left_out", message);
    }
    for section in checklist.sections() {
        exporter.section(section);
    }
    exporter.finish()
}

impl Exported {
    /// The file as `.xlsx`.
    ///
    /// # Errors
    /// A text is longer than a cell can be.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Writer::new();
        for name in ["survey", "choices", "settings"] {
            let sheet = book.add_worksheet();
            sheet.set_name(name)?;
            for (row, cells) in self.sheets.get(name).into_iter().flatten().enumerate() {
                for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                    let row = u32::try_from(row).unwrap_or(u32::MAX);
                    sheet.write_string(row, u16::try_from(column).unwrap_or(u16::MAX), cell)?;
                }
            }
        }
        book.save_to_buffer()
    }

    /// The tables in which XLSForms are written down.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        for name in ["survey", "choices", "settings"] {
            text.push_str(&format!("| {name} |\n"));
            for cells in self.sheets.get(name).into_iter().flatten() {
                let cells: Vec<String> = cells
                    .iter()
                    .map(|cell| cell.replace('|', "\\|").replace(['\n', '\r'], " "))
                    .collect();
                text.push_str(&format!("| | {} |\n", cells.join(" | ")));
            }
        }
        text
    }
}

/// The columns of the survey before the texts.
const SURVEY: [&str; 13] = [
    "type",
    "name",
    "relevant",
    "required",
    "constraint",
    "calculation",
    "appearance",
    "repeat_count",
    "parameters",
    "haamu::points",
    "haamu::good_answer",
    "haamu::bonus",
    "haamu::weight",
];

struct Exporter<'c> {
    checklist: &'c Checklist,
    languages: Vec<&'c str>,
    survey: Vec<Vec<String>>,
    choices: Vec<Vec<String>>,
    notices: Vec<Notice>,
}

/// The cells of a row of the survey.
#[derive(Default)]
struct Cells {
    kind: String,
    name: String,
    relevant: String,
    is_required: bool,
    constraint: String,
    calculation: String,
    appearance: String,
    repeat_count: String,
    parameters: String,
    points: String,
    good_answer: String,
    is_bonus: bool,
    weight: String,
}

impl<'c> Exporter<'c> {
    fn new(checklist: &'c Checklist) -> Self {
        let languages: Vec<&str> = checklist.header().languages.iter().map(String::as_str).collect();
        let languages = if languages.is_empty() {
            vec![checklist.default_language()]
        } else {
            languages
        };
        let text_columns = |meaning: &str| {
            languages
                .iter()
                .map(|language| format!("{meaning}::{language} ({language})"))
                .collect::<Vec<_>>()
        };
        let mut survey: Vec<String> = SURVEY.iter().map(ToString::to_string).collect();
        survey.extend(text_columns("label"));
        survey.extend(text_columns("hint"));
        survey.extend(text_columns("constraint_message"));
        let mut choices = vec![
            "list_name".to_owned(),
            "name".to_owned(),
            "haamu::points".to_owned(),
        ];
        choices.extend(text_columns("label"));
        Self {
            checklist,
            survey: vec![survey],
            choices: vec![choices],
            languages,
            notices: Vec::new(),
        }
    }

    fn note(&mut self, id: &str, column: &str, code: &'static str, message: &str) {
        let place = Place {
            sheet: id.to_owned(),
            row: 0,
            column: column.to_owned(),
        };
        self.notices.push(Notice {
            place,
            code,
            message: message.to_owned(),
        });
    }

    fn texts(&self, texts: &Texts) -> Vec<String> {
        let text = |language: &&str| texts.in_language(language).unwrap_or_default().to_owned();
        self.languages.iter().map(text).collect()
    }

    fn push(&mut self, cells: Cells, label: &Texts, hint: &Texts, broken: &Texts) {
        let yes = |is: bool| if is { "yes".to_owned() } else { String::new() };
        let mut row = vec![
            cells.kind,
            cells.name,
            cells.relevant,
            yes(cells.is_required),
            cells.constraint,
            cells.calculation,
            cells.appearance,
            cells.repeat_count,
            cells.parameters,
            cells.points,
            cells.good_answer,
            yes(cells.is_bonus),
            cells.weight,
        ];
        row.extend(self.texts(label));
        row.extend(self.texts(hint));
        row.extend(self.texts(broken));
        self.survey.push(row);
    }

    fn yes_no_list(&mut self) {
        if self.choices.iter().any(|row| row[0] == "haamu_yes_no") {
            return;
        }
        let words = [("yes", ["Kyllä", "Ja", "Yes"]), ("no", ["Ei", "Nej", "No"])];
        for (name, [finnish, swedish, english]) in words {
            let mut row = vec!["haamu_yes_no".to_owned(), name.to_owned(), String::new()];
            row.extend(self.languages.iter().map(|language| {
                match *language {
                    "fi" => finnish,
                    "sv" => swedish,
                    _ => english,
                }
                .to_owned()
            }));
            self.choices.push(row);
        }
    }

    fn list(&mut self, id: &str, options: &[AnswerOption]) {
        for option in options {
            let points = if option.points.is_zero() {
                String::new()
            } else {
                option.points.to_string()
            };
            let mut row = vec![id.to_owned(), option.id.to_string(), points];
            row.extend(self.texts(&option.text));
            self.choices.push(row);
            if option.show_if.is_some() {
                let id = format!("{id}.{}", option.id);
                let message = "when an option is offered is not in the form";
                self.note(&id, "show_if", "option_condition_left_out", message);
            }
            if option.na || option.critical || option.exclusive {
                let message = "that it is exclusive, critical or means \"does not apply\" is not in the form";
                self.note(
                    &format!("{id}.{}", option.id),
                    "",
                    "option_rule_left_out",
                    message,
                );
            }
        }
    }

    fn finish(self) -> Exported {
        let header = self.checklist.header();
        let default = self.checklist.default_language();
        let title = header
            .title
            .best(default, default)
            .map(|title| title.text.to_owned())
            .unwrap_or_default();
        let id = header.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let version = header
            .version
            .map(|version| version.to_string())
            .unwrap_or_default();
        let settings = vec![
            ["form_title", "form_id", "version", "default_language"]
                .map(str::to_owned)
                .to_vec(),
            vec![title, id, version, format!("{default} ({default})")],
        ];
        let sheets = BTreeMap::from([
            ("survey", self.survey),
            ("choices", self.choices),
            ("settings", settings),
        ]);
        Exported {
            sheets,
            notices: self.notices,
        }
    }
}
