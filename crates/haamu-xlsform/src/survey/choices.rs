//! Lists of options, and columns that are not read.

use std::collections::BTreeMap;

use crate::notice::{Notice, Place};
use crate::workbook::Sheet;

use super::{CHOICES, Choice, Importer, READ, SURVEY, UNSUPPORTED, sound_id};

impl Importer<'_> {
    /// The lists of options.
    pub(super) fn choices(&mut self, sheet: &Sheet) {
        // Other columns are there for filters; without a filter nothing is read of them.
        let others: Vec<String> = self
            .choice_columns
            .others(&["list_name", "name", "haamu::points"])
            .into_iter()
            .map(str::to_owned)
            .collect();
        for name in others.iter().filter(|_| !self.columns.has("choice_filter")) {
            let place = Place {
                sheet: CHOICES.to_owned(),
                row: 1,
                column: self.choice_columns.heading(name).to_owned(),
            };
            self.notices.push(Notice {
                place,
                code: "column_ignored",
                message: "this column is not read".to_owned(),
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
            let cell = |name: &String| (name.clone(), self.choice_columns.cell(row, name).to_owned());
            let mut cells: BTreeMap<String, String> = others.iter().map(cell).collect();
            cells.insert("name".to_owned(), name.clone());
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
                cells,
            });
        }
    }

    /// Tells of columns that nothing is known of.
    pub(super) fn other_columns(&mut self) {
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
}
