//! Goals: a straight line from a baseline to a target (R54).

use haamu_form::Exact;

/// A goal for a number that is to become `target` at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The value at the start.
    pub baseline: Exact,
    /// The value at the end.
    pub target: Exact,
    /// The days from the start to the end, at least 1.
    pub total_days: u32,
}

/// Where a goal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The target is reached.
    Reached,
    /// The value is at least what is expected by now.
    OnTrack,
    /// The value is short of what is expected by now.
    Behind,
    /// There is no value yet.
    NoData,
}

impl State {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::OnTrack => "on_track",
            Self::Behind => "behind",
            Self::NoData => "no_data",
        }
    }
}

impl Goal {
    /// The value that is expected after so many days; days outside the period count as its ends.
    #[must_use]
    pub fn expected_after(&self, days: u32) -> Exact {
        let total = self.total_days.max(1);
        let elapsed = Exact::ratio(i64::from(days.min(total)), i64::from(total)).unwrap_or_default();
        &self.baseline + &(&(&self.target - &self.baseline) * &elapsed)
    }

    /// The share of the way that is done; none if the target is the baseline.
    #[must_use]
    pub fn attained(&self, actual: &Exact) -> Option<Exact> {
        (actual - &self.baseline).divided_by(&(&self.target - &self.baseline))
    }

    /// Where the goal stands after so many days. A target below the baseline is to be gone down to.
    #[must_use]
    pub fn state(&self, actual: Option<&Exact>, days: u32) -> State {
        let Some(actual) = actual else {
            return State::NoData;
        };
        let is_downward = self.target < self.baseline;
        let has_reached = |limit: &Exact| {
            if is_downward {
                actual <= limit
            } else {
                actual >= limit
            }
        };
        if has_reached(&self.target) {
            State::Reached
        } else if has_reached(&self.expected_after(days)) {
            State::OnTrack
        } else {
            State::Behind
        }
    }
}
