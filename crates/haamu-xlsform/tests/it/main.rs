//! One program for all suites of the crate.

mod exports;
mod expressions;
mod forms;
mod fuzz;
