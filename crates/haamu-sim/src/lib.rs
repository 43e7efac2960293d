//! A deterministic simulation of devices, network and server around the real sync engine.
//!
//! A [`Plan`] is drawn from a seed: a few people with a few devices each, some
//! submissions, a random part of the faults, and a list of steps. [`run`] lets
//! it happen: the engines of the devices, the server's rules, the merge, the
//! clocks and the codec are those of `haamu-sync`; only storage, files, network
//! and people are played. Then all faults stop, everybody syncs until nothing
//! changes, and the [`Invariant`]s are checked. The same plan always ends in the
//! same way.
//!
//! * [`plan`] — what can happen; [`draw`] — drawing a plan from a seed
//! * [`backend`] — the server side, which can be exchanged for a real one
//! * [`shrink`] — the shortest part of a plan that still fails
//! * [`safeguard`] — what can be removed, to see that the simulation notices
//! * [`campaign`] — many worlds, and their tally

pub mod backend;
pub mod campaign;
mod checks;
mod device;
pub mod draw;
mod fault;
mod host;
mod incidents;
mod instances;
mod ledger;
#[cfg(test)]
mod model;
mod network;
mod people;
pub mod plan;
mod played;
mod rest;
pub mod runs;
pub mod safeguard;
pub mod shrink;
mod watch;
mod window;
mod wire;
mod world;

pub use ledger::{Counts, Invariant};
pub use plan::{Fault, Plan};
pub use safeguard::{Duty, Removal};
pub use world::{Outcome, START, run, run_with};
