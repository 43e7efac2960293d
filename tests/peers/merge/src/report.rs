//! What a run comes to: a table, and ratios.

use std::io::{self, Write};

use crate::contestant::{Sample, Traffic};
use crate::stages::Stage;

/// The measures of one contestant.
pub struct Results {
    pub name: &'static str,
    /// The middle of all visits, for each pass.
    pub passes: Vec<Sample>,
    /// What the first pass put on the wire and into the store.
    pub sizes: Sizes,
}

/// Bytes, the middle of all visits; compressed ones by zstd at level 3, each message alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    pub push: f64,
    pub push_compressed: f64,
    pub deltas: f64,
    pub deltas_compressed: f64,
    pub answers: f64,
    pub written: f64,
    pub stored: f64,
    pub stored_compressed: f64,
    /// Disagreements that the server reported, over all visits.
    pub disagreements: Option<usize>,
}

impl Sizes {
    pub fn of(samples: &[(Sample, Traffic)]) -> Self {
        let of_sample = |of: fn(&Sample) -> f64| median(samples.iter().map(|(sample, _)| of(sample)));
        let of_traffic = |of: fn(&Traffic) -> usize| median(samples.iter().map(|(_, traffic)| of(traffic) as f64));
        Self {
            push: of_sample(|sample| sample.push_bytes),
            push_compressed: of_traffic(|traffic| compressed(&traffic.push)),
            deltas: of_sample(|sample| sample.delta_bytes),
            deltas_compressed: of_traffic(|traffic| traffic.deltas.iter().map(|delta| compressed(delta)).sum()),
            answers: of_sample(|sample| sample.answer_bytes),
            written: of_sample(|sample| sample.written_bytes),
            stored: of_sample(|sample| sample.stored_bytes),
            stored_compressed: of_traffic(|traffic| compressed(&traffic.stored)),
            disagreements: samples.iter().map(|(sample, _)| sample.disagreements).sum(),
        }
    }
}

fn compressed(bytes: &[u8]) -> usize {
    zstd::bulk::compress(bytes, 3).expect("memory can be compressed").len()
}

/// The middle of some measures.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The middle sample of each measure of time.
pub fn middle(samples: &[(Sample, Traffic)]) -> Sample {
    let of = |of: fn(&Sample) -> f64| median(samples.iter().map(|(sample, _)| of(sample)));
    Sample {
        client: of(|sample| sample.client),
        first_push: of(|sample| sample.first_push),
        load: of(|sample| sample.load),
        cold_merge: of(|sample| sample.cold_merge),
        persist: of(|sample| sample.persist),
        cold: of(|sample| sample.cold),
        hot_merge: of(|sample| sample.hot_merge),
        read: of(|sample| sample.read),
        ..Sample::default()
    }
}

/// The whole report.
pub fn write(out: &mut impl Write, results: &[Results], own: usize) -> io::Result<()> {
    write_sizes(out, results)?;
    write_times(out, results)?;
    write_ratios(out, results, own)
}

fn write_sizes(out: &mut impl Write, results: &[Results]) -> io::Result<()> {
    writeln!(
        out,
        "\n| Bytes per visit | first push | + zstd-3 | two deltas | + zstd-3 | two answers | written by the merge | stored | + zstd-3 | disagreements found |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for one in results {
        let sizes = &one.sizes;
        let disagreements = sizes.disagreements.map_or_else(|| "–".to_owned(), |found| found.to_string());
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {disagreements} |",
            one.name,
            sizes.push,
            sizes.push_compressed,
            sizes.deltas,
            sizes.deltas_compressed,
            sizes.answers,
            sizes.written,
            sizes.stored,
            sizes.stored_compressed,
        )?;
    }
    Ok(())
}

fn write_times(out: &mut impl Write, results: &[Results]) -> io::Result<()> {
    writeln!(
        out,
        "\n| µs per visit: median of the passes (quietest–loudest) | client | server, first push | cold merge + persist | = load | + merge | + persist | hot merge | read out |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
    for one in results {
        let columns: [fn(&Sample) -> f64; 8] = [
            |sample| sample.client,
            |sample| sample.first_push,
            |sample| sample.cold,
            |sample| sample.load,
            |sample| sample.cold_merge,
            |sample| sample.persist,
            |sample| sample.hot_merge,
            |sample| sample.read,
        ];
        let cells = columns.map(|of| spread(one.passes.iter().map(of)));
        writeln!(out, "| {} | {} |", one.name, cells.join(" | "))?;
    }
    Ok(())
}

/// Microseconds: the middle, and the range.
fn spread(nanoseconds: impl Iterator<Item = f64> + Clone) -> String {
    let least = nanoseconds.clone().fold(f64::MAX, f64::min);
    let most = nanoseconds.clone().fold(0.0, f64::max);
    let digits = usize::from(most < 100_000.0);
    let shown = |value: f64| format!("{:.digits$}", value / 1_000.0);
    format!("{} ({}–{})", shown(median(nanoseconds)), shown(least), shown(most))
}

fn write_ratios(out: &mut impl Write, results: &[Results], own: usize) -> io::Result<()> {
    writeln!(out, "\nSo many times as long as {} takes, in the same pass; the middle of the passes:\n", results[own].name)?;
    writeln!(out, "| | hot merge | cold merge + persist |")?;
    writeln!(out, "|---|---:|---:|")?;
    for one in results {
        let ratio = |of: fn(&Sample) -> f64| {
            let passes = one.passes.iter().zip(&results[own].passes);
            median(passes.map(|(theirs, ours)| of(theirs) / of(ours)))
        };
        let (hot, cold) = (ratio(|sample| sample.hot_merge), ratio(|sample| sample.cold));
        writeln!(out, "| {} | {hot:.2} | {cold:.2} |", one.name)?;
    }
    Ok(())
}

/// Where the time goes.
pub fn write_stages(out: &mut impl Write, stages: &[Stage]) -> io::Result<()> {
    writeln!(out, "\nThe parts of our hot merge, each timed alone; the quietest pass, µs per visit:\n")?;
    writeln!(out, "| | µs |")?;
    writeln!(out, "|---|---:|")?;
    for (name, nanoseconds) in stages {
        writeln!(out, "| {name} | {:.2} |", nanoseconds / 1_000.0)?;
    }
    Ok(())
}
