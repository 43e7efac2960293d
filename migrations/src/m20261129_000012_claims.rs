//! Until when a job is claimed: the process that does it moves this on, and a claim whose process died lapses soon.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// So long did every claim hold before, in milliseconds.
const EARLIER_LEASE: &str = "600000";

#[expect(
    elided_lifetimes_in_paths,
    reason = "async_trait wants the spelling of the trait"
)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = ColumnDef::new("claimed_until");
        column.big_integer();
        let table = Table::alter().table("job").add_column(column).to_owned();
        manager.alter_table(table).await?;
        // Processes of the version before may be at work.
        let sql = format!(
            "UPDATE job SET claimed_until = claimed_at + {EARLIER_LEASE} \
              WHERE claimed_at IS NOT NULL AND finished_at IS NULL AND failed_at IS NULL"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("job")
            .drop_column("claimed_until")
            .to_owned();
        manager.alter_table(table).await
    }
}
