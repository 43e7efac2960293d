//! One program for all suites of the crate.

mod expressions;
mod forms;
