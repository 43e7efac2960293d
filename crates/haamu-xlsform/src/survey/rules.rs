//! Constraints, calculations and choice filters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::calculate;
use crate::expression::{self, Expression};
use crate::limits::{self, Measured};
use crate::translate::{self, Known};
use crate::workbook::Row;

use super::types::{Asked, Question};
use super::{Importer, known};

impl Importer<'_> {
    /// What the column `constraint` asks of the answer: limits where they say it all, else a rule of the section.
    pub(super) fn constraint(&mut self, row: &Row, question: &mut Value, own: &Known) {
        let written = self.columns.cell(row, "constraint").to_owned();
        if written.is_empty() {
            return;
        }
        let is_integer = matches!(self.columns.cell(row, "type"), "integer" | "int");
        let measured = match question["type"].as_str() {
            Some("number") if is_integer => Some(Measured::Integer),
            Some("number") => Some(Measured::Decimal),
            Some("text") => Some(Measured::Length),
            _ => None,
        };
        let parsed = match expression::parse(&written) {
            Ok(parsed) => parsed,
            Err(error) => {
                let message = format!("{error}; any answer of the type is taken");
                self.note(row.number, "constraint", "constraint_ignored", message);
                return;
            }
        };
        let limits = measured.map(|measured| limits::read(&parsed, measured));
        if let Some(Ok(limits)) = limits {
            for (key, value) in limits {
                question[key] = value;
            }
            if self.columns.has_text(row, "constraint_message") {
                let message = "limits are explained in the product's own words";
                self.note(row.number, "constraint_message", "text_ignored", message);
            }
            return;
        }
        match self.rule(row, &parsed, own) {
            Ok(rule) => self.rules.push(rule),
            Err(why) => {
                let message = format!("{why}; any answer of the type is taken");
                self.note(row.number, "constraint", "constraint_ignored", message);
            }
        }
    }

    /// A rule that is broken where there is an answer and the expression does not hold.
    fn rule(&mut self, row: &Row, constraint: &Expression, own: &Known) -> Result<Value, String> {
        self.scope.own = Some(Known {
            repeat: self.scope.here,
            ..own.clone()
        });
        let holds = translate::condition(constraint, &self.scope);
        self.scope.own = None;
        let id = self.fresh_id(&format!("{}_rule", own.id));
        let mut message = self
            .columns
            .texts(row, "constraint_message", &self.default_language);
        if message.is_empty() {
            let texts = json!({"en": "This answer is not possible.", "fi": "Vastaus ei ole mahdollinen.",
                "sv": "Svaret är inte möjligt."});
            let text = texts.get(&self.default_language).unwrap_or(&texts["en"]);
            message.insert(self.default_language.clone(), text.clone());
        }
        Ok(json!({
            "id": id, "question": own.id, "message": message,
            "fail_if": {"all": [{"question": own.id, "op": "answered"}, {"not": holds?}]},
        }))
    }

    /// A row of type `calculate`.
    pub(super) fn calculated(&mut self, row: &Row) {
        let name = self.columns.cell(row, "name").to_owned();
        let written = self.columns.cell(row, "calculation").to_owned();
        let calculation = match expression::parse(&written) {
            _ if name.is_empty() => Err("a calculated value needs a name".to_owned()),
            Err(error) => Err(error.to_string()),
            Ok(parsed) => calculate::calculation(&parsed, &self.scope),
        };
        let calculation = match calculation {
            Ok(calculation) => calculation,
            Err(why) => {
                let message = format!("{why}; the value is left out");
                self.note(row.number, "calculation", "calculation_ignored", message);
                return;
            }
        };
        self.unsupported(row);
        for meaning in ["constraint", "required", "haamu::points"] {
            if !self.columns.cell(row, meaning).is_empty() {
                let message = "a value that is worked out has no such rule";
                self.note(row.number, meaning, "calculation_rule_ignored", message);
            }
        }
        let condition = self.condition(row);
        let id = self.fresh_id(&name);
        let mut question =
            json!({"id": id, "type": "calculated", "perspective": "fact", "calculation": calculation});
        self.texts(row, &mut question);
        if question.get("text").is_none() {
            question["text"] = json!({(&self.default_language): name});
        }
        if let Some(condition) = condition {
            question["show_if"] = condition;
        }
        self.remember(&name, known(&id, &question, None));
        self.push(question);
    }

    /// Options that are offered only with certain answers.
    pub(super) fn choice_filter(&mut self, row: &Row, question: &mut Value, asked: &Question) {
        let written = self.columns.cell(row, "choice_filter").to_owned();
        let (Asked::One { list, .. } | Asked::Many { list, .. }) = &asked.kind else {
            return;
        };
        if written.is_empty() {
            return;
        }
        let options = question.get_mut("options").and_then(Value::as_array_mut);
        let Some(options) = options else {
            let message = "there are no options here to filter";
            self.note(row.number, "choice_filter", "choice_filter_ignored", message);
            return;
        };
        let choices = self.lists.get(list).cloned().unwrap_or_default();
        let parsed = expression::parse(&written).map_err(|error| error.to_string());
        let result = parsed.and_then(|parsed| {
            let mut conditions = BTreeMap::new();
            for choice in &choices {
                let filled = with_cells(&parsed, &choice.cells);
                conditions.insert(choice.id.clone(), translate::condition(&filled, &self.scope)?);
            }
            Ok(conditions)
        });
        match result {
            Ok(conditions) => {
                for option in options {
                    let condition = option["id"].as_str().and_then(|id| conditions.get(id));
                    // What is always offered needs no condition.
                    if let Some(condition) = condition.filter(|condition| **condition != json!({"all": []})) {
                        option["show_if"] = condition.clone();
                    }
                }
            }
            Err(why) => {
                let message = format!("{why}; all options are offered");
                self.note(row.number, "choice_filter", "choice_filter_ignored", message);
            }
        }
    }
}

/// The expression with the cells of one option in the place of their columns.
fn with_cells(expression: &Expression, cells: &BTreeMap<String, String>) -> Expression {
    let boxed = |inner: &Expression| Box::new(with_cells(inner, cells));
    match expression {
        Expression::Path(path) => match cells.get(&path.to_lowercase()) {
            Some(cell) => Expression::Text(cell.clone()),
            None => expression.clone(),
        },
        Expression::Call(name, arguments) => {
            let arguments = arguments.iter().map(|argument| with_cells(argument, cells));
            Expression::Call(name.clone(), arguments.collect())
        }
        Expression::Binary(operator, left, right) => Expression::Binary(*operator, boxed(left), boxed(right)),
        Expression::Negated(inner) => Expression::Negated(boxed(inner)),
        _ => expression.clone(),
    }
}
