//! Whether all points of a question, and of several together, can be earned.

use crate::checklist::{CriticalEffect, MultiChoice, MultiMode, Question, QuestionKind};
use crate::{Checklist, Exact};

/// Whether every option that earns all points triggers an effect that costs more than it brings.
pub(super) fn is_best_critical(question: &Question) -> bool {
    let costs = question
        .critical
        .is_some_and(|critical| critical.effect != CriticalEffect::Flag);
    let QuestionKind::SingleChoice { options } = &question.kind else {
        return false;
    };
    let mut best = options
        .iter()
        .filter(|option| Some(option.points) == question.points && !option.na);
    costs && best.all(|option| option.critical)
}

/// Whether a change can earn all its points, or not apply, while its two scales earn all of theirs.
pub(super) fn can_rise(checklist: &Checklist, question: &Question) -> bool {
    let QuestionKind::Change(change) = &question.kind else {
        return true;
    };
    let ends = |index: usize| -> Option<(Vec<i64>, i64)> {
        let end = &checklist.questions()[index];
        let QuestionKind::Scale(scale) = &end.kind else {
            return None;
        };
        let all = if end.points.is_some_and(|points| !points.is_zero()) && !end.bonus {
            vec![if scale.higher_is_better {
                scale.max
            } else {
                scale.min
            }]
        } else {
            // Of a long scale only the ends are tried; a trapezoid is full somewhere on the way if at all.
            (scale.min..=scale.max.min(scale.min.saturating_add(100)))
                .chain([scale.max])
                .collect()
        };
        Some((all, scale.max))
    };
    let Some(((starts, max), (finishes, _))) = ends(change.from).zip(ends(change.to)) else {
        return true;
    };
    starts.iter().any(|from| {
        finishes.iter().any(|to| {
            let has_no_room = *from == max && *to == max;
            has_no_room || change.band.share(&Exact::integer(to - from)) == Exact::ONE
        })
    })
}

/// The most points that an answer can earn, before they are limited to the question's points; none where any can.
pub(super) fn most(checklist: &Checklist, question: &Question) -> Option<Exact> {
    let points = question.points?.to_exact();
    Some(match &question.kind {
        QuestionKind::SingleChoice { options } => options
            .iter()
            .filter(|option| !option.na)
            .map(|option| option.points.to_exact())
            .max()?,
        QuestionKind::MultiChoice(multi) => most_of_choices(multi, &points)?,
        QuestionKind::Change(change) => {
            let QuestionKind::Scale(scale) = &checklist.questions()[change.to].kind else {
                return None;
            };
            let widest = scale.max - scale.min;
            let shares = (-widest..=widest).map(|difference| change.band.share(&Exact::integer(difference)));
            // A scale of a million steps is not looked through.
            &points * &shares.take(10_000).max()?
        }
        QuestionKind::YesNo { .. }
        | QuestionKind::Scale(_)
        | QuestionKind::Number { .. }
        | QuestionKind::Duration { .. }
        | QuestionKind::Calculated(_) => {
            return None;
        }
        _ => Exact::ZERO,
    })
}

fn most_of_choices(multi: &MultiChoice, points: &Exact) -> Option<Exact> {
    let real = || multi.options.iter().filter(|option| !option.na);
    let alone = || real().map(|option| option.points.to_exact());
    let together: Exact = {
        let gains: Vec<Exact> = real()
            .filter(|option| !option.exclusive && !option.points.is_negative())
            .map(|option| option.points.to_exact())
            .collect();
        gains.iter().sum()
    };
    Some(match &multi.mode {
        MultiMode::Sum => together.max(alone().max()?),
        // To have no faults, one says so with an option that costs nothing.
        MultiMode::Deduct => points - &alone().min()?,
        MultiMode::AllRequired { required, forbidden } => {
            let has_exclusive =
                required.iter().any(|index| multi.options[*index].exclusive) && required.len() > 1;
            let is_forbidden = required.iter().any(|index| forbidden.contains(index));
            if has_exclusive || is_forbidden {
                Exact::ZERO
            } else {
                points.clone()
            }
        }
        MultiMode::AtLeast { count } => {
            let good = real().filter(|option| option.good && !option.exclusive).count();
            let good = i64::try_from(good).ok()?.min(i64::from(*count));
            points * &Exact::ratio(good, i64::from(*count))?
        }
    })
}
