//! Filling a round: the shopper panel, its agreement, what is planned of each visit, the terms of each offer,
//! and visits from before Haamu.

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
        name: "shopper_profile",
        comment: "What an agency knows of a shopper of its panel.",
        columns: &[
            required("agency_id", Uuid),
            required("user_id", Uuid),
            required("is_active", Bool),
            optional("born_on", Text),
            required("languages", Text),
            required("qualifications", Text),
            required("places", Text),
            optional("rating_tenths", Int),
            required("updated_at", Big),
            required("row_version", Big),
        ],
        primary_key: &["agency_id", "user_id"],
        unique: &[],
        references: &[("agency_id", "agency"), ("user_id", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "shopper_agreement",
        comment: "The agreement of an agency with its shoppers, in one version and language; its words never change.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("version", Int),
            required("language", Text),
            required("body", Text),
            required("body_hash", Bytes),
            required("created_by", Uuid),
            required("created_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_shopper_agreement", &["agency_id", "version", "language"])],
        references: &[("agency_id", "agency"), ("created_by", "user_account")],
        indexes: &[],
    },
    NewTable {
        name: "agreement_acceptance",
        comment: "That a shopper accepted an agreement, and which words.",
        columns: &[
            required("agreement_id", Uuid),
            required("user_id", Uuid),
            required("agency_id", Uuid),
            required("version", Int),
            required("body_hash", Bytes),
            required("accepted_at", Big),
        ],
        primary_key: &["agreement_id", "user_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("agreement_id", "shopper_agreement"),
            ("user_id", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "companion",
        comment: "Somebody who comes along to visits of a shopper.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("shopper_id", Uuid),
            required("name", Text),
            optional("user_id", Uuid),
            required("created_at", Big),
            optional("removed_at", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("shopper_id", "user_account"),
            ("user_id", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "tie",
        comment: "That a shopper is not independent of a client organisation, or of one of its locations.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("user_id", Uuid),
            required("client_organisation_id", Uuid),
            optional("location_id", Uuid),
            required("reason", Text),
            required("declared_at", Big),
            optional("ended_at", Big),
        ],
        primary_key: &["id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("user_id", "user_account"),
            ("client_organisation_id", "client_organisation"),
            ("location_id", "location"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "visit_plan",
        comment: "What is planned of a visit besides its place.",
        columns: &[
            required("visit_id", Uuid),
            required("agency_id", Uuid),
            required("round_id", Uuid),
            optional("external_id", Text),
            optional("starts_on", Text),
            optional("visit_by", Text),
            optional("daypart", Text),
            optional("scenario_id", Uuid),
            optional("board", Text),
            optional("closed_reason", Text),
            required("row_version", Big),
        ],
        primary_key: &["visit_id"],
        unique: &[("uq_visit_plan_external", &["round_id", "external_id"])],
        references: &[
            ("agency_id", "agency"),
            ("visit_id", "visit"),
            ("round_id", "round"),
            ("scenario_id", "scenario"),
        ],
        indexes: &[("ix_visit_plan_board", &["agency_id", "board", "visit_id"])],
    },
    NewTable {
        name: "assignment_term",
        comment: "On what terms a visit was offered, asked for, taken and given up.",
        columns: &[
            required("assignment_id", Uuid),
            required("agency_id", Uuid),
            required("origin", Text),
            optional("due_on", Text),
            optional("respond_by", Big),
            optional("independent_at", Big),
            optional("companion_id", Uuid),
            optional("end_reason", Text),
            optional("end_detail", Text),
            optional("ended_at", Big),
        ],
        primary_key: &["assignment_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("assignment_id", "assignment"),
            ("companion_id", "companion"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "round_quota",
        comment: "How many visits of a round fall on a weekday, a part of the day or a week.",
        columns: &[
            required("round_id", Uuid),
            required("kind", Text),
            required("cell", Text),
            required("agency_id", Uuid),
            required("visits", Int),
        ],
        primary_key: &["round_id", "kind", "cell"],
        unique: &[],
        references: &[("agency_id", "agency"), ("round_id", "round")],
        indexes: &[],
    },
    NewTable {
        name: "job_invitation",
        comment: "That a shopper was asked whether they want a visit.",
        columns: &[
            required("visit_id", Uuid),
            required("shopper_id", Uuid),
            required("agency_id", Uuid),
            required("invited_by", Uuid),
            required("invited_at", Big),
        ],
        primary_key: &["visit_id", "shopper_id"],
        unique: &[],
        references: &[
            ("agency_id", "agency"),
            ("visit_id", "visit"),
            ("shopper_id", "user_account"),
            ("invited_by", "user_account"),
        ],
        indexes: &[],
    },
    NewTable {
        name: "past_visit",
        comment: "A visit that a shopper made before Haamu, which rotation counts.",
        columns: &[
            required("id", Uuid),
            required("agency_id", Uuid),
            required("external_id", Text),
            required("user_id", Uuid),
            required("location_id", Uuid),
            required("visited_on", Text),
            required("as_companion", Bool),
            required("imported_at", Big),
        ],
        primary_key: &["id"],
        unique: &[("uq_past_visit_external", &["agency_id", "external_id"])],
        references: &[
            ("agency_id", "agency"),
            ("user_id", "user_account"),
            ("location_id", "location"),
        ],
        indexes: &[],
    },
];
