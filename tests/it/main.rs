//! One program for all suites, so that the heavy dependencies are linked once.

mod administration;
mod authorisation;
mod blobs;
mod end_to_end;
mod migrations;
mod openapi;
mod review;
mod sessions;
mod slice;
mod sync;
