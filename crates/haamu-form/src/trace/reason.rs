//! Reasons of a loss or a gain.

use crate::answer::{Answer, AnswerState};
use crate::checklist::{Band, CalculatedValue, DurationUnit, MultiMode, Question, QuestionKind};
use crate::{Decimal, Exact};

/// Why points were lost or gained, with the values that a sentence about it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The other answer would have been good.
    NotGoodAnswer,
    /// The chosen option brings fewer points.
    Option,
    /// The chosen options bring fewer points.
    Options,
    /// So many faults were seen.
    Faults {
        /// How many.
        count: usize,
    },
    /// Something required is missing, or something unwanted is there.
    NotAllMet,
    /// Too few good signs were seen.
    TooFew {
        /// How many were seen.
        seen: u32,
        /// How many earn full points.
        wanted: u32,
    },
    /// The answer is not at the good end of the scale.
    Scale {
        /// The answer.
        value: i64,
        /// The best answer.
        best: i64,
    },
    /// The value is below the optimum.
    BelowBand {
        /// The value.
        value: Decimal,
        /// From where on full points are earned.
        limit: Decimal,
        /// The unit of both, if it is a duration.
        unit: Option<DurationUnit>,
    },
    /// The value is above the optimum.
    AboveBand {
        /// The value.
        value: Decimal,
        /// Up to where full points are earned.
        limit: Decimal,
        /// The unit of both, if it is a duration.
        unit: Option<DurationUnit>,
    },
    /// The state did not change as wished.
    Change {
        /// End minus start.
        difference: i64,
    },
    /// Nothing was answered, and that costs the points.
    Unanswered,
    /// Bonus points were earned.
    Bonus,
    /// Bonus points beyond 100 % do not count.
    BonusCap,
    /// A critical answer makes the section zero.
    SectionZero {
        /// The index of the critical question.
        question: usize,
    },
    /// A critical answer limits the section.
    SectionCap {
        /// The index of the critical question.
        question: usize,
        /// The percentage.
        cap: Decimal,
    },
    /// A critical answer limits the visit.
    VisitCap {
        /// The index of the critical question.
        question: usize,
        /// The percentage.
        cap: Decimal,
    },
    /// A critical answer makes the visit zero.
    VisitZero {
        /// The index of the critical question.
        question: usize,
    },
    /// A critical answer fails the visit; the number stays.
    VisitFail,
    /// A critical answer raises an alert only.
    Flag,
    /// The quiz is not passed.
    QuizMark {
        /// The percentage from which it is.
        mark: Decimal,
    },
    /// The section is below its pass mark, so the visit failed.
    PassMark {
        /// The pass mark in percent.
        mark: Decimal,
    },
}

impl Reason {
    /// Why an answered question earned less than it could.
    pub(super) fn of_loss(question: &Question, state: &AnswerState, value: Option<&Exact>) -> Self {
        match (&question.kind, state) {
            (QuestionKind::SingleChoice { .. }, _) => Self::Option,
            (QuestionKind::MultiChoice(multi), AnswerState::Given(Answer::Options(chosen))) => {
                match &multi.mode {
                    MultiMode::Sum => Self::Options,
                    MultiMode::Deduct => Self::Faults { count: chosen.len() },
                    MultiMode::AllRequired { .. } => Self::NotAllMet,
                    MultiMode::AtLeast { count } => Self::TooFew {
                        seen: multi.good_chosen(chosen),
                        wanted: *count,
                    },
                }
            }
            (QuestionKind::Scale(scale), AnswerState::Given(Answer::Integer(value))) => {
                let best = if scale.higher_is_better {
                    scale.max
                } else {
                    scale.min
                };
                Self::Scale { value: *value, best }
            }
            (QuestionKind::Number { band, .. }, AnswerState::Given(Answer::Decimal(value))) => {
                Self::of_band(band, *value, None)
            }
            (QuestionKind::Duration { band, unit }, AnswerState::Given(Answer::Decimal(value))) => {
                Self::of_band(band, *value, *unit)
            }
            (QuestionKind::Change(_), _) => {
                let difference = value.and_then(Exact::as_small);
                Self::Change {
                    difference: difference.map_or(0, |(difference, _)| difference),
                }
            }
            (QuestionKind::Calculated(calculated), _) => value.map_or(Self::NotGoodAnswer, |value| {
                Self::of_calculated(calculated, value)
            }),
            _ => Self::NotGoodAnswer,
        }
    }

    fn of_band(band: &Band, value: Decimal, unit: Option<DurationUnit>) -> Self {
        match (band.full_low, band.full_high) {
            (Some(limit), _) if value < limit => Self::BelowBand { value, limit, unit },
            (_, Some(limit)) if value > limit => Self::AboveBand { value, limit, unit },
            _ => Self::NotGoodAnswer,
        }
    }

    /// The sentence holds the rounded value; on which side of the band it lies, the exact one says.
    fn of_calculated(calculated: &CalculatedValue, exact: &Exact) -> Self {
        let Some(value) = Decimal::rounded(exact, calculated.decimals) else {
            return Self::NotGoodAnswer;
        };
        let unit = None;
        match (calculated.band.full_low, calculated.band.full_high) {
            (Some(limit), _) if *exact < limit.to_exact() => Self::BelowBand { value, limit, unit },
            (_, Some(limit)) if *exact > limit.to_exact() => Self::AboveBand { value, limit, unit },
            _ => Self::NotGoodAnswer,
        }
    }

    /// The name in JSON; never renamed.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotGoodAnswer => "not_good_answer",
            Self::Option => "option",
            Self::Options => "options",
            Self::Faults { .. } => "faults",
            Self::NotAllMet => "not_all_met",
            Self::TooFew { .. } => "too_few",
            Self::Scale { .. } => "scale",
            Self::BelowBand { .. } => "below_band",
            Self::AboveBand { .. } => "above_band",
            Self::Change { .. } => "change",
            Self::Unanswered => "unanswered",
            Self::Bonus => "bonus",
            Self::BonusCap => "bonus_cap",
            Self::SectionZero { .. } => "section_zero",
            Self::SectionCap { .. } => "section_cap",
            Self::VisitCap { .. } => "visit_cap",
            Self::VisitZero { .. } => "visit_zero",
            Self::VisitFail => "visit_fail",
            Self::Flag => "flag",
            Self::QuizMark { .. } => "quiz_mark",
            Self::PassMark { .. } => "pass_mark",
        }
    }

    /// The rule of the scoring specification that it follows.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::NotGoodAnswer | Self::Option | Self::Options | Self::Faults { .. } => "R5",
            Self::NotAllMet | Self::TooFew { .. } | Self::Scale { .. } => "R5",
            Self::BelowBand { .. } | Self::AboveBand { .. } => "R13",
            Self::Change { .. } => "R15",
            Self::Unanswered => "R9",
            Self::Bonus => "R18",
            Self::BonusCap => "R17",
            Self::SectionZero { .. } | Self::SectionCap { .. } => "R22",
            Self::VisitCap { .. } | Self::VisitZero { .. } | Self::VisitFail => "R22",
            Self::Flag => "R24",
            Self::PassMark { .. } | Self::QuizMark { .. } => "R25",
        }
    }

    /// The question whose critical answer is the reason, if it is not the line's own.
    #[must_use]
    pub const fn cause(&self) -> Option<usize> {
        match self {
            Self::SectionZero { question }
            | Self::SectionCap { question, .. }
            | Self::VisitCap { question, .. }
            | Self::VisitZero { question } => Some(*question),
            _ => None,
        }
    }
}

/// A fraction of 1 as percentage points with at most two decimals, for a person.
#[must_use]
pub(super) fn percentage_points(effect: &Exact) -> String {
    let magnitude = if effect.is_negative() {
        -effect
    } else {
        effect.clone()
    };
    let sign = if effect.is_negative() { "−" } else { "+" };
    let text = crate::score::display_percentage(&magnitude, 2, crate::Rounding::HalfUp, false);
    format!("{sign}{text}")
}
