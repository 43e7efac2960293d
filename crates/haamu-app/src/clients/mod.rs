//! Client organisations and their locations.

mod hierarchies;
mod import;
mod location_rows;
mod locations;
mod manage;
mod rename;
mod told;
mod unit_reach;

pub use hierarchies::{UnitInput, UnitPatch, UnitView};
pub use locations::LocationPatch;
pub(crate) use manage::load_client;
pub(crate) use unit_reach::{UnitReach, reach, unit_reach};
