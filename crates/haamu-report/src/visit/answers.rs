//! Answers in words, as far as a client may read them.

use haamu_domain::Redactor;
use haamu_form::{
    Answer, AnswerOption, AnswerState, Checklist, Decimal, Draft, DurationUnit, Language, QuestionKind,
    Scale, Score, Slot, Texts, score::QuestionStatus,
};

use crate::labels::Labels;

use super::model::{AnswerView, LocalisedText};

/// What turns answers into words.
pub(super) struct Words<'a> {
    pub(super) checklist: &'a Checklist,
    pub(super) evaluation: &'a Draft,
    pub(super) score: &'a Score,
    pub(super) redactor: &'a Redactor,
    pub(super) language: Language,
    pub(super) period: &'a str,
}

impl Words<'_> {
    fn labels(&self) -> &'static Labels {
        Labels::of(self.language)
    }

    /// A text of the report's own.
    fn own(&self, text: impl Into<String>) -> LocalisedText {
        LocalisedText {
            lang: self.language.tag().to_owned(),
            text: text.into(),
        }
    }

    /// A text of the checklist, in the report's language or in the checklist's default.
    pub(super) fn of_checklist(&self, texts: &Texts, otherwise: &str) -> LocalisedText {
        let best = texts.best(self.language.tag(), self.checklist.default_language());
        best.map_or_else(
            || self.own(otherwise),
            |found| LocalisedText {
                lang: found.language.to_owned(),
                text: found.text.to_owned(),
            },
        )
    }

    /// The question's own words; with what its table asks, and with the instance, where there are such.
    pub(super) fn question(&self, slot: Slot) -> LocalisedText {
        let question = &self.checklist.questions()[slot.question];
        let mut words = self.of_checklist(&question.text, question.id.as_str());
        if let Some(matrix) = question.matrix {
            let matrix = &self.checklist.matrices()[matrix];
            let stem = self.of_checklist(&matrix.text, matrix.id.as_str());
            words.text = format!("{} – {}", stem.text, words.text);
        }
        if let Some((instance, repeat)) = slot.instance.zip(self.checklist.repeat_of(slot.question)) {
            let section = &self.checklist.sections()[question.section];
            let label = self.of_checklist(&repeat.label, section.id.as_str());
            words.text = format!("{} {}: {}", label.text, instance + 1, words.text);
        }
        words
    }

    /// What became of a question at one place.
    fn status(&self, slot: Slot) -> QuestionStatus {
        let score = &self.score.questions[slot.question];
        match slot.instance {
            None => score.status,
            Some(instance) => score.instances[instance].status,
        }
    }

    /// All answers that a client may read, in checklist order.
    pub(super) fn answers(&self) -> Vec<AnswerView> {
        let may_see = self.checklist.client_questions();
        let readable = |slot: Slot| {
            let question = &self.checklist.questions()[slot.question];
            let status = self.status(slot);
            // Receipts show times and names; files are listed as photos; a place is where the shopper was.
            let is_kept_back = question.kind.is_media()
                || matches!(question.kind, QuestionKind::Location)
                || !may_see[slot.question];
            if status == QuestionStatus::NotShown || is_kept_back {
                return None;
            }
            let comment = self.evaluation.comment(slot);
            Some(AnswerView {
                section: self.checklist.sections()[question.section].id.to_string(),
                question: question.id.to_string(),
                instance: slot.instance,
                text: self.question(slot),
                status: status.as_str(),
                answer: self.answer(slot)?,
                comment: (!comment.trim().is_empty()).then(|| self.redactor.mask(comment)),
            })
        };
        let slots = self.evaluation.answers().slots(self.checklist);
        slots.into_iter().filter_map(readable).collect()
    }

    /// The answer to a question in words; none where there is nothing to say.
    pub(super) fn answer(&self, slot: Slot) -> Option<LocalisedText> {
        let labels = self.labels();
        let question = &self.checklist.questions()[slot.question];
        match self.status(slot) {
            QuestionStatus::NotShown => return None,
            QuestionStatus::Voided => return Some(self.own(labels.status_voided)),
            QuestionStatus::Unanswered => return Some(self.own(labels.status_unanswered)),
            QuestionStatus::NotApplicable => return Some(self.own(labels.status_not_applicable)),
            QuestionStatus::NotObserved => return Some(self.own(labels.status_not_observed)),
            QuestionStatus::Unscored | QuestionStatus::Bonus | QuestionStatus::Scored => {}
        }
        match self.evaluation.answers().state_at(self.checklist, slot) {
            AnswerState::Given(answer) => self.given(&question.kind, answer),
            _ => self.derived(&question.kind, slot),
        }
    }

    fn given(&self, kind: &QuestionKind, answer: &Answer) -> Option<LocalisedText> {
        let labels = self.labels();
        Some(match (kind, answer) {
            (_, Answer::YesNo(yes)) => self.own(if *yes { labels.yes } else { labels.no }),
            (_, Answer::Option(chosen)) => self.option(&kind.options()[*chosen]),
            (_, Answer::Options(chosen)) => {
                let words: Vec<_> = chosen
                    .iter()
                    .map(|index| self.option(&kind.options()[*index]))
                    .collect();
                let lang = words.first().map(|text| text.lang.clone()).unwrap_or_default();
                let texts: Vec<_> = words.into_iter().map(|text| text.text).collect();
                LocalisedText {
                    lang,
                    text: texts.join("; "),
                }
            }
            (QuestionKind::Scale(scale), Answer::Integer(value)) => self.own(scale_text(scale, *value)),
            (QuestionKind::Money { currency }, Answer::Integer(minor)) => {
                let currency = currency.as_deref().unwrap_or_default();
                let amount = format!("{}.{:02} {currency}", minor / 100, (minor % 100).abs());
                self.own(self.localised_number(&amount))
            }
            (QuestionKind::Duration { unit, .. }, Answer::Decimal(value)) => {
                let unit = unit.map_or("", DurationUnit::as_str);
                self.own(self.localised_number(&format!("{value} {unit}")))
            }
            (_, Answer::Decimal(value)) => self.own(self.localised_number(&value.to_string())),
            (_, Answer::Integer(value)) => self.own(value.to_string()),
            // Testimony is in the shopper's language, which the report does not know.
            (_, Answer::Text(text)) => LocalisedText {
                lang: String::new(),
                text: self.redactor.mask(text),
            },
            (_, Answer::DateTime(_)) => self.own(self.period),
            (_, Answer::Media) => return None,
        })
    }

    /// A change as its two ends, or a value that was worked out.
    fn derived(&self, kind: &QuestionKind, slot: Slot) -> Option<LocalisedText> {
        match kind {
            QuestionKind::Change(change) => {
                let value = |question: usize| {
                    let is_repeated = self.checklist.repeat_of(question).is_some();
                    let end = Slot {
                        question,
                        instance: slot.instance.filter(|_| is_repeated),
                    };
                    match self.evaluation.answers().state_at(self.checklist, end) {
                        AnswerState::Given(Answer::Integer(value)) => Some(*value),
                        _ => None,
                    }
                };
                let (from, to) = (value(change.from)?, value(change.to)?);
                Some(self.own(format!("{from} → {to}")))
            }
            QuestionKind::Calculated(calculated) => {
                let score = &self.score.questions[slot.question];
                let value = match slot.instance {
                    None => score.value.as_ref(),
                    Some(instance) => score.instances[instance].value.as_ref(),
                };
                let rounded = Decimal::rounded(value?, calculated.decimals)?;
                let unit = calculated.unit.as_deref().unwrap_or_default();
                let text = self.localised_number(&rounded.to_string());
                Some(self.own(format!("{text} {unit}").trim_end()))
            }
            _ => None,
        }
    }

    fn option(&self, option: &AnswerOption) -> LocalisedText {
        self.of_checklist(&option.text, option.id.as_str())
    }

    fn localised_number(&self, text: &str) -> String {
        match self.language {
            Language::Finnish | Language::Swedish => text.replace('.', ","),
            Language::English => text.to_owned(),
        }
    }
}

fn scale_text(scale: &Scale, value: i64) -> String {
    format!("{value} ({}–{})", scale.min, scale.max)
}
