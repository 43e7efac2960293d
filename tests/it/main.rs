//! The suites across crates, as one program.

mod sessions;
mod slice;
