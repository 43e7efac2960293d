//! Shoppers who register by themselves, what is counted by days, news of offers that wait for their mail, and
//! reports that are due later than those of their round.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bool, Bytes, Int, Text, Uuid};
use crate::table::{NewTable, optional, required};
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
        for column in ADDED {
            let definition = ColumnDef::new(*column).text().null().to_owned();
            let table = Table::alter()
                .table("visit_plan")
                .add_column(definition)
                .to_owned();
            manager.alter_table(table).await?;
        }
        for table in TABLES {
            table.create(manager).await?;
            wall::put_up(manager, &[(table.name, "agency_id")]).await?;
        }
        // Whoever waits for a decision does not wait twice.
        let sql = "CREATE UNIQUE INDEX uq_registration_waiting ON registration (agency_id, email_hash) \
                   WHERE state = 'waiting'";
        manager.get_connection().execute_unprepared(sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(table.name).to_owned())
                .await?;
        }
        for column in ADDED.iter().rev() {
            let table = Table::alter().table("visit_plan").drop_column(*column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }
}

/// Columns of the plans of visits.
const ADDED: &[&str] = &["report_by", "extension_reason"];

const TABLES: &[NewTable] = &[
    NewTable {
        name: "registration_condition",
        comment: "Whether an agency takes registrations of shoppers, and on what conditions.",
        columns: &[
            required("agency_id", Uuid),
            required("is_open", Bool),
            optional("slug", Text),
            required("approval", Text),
            required("least_age", Int),
            required("languages", Text),
            required("words", Text),
            required("per_day", Int),
            required("updated_at", Big),
        ],
        primary_key: &["agency_id"],
        unique: &[("uq_registration_condition_slug", &["slug"])],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
    NewTable {
        name: "registration",
        comment: "That somebody asked to become a shopper; who they are is sealed, and gone once it is decided.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("state", Text),
            // Keyed: nobody who has the database alone can compare it with guesses.
            required("email_hash", Bytes),
            optional("content", Bytes),
            optional("secret_hash", Bytes),
            optional("agreement_id", Uuid),
            required("created_at", Big),
            required("expires_at", Big),
            optional("verified_at", Big),
            optional("decided_by", Uuid),
            optional("decided_at", Big),
            optional("reason", Text),
        ],
        primary_key: &["id"],
        unique: &[("uq_registration_secret", &["secret_hash"])],
        references: &[
            ("agency_id", "agency"),
            ("agreement_id", "shopper_agreement"),
            ("decided_by", "user_account"),
        ],
        indexes: &[("ix_registration_page", &["agency_id", "state", "id"])],
    },
    NewTable {
        name: "daily_count",
        comment: "How often something was done on a day that may be done only so often.",
        columns: &[
            required("agency_id", Uuid),
            required("kind", Text),
            required("key", Bytes),
            // Days since 1970, of UTC.
            required("day", Big),
            required("count", Big),
        ],
        primary_key: &["agency_id", "kind", "key", "day"],
        unique: &[],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
    NewTable {
        name: "offer_notice",
        comment: "What a shopper is to be told about offers in the next mail.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("shopper_id", Uuid),
            required("visit_id", Uuid),
            optional("assignment_id", Uuid),
            required("kind", Text),
            required("created_at", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("shopper_id", "user_account"),
            ("visit_id", "visit"),
            ("assignment_id", "assignment"),
        ],
        indexes: &[("ix_offer_notice_next", &["shopper_id", "agency_id", "id"])],
    },
];
