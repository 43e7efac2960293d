//! The run loop over a store, files and a server that the tests let fail.

mod dropped;
mod storage;
mod support;
