//! Client organisations and their locations.

mod hierarchies;
mod import;
mod location_rows;
mod locations;
mod manage;

pub(crate) use hierarchies::reach;
pub use hierarchies::{UnitInput, UnitPatch, UnitView};
pub use locations::LocationPatch;
pub(crate) use manage::load_client;
