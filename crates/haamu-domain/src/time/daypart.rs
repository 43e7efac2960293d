//! Parts of the day.

use serde::{Deserialize, Serialize};

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Daypart {
    /// 6 to 11.
    Morning,
    /// 11 to 14.
    Midday,
    /// 14 to 17.
    Afternoon,
    /// 17 to 22.
    Evening,
    /// 22 to 6; it is part of the day on which it begins.
    Night,
}

impl Daypart {
    pub(super) const fn of_hour(hour: i8) -> Self {
        match hour {
            6..11 => Self::Morning,
            11..14 => Self::Midday,
            14..17 => Self::Afternoon,
            17..22 => Self::Evening,
            _ => Self::Night,
        }
    }

    /// All of them, from the morning.
    pub const ALL: [Self; 5] = [
        Self::Morning,
        Self::Midday,
        Self::Afternoon,
        Self::Evening,
        Self::Night,
    ];

    /// The minutes from which and until which it lasts, counted from the midnight at which its day begins; the night
    /// belongs to the day of its evening, and lasts until 06:00 of the next date.
    #[must_use]
    pub const fn minutes(self) -> (u16, u16) {
        match self {
            Self::Morning => (6 * 60, 11 * 60),
            Self::Midday => (11 * 60, 14 * 60),
            Self::Afternoon => (14 * 60, 17 * 60),
            Self::Evening => (17 * 60, 22 * 60),
            Self::Night => (22 * 60, 30 * 60),
        }
    }

    /// The name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Midday => "midday",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
            Self::Night => "night",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }
}
