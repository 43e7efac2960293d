//! What stays of an offer whatever becomes of its round: the round's name, which conditions of checklists may ask for,
//! and whether its day was named by anybody, or is but the one on which the visit counts until somebody says.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

const NAMES: &str = "UPDATE submission SET round_name = (SELECT round.name FROM visit \
    INNER JOIN round ON round.id = visit.round_id WHERE visit.id = submission.visit_id)";

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
        let name = ColumnDef::new("round_name").text().null().to_owned();
        let table = Table::alter().table("submission").add_column(name).to_owned();
        manager.alter_table(table).await?;
        manager.get_connection().execute_unprepared(NAMES).await?;
        // Of those that are there nobody knows any more.
        let named = ColumnDef::new("day_named")
            .boolean()
            .not_null()
            .default(true)
            .to_owned();
        let table = Table::alter()
            .table("assignment_term")
            .add_column(named)
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("assignment_term", "day_named"), ("submission", "round_name")] {
            let table = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
