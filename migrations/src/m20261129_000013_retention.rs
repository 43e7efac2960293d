//! How long data lives, what was deleted when its time was over, and what is held back from that.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Int, Text, Uuid};
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
        for (table, column) in ADDED {
            let column = ColumnDef::new(*column).big_integer().null().to_owned();
            let alter = Table::alter().table(*table).add_column(column).to_owned();
            manager.alter_table(alter).await?;
        }
        for table in TABLES {
            table.create(manager).await?;
            wall::put_up(manager, &[(table.name, "agency_id")]).await?;
        }
        for (name, on, condition) in INDEXES {
            let sql = format!("CREATE INDEX {name} ON {on} WHERE {condition}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        for (name, table, columns) in WHOLE {
            let mut index = Index::create();
            index.name(*name).table(*table);
            for column in *columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let names = INDEXES.iter().map(|(name, ..)| *name);
        for name in names.chain(WHOLE.iter().map(|(name, ..)| *name)) {
            let sql = format!("DROP INDEX {name}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(table.name).to_owned())
                .await?;
        }
        for (table, column) in ADDED.iter().rev() {
            let alter = Table::alter().table(*table).drop_column(*column).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

/// When something of a row was deleted because its time was over.
const ADDED: &[(&str, &str)] = &[
    ("submission", "staff_data_purged_at"),
    ("submission", "narrative_purged_at"),
    ("submission", "photo_purged_at"),
    ("submission", "voucher_purged_at"),
    ("submission", "shopper_data_purged_at"),
    ("op", "redacted_at"),
    ("blob", "purged_at"),
    ("blob_owner", "purged_at"),
    ("membership", "anonymised_at"),
    // Of sessions that are deleted, the last use stays here: what is known of a person lives by it.
    ("membership", "active_at"),
];

/// Ways to what is still there.
const INDEXES: &[(&str, &str, &str)] = &[
    (
        "ix_submission_staff_data",
        "submission (agency_id, created_at, id)",
        "staff_data_purged_at IS NULL",
    ),
    (
        "ix_submission_narrative",
        "submission (agency_id, created_at, id)",
        "narrative_purged_at IS NULL",
    ),
    (
        "ix_submission_photo",
        "submission (agency_id, created_at, id)",
        "photo_purged_at IS NULL",
    ),
    (
        "ix_submission_voucher",
        "submission (agency_id, created_at, id)",
        "voucher_purged_at IS NULL",
    ),
    (
        "ix_submission_shopper_data",
        "submission (agency_id, created_at, id)",
        "shopper_data_purged_at IS NULL",
    ),
    (
        "ix_op_homeless",
        "op (agency_id, received_at)",
        "submission_id IS NULL AND redacted_at IS NULL",
    ),
    (
        "ix_membership_named",
        "membership (agency_id, role, created_at)",
        "anonymised_at IS NULL",
    ),
    (
        "ix_job_finished",
        "job (agency_id, finished_at)",
        "finished_at IS NOT NULL",
    ),
    (
        "ix_job_failed",
        "job (agency_id, failed_at)",
        "failed_at IS NOT NULL",
    ),
    (
        "ix_mail_ended",
        "mail (agency_id, ended_at)",
        "ended_at IS NOT NULL",
    ),
];

/// Ways to what ran out.
const WHOLE: &[(&str, &str, &[&str])] = &[
    ("ix_invitation_expiry", "invitation", &["agency_id", "expires_at"]),
    (
        "ix_refresh_token_expiry",
        "refresh_token",
        &["agency_id", "expires_at"],
    ),
    ("ix_session_begun", "session", &["agency_id", "created_at"]),
    (
        "ix_session_person",
        "session",
        &["agency_id", "user_id", "created_at"],
    ),
    (
        "ix_reset_request_begun",
        "password_reset_request",
        &["agency_id", "created_at"],
    ),
    ("ix_account_secret_expiry", "account_secret", &["expires_at"]),
    ("ix_audit_at", "audit", &["agency_id", "at"]),
    ("ix_blob_owner_file", "blob_owner", &["agency_id", "sha256"]),
    (
        "ix_assignment_person",
        "assignment",
        &["agency_id", "shopper_id", "created_at"],
    ),
];

const TABLES: &[NewTable] = &[
    NewTable {
        name: "retention_rule",
        comment: "For how many days an agency keeps a class of data, where it is not the usual number.",
        columns: &[
            required("agency_id", Uuid),
            required("class", Text),
            required("days", Int),
            required("updated_by", Uuid),
            required("updated_at", Big),
        ],
        primary_key: &["agency_id", "class"],
        unique: &[],
        references: &[("agency_id", "agency"), ("updated_by", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "purge_log",
        comment: "What a night deleted of a class of data whose time was over.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("day", Text),
            required("class", Text),
            // What was done from this moment back.
            required("kept_from", Big),
            required("rows_purged", Big),
            required("objects_purged", Big),
            required("started_at", Big),
            optional("finished_at", Big),
            optional("failure", Text),
        ],
        primary_key: &["id"],
        unique: &[("uq_purge_log_day", &["agency_id", "day", "class"])],
        references: &[("agency_id", "agency")],
        indexes: &[("ix_purge_log_page", &["agency_id", "id"])],
    },
    NewTable {
        name: "legal_hold",
        comment: "That nothing of a visit is deleted until the hold is lifted.",
        columns: &[
            required("visit_id", Uuid),
            required("agency_id", Uuid),
            required("reason", Text),
            required("placed_by", Uuid),
            required("placed_at", Big),
        ],
        primary_key: &["visit_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("visit_id", "visit"),
            ("placed_by", "user_account"),
        ],
        indexes: &[("ix_legal_hold_way", &["agency_id", "visit_id"])],
    },
];
