//! Conditions as XPath.

use haamu_form::{Aggregate, Calculation, Comparison, Condition, QuestionKind, Relation};

use super::Exporter;

impl Exporter<'_> {
    /// A condition as XPath. With a missing answer XPath compares an empty text,
    /// so what would then be true is tied to there being an answer.
    ///
    /// A form does not know the visit: what is asked of it counts for what lets the condition hold, so that
    /// nothing is missing in the form that may be in the evaluation.
    pub(super) fn relevant(&self, condition: &Condition) -> String {
        self.condition(condition, "true()")
    }

    /// A condition in whose place `unknown` stands for what is asked of the visit.
    fn condition(&self, condition: &Condition, unknown: &str) -> String {
        let join = |parts: &[Condition], word: &str, none: &str| match parts {
            [] => none.to_owned(),
            parts => format!(
                "({})",
                parts
                    .iter()
                    .map(|part| self.condition(part, unknown))
                    .collect::<Vec<_>>()
                    .join(word)
            ),
        };
        match condition {
            Condition::All(parts) => join(parts, " and ", "true()"),
            Condition::Any(parts) => join(parts, " or ", "false()"),
            Condition::Not(part) => {
                let otherwise = if unknown == "true()" { "false()" } else { "true()" };
                format!("not({})", self.condition(part, otherwise))
            }
            Condition::Compare { question, comparison } => self.comparison(*question, comparison),
            Condition::CompareAnswers {
                question,
                relation,
                other,
            } => {
                let sign = match relation {
                    Relation::Equals => "=",
                    Relation::NotEquals => "!=",
                    Relation::LessThan => "<",
                    Relation::AtMost => "<=",
                    Relation::GreaterThan => ">",
                    Relation::AtLeast => ">=",
                };
                let [first, second] = [question, other].map(|index| self.name(*index));
                format!("({first} != '' and {second} != '' and {first} {sign} {second})")
            }
            // Said in a notice by whoever writes the row.
            Condition::Context { .. } => unknown.to_owned(),
        }
    }

    fn name(&self, question: usize) -> String {
        format!("${{{}}}", self.checklist.questions()[question].id)
    }

    /// A calculation as XPath.
    pub(super) fn calculation(&self, calculation: &Calculation) -> Result<String, &'static str> {
        let join = |parts: &[Calculation], sign: &str| -> Result<String, &'static str> {
            let parts: Result<Vec<String>, _> = parts.iter().map(|part| self.calculation(part)).collect();
            Ok(format!("({})", parts?.join(sign)))
        };
        let function = |name: &str, parts: &[Calculation]| -> Result<String, &'static str> {
            Ok(format!("{name}{}", join(parts, ", ")?))
        };
        Ok(match calculation {
            Calculation::Number(number) => number.to_string(),
            Calculation::Question(question) => match self.checklist.questions()[*question].kind {
                QuestionKind::YesNo { .. } => format!("if({} = 'yes', 1, 0)", self.name(*question)),
                _ => self.name(*question),
            },
            Calculation::Add(parts) => join(parts, " + ")?,
            Calculation::Multiply(parts) => join(parts, " * ")?,
            Calculation::Subtract(pair) => join(pair.as_slice(), " - ")?,
            Calculation::Divide(pair) => join(pair.as_slice(), " div ")?,
            Calculation::Least(parts) => function("min", parts)?,
            Calculation::Greatest(parts) => function("max", parts)?,
            Calculation::FirstOf(parts) => match parts.as_slice() {
                [only] => self.calculation(only)?,
                [_, _] => function("coalesce", parts)?,
                _ => return Err("the first of more than two values is not in the form"),
            },
            Calculation::If(choice) if asks_context(&choice.condition) => {
                return Err("a form does not know the visit: a value that depends on it is not in the form");
            }
            Calculation::If(choice) => format!(
                "if({}, {}, {})",
                self.relevant(&choice.condition),
                self.calculation(&choice.then)?,
                self.calculation(&choice.otherwise)?
            ),
            Calculation::MinutesBetween([from, to]) => format!(
                "((decimal-date-time({}) - decimal-date-time({})) * 1440)",
                self.name(*to),
                self.name(*from)
            ),
            Calculation::CountSelected(question) => format!("count-selected({})", self.name(*question)),
            Calculation::CountInstances(section) => {
                format!("count(${{{}}})", self.checklist.sections()[*section].id)
            }
            Calculation::OverInstances(aggregate, question) => match aggregate {
                Aggregate::Sum => format!("sum({})", self.name(*question)),
                Aggregate::Min => format!("min({})", self.name(*question)),
                Aggregate::Max => format!("max({})", self.name(*question)),
                Aggregate::Mean => return Err("a mean over a repeated group is not in the form"),
            },
        })
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
                | QuestionKind::Calculated(_)
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

/// Whether a condition asks what is known of the visit, which a form cannot.
pub(super) fn asks_context(condition: &Condition) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(asks_context),
        Condition::Not(part) => asks_context(part),
        Condition::Context { .. } => true,
        Condition::Compare { .. } | Condition::CompareAnswers { .. } => false,
    }
}
