//! The scoring settings of a checklist version.

use crate::{Decimal, Id, Texts};

/// How the visit score is formed (section 2.7 of the specification).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ScoreMode {
    /// Mean of the section scores by weight.
    #[default]
    SectionWeight,
    /// Earned over possible points of the whole visit.
    PointSum,
    /// Earned over possible points, both scaled by the section's weight.
    ScaledPoints,
}

impl ScoreMode {
    /// The name in documents and on reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SectionWeight => "section_weight",
            Self::PointSum => "point_sum",
            Self::ScaledPoints => "scaled_points",
        }
    }
}

/// What an unanswered question does to the score (2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnansweredPolicy {
    /// It leaves the ratio.
    #[default]
    Exclude,
    /// It earns nothing of its points.
    Zero,
}

/// How ties are rounded for display (R56).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// Ties away from zero.
    #[default]
    HalfUp,
    /// Ties to the even neighbour.
    HalfEven,
}

/// Which value a score band is chosen by (R58).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BandOn {
    /// The rounded percentage that the reader sees.
    #[default]
    Displayed,
    /// The exact value.
    Exact,
}

/// The scoring settings of a checklist version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoring {
    /// How the visit score is formed.
    pub mode: ScoreMode,
    /// What an unanswered question does.
    pub unanswered: UnansweredPolicy,
    /// Whether bonus points cannot lift a score above 100 %.
    pub cap_bonus: bool,
    /// Decimals of the displayed percentage, 0 to 4.
    pub display_decimals: u32,
    /// How the displayed percentage is rounded.
    pub rounding: Rounding,
    /// Which value a band is chosen by.
    pub band_on: BandOn,
    /// Named ranges of scores, in document order.
    pub bands: Vec<ScoreBand>,
}

impl Default for Scoring {
    fn default() -> Self {
        Self {
            mode: ScoreMode::default(),
            unanswered: UnansweredPolicy::default(),
            cap_bonus: true,
            display_decimals: 1,
            rounding: Rounding::default(),
            band_on: BandOn::default(),
            bands: Vec::new(),
        }
    }
}

/// A named range of visit scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreBand {
    /// The identifier, which a score gives as its grade.
    pub id: Id,
    /// The lowest percentage that belongs to the band.
    pub min: Decimal,
    /// The name for readers.
    pub label: Texts,
}
