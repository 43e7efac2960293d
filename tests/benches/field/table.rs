//! Tables on standard output.

use std::io::Write;

/// Writes a line.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes a table; all columns but the first hold numbers and stand to the right.
pub(crate) fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    say(&format!("\n{title}\n"));
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let padded = cells.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if column == 0 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        say(&format!("| {} |", padded.collect::<Vec<_>>().join(" | ")));
    };
    line(&head.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
    let rule = (0..head.len()).map(|column| {
        let dashes = "-".repeat(width(column).max(3) + 1);
        if column == 0 {
            format!("{dashes}-")
        } else {
            format!("{dashes}:")
        }
    });
    say(&format!("|{}|", rule.collect::<Vec<_>>().join("|")));
    for row in rows {
        line(row);
    }
}

/// A number of bytes, in thousands with commas.
pub(crate) fn bytes(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// KiB as MB.
pub(crate) fn megabytes(kib: u64) -> String {
    format!(
        "{:.0}",
        f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) * 1.024 / 1_000.0
    )
}

/// The value that so many hundredths of all do not exceed.
pub(crate) fn quantile(values: &mut [f64], percent: usize) -> String {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent / 100).min(values.len() - 1);
    format!("{:.1}", values[place])
}
