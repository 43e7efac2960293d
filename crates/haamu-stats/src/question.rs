//! One question over many visits (R28).

use haamu_form::score::{QuestionScore, QuestionStatus};
use haamu_form::{Checklist, Exact};

use crate::aggregate::mean;

/// What many visits say of one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionReport {
    /// The visits in which it was scored.
    pub applicable: usize,
    /// The share of those that earned full points.
    pub full_share: Option<Exact>,
    /// The mean of earned over possible points.
    pub mean_fraction: Option<Exact>,
    /// The visits in which it was shown and not voided.
    pub shown: usize,
    /// The share of those that were answered with "does not apply".
    pub not_applicable_share: Option<Exact>,
    /// The share of those that could not be observed.
    pub not_observed_share: Option<Exact>,
}

/// Sums up one question's scores of many visits.
#[must_use]
pub fn report(scores: &[QuestionScore]) -> QuestionReport {
    let count = |status: QuestionStatus| scores.iter().filter(|score| score.status == status).count();
    let is_shown =
        |score: &&QuestionScore| !matches!(score.status, QuestionStatus::NotShown | QuestionStatus::Voided);
    let shown = scores.iter().filter(is_shown).count();
    let fractions: Vec<Exact> = scores
        .iter()
        .filter_map(|score| score.earned.divided_by(&score.possible))
        .collect();
    let full = fractions
        .iter()
        .filter(|fraction| **fraction == Exact::ONE)
        .count();
    QuestionReport {
        applicable: fractions.len(),
        full_share: share(full, fractions.len()),
        mean_fraction: mean(&fractions),
        shown,
        not_applicable_share: share(count(QuestionStatus::NotApplicable), shown),
        not_observed_share: share(count(QuestionStatus::NotObserved), shown),
    }
}

/// How often each option of a choice was chosen, by option index; a visit may choose several.
#[must_use]
pub fn option_counts(checklist: &Checklist, question: usize, chosen: &[Vec<usize>]) -> Vec<usize> {
    let mut counts = vec![0; checklist.questions()[question].kind.options().len()];
    for option in chosen.iter().flatten() {
        if let Some(count) = counts.get_mut(*option) {
            *count += 1;
        }
    }
    counts
}

fn share(part: usize, whole: usize) -> Option<Exact> {
    Exact::ratio(i64::try_from(part).ok()?, i64::try_from(whole).ok()?)
}
