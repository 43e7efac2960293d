//! Shoppers whom the agency has suspended, visits that a proposed plan left aside, and the round of an application,
//! by which the applications of a round are sought in the order of time.

use sea_orm_migration::prelude::*;

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
        let suspended = ColumnDef::new("is_suspended")
            .boolean()
            .not_null()
            .default(false)
            .to_owned();
        add(manager, "shopper_profile", suspended).await?;
        let left_out = ColumnDef::new("left_out")
            .integer()
            .not_null()
            .default(0)
            .to_owned();
        add(manager, "proposal", left_out).await?;
        let applied_in = ColumnDef::new("applied_in").uuid().null().to_owned();
        add(manager, "assignment", applied_in).await?;
        let sql = "UPDATE assignment SET applied_in = (SELECT round_id FROM visit WHERE visit.id = assignment.visit_id) \
                   WHERE state = 'applied'";
        manager.get_connection().execute_unprepared(sql).await?;
        let mut index = Index::create();
        index.name(APPLICATIONS).table("assignment");
        for column in ["applied_in", "state", "id"] {
            index.col(column);
        }
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(APPLICATIONS).table("assignment").to_owned();
        manager.drop_index(index).await?;
        for (table, column) in [
            ("assignment", "applied_in"),
            ("proposal", "left_out"),
            ("shopper_profile", "is_suspended"),
        ] {
            let alter = Table::alter().table(table).drop_column(column).to_owned();
            manager.alter_table(alter).await?;
        }
        Ok(())
    }
}

/// The way to a page of the applications of a round.
const APPLICATIONS: &str = "ix_assignment_application";

async fn add(manager: &SchemaManager<'_>, table: &'static str, mut column: ColumnDef) -> Result<(), DbErr> {
    let alter = Table::alter().table(table).add_column(&mut column).to_owned();
    manager.alter_table(alter).await
}
