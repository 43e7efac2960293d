//! Bringing a database up to date.

use std::collections::BTreeSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{DatabaseConnection, DbBackend};

use crate::{Migrator, statistics};

/// Any number; all server processes use the same one.
const ADVISORY_LOCK: i64 = 0x4861_616d_7531;

/// Why a database could not be brought up to date.
#[derive(Debug)]
pub enum MigrateError {
    /// The database has a migration that this program does not know.
    Newer(String),
    /// The database failed.
    Database(DbErr),
}

impl std::fmt::Display for MigrateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Newer(name) => {
                write!(
                    f,
                    "the database was migrated by a newer version of this program (it has {name})"
                )
            }
            Self::Database(error) => write!(f, "the database could not be migrated: {error}"),
        }
    }
}

impl std::error::Error for MigrateError {}

impl From<DbErr> for MigrateError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

/// Applies all migrations that are missing. Processes that start together wait
/// for each other, which on PostgreSQL takes a connection pool of one.
///
/// # Errors
/// [`MigrateError`]; a database of a newer program is left as it is.
pub async fn migrate(connection: &DatabaseConnection) -> Result<(), MigrateError> {
    let is_postgres = connection.get_database_backend() == DbBackend::Postgres;
    if is_postgres {
        connection
            .execute_unprepared(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))
            .await?;
        // A migration may change rows of all agencies.
        connection
            .execute_unprepared("SET haamu.reach = 'server'")
            .await?;
    }
    let outcome = apply(connection).await;
    if is_postgres {
        connection.execute_unprepared("RESET haamu.reach").await?;
        connection
            .execute_unprepared(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))
            .await?;
    }
    outcome
}

async fn apply(connection: &DatabaseConnection) -> Result<(), MigrateError> {
    let known: BTreeSet<String> = Migrator::migrations()
        .iter()
        .map(|migration| migration.name().to_owned())
        .collect();
    for applied in Migrator::get_migration_models(connection).await? {
        if !known.contains(&applied.version) {
            return Err(MigrateError::Newer(applied.version));
        }
    }
    Migrator::up(connection, None).await?;
    if connection.get_database_backend() == DbBackend::Sqlite {
        statistics::tell(connection).await?;
    }
    Ok(())
}
