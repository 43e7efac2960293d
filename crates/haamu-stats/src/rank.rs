//! Ranks by the displayed value (R55), and bands from a programme's own distribution (R59).

use haamu_form::{Exact, Rounding, score::display_percentage};

use crate::aggregate::Evidence;

/// One row of a ranking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name, by which ties are ordered.
    pub name: String,
    /// The displayed percentage.
    pub shown: String,
    /// The rank, from 1; none with too few visits.
    pub rank: Option<usize>,
}

/// A place to be ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The score, 1 being 100 %.
    pub score: Exact,
    /// The number of visits behind it.
    pub n: usize,
}

/// Ranks entries, best first, by what the reader sees: standard competition
/// ranking (1, 1, 1, 4), ties by name, at the end those with too few visits.
#[must_use]
pub fn rank(entries: &[Entry], decimals: u32, rounding: Rounding) -> Vec<Row> {
    let mut rows: Vec<(bool, Exact, Row)> = entries
        .iter()
        .map(|entry| {
            let shown = display_percentage(&entry.score, decimals, rounding, true);
            // What is shown is a plain decimal and reads back exactly.
            let value = haamu_form::Decimal::parse(&shown).map_or(Exact::ZERO, haamu_form::Decimal::to_exact);
            let is_ranked = Evidence::of(entry.n).can_be_ranked();
            (
                is_ranked,
                value,
                Row {
                    name: entry.name.clone(),
                    shown,
                    rank: None,
                },
            )
        })
        .collect();
    rows.sort_by(|(a_ranked, a, a_row), (b_ranked, b, b_row)| {
        b_ranked
            .cmp(a_ranked)
            .then_with(|| b.cmp(a))
            .then_with(|| a_row.name.cmp(&b_row.name))
    });
    let mut last: Option<(Exact, usize)> = None;
    for (index, (is_ranked, value, row)) in rows.iter_mut().enumerate() {
        if !*is_ranked {
            break;
        }
        let rank = match &last {
            Some((same, rank)) if same == value => *rank,
            _ => index + 1,
        };
        row.rank = Some(rank);
        last = Some((value.clone(), rank));
    }
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// The share of a programme's values that lie below this one, ties counted by half (R59); none of none.
#[must_use]
pub fn percentile_rank(value: &Exact, all: &[Exact]) -> Option<Exact> {
    let below = all.iter().filter(|other| *other < value).count();
    let equal = all.iter().filter(|other| *other == value).count();
    let twice = i64::try_from(2 * below + equal).ok()?;
    Exact::ratio(twice, 2 * i64::try_from(all.len()).ok()?)
}
