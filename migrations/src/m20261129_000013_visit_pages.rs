//! Ways to the pages of lists of visits. With an index of a round alone, or with none of states, the databases read
//! an agency's visits by id until a page is full: all of them, where few or none are what is asked for.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

/// Each list in the order of its pages.
const PAGES: [(&str, &[&str]); 4] = [
    ("ix_visit_of_round", &["round_id", "id"]),
    // With the agency, so that SQLite, which counts equal columns, does not take the index of a state alone.
    (
        "ix_visit_of_round_in_state",
        &["agency_id", "round_id", "state", "id"],
    ),
    ("ix_visit_in_state", &["agency_id", "state", "id"]),
    ("ix_visit_of_client", &["client_organisation_id", "id"]),
];
/// What the first columns of these take the place of.
const ALONE: [&str; 2] = ["round_id", "client_organisation_id"];

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
        for column in ALONE {
            drop_index(manager, &format!("ix_visit_{column}")).await?;
        }
        for (name, columns) in PAGES {
            create_index(manager, name, columns).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in PAGES {
            drop_index(manager, name).await?;
        }
        for column in ALONE {
            create_index(manager, &format!("ix_visit_{column}"), &[column]).await?;
        }
        Ok(())
    }
}

async fn drop_index(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    let index = Index::drop().name(name).table("visit").to_owned();
    manager.drop_index(index).await
}

async fn create_index(
    manager: &SchemaManager<'_>,
    name: &str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(name).table("visit");
    for column in columns {
        index.col(*column);
    }
    manager.create_index(index).await
}
