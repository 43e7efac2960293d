//! The wall between agencies on PostgreSQL: policies that hold every statement to the reach of its transaction.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// Puts the wall around tables, each with the column that names the agency of a row. Every migration that makes a
/// table with such a column does this for it.
///
/// The setting `haamu.reach` says how far a transaction reaches: `server` to the rows of all agencies, `agency` to
/// those of the one that `haamu.agency` names, and anything else to none. The owner of the tables is held to it
/// as well. The settings are read once for a statement, not for each row; and they are no equation, so that the
/// planner still expects as many rows as the statement itself lets it expect. A setting that was made for an earlier
/// transaction of the connection is the empty text, and PostgreSQL may read it although the reach is another one.
pub(crate) async fn put_up(manager: &SchemaManager<'_>, tables: &[(&str, &str)]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for (table, column) in tables {
        let is_within = format!(
            "CASE (SELECT current_setting('haamu.reach', true)) \
             WHEN 'server' THEN true \
             WHEN 'agency' THEN \"{column}\" = (SELECT nullif(current_setting('haamu.agency', true), '')::uuid) \
             ELSE false END"
        );
        let sql = format!(
            "ALTER TABLE \"{table}\" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; \
             CREATE POLICY reach ON \"{table}\" USING ({is_within}) WITH CHECK ({is_within})"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}

/// Takes the wall around tables down.
pub(crate) async fn take_down(manager: &SchemaManager<'_>, tables: &[(&str, &str)]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for (table, _) in tables {
        let sql = format!(
            "DROP POLICY reach ON \"{table}\"; \
             ALTER TABLE \"{table}\" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
    }
    Ok(())
}
