//! How long filling in takes.

use crate::Checklist;
use crate::checklist::{PhotoEvidence, QuestionKind};

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
                QuestionKind::Text { min_chars, .. } => 20 + min_chars / 3,
                QuestionKind::Photo(_) | QuestionKind::Receipt(_) | QuestionKind::Audio => 25,
                QuestionKind::Location => 5,
                QuestionKind::Change(_) => 0,
            };
            let evidence = if question.photo_evidence == Some(PhotoEvidence::Required) {
                25
            } else {
                0
            };
            answer + evidence
        })
        .fold(0, u32::saturating_add);
    seconds.div_ceil(60)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX / 8)
}
