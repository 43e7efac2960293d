//! Touchpoint and theme scores of a visit (R26, R27).

use crate::{Checklist, Exact, Id};

use super::{QuestionStatus, Score};

/// Earned and possible points of the questions that share a touchpoint or a theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// The touchpoint's or theme's id.
    pub id: Id,
    /// Σ earned points, bonus and critical effects left out.
    pub earned: Exact,
    /// Σ possible points.
    pub possible: Exact,
    /// Earned over possible; none if nothing was possible.
    pub score: Option<Exact>,
}

impl Score {
    /// The score of every touchpoint, in checklist order. A question with
    /// several touchpoints counts fully in each, so they do not add up to the visit.
    #[must_use]
    pub fn touchpoints(&self, checklist: &Checklist) -> Vec<Rollup> {
        let of_touchpoint =
            |id: &Id| self.rollup(checklist, id, |question| question.touchpoints.contains(id));
        checklist
            .touchpoints()
            .iter()
            .map(|touchpoint| of_touchpoint(&touchpoint.id))
            .collect()
    }

    /// The score of every theme, in checklist order.
    #[must_use]
    pub fn themes(&self, checklist: &Checklist) -> Vec<Rollup> {
        let of_theme = |id: &Id| self.rollup(checklist, id, |question| question.theme.as_ref() == Some(id));
        checklist
            .themes()
            .iter()
            .map(|theme| of_theme(&theme.id))
            .collect()
    }

    fn rollup(&self, checklist: &Checklist, id: &Id, is_tagged: impl Fn(&crate::Question) -> bool) -> Rollup {
        let mut earned = Exact::ZERO;
        let mut possible = Exact::ZERO;
        for (question, score) in checklist.questions().iter().zip(&self.questions) {
            if score.status != QuestionStatus::Bonus && is_tagged(question) {
                earned = &earned + &score.earned;
                possible = &possible + &score.possible;
            }
        }
        let score = earned.divided_by(&possible);
        Rollup {
            id: id.clone(),
            earned,
            possible,
            score,
        }
    }
}
