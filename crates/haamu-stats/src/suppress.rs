//! Cells that are too small to be shown to staff (R32).

/// Staff-facing breakdowns show groups of at least so many.
pub const SMALLEST_GROUP: usize = 5;

/// Which cells of a row or column are hidden, in the given order.
///
/// Cells below `smallest` are hidden. Where a total is shown and exactly one
/// cell is hidden, it could be calculated from the others, so the next smallest
/// is hidden too. Empty cells count as small unless all are empty.
#[must_use]
pub fn hidden(counts: &[usize], smallest: usize, is_total_shown: bool) -> Vec<bool> {
    let mut hidden: Vec<bool> = counts.iter().map(|count| *count < smallest).collect();
    let hidden_count = hidden.iter().filter(|is_hidden| **is_hidden).count();
    if is_total_shown && hidden_count == 1 {
        let next = (0..counts.len())
            .filter(|index| !hidden[*index])
            .min_by_key(|index| counts[*index]);
        if let Some(next) = next {
            hidden[next] = true;
        }
    }
    hidden
}
