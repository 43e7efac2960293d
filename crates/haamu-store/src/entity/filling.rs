//! The shopper panel, what is planned of visits, and the terms of offers.

use super::entity;

entity!(shopper_profile, "shopper_profile", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    is_active: bool,
    is_suspended: bool,
    born_on: Option<String>,
    languages: String,
    qualifications: String,
    qualification_ends: Option<String>,
    places: String,
    rating_tenths: Option<i32>,
    external_id: Option<String>,
    updated_at: i64,
    row_version: i64,
});

entity!(shopper_agreement, "shopper_agreement", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    version: i32,
    language: String,
    body: String,
    body_hash: Vec<u8>,
    created_by: Uuid,
    created_at: i64,
});

entity!(agreement_acceptance, "agreement_acceptance", {
    #[sea_orm(primary_key, auto_increment = false)]
    agreement_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    agency_id: Uuid,
    version: i32,
    body_hash: Vec<u8>,
    accepted_at: i64,
});

entity!(companion, "companion", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    shopper_id: Uuid,
    name: String,
    user_id: Option<Uuid>,
    created_at: i64,
    removed_at: Option<i64>,
});

entity!(tie, "tie", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    user_id: Uuid,
    client_organisation_id: Uuid,
    location_id: Option<Uuid>,
    reason: String,
    declared_at: i64,
    ended_at: Option<i64>,
    recorded_by: Option<Uuid>,
});

entity!(visit_plan, "visit_plan", {
    #[sea_orm(primary_key, auto_increment = false)]
    visit_id: Uuid,
    agency_id: Uuid,
    round_id: Uuid,
    external_id: Option<String>,
    starts_on: Option<String>,
    visit_by: Option<String>,
    report_by: Option<String>,
    daypart: Option<String>,
    scenario_id: Option<Uuid>,
    board: Option<String>,
    closed_reason: Option<String>,
    extension_reason: Option<String>,
    row_version: i64,
});

entity!(assignment_term, "assignment_term", {
    #[sea_orm(primary_key, auto_increment = false)]
    assignment_id: Uuid,
    agency_id: Uuid,
    origin: String,
    due_on: Option<String>,
    respond_by: Option<i64>,
    independent_at: Option<i64>,
    companion_id: Option<Uuid>,
    end_reason: Option<String>,
    end_detail: Option<String>,
    ended_at: Option<i64>,
    scenario: Option<String>,
    fees: Option<String>,
    reminded_for: Option<String>,
    day_named: bool,
});

entity!(round_quota, "round_quota", {
    #[sea_orm(primary_key, auto_increment = false)]
    round_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    cell: String,
    agency_id: Uuid,
    visits: i32,
});

entity!(report_reminder, "report_reminder", {
    #[sea_orm(primary_key, auto_increment = false)]
    assignment_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    report_by: String,
    agency_id: Uuid,
    reminded_at: i64,
});

entity!(job_invitation, "job_invitation", {
    #[sea_orm(primary_key, auto_increment = false)]
    visit_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    shopper_id: Uuid,
    agency_id: Uuid,
    invited_by: Uuid,
    invited_at: i64,
    declined_at: Option<i64>,
});

entity!(past_visit, "past_visit", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    external_id: String,
    user_id: Uuid,
    location_id: Uuid,
    visited_on: String,
    as_companion: bool,
    companion_id: Option<Uuid>,
    imported_at: i64,
});

entity!(proposal, "proposal", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    round_id: Uuid,
    state: String,
    progress: i32,
    assignments: String,
    unfilled: String,
    handled: i32,
    refused: String,
    left_out: i32,
    proposed_by: Uuid,
    proposed_at: i64,
    applied_by: Option<Uuid>,
    finished_at: Option<i64>,
    row_version: i64,
});

entity!(trainee, "trainee", {
    #[sea_orm(primary_key, auto_increment = false)]
    programme_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    agency_id: Uuid,
    opened_by: Uuid,
    opened_at: i64,
});
