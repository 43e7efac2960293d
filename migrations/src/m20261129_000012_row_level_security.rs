//! The wall around every table whose rows belong to an agency. SQLite has none.

use sea_orm_migration::prelude::*;

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
        wall::put_up(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        wall::take_down(manager, TABLES).await
    }
}

/// Tables, and the column that names the agency of a row.
const TABLES: &[(&str, &str)] = &[
    ("agency", "id"),
    ("agency_security", "agency_id"),
    ("agreement_acceptance", "agency_id"),
    ("assignment", "agency_id"),
    ("assignment_term", "agency_id"),
    ("audit", "agency_id"),
    ("blob", "agency_id"),
    ("blob_owner", "agency_id"),
    ("briefing", "agency_id"),
    ("briefing_receipt", "agency_id"),
    ("certification", "agency_id"),
    ("certification_attempt", "agency_id"),
    ("checklist", "agency_id"),
    ("checklist_version", "agency_id"),
    ("client_organisation", "agency_id"),
    ("companion", "agency_id"),
    ("critical_confirmation", "agency_id"),
    ("device", "agency_id"),
    ("feed_entry", "agency_id"),
    ("feed_head", "agency_id"),
    ("feed_incarnation", "agency_id"),
    ("follow_up", "agency_id"),
    ("hierarchy", "agency_id"),
    ("invitation", "agency_id"),
    ("job", "agency_id"),
    ("job_invitation", "agency_id"),
    ("location", "agency_id"),
    ("mail", "agency_id"),
    ("member_unit", "agency_id"),
    ("membership", "agency_id"),
    ("oidc_identity", "agency_id"),
    ("oidc_provider", "agency_id"),
    ("oidc_sign_in", "agency_id"),
    ("op", "agency_id"),
    ("password_reset_request", "agency_id"),
    ("past_visit", "agency_id"),
    ("programme", "agency_id"),
    ("programme_part", "agency_id"),
    ("proposal", "agency_id"),
    ("refresh_token", "agency_id"),
    ("register", "agency_id"),
    ("rendition", "agency_id"),
    ("round", "agency_id"),
    ("round_quota", "agency_id"),
    ("scenario", "agency_id"),
    ("score", "agency_id"),
    ("server_log", "agency_id"),
    ("service_token", "agency_id"),
    ("session", "agency_id"),
    ("set_aside", "agency_id"),
    ("set_aside_decision", "agency_id"),
    ("shopper_agreement", "agency_id"),
    ("shopper_profile", "agency_id"),
    ("sign_in_challenge", "agency_id"),
    ("staff_notice", "agency_id"),
    ("submission", "agency_id"),
    ("submission_stage", "agency_id"),
    ("tie", "agency_id"),
    ("unit", "agency_id"),
    ("unit_location", "agency_id"),
    ("unit_span", "agency_id"),
    ("upload", "agency_id"),
    ("visit", "agency_id"),
    ("visit_plan", "agency_id"),
];
