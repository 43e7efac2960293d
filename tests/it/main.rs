//! One program for all suites, so that the heavy dependencies are linked once.

mod administration;
mod authorisation;
mod blobs;
mod command_line;
mod end_to_end;
mod formats;
mod kills;
mod migrations;
mod openapi;
mod receipts;
mod repeats;
mod reports;
mod review;
mod sessions;
mod set_aside;
mod slice;
mod sync;
mod sync_vectors;
mod traffic;
mod tus;
