//! Importance against performance: what to mend first (R49, R50).

use haamu_form::Exact;

use crate::aggregate::mean;

/// A touchpoint with how much it matters and how well it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Its id.
    pub id: String,
    /// Its share of importance, from key drivers or stated impact.
    pub importance: Exact,
    /// Its score.
    pub performance: Exact,
}

/// The four fields of Martilla and James (1977).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quadrant {
    /// Important, and not going well.
    FixFirst,
    /// Important, and going well.
    Keep,
    /// Neither important nor going well.
    LowPriority,
    /// Going well, and not important.
    PossibleOverkill,
}

impl Quadrant {
    /// The name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FixFirst => "fix_first",
            Self::Keep => "keep",
            Self::LowPriority => "low_priority",
            Self::PossibleOverkill => "possible_overkill",
        }
    }
}

/// Where the lines between the fields lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cuts {
    /// At the means of importance and performance.
    #[default]
    Means,
    /// At an equal share of importance, and at the target of performance.
    EqualShareAndTarget,
}

/// A point in its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The index of the point.
    pub index: usize,
    /// Its field.
    pub quadrant: Quadrant,
    /// Importance times what is missing to the target; 0 where nothing is.
    pub priority: Exact,
}

/// The fields of all points, most urgent first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    /// From where on importance is high.
    pub importance_cut: Exact,
    /// From where on performance is high.
    pub performance_cut: Exact,
    /// The points, by falling priority, ties in the given order.
    pub points: Vec<Placed>,
}

/// Places points in their fields; a value on a line counts as high. None of none.
///
/// Priorities are in the unit of `performance` where importances are percentages: 35 % of a gap of 24 is 42/5.
#[must_use]
pub fn map(points: &[Point], target: &Exact, cuts: Cuts) -> Option<Map> {
    let importances: Vec<Exact> = points.iter().map(|point| point.importance.clone()).collect();
    let performances: Vec<Exact> = points.iter().map(|point| point.performance.clone()).collect();
    let importance_cut = mean(&importances)?;
    let performance_cut = match cuts {
        Cuts::Means => mean(&performances)?,
        Cuts::EqualShareAndTarget => target.clone(),
    };
    let total: Exact = importances.iter().sum();
    let mut placed: Vec<Placed> = points
        .iter()
        .enumerate()
        .map(|(index, point)| {
            let quadrant = match (
                point.importance >= importance_cut,
                point.performance >= performance_cut,
            ) {
                (true, false) => Quadrant::FixFirst,
                (true, true) => Quadrant::Keep,
                (false, false) => Quadrant::LowPriority,
                (false, true) => Quadrant::PossibleOverkill,
            };
            let gap = (target - &point.performance).clamped(&Exact::ZERO, target);
            let share = point.importance.divided_by(&total).unwrap_or_default();
            Placed {
                index,
                quadrant,
                priority: &share * &gap,
            }
        })
        .collect();
    placed.sort_by(|a, b| b.priority.cmp(&a.priority));
    Some(Map {
        importance_cut,
        performance_cut,
        points: placed,
    })
}
