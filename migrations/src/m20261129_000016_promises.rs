//! What was promised with an offer: the scenario in one revision and the fees, both as JSON; for which last day the
//! shopper was reminded of a visit; and a way to visits that are overdue.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "assignment_term";
/// The visits that somebody has and has not handed in, in the order of their pages: few of all that there ever were.
const UNDER_WAY: &str = "CREATE INDEX ix_visit_under_way ON visit (agency_id, id) \
    WHERE state IN ('accepted', 'in_progress')";
const COLUMNS: [&str; 3] = ["scenario", "fees", "reminded_for"];

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
        // SQLite adds one column at a time.
        for column in COLUMNS {
            let column = ColumnDef::new(column).text().null().to_owned();
            let table = Table::alter().table(TABLE).add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        manager.get_connection().execute_unprepared(UNDER_WAY).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name("ix_visit_under_way").table("visit").to_owned();
        manager.drop_index(index).await?;
        for column in COLUMNS {
            let table = Table::alter().table(TABLE).drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
