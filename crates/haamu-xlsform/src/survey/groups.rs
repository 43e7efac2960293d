//! Groups and repeated groups: sections of the checklist.

use serde_json::{Value, json};

use crate::workbook::Row;

use super::{Group, Importer, Opened};

impl Importer<'_> {
    /// What a row that opens a group says of it.
    fn opened(&mut self, row: &Row) -> Opened {
        self.unsupported(row);
        if !self.columns.cell(row, "constraint").is_empty() {
            let message = "a group has no limits of its own";
            self.note(row.number, "constraint", "constraint_ignored", message);
        }
        Opened {
            condition: self.relevant(row),
            name: self.columns.cell(row, "name").to_owned(),
            title: self.columns.texts(row, "label", &self.default_language),
        }
    }

    /// A group is a section; inside another, its questions carry its condition.
    pub(super) fn begin_group(&mut self, row: &Row, is_repeat: bool) {
        let opened = self.opened(row);
        let is_section = self.groups.is_empty();
        if is_section {
            let weight = self.columns.cell(row, "haamu::weight").to_owned();
            self.open_section(&opened, &weight);
        }
        self.groups.push(Group {
            row: row.number,
            condition: opened.condition.clone().filter(|_| !is_section),
            is_repeat,
            section: is_section.then_some(opened),
        });
    }

    /// A repeated group is a repeated section, also inside of a group, which goes on behind it.
    pub(super) fn begin_repeat(&mut self, row: &Row) {
        if self.scope.here.is_some() {
            let message = "a repeated group inside another is asked once in each";
            self.note(row.number, "type", "repeat_nested", message);
            self.begin_group(row, false);
            return;
        }
        let mut opened = self.opened(row);
        let around = self.groups.iter().flat_map(|group| {
            let of_section = group
                .section
                .as_ref()
                .and_then(|section| section.condition.clone());
            group.condition.clone().into_iter().chain(of_section)
        });
        let mut conditions: Vec<Value> = around.chain(opened.condition.take()).collect();
        opened.condition = match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(json!({"all": conditions})),
        };
        let weight = self.columns.cell(row, "haamu::weight").to_owned();
        let id = self.open_section(&opened, &weight);
        let mut repeat = json!({});
        if !opened.title.is_empty() {
            repeat["label"] = Value::Object(opened.title.clone());
        }
        let count = self.columns.cell(row, "repeat_count").to_owned();
        match count.parse::<u32>() {
            Ok(count) if (1..=haamu_form::Repeat::LIMIT).contains(&count) => {
                repeat["min"] = json!(count);
                repeat["max"] = json!(count);
            }
            _ if count.is_empty() => {}
            _ => {
                let message = "how often it is repeated is for the shopper to say";
                self.note(row.number, "repeat_count", "repeat_count_ignored", message);
            }
        }
        if let Some(section) = self.sections.last_mut() {
            section["repeat"] = repeat;
        }
        self.scope.here = Some(self.sections.len());
        self.scope.repeats.insert(opened.name.clone(), id);
        self.groups.push(Group {
            row: row.number,
            condition: None,
            is_repeat: true,
            section: None,
        });
    }

    pub(super) fn end(&mut self, row: &Row) {
        let Some(group) = self.groups.pop() else {
            self.note(row.number, "type", "group_unbalanced", "no group is open here");
            return;
        };
        if !group.is_repeat {
            return;
        }
        self.scope.here = None;
        let around = self.groups.iter().find_map(|group| group.section.clone());
        if let Some(around) = around {
            self.open_section(&around, "");
        }
    }
}
