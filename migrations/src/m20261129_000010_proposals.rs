//! Proposed plans of rounds.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Int, Text, Uuid};
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
        PROPOSAL.create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(PROPOSAL.name).to_owned())
            .await
    }
}

const PROPOSAL: NewTable = NewTable {
    name: "proposal",
    comment: "A proposed plan of a round: who makes which visit, and what keeps the others open.",
    columns: &[
        required("id", Uuid),
        required("agency_id", Uuid),
        required("round_id", Uuid),
        required("state", Text),
        // In thousandths.
        required("progress", Int),
        required("assignments", Text),
        required("unfilled", Text),
        // So many of the assignments were offered or refused.
        required("handled", Int),
        required("refused", Text),
        required("proposed_by", Uuid),
        required("proposed_at", Big),
        optional("applied_by", Uuid),
        optional("finished_at", Big),
        required("row_version", Big),
    ],
    primary_key: &["id"],
    unique: &[],
    references: &[
        ("agency_id", "agency"),
        ("round_id", "round"),
        ("proposed_by", "user_account"),
        ("applied_by", "user_account"),
    ],
    indexes: &[("ix_proposal_way", &["agency_id", "round_id"])],
};
