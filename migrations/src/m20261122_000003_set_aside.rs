//! Work that was set aside: the tasks it makes, what is decided about it, and the log that the server
//! itself writes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

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
        for table in TABLES {
            table.create(manager).await?;
        }
        let mut column = ColumnDef::new("set_aside_id");
        column.uuid().null();
        manager
            .alter_table(Table::alter().table("op").add_column(column).to_owned())
            .await?;
        let connection = manager.get_connection();
        let sql = "CREATE INDEX ix_op_set_aside ON op (set_aside_id) WHERE set_aside_id IS NOT NULL";
        connection.execute_unprepared(sql).await?;
        // What was set aside before there were tasks becomes one.
        let (id, subject) = match manager.get_database_backend() {
            DbBackend::Postgres => ("gen_random_uuid()", "COALESCE(uuid_send(submission_id), device)"),
            _ => ("randomblob(16)", "COALESCE(submission_id, device)"),
        };
        let sql = format!(
            "INSERT INTO set_aside (id, agency_id, subject, submission_id, device, disposition, reason,
                operations, undecided, first_received_at, last_received_at)
             SELECT {id}, grouped.* FROM (
                SELECT agency_id, {subject} AS subject, submission_id,
                    CASE WHEN submission_id IS NULL THEN device END AS device, disposition, reason,
                    COUNT(*) AS operations, COUNT(*) AS undecided,
                    MIN(received_at) AS first_received_at, MAX(received_at) AS last_received_at
                  FROM op WHERE disposition NOT IN ('applied', 'duplicate')
                 GROUP BY agency_id, 2, submission_id, 4, disposition, reason) AS grouped"
        );
        connection.execute_unprepared(&sql).await?;
        let sql = format!(
            "UPDATE op SET set_aside_id = (SELECT id FROM set_aside WHERE set_aside.agency_id = op.agency_id
                AND set_aside.subject = {subject} AND set_aside.disposition = op.disposition
                AND set_aside.reason = op.reason)
              WHERE disposition NOT IN ('applied', 'duplicate')",
            subject = subject
                .replace("submission_id", "op.submission_id")
                .replace("device", "op.device"),
        );
        connection.execute_unprepared(&sql).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection
            .execute_unprepared("DROP INDEX ix_op_set_aside")
            .await?;
        manager
            .alter_table(Table::alter().table("op").drop_column("set_aside_id").to_owned())
            .await?;
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(table.name).to_owned())
                .await?;
        }
        Ok(())
    }
}

const TABLES: &[NewTable] = &[
    NewTable {
        name: "set_aside",
        comment: "A task: operations of one submission, or of one device, that were set aside for one reason.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("subject", Bytes),
            optional("submission_id", Uuid),
            optional("device", Bytes),
            required("disposition", Text),
            required("reason", Text),
            required("operations", Int),
            required("undecided", Int),
            required("first_received_at", Big),
            required("last_received_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_set_aside", &["agency_id", "subject", "disposition", "reason"])],
        references: &[
            ("agency_id", "agency"),
            ("submission_id", "submission"),
            ("device", "device"),
        ],
        indexes: &[("ix_set_aside_latest", &["agency_id", "last_received_at", "id"])],
    },
    NewTable {
        name: "set_aside_decision",
        comment: "What was decided about an operation that was set aside; the operation itself stays as it came.",
        columns: &[
            required("device", Bytes),
            required("seq", Big),
            required("agency_id", Uuid),
            required("set_aside_id", Uuid),
            required("outcome", Text),
            optional("cited_by", Bytes),
            optional("note", Text),
            required("decided_by", Uuid),
            required("decided_at", Big),
        ],
        primary_key: &["device", "seq"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("set_aside_id", "set_aside"),
            ("decided_by", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "server_log",
        comment: "The device under whose name the server itself writes operations of an agency.",
        columns: &[required("agency_id", Uuid), required("device", Bytes)],
        primary_key: &["agency_id"],
        unique: &[("uq_server_log_device", &["device"])],
        references: &[("agency_id", "agency")],
        indexes: &[],
    },
];
