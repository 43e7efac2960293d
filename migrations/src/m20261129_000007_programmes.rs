//! What belongs to a programme besides its name: parts, scenarios, briefings, certification, and quotas of rounds.

use sea_orm_migration::prelude::*;

use crate::table::Kind::{Big, Bool, Bytes, Int, Text, Uuid};
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
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
        name: "programme_part",
        comment: "A document of a programme: journey, standards, method, field rules or fees.",
        columns: &[
            required("programme_id", Uuid),
            required("kind", Text),
            required("agency_id", Uuid),
            required("document", Text),
            required("updated_by", Uuid),
            required("updated_at", Big),
            required("row_version", Big),
        ],
        primary_key: &["programme_id", "kind"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("programme_id", "programme"),
            ("updated_by", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "scenario",
        comment: "What a shopper does and says, with the ethics that were ticked for it.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("programme_id", Uuid),
            required("name", Text),
            required("document", Text),
            required("ethics", Text),
            optional("ethics_by", Uuid),
            optional("ethics_at", Big),
            optional("retired_at", Big),
            required("created_at", Big),
            required("row_version", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("programme_id", "programme"),
            ("ethics_by", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "briefing",
        comment: "Instructions of a programme that shoppers read and confirm; a text never changes.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("programme_id", Uuid),
            required("title", Text),
            required("language", Text),
            required("body", Text),
            required("body_hash", Bytes),
            required("version", Int),
            required("created_by", Uuid),
            required("created_at", Big),
            optional("withdrawn_at", Big),
        ],
        primary_key: &["id"],
        unique: &[(
            "uq_briefing_version",
            &["programme_id", "title", "language", "version"],
        )],
        references: &[
            ("agency_id", "agency"),
            ("programme_id", "programme"),
            ("created_by", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "briefing_receipt",
        comment: "That a shopper read a briefing, and which words.",
        columns: &[
            required("briefing_id", Uuid),
            required("user_id", Uuid),
            required("agency_id", Uuid),
            required("body_hash", Bytes),
            required("read_at", Big),
        ],
        primary_key: &["briefing_id", "user_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("briefing_id", "briefing"),
            ("user_id", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "certification",
        comment: "The quiz of a programme, and how often it may be tried.",
        columns: &[
            required("programme_id", Uuid),
            required("agency_id", Uuid),
            required("checklist_version_id", Uuid),
            required("attempts", Int),
            required("valid_days", Int),
        ],
        primary_key: &["programme_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("programme_id", "programme"),
            ("checklist_version_id", "checklist_version"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "certification_attempt",
        comment: "One try of a shopper at the quiz of a programme.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("programme_id", Uuid),
            required("user_id", Uuid),
            required("checklist_version_id", Uuid),
            required("answers", Text),
            optional("result", Text),
            required("passed", Bool),
            required("tried_at", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("programme_id", "programme"),
            ("user_id", "user_account"),
            ("checklist_version_id", "checklist_version"),
        ],
        indexes: &[("ix_certification_of", &["programme_id", "user_id"])],
    },
];
