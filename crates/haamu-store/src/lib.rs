//! Server persistence of Haamu: the database and the object store.
//!
//! A use case opens a transaction with [`Db::read`] or [`Db::write`] and calls
//! the functions of [`repo`] in it. Entities of the database stay private;
//! what leaves this crate are records of domain types. No rule of the domain
//! is decided here.

mod db;
mod entity;
mod error;
mod files;
mod reach;
pub mod repo;
#[cfg(feature = "testing")]
pub mod testing;

pub use db::{CarriesStoreError, Db, DbSettings, StatementCount, Tx};
pub use error::StoreError;
pub use files::{FileSettings, Files, StagedPart, Staging};
pub use reach::Reach;
