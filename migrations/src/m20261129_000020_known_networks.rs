//! Networks from which people have signed in, as keyed hashes.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bytes, Uuid};
use crate::table::{NewTable, required};

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
        KNOWN_NETWORK.create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Table::drop().table(KNOWN_NETWORK.name).to_owned();
        manager.drop_table(drop).await
    }
}

const KNOWN_NETWORK: NewTable = NewTable {
    name: "known_network",
    comment: "A network from which a person has signed in, by a keyed hash of it and the person.",
    columns: &[
        required("user_id", Uuid),
        required("network_hash", Bytes),
        required("last_used_at", Big),
    ],
    primary_key: &["user_id", "network_hash"],
    unique: &[],
    references: &[("user_id", "user_account")],
    indexes: &[("ix_known_network_old", &["last_used_at"])],
};
