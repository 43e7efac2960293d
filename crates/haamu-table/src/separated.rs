//! CSV: UTF-8, separated by commas, semicolons or tabs.

use crate::{Limits, Row, Table, TableError, cell, too_many_columns, too_many_rows};

/// Reads CSV.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Table, TableError> {
    let text = decode(bytes)?;
    // A spreadsheet may say first what it separates by.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("sep=") => rest,
        _ => text,
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text.lines().next().unwrap_or_default()))
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| TableError::Unreadable(format!("Not readable as CSV: {error}."));
    let headers = reader.headers().map_err(unreadable)?;
    if headers.len() > limits.columns {
        return Err(too_many_columns(limits));
    }
    let mut table = Table::default();
    for (column, name) in headers.iter().enumerate() {
        table.heading.push(cell(name, 1, column, limits)?.to_lowercase());
    }
    let mut lines = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        // Where a spreadsheet was wider or longer once, its file still is.
        if record.iter().all(str::is_empty) {
            continue;
        }
        if table.rows.len() >= limits.rows {
            return Err(too_many_rows(limits));
        }
        let number = lines.line_of(record.position().map_or(0, csv::Position::byte));
        if record.len() != table.heading.len() {
            table.rows.push(Row {
                number,
                wrong_length: Some(record.len()),
                ..Row::default()
            });
            continue;
        }
        let cells = record.iter().enumerate();
        let cells = cells.map(|(column, text)| cell(text, number, column, limits));
        table.rows.push(Row {
            number,
            cells: cells.collect::<Result<_, _>>()?,
            ..Row::default()
        });
    }
    Ok(table)
}

/// Counts lines. The reader's own count is one behind where lines end with two characters.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record that starts at a byte, or after the ends of lines that stand there. Records come in order.
    fn line_of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let start = usize::try_from(byte)
            .unwrap_or(usize::MAX)
            .clamp(self.at, bytes.len());
        let ends = bytes[start..].iter();
        let start = start + ends.take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = bytes[self.at..start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        self.line += passed as u64;
        self.at = start;
        self.line
    }
}

/// The file as text, or which encoding it seems to have instead.
fn decode(bytes: &[u8]) -> Result<&str, TableError> {
    let refused = |what: String| Err(TableError::Unreadable(what));
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if is_wide || bytes.contains(&0) {
        return refused("The file is not UTF-8 but seems to be UTF-16; save it as CSV in UTF-8.".to_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let line = bytes
                .iter()
                .take(error.valid_up_to())
                .filter(|byte| **byte == b'\n');
            refused(format!(
                "The file is not UTF-8 (byte {}, line {}); spreadsheets write that as \"CSV UTF-8\".",
                error.valid_up_to(),
                line.count() + 1
            ))
        }
    }
}

/// What the heading separates its names by. Spreadsheets of countries that write 1,5 take semicolons.
fn delimiter(heading: &str) -> u8 {
    let count = |sign: char| heading.matches(sign).count();
    let most = [',', ';', '\t'].into_iter().max_by_key(|sign| count(*sign));
    match most {
        Some(';') if count(';') > 0 => b';',
        Some('\t') if count('\t') > 0 => b'\t',
        _ => b',',
    }
}
