//! Tables of both kinds, and files that are none.

mod fuzz;
mod separated;
mod workbooks;

use haamu_table::{Limits, Table, TableError, read};

fn ok(bytes: &[u8]) -> Table {
    read(bytes, None, &Limits::default()).expect("a table")
}

fn refused(bytes: &[u8]) -> TableError {
    read(bytes, None, &Limits::default()).expect_err("no table")
}

/// The numbers and cells of all rows.
fn rows(table: &Table) -> Vec<(u64, Vec<&str>)> {
    table
        .rows
        .iter()
        .map(|row| (row.number, row.cells.iter().map(String::as_str).collect()))
        .collect()
}
