//! Client organisations and their locations.

mod import;
mod manage;

pub use import::{ImportReport, RowError};
