//! Uploads under way, which quotas and their expiry go by, and the receipts of files that have arrived.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bytes, Text, Uuid};
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
        UPLOAD.create(manager).await?;
        // Files that arrived before have none; the server signs what it knows of them when it is asked.
        let mut receipt = ColumnDef::new("receipt");
        receipt.text().null();
        let table = Table::alter().table("blob_owner").add_column(receipt).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("blob_owner")
            .drop_column("receipt")
            .to_owned();
        manager.alter_table(table).await?;
        manager
            .drop_table(Table::drop().table(UPLOAD.name).to_owned())
            .await
    }
}

const UPLOAD: NewTable = NewTable {
    name: "upload",
    comment: "A file that is arriving; its bytes are staged in the object store.",
    columns: &[
        required("submission_id", Uuid),
        required("sha256", Bytes),
        required("agency_id", Uuid),
        // What quotas count: the length where it is known, else how far the parts reach.
        required("reserved", Big),
        // What a tus client declared.
        optional("length", Big),
        optional("metadata", Text),
        required("started_at", Big),
        required("touched_at", Big),
    ],
    primary_key: &["submission_id", "sha256"],
    unique: &[],
    references: &[("agency_id", "agency"), ("submission_id", "submission")],
    indexes: &[],
};
