//! What was known of the location when a submission began: JSON from the names of its attributes to their values.

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
        let attributes = ColumnDef::new("location_attributes").text().null().to_owned();
        let table = Table::alter()
            .table("submission")
            .add_column(attributes)
            .to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("submission")
            .drop_column("location_attributes")
            .to_owned();
        manager.alter_table(table).await
    }
}
