//! One program for all suites, so that the heavy dependencies are linked once.

mod administration;
mod authorisation;
mod migrations;
mod openapi;
mod sessions;
mod slice;
