//! XLSX: the first visible sheet.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xlsx, open_workbook_from_rs};
use zip::ZipArchive;

use crate::{Limits, Row, Table, TableError, cell, too_many_columns, too_many_rows};

/// A workbook is an archive of at most so many files.
const MAX_FILES: usize = 1_000;

/// What stands in a cell.
enum Content {
    Blank,
    Text(String),
    Fault(String),
}

/// Reads the first visible sheet of a workbook.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Table, TableError> {
    measure(bytes, limits)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let is_shown =
        |sheet: &&Sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible;
    let name = book.sheets_metadata().iter().find(is_shown);
    let name = name.map(|sheet| sheet.name.clone());
    let name = name.ok_or_else(|| TableError::Unreadable("The workbook has no visible sheet.".to_owned()))?;
    // A sheet is read cell by cell: as a whole, one cell far away would make it as large as it could be.
    let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
    while let Some(found) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = found.get_position();
        let (number, column) = (u64::from(row) + 1, column as usize);
        let content = content(found.get_value());
        if matches!(content, Content::Blank) {
            continue;
        }
        if column >= limits.columns {
            return Err(too_many_columns(limits));
        }
        let row = rows.entry(number).or_insert_with(|| Row {
            number,
            ..Row::default()
        });
        put(row, column, content, limits)?;
        // One of them is the heading.
        if rows.len() > limits.rows + 1 {
            return Err(too_many_rows(limits));
        }
    }
    let mut rows = rows.into_values();
    let heading = rows.next().unwrap_or_default().cells;
    Ok(Table {
        heading: heading.iter().map(|name| name.to_lowercase()).collect(),
        rows: rows.collect(),
    })
}

fn put(row: &mut Row, column: usize, content: Content, limits: &Limits) -> Result<(), TableError> {
    if row.cells.len() <= column {
        row.cells.resize(column + 1, String::new());
    }
    match content {
        Content::Blank => {}
        Content::Text(text) => row.cells[column] = cell(&text, row.number, column, limits)?,
        Content::Fault(what) => row.faults.push((column, what)),
    }
    Ok(())
}

fn unreadable(error: impl std::fmt::Display) -> TableError {
    TableError::Unreadable(format!("Not readable as XLSX: {error}."))
}

/// Unpacks everything once and keeps nothing: sizes that an archive states about itself may be wrong.
fn measure(bytes: &[u8], limits: &Limits) -> Result<(), TableError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    if archive.len() > MAX_FILES {
        let sentence = format!("A workbook has at most {MAX_FILES} parts.");
        return Err(TableError::TooLarge(sentence));
    }
    let mut left = limits.unpacked;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(unreadable)?;
        let length = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(unreadable)?;
        let rest = left.checked_sub(length).ok_or_else(|| {
            TableError::TooLarge(format!(
                "A workbook unpacks to at most {} bytes.",
                limits.unpacked
            ))
        })?;
        left = rest;
    }
    Ok(())
}

/// A cell as the text that its author means.
fn content(value: &DataRef<'_>) -> Content {
    let text = match value {
        DataRef::Empty => return Content::Blank,
        DataRef::Error(error) => return Content::Fault(error.to_string()),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::Int(value) => value.to_string(),
        DataRef::Float(value) => number(*value),
        DataRef::DateTime(moment) => date_or_time(*moment),
        DataRef::DateTimeIso(text) => text.trim_end_matches("T00:00:00").to_owned(),
        DataRef::DurationIso(text) => text.clone(),
    };
    let text = text.replace('\u{a0}', " ");
    if text.trim().is_empty() {
        Content::Blank
    } else {
        Content::Text(text)
    }
}

/// A number with the 15 digits that spreadsheets keep: 0.1 + 0.2 is 0.3, and 100 has no point.
fn number(value: f64) -> String {
    let rounded = format!("{value:.14e}").parse::<f64>().unwrap_or(value);
    // A negative zero is none.
    format!("{}", rounded + 0.0)
}

/// A day, a moment, or where there is no day a time; a length of time stays a number of days.
fn date_or_time(moment: ExcelDateTime) -> String {
    if moment.is_duration() {
        return number(moment.as_f64());
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    if (0.0..1.0).contains(&moment.as_f64()) {
        time
    } else if time == "00:00:00" {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:04}-{month:02}-{day:02}T{time}")
    }
}
