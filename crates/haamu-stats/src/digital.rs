//! Response times, first-contact resolution and channels (R51 to R53).

use haamu_form::Exact;

/// The value at the nearest rank ⌈q·n⌉ of the given values (R51); none of none.
///
/// # Panics
/// If `q` is not above 0 and at most 1.
#[must_use]
pub fn percentile<T: Ord + Clone>(values: &[T], q: &Exact) -> Option<T> {
    assert!(
        *q > Exact::ZERO && *q <= Exact::ONE,
        "a quantile lies above 0 and at most at 1"
    );
    let mut sorted = values.to_vec();
    sorted.sort();
    let wanted = q * &Exact::integer(i64::try_from(sorted.len()).ok()?);
    // The smallest rank that is not below q·n.
    let rank =
        (1..=sorted.len()).find(|rank| Exact::integer(i64::try_from(*rank).unwrap_or(i64::MAX)) >= wanted)?;
    Some(sorted[rank - 1].clone())
}

/// How soon contacts were answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTimes {
    /// The median of the answered contacts.
    pub median: Option<u64>,
    /// The 90th percentile of the answered contacts.
    pub p90: Option<u64>,
    /// The mean of the answered contacts; an extra, for it hides much.
    pub mean: Option<Exact>,
    /// The share of all contacts that were answered within the promised time.
    pub within_promise: Option<Exact>,
    /// The contacts that were never answered, by index; they count as too late.
    pub never_answered: Vec<usize>,
}

/// Sums up first response times (R51), in any whole unit; none where nobody answered.
#[must_use]
pub fn response_times(contacts: &[Option<u64>], promise: u64) -> ResponseTimes {
    let answered: Vec<u64> = contacts.iter().copied().flatten().collect();
    let within = answered.iter().filter(|time| **time <= promise).count();
    let exact: Vec<Exact> = answered
        .iter()
        .map(|time| Exact::integer(i64::try_from(*time).unwrap_or(i64::MAX)))
        .collect();
    let at = |part, whole| percentile(&answered, &Exact::ratio(part, whole).unwrap_or_default());
    ResponseTimes {
        median: at(1, 2),
        p90: at(9, 10),
        mean: crate::aggregate::mean(&exact),
        within_promise: share(within, contacts.len()),
        never_answered: (0..contacts.len())
            .filter(|index| contacts[*index].is_none())
            .collect(),
    }
}

/// How cases ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cases {
    /// Solved at the first contact and not opened again within the set number of days.
    pub first_contact: usize,
    /// Solved later.
    pub later: usize,
    /// Closed without a solution.
    pub unresolved: usize,
}

impl Cases {
    /// Solved at the first contact, of all closed cases (R52); none of none.
    #[must_use]
    pub fn of_all(self) -> Option<Exact> {
        share(
            self.first_contact,
            self.first_contact + self.later + self.unresolved,
        )
    }

    /// Solved at the first contact, of all solved cases (R52); none of none.
    #[must_use]
    pub fn of_resolved(self) -> Option<Exact> {
        share(self.first_contact, self.first_contact + self.later)
    }
}

/// The share of contacts that came by some channels, of all contacts (R53); none of none.
#[must_use]
pub fn channel_share(of_channels: usize, of_all: usize) -> Option<Exact> {
    share(of_channels, of_all)
}

fn share(part: usize, whole: usize) -> Option<Exact> {
    Exact::ratio(i64::try_from(part).ok()?, i64::try_from(whole).ok()?)
}
