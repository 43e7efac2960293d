//! By which server of the database a timeline was begun, so that another one in its place is noticed.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

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
        // Of those that are there nobody knows; whoever migrates begins another one at once.
        let begun_on = ColumnDef::new("begun_on")
            .text()
            .not_null()
            .default("")
            .to_owned();
        let table = Table::alter()
            .table("incarnation")
            .add_column(begun_on)
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("incarnation")
            .drop_column("begun_on")
            .to_owned();
        manager.alter_table(table).await
    }
}
