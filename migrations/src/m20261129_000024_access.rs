//! Ways to the entries of the audit trail, which is read backwards in time. And whoever is of no client organisation, or
//! of another one by now, is not responsible for units of it any more.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// The short one became the beginning of a longer one.
const OLD: (&str, &[&str]) = ("ix_audit_target", &["agency_id", "target_kind", "target_id"]);

const INDEXES: &[(&str, &[&str])] = &[
    ("ix_audit_page", &["agency_id", "id"]),
    ("ix_audit_of_actor", &["agency_id", "actor_id", "id"]),
    ("ix_audit_of_action", &["agency_id", "action", "id"]),
    (
        "ix_audit_of_target",
        &["agency_id", "target_kind", "target_id", "id"],
    ),
];

const LEFT_OVER: &str = "DELETE FROM member_unit WHERE NOT EXISTS (SELECT 1 FROM membership \
    INNER JOIN hierarchy ON hierarchy.client_organisation_id = membership.client_organisation_id \
    INNER JOIN unit ON unit.hierarchy_id = hierarchy.id \
    WHERE membership.agency_id = member_unit.agency_id AND membership.user_id = member_unit.user_id \
    AND unit.id = member_unit.unit_id)";

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
        for (name, columns) in INDEXES {
            manager.create_index(index(name, columns)).await?;
        }
        let old = Index::drop().name(OLD.0).table("audit").to_owned();
        manager.drop_index(old).await?;
        manager.get_connection().execute_unprepared(LEFT_OVER).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(index(OLD.0, OLD.1)).await?;
        for (name, _) in INDEXES {
            let index = Index::drop().name(*name).table("audit").to_owned();
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}

fn index(name: &str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table("audit").to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
