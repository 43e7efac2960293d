//! Shoppers to whom staff open the training of a programme, and the days on which qualifications end.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Uuid};
use crate::table::{NewTable, required};
use crate::wall;

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
        // JSON from the names of qualifications to the last days on which they hold.
        let ends = ColumnDef::new("qualification_ends").text().null().to_owned();
        let table = Table::alter()
            .table("shopper_profile")
            .add_column(ends)
            .to_owned();
        manager.alter_table(table).await?;
        TRAINEE.create(manager).await?;
        wall::put_up(manager, &[(TRAINEE.name, "agency_id")]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(TRAINEE.name).to_owned())
            .await?;
        let table = Table::alter()
            .table("shopper_profile")
            .drop_column("qualification_ends")
            .to_owned();
        manager.alter_table(table).await
    }
}

const TRAINEE: NewTable = NewTable {
    name: "trainee",
    comment: "A shopper to whom staff opened the briefings and the quiz of a programme.",
    columns: &[
        required("programme_id", Uuid),
        required("user_id", Uuid),
        required("agency_id", Uuid),
        required("opened_by", Uuid),
        required("opened_at", Big),
    ],
    primary_key: &["programme_id", "user_id"],
    unique: &[],
    references: &[
        ("programme_id", "programme"),
        ("user_id", "user_account"),
        ("agency_id", "agency"),
        ("opened_by", "user_account"),
    ],
    indexes: &[],
};
