//! One program for all suites, so that the heavy dependencies are linked once.

mod administration;
mod authorisation;
mod blobs;
mod command_line;
mod concurrency;
mod custody;
mod end_to_end;
mod formats;
mod kills;
mod migrations;
mod openapi;
mod programmes;
mod receipts;
mod repeats;
mod reports;
mod review;
mod session_facts;
mod sessions;
mod set_aside;
mod sim_server;
mod slice;
mod sync;
mod sync_vectors;
mod tenancy;
mod tus;
mod weather;
