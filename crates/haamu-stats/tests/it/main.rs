//! One program for all suites of the crate.

mod laws;
mod vectors;
