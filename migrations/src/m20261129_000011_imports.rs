//! What imports know things by: the agency's own keys of shoppers, and who came along to visits from before Haamu.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

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
        let key = ColumnDef::new("external_id").text().null().to_owned();
        let table = Table::alter().table("shopper_profile").add_column(key).to_owned();
        manager.alter_table(table).await?;
        let mut unique = Index::create();
        unique
            .name("uq_shopper_profile_external")
            .table("shopper_profile");
        unique.col("agency_id").col("external_id").unique();
        manager.create_index(unique).await?;
        // SQLite adds a column with its foreign key, but no foreign key to a column.
        let kind = match manager.get_database_backend() {
            DbBackend::Sqlite => "uuid_text",
            _ => "uuid",
        };
        let sql = format!(
            "ALTER TABLE \"past_visit\" ADD COLUMN \"companion_id\" {kind} \
             CONSTRAINT \"fk_past_visit_companion_id\" REFERENCES \"companion\" (\"id\") ON DELETE RESTRICT"
        );
        manager.get_connection().execute_unprepared(&sql).await?;
        let mut index = Index::create();
        index.name("ix_past_visit_companion_id").table("past_visit");
        index.col("companion_id");
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, index, column) in [
            ("past_visit", "ix_past_visit_companion_id", "companion_id"),
            ("shopper_profile", "uq_shopper_profile_external", "external_id"),
        ] {
            manager
                .drop_index(Index::drop().name(index).table(table).to_owned())
                .await?;
            let table = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}
