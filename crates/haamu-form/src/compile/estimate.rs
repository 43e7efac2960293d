//! How long filling in takes.

use crate::Checklist;
use crate::checklist::{EvidenceRule, QuestionKind, TextLimits};

/// The minutes that filling in all questions takes, rounded up; the visit itself is not in it.
///
/// The seconds for each type are our own judgement, on the slow side: reading and answering by thumb.
#[must_use]
pub fn estimated_minutes(checklist: &Checklist) -> u32 {
    let seconds: u32 = checklist
        .questions()
        .iter()
        .map(|question| {
            let answer = match &question.kind {
                QuestionKind::YesNo { .. } => 8,
                QuestionKind::SingleChoice { options } => 8 + 2 * count(options.len()),
                QuestionKind::MultiChoice(multi) => 10 + 3 * count(multi.options.len()),
                QuestionKind::Scale(_) => 8,
                QuestionKind::Number { .. }
                | QuestionKind::Duration { .. }
                | QuestionKind::Money { .. }
                | QuestionKind::DateTime => 12,
                // Three characters a second.
                QuestionKind::Text(limits) => 20 + least_characters(limits) / 3,
                QuestionKind::Photo(_)
                | QuestionKind::Receipt(_)
                | QuestionKind::Audio
                | QuestionKind::File(_)
                | QuestionKind::Signature => 25,
                QuestionKind::Location => 5,
                QuestionKind::Barcode(_) => 10,
                QuestionKind::Change(_) | QuestionKind::Calculated(_) => 0,
            };
            let evidence = [question.photo_evidence, question.file_evidence];
            let required = evidence
                .iter()
                .filter(|rule| **rule == Some(EvidenceRule::Required));
            let once: u32 = answer + 25 * count(required.count());
            // A repeated section is filled in as often as it must be, and at least once.
            let repeat = checklist.sections()[question.section].repeat.as_ref();
            once.saturating_mul(repeat.map_or(1, |repeat| repeat.min.max(1)))
        })
        .fold(0, u32::saturating_add);
    seconds.div_ceil(60)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX / 8)
}

/// At least so many characters: of words six with the blank, of sentences sixty.
fn least_characters(limits: &TextLimits) -> u32 {
    let words = limits.words.min.saturating_mul(6);
    let sentences = limits.sentences.min.saturating_mul(60);
    limits.characters.min.max(words).max(sentences)
}
