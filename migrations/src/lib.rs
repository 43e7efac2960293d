//! The schema history of Haamu's server database.
//!
//! Each migration is frozen once it has landed: it names tables by text and
//! imports no entity, so that it does the same for ever. Production goes
//! forward only; `down` is kept and tested. A change that old and new code
//! must both survive is made in two steps: expand, release, contract.
//!
//! A migration that makes a table whose rows belong to an agency puts the wall
//! around it, with `wall::put_up`.

mod m20261122_000001_foundation;
mod m20261122_000002_uploads;
mod m20261122_000003_set_aside;
mod m20261129_000004_custody;
mod m20261129_000005_identity;
mod m20261129_000005_mail;
mod m20261129_000006_tenancy;
mod m20261129_000007_programmes;
mod m20261129_000008_filling;
mod m20261129_000009_ways_to_rows;
mod m20261129_000010_proposals;
mod m20261129_000011_imports;
mod m20261129_000012_claims;
mod m20261129_000012_row_level_security;
mod m20261129_000013_retention;
mod m20261129_000013_visit_pages;
mod m20261129_000014_registration;
mod m20261129_000015_attributes;
mod m20261129_000016_promises;
mod m20261129_000017_training;
mod m20261129_000018_plans;
mod m20261129_000019_rounds;
mod m20261129_000020_known_networks;
mod m20261129_000021_open_tasks;
mod m20261129_000022_pinned;
mod m20261129_000023_timelines;
mod m20261129_000024_access;
mod m20261129_000025_field;
mod m20261129_000026_parts;
mod run;
mod statistics;
mod table;
mod wall;

pub use run::{MigrateError, migrate};
pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_foundation::Migration),
            Box::new(m20261122_000002_uploads::Migration),
            Box::new(m20261122_000003_set_aside::Migration),
            Box::new(m20261129_000004_custody::Migration),
            Box::new(m20261129_000005_identity::Migration),
            Box::new(m20261129_000005_mail::Migration),
            Box::new(m20261129_000006_tenancy::Migration),
            Box::new(m20261129_000007_programmes::Migration),
            Box::new(m20261129_000008_filling::Migration),
            Box::new(m20261129_000009_ways_to_rows::Migration),
            Box::new(m20261129_000010_proposals::Migration),
            Box::new(m20261129_000011_imports::Migration),
            Box::new(m20261129_000012_row_level_security::Migration),
            Box::new(m20261129_000012_claims::Migration),
            Box::new(m20261129_000013_retention::Migration),
            Box::new(m20261129_000013_visit_pages::Migration),
            Box::new(m20261129_000014_registration::Migration),
            Box::new(m20261129_000015_attributes::Migration),
            Box::new(m20261129_000016_promises::Migration),
            Box::new(m20261129_000017_training::Migration),
            Box::new(m20261129_000018_plans::Migration),
            Box::new(m20261129_000019_rounds::Migration),
            Box::new(m20261129_000020_known_networks::Migration),
            Box::new(m20261129_000021_open_tasks::Migration),
            Box::new(m20261129_000022_pinned::Migration),
            Box::new(m20261129_000023_timelines::Migration),
            Box::new(m20261129_000024_access::Migration),
            Box::new(m20261129_000026_parts::Migration),
            Box::new(m20261129_000025_field::Migration),
        ]
    }
}
