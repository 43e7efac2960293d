//! One program for all suites, so that the heavy dependencies are linked once.

mod administration;
mod authorisation;
mod blobs;
mod command_line;
mod end_to_end;
mod formats;
mod migrations;
mod openapi;
mod repeats;
mod reports;
mod review;
mod sessions;
mod set_aside;
mod slice;
mod sync;
