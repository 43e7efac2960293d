//! Mails: what is to be sent, and what became of it.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bytes, Int, Text, Uuid};
use crate::table::{NewTable, optional, required};

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
        MAIL.create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(MAIL.name).to_owned())
            .await
    }
}

const MAIL: NewTable = NewTable {
    name: "mail",
    comment: "A mail to one person: the outbox. What it says is sealed, and is gone once it was sent or given up.",
    columns: &[
        required("id", Uuid),
        required("agency_id", Uuid),
        required("template", Text),
        required("language", Text),
        required("recipient", Text),
        optional("content", Bytes),
        required("state", Text),
        required("attempts", Int),
        optional("last_error", Text),
        required("created_at", Big),
        required("give_up_at", Big),
        optional("ended_at", Big),
    ],
    primary_key: &["id"],
    unique: &[],
    references: &[("agency_id", "agency")],
    indexes: &[("ix_mail_page", &["agency_id", "id"])],
};
