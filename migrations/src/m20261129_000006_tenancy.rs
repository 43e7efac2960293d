//! Trees over the locations of a client organisation, who is responsible for which part of them, and what
//! else is known of a location.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Text, Uuid};
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
        for name in COLUMNS {
            let mut column = ColumnDef::new(*name);
            column.text();
            if *name == "operator_kind" {
                column.not_null().default("own");
            } else {
                column.null();
            }
            let table = Table::alter().table("location").add_column(column).to_owned();
            manager.alter_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS.iter().rev() {
            let table = Table::alter().table("location").drop_column(*name).to_owned();
            manager.alter_table(table).await?;
        }
        for table in TABLES.iter().rev() {
            manager
                .drop_table(Table::drop().table(table.name).to_owned())
                .await?;
        }
        Ok(())
    }
}

/// What else is known of a location: who runs it, JSON of its hours, JSON of its attributes, and its last day.
const COLUMNS: &[&str] = &["operator_kind", "opening_hours", "attributes", "closed_on"];

const TABLES: &[NewTable] = &[
    NewTable {
        name: "hierarchy",
        comment: "One of several trees over the locations of a client organisation.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("client_organisation_id", Uuid),
            required("name", Text),
            required("created_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_hierarchy_name", &["client_organisation_id", "name"])],
        references: &[
            ("agency_id", "agency"),
            ("client_organisation_id", "client_organisation"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "unit",
        comment: "A node of a hierarchy: a district, a brand, a franchisee.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("hierarchy_id", Uuid),
            required("name", Text),
            optional("external_id", Text),
            required("created_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_unit_external_id", &["hierarchy_id", "external_id"])],
        references: &[("agency_id", "agency"), ("hierarchy_id", "hierarchy")],
        indexes: &[],
    },
    NewTable {
        name: "unit_span",
        comment: "Where a unit hung in its tree, and when.",
        columns: &[
            required("unit_id", Uuid),
            required("valid_from", Text),
            required("agency_id", Uuid),
            required("hierarchy_id", Uuid),
            optional("parent_id", Uuid),
            optional("valid_until", Text),
        ],
        primary_key: &["unit_id", "valid_from"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("hierarchy_id", "hierarchy"),
            ("unit_id", "unit"),
            ("parent_id", "unit"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "unit_location",
        comment: "Which unit of a hierarchy a location belonged to, and when.",
        columns: &[
            required("hierarchy_id", Uuid),
            required("location_id", Uuid),
            required("valid_from", Text),
            required("agency_id", Uuid),
            required("unit_id", Uuid),
            optional("valid_until", Text),
        ],
        primary_key: &["hierarchy_id", "location_id", "valid_from"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("hierarchy_id", "hierarchy"),
            ("location_id", "location"),
            ("unit_id", "unit"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "member_unit",
        comment: "The part of a hierarchy that a client's person is responsible for.",
        columns: &[
            required("agency_id", Uuid),
            required("user_id", Uuid),
            required("unit_id", Uuid),
        ],
        primary_key: &["agency_id", "user_id", "unit_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("user_id", "user_account"),
            ("unit_id", "unit"),
        ],
        indexes: &[],
    },
];
