//! Ways to the rows of one submission. An index of the agency alone leads to all that it has: SQLite, which keeps
//! no statistics unless it is told to, took it for a short way, and every push read the whole log.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// Tables with the columns behind the agency in the index that takes the place of the agency's own.
const TABLES: [(&str, &[&str]); 7] = [
    ("register", &["submission_id"]),
    ("submission_stage", &["submission_id"]),
    ("follow_up", &["submission_id"]),
    ("upload", &["submission_id"]),
    ("set_aside_decision", &["set_aside_id"]),
    ("critical_confirmation", &["visit_id"]),
    ("score", &["visit_id", "number"]),
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
        for (table, behind) in TABLES {
            drop_index(manager, table, &format!("ix_{table}_agency_id")).await?;
            let columns: Vec<&str> = ["agency_id"].iter().chain(behind).copied().collect();
            create_index(manager, table, &format!("ix_{table}_way"), &columns).await?;
        }
        // The unique index of names begins with the agency.
        drop_index(manager, "op", "ix_op_agency_id").await?;
        drop_index(manager, "job", "ix_job_agency_id").await?;
        drop_index(manager, "job", "ix_job_dedup").await?;
        create_index(manager, "job", "ix_job_same", &["agency_id", "kind", "dedup_key"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_index(manager, "job", "ix_job_same").await?;
        create_index(manager, "job", "ix_job_dedup", &["kind", "dedup_key"]).await?;
        for table in ["job", "op"] {
            create_index(manager, table, &format!("ix_{table}_agency_id"), &["agency_id"]).await?;
        }
        for (table, _) in TABLES {
            drop_index(manager, table, &format!("ix_{table}_way")).await?;
            create_index(manager, table, &format!("ix_{table}_agency_id"), &["agency_id"]).await?;
        }
        Ok(())
    }
}

async fn drop_index(manager: &SchemaManager<'_>, table: &'static str, name: &str) -> Result<(), DbErr> {
    let index = Index::drop().name(name).table(table).to_owned();
    manager.drop_index(index).await
}

async fn create_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
