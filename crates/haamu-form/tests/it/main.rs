//! One program for all suites of the crate.

mod compile;
mod errors;
mod laws;
mod naive;
mod vectors;
mod versions;
mod words;
