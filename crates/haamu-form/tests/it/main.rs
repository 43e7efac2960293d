//! One program for all suites of the crate.

mod compile;
mod errors;
mod fuzz;
mod laws;
mod naive;
mod vectors;
mod versions;
mod words;
