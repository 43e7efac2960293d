//! Locations, checklists, programmes, rounds, visits and assignments.

use super::entity;

entity!(location, "location", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    client_organisation_id: Uuid,
    external_id: String,
    name: String,
    address: String,
    postal_code: String,
    city: String,
    country: String,
    latitude: Option<String>,
    longitude: Option<String>,
    time_zone: String,
    typical_staff_on_shift: Option<i32>,
    created_at: i64,
    operator_kind: String,
    opening_hours: Option<String>,
    attributes: Option<String>,
    closed_on: Option<String>,
});

entity!(checklist, "checklist", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    key: String,
    created_at: i64,
});

entity!(checklist_version, "checklist_version", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    checklist_id: Uuid,
    version: i32,
    state: String,
    content_hash: Vec<u8>,
    document: String,
    title: String,
    created_at: i64,
    published_at: Option<i64>,
});

entity!(programme, "programme", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    client_organisation_id: Uuid,
    name: String,
    purpose: String,
    state: String,
    release_delay_hours: i32,
    staff_notice_days: i32,
    created_at: i64,
    row_version: i64,
});

entity!(staff_notice, "staff_notice", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    programme_id: Uuid,
    informed_on: String,
    audience: String,
    channel: String,
    text: String,
    recorded_at: i64,
    recorded_by: Uuid,
    withdrawn_at: Option<i64>,
    withdraw_reason: Option<String>,
});

entity!(round, "round", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    programme_id: Uuid,
    name: String,
    checklist_version_id: Uuid,
    starts_on: String,
    visit_by: String,
    report_by: String,
    counts_in: String,
    created_at: i64,
    row_version: i64,
    cancelled_at: Option<i64>,
    cancel_reason: Option<String>,
});

entity!(visit, "visit", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    client_organisation_id: Uuid,
    round_id: Uuid,
    location_id: Uuid,
    state: String,
    visited_at: Option<i64>,
    approved_at: Option<i64>,
    released_at: Option<i64>,
    created_at: i64,
    row_version: i64,
});

entity!(assignment, "assignment", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    visit_id: Uuid,
    shopper_id: Uuid,
    state: String,
    created_at: i64,
    row_version: i64,
    applied_in: Option<Uuid>,
});
