//! Sets of rules that are broken.

use std::ops::BitOr;

use crate::eligibility::{Obstacle, ObstacleCode};

// The rules that plans know are the first of all; what comes behind them says nothing about open visits and shoppers.
const _: () = assert!(
    (ObstacleCode::DayOver as u32) < 30,
    "the last two bits say that a day is over"
);

/// A set of rules that are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Codes(u32);

impl Codes {
    pub(super) const NONE: Self = Self(0);
    /// A day that is over: no rule that could be relaxed.
    pub(super) const PAST: Self = Self(0b11 << 30);

    pub(super) const fn of(code: ObstacleCode) -> Self {
        Self(1 << code as u32)
    }

    /// What other days can cure: the shopper's own visits are too near in time, or too many on a day.
    pub(super) const IN_TIME: Self = Self(
        1 << ObstacleCode::Spacing as u32
            | 1 << ObstacleCode::DayFull as u32
            | 1 << ObstacleCode::Rotation as u32,
    );

    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many rules are broken; none, if that is a day that is over, which no rule could open again.
    pub(super) const fn count(self) -> Option<u32> {
        if self.0 & Self::PAST.0 != 0 {
            return None;
        }
        Some(self.0.count_ones())
    }

    /// The rules that are broken.
    pub(super) fn rules(self) -> Vec<ObstacleCode> {
        let all = ObstacleCode::ALL.iter().copied();
        let known = all.filter(|code| *code as u32 <= ObstacleCode::DayOver as u32);
        known.filter(|code| self.0 & Self::of(*code).0 != 0).collect()
    }

    pub(super) fn among<'a>(obstacles: impl IntoIterator<Item = &'a Obstacle>) -> Self {
        let codes = obstacles.into_iter().map(|obstacle| Self::of(obstacle.code));
        codes.fold(Self::NONE, BitOr::bitor)
    }
}

impl BitOr for Codes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
