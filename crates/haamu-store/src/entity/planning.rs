//! Parts of programmes, scenarios, briefings and certification.

use super::entity;

entity!(programme_part, "programme_part", {
    #[sea_orm(primary_key, auto_increment = false)]
    programme_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    agency_id: Uuid,
    document: String,
    updated_by: Uuid,
    updated_at: i64,
    row_version: i64,
});

entity!(scenario, "scenario", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    programme_id: Uuid,
    name: String,
    document: String,
    ethics: String,
    ethics_by: Option<Uuid>,
    ethics_at: Option<i64>,
    retired_at: Option<i64>,
    created_at: i64,
    row_version: i64,
});

entity!(briefing, "briefing", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    programme_id: Uuid,
    title: String,
    language: String,
    body: String,
    body_hash: Vec<u8>,
    version: i32,
    created_by: Uuid,
    created_at: i64,
    withdrawn_at: Option<i64>,
    key: String,
});

entity!(briefing_receipt, "briefing_receipt", {
    #[sea_orm(primary_key, auto_increment = false)]
    briefing_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    agency_id: Uuid,
    body_hash: Vec<u8>,
    read_at: i64,
});

entity!(certification, "certification", {
    #[sea_orm(primary_key, auto_increment = false)]
    programme_id: Uuid,
    agency_id: Uuid,
    checklist_version_id: Uuid,
    attempts: i32,
    valid_days: i32,
});

entity!(certification_attempt, "certification_attempt", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    programme_id: Uuid,
    user_id: Uuid,
    checklist_version_id: Uuid,
    answers: String,
    result: Option<String>,
    passed: bool,
    tried_at: i64,
    given_back_at: Option<i64>,
});
