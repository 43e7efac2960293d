//! Rounds that are changed and called off, reminders of reports, and the way to rounds by the period they count in.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Text, Uuid};
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
        for column in added() {
            let table = Table::alter().table("round").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        let index = Index::create()
            .name(BY_PERIOD)
            .table("round")
            .col("agency_id")
            .col("counts_in")
            .to_owned();
        manager.create_index(index).await?;
        REMINDER.create(manager).await?;
        wall::put_up(manager, &[(REMINDER.name, "agency_id")]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(REMINDER.name).to_owned())
            .await?;
        manager
            .drop_index(Index::drop().name(BY_PERIOD).table("round").to_owned())
            .await?;
        for column in ["cancel_reason", "cancelled_at", "row_version"] {
            let table = Table::alter().table("round").drop_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

const BY_PERIOD: &str = "ix_round_by_period";

fn added() -> [ColumnDef; 3] {
    let mut row_version = ColumnDef::new("row_version");
    row_version.big_integer().not_null().default(1);
    let mut cancelled_at = ColumnDef::new("cancelled_at");
    cancelled_at.big_integer().null();
    let mut cancel_reason = ColumnDef::new("cancel_reason");
    cancel_reason.text().null();
    [row_version, cancelled_at, cancel_reason]
}

const REMINDER: NewTable = NewTable {
    name: "report_reminder",
    comment: "That a shopper was reminded of a report that is due on a day.",
    columns: &[
        required("assignment_id", Uuid),
        required("report_by", Text),
        required("agency_id", Uuid),
        required("reminded_at", Big),
    ],
    primary_key: &["assignment_id", "report_by"],
    unique: &[],
    references: &[("agency_id", "agency"), ("assignment_id", "assignment")],
    indexes: &[],
};
