//! One program for all suites of the crate.

mod compile;
mod errors;
mod fuzz;
mod laws;
mod minor_1;
mod minor_2;
mod naive;
mod repeats;
#[cfg(feature = "schema")]
mod schema;
mod vectors;
mod versions;
mod words;
