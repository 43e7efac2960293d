//! Client organisations and their locations.

mod import;
mod location_rows;
mod manage;

pub use import::{ImportReport, RowError};
