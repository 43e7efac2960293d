//! What can be corrected: notices to staff that are withdrawn, names with a revision, briefings whose translations
//! belong together, tries at a quiz that are given back, ties that the agency learned of, and the ways to visits from
//! before Haamu and to the proposed plans of a round.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// Until now the versions of a briefing shared its title.
const KEYS: &str = "UPDATE briefing SET key = title";

/// Indexes, with their tables and columns.
const INDEXES: [(&str, &str, &[&str]); 3] = [
    (
        "ix_past_visit_of_shopper",
        "past_visit",
        &["agency_id", "user_id", "id"],
    ),
    (
        "ix_past_visit_at_location",
        "past_visit",
        &["agency_id", "location_id", "id"],
    ),
    ("ix_proposal_newest", "proposal", &["agency_id", "round_id", "id"]),
];

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
        for (table, column) in added() {
            let table = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        manager.get_connection().execute_unprepared(KEYS).await?;
        for (name, table, columns) in INDEXES {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            manager
                .drop_index(Index::drop().name(name).table(table).to_owned())
                .await?;
        }
        for (table, column) in added().into_iter().rev() {
            let name = column.get_column_name();
            let table = Table::alter().table(table).drop_column(name).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

fn added() -> Vec<(&'static str, ColumnDef)> {
    let mut columns = Vec::new();
    for table in ["client_organisation", "hierarchy"] {
        let mut row_version = ColumnDef::new("row_version");
        row_version.big_integer().not_null().default(1);
        columns.push((table, row_version));
    }
    columns.push((
        "staff_notice",
        ColumnDef::new("withdrawn_at").big_integer().null().to_owned(),
    ));
    columns.push((
        "staff_notice",
        ColumnDef::new("withdraw_reason").text().null().to_owned(),
    ));
    columns.push((
        "briefing",
        ColumnDef::new("key").text().not_null().default("").to_owned(),
    ));
    // Given back to the shopper: it stays as it was, and is not counted.
    columns.push((
        "certification_attempt",
        ColumnDef::new("given_back_at").big_integer().null().to_owned(),
    ));
    // By the agency; none where the shopper declared it.
    columns.push(("tie", ColumnDef::new("recorded_by").uuid().null().to_owned()));
    columns
}
