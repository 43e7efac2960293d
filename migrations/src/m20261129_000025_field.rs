//! Ways to the visits that coordinators look for, to the people of a role and to a shopper's own applications; and
//! that a shopper declined an invitation to a visit.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// In the order of pages, or by what is asked for; with the rows that they are of, where those are few.
const INDEXES: [(&str, &str, Option<&str>); 6] = [
    ("ix_visit_of_location", "visit (location_id, id)", None),
    (
        "ix_assignment_offered",
        "assignment (agency_id, visit_id)",
        Some("state = 'assigned'"),
    ),
    (
        "ix_assignment_applied_by",
        "assignment (agency_id, shopper_id, id)",
        Some("applied_in IS NOT NULL"),
    ),
    (
        "ix_visit_plan_called_off",
        "visit_plan (agency_id, visit_id)",
        Some("closed_reason IS NOT NULL"),
    ),
    (
        "ix_assignment_term_day",
        "assignment_term (agency_id, due_on)",
        None,
    ),
    (
        "ix_membership_role",
        "membership (agency_id, role, user_id)",
        None,
    ),
];
/// What the first column of another takes the place of.
const ALONE: &str = "ix_visit_location_id";

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
        let declined = ColumnDef::new("declined_at").big_integer().null().to_owned();
        let table = Table::alter()
            .table("job_invitation")
            .add_column(declined)
            .to_owned();
        manager.alter_table(table).await?;
        for (name, columns, of) in INDEXES {
            let of = of.map(|of| format!(" WHERE {of}")).unwrap_or_default();
            let sql = format!("CREATE INDEX {name} ON {columns}{of}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        let index = Index::drop().name(ALONE).table("visit").to_owned();
        manager.drop_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::create()
            .name(ALONE)
            .table("visit")
            .col("location_id")
            .to_owned();
        manager.create_index(index).await?;
        for (name, columns, _) in INDEXES {
            let table = columns.split(' ').next().unwrap_or_default().to_owned();
            let index = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(index).await?;
        }
        let table = Table::alter()
            .table("job_invitation")
            .drop_column("declined_at")
            .to_owned();
        manager.alter_table(table).await
    }
}
