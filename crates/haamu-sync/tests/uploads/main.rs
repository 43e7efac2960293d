//! How the engine sends files: over connections that break, past files that fail, and more of them than one request
//! offers.

mod failing;
mod sending;
mod support;
