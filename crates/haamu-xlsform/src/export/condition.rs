//! Conditions as XPath.

use haamu_form::{Comparison, Condition, QuestionKind};

use super::Exporter;

impl Exporter<'_> {
    /// A condition as XPath. With a missing answer XPath compares an empty text,
    /// so what would then be true is tied to there being an answer.
    pub(super) fn relevant(&self, condition: &Condition) -> String {
        let join = |parts: &[Condition], word: &str, none: &str| match parts {
            [] => none.to_owned(),
            parts => format!(
                "({})",
                parts
                    .iter()
                    .map(|part| self.relevant(part))
                    .collect::<Vec<_>>()
                    .join(word)
            ),
        };
        match condition {
            Condition::All(parts) => join(parts, " and ", "true()"),
            Condition::Any(parts) => join(parts, " or ", "false()"),
            Condition::Not(part) => format!("not({})", self.relevant(part)),
            Condition::Compare { question, comparison } => self.comparison(*question, comparison),
        }
    }

    fn comparison(&self, question: usize, comparison: &Comparison) -> String {
        let question = &self.checklist.questions()[question];
        let name = format!("${{{}}}", question.id);
        let is_number = matches!(
            question.kind,
            QuestionKind::Scale(_)
                | QuestionKind::Number { .. }
                | QuestionKind::Duration { .. }
                | QuestionKind::Money { .. }
        );
        let literal = |text: &str| {
            if is_number {
                text.to_owned()
            } else if text.contains('\'') {
                format!("\"{text}\"")
            } else {
                format!("'{text}'")
            }
        };
        let is_chosen = |text: &str| match question.kind {
            QuestionKind::MultiChoice(_) => format!("selected({name}, {})", literal(text)),
            _ => format!("{name} = {}", literal(text)),
        };
        let first = comparison
            .operands()
            .first()
            .map(haamu_form::Operand::as_str)
            .unwrap_or_default();
        let ordered = |sign: &str| format!("{name} {sign} {}", literal(first));
        match comparison {
            Comparison::Answered => format!("{name} != ''"),
            Comparison::Equals(_) => is_chosen(first),
            Comparison::NotEquals(_) => format!("({name} != '' and not({}))", is_chosen(first)),
            Comparison::In(operands) if operands.is_empty() => "false()".to_owned(),
            Comparison::In(operands) => {
                let all: Vec<String> = operands
                    .iter()
                    .map(|operand| is_chosen(operand.as_str()))
                    .collect();
                format!("({})", all.join(" or "))
            }
            Comparison::LessThan(_) => ordered("<"),
            Comparison::AtMost(_) => ordered("<="),
            Comparison::GreaterThan(_) => ordered(">"),
            Comparison::AtLeast(_) => ordered(">="),
        }
    }
}
