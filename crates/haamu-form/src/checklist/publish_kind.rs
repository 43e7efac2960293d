//! Whether what belongs to a question's type is fit to be published.

use crate::Exact;

use super::Question;
use super::kind::{MultiChoice, MultiMode, QuestionKind};
use super::publish::Check;

impl Check<'_> {
    /// What belongs to the type.
    pub(super) fn kind(&mut self, question: &Question, path: &str) {
        for (index, option) in question.kind.options().iter().enumerate() {
            self.required_text(&option.text, &format!("{path}.options[{index}].text"));
            if let Some(condition) = &option.show_if {
                self.condition(condition, &format!("{path}.options[{index}].show_if"));
            }
        }
        match &question.kind {
            QuestionKind::SingleChoice { options } => {
                let highest = options
                    .iter()
                    .map(|option| option.points)
                    .max()
                    .unwrap_or_default();
                if question.points.is_some_and(|points| points != highest) {
                    let message = format!(
                        "the highest option has {highest} points; it must have as many as the question"
                    );
                    self.error("options_below_points", format!("{path}.points"), message);
                }
                self.negative_options(question, path);
            }
            QuestionKind::MultiChoice(multi) => {
                self.multi_choice(question, multi, path);
            }
            QuestionKind::Scale(scale) => {
                self.optional_text(&scale.min_label, &format!("{path}.scale.min_label"));
                self.optional_text(&scale.max_label, &format!("{path}.scale.max_label"));
            }
            QuestionKind::Duration { unit: None, .. } => {
                self.error(
                    "missing_field",
                    format!("{path}.unit"),
                    "a duration needs its unit",
                );
            }
            QuestionKind::Money { currency } => {
                let is_code =
                    |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
                if !currency.as_ref().is_some_and(is_code) {
                    let message = "an amount needs its currency, such as EUR";
                    self.error("missing_field", format!("{path}.currency"), message);
                }
            }
            QuestionKind::Text(limits) => {
                for (_, [min, max], _) in limits.all().iter().filter(|(.., range)| range.is_empty()) {
                    let message = format!("{min} is above {max}");
                    self.error("out_of_range", format!("{path}.{min}"), message);
                }
            }
            QuestionKind::Number { limits, .. } if limits.is_empty() => {
                self.error("out_of_range", format!("{path}.min"), "min is above max");
            }
            QuestionKind::YesNo { .. }
            | QuestionKind::Number { .. }
            | QuestionKind::Duration { .. }
            | QuestionKind::Change(_)
            | QuestionKind::DateTime
            | QuestionKind::Photo(_)
            | QuestionKind::Receipt(_)
            | QuestionKind::Audio
            | QuestionKind::Location
            | QuestionKind::Calculated(_)
            | QuestionKind::Barcode(_)
            | QuestionKind::Signature
            | QuestionKind::File(_) => {}
        }
    }

    fn multi_choice(&mut self, question: &Question, multi: &MultiChoice, path: &str) {
        if multi.mode != MultiMode::Sum {
            self.negative_options(question, path);
        }
        if multi.mode == MultiMode::Sum
            && let Some(points) = question.points
        {
            let positive = multi.options.iter().map(|option| option.points.to_exact());
            let positive: Vec<Exact> = positive.filter(|points| !points.is_negative()).collect();
            let reachable: Exact = positive.iter().sum();
            if reachable < points.to_exact() {
                let message = format!("all options together bring {reachable} of {points} points");
                self.error("options_below_points", format!("{path}.points"), message);
            }
        }
        if let MultiMode::AtLeast { count } = multi.mode {
            let all: Vec<usize> = (0..multi.options.len()).collect();
            let good = multi.good_chosen(&all);
            if good < count {
                let message = format!("only {good} options are good, {count} are asked for");
                self.error("options_below_points", format!("{path}.multi.count"), message);
            }
        }
    }

    /// Negative option points are for `multi_choice` `sum` only (R5).
    fn negative_options(&mut self, question: &Question, path: &str) {
        for (index, option) in question.kind.options().iter().enumerate() {
            if option.points.is_negative() {
                let path = format!("{path}.options[{index}].points");
                self.error(
                    "negative_points",
                    path,
                    "only a sum of options may have negative points",
                );
            }
        }
    }
}
