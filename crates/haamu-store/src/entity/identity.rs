//! Agencies, people, sessions and client organisations.

use super::entity;

entity!(installation, "installation", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i32,
    setup_code_hash: Option<Vec<u8>>,
    set_up_at: Option<i64>,
});

entity!(agency, "agency", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    name: String,
    created_at: i64,
});

entity!(user_account, "user_account", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    email: String,
    display_name: String,
    password_hash: String,
    created_at: i64,
    disabled_at: Option<i64>,
    email_verified_at: Option<i64>,
    language: Option<String>,
    is_service: bool,
});

entity!(client_organisation, "client_organisation", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    name: String,
    created_at: i64,
    row_version: i64,
});

entity!(membership, "membership", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    role: String,
    client_organisation_id: Option<Uuid>,
    created_at: i64,
    disabled_at: Option<i64>,
    anonymised_at: Option<i64>,
    active_at: Option<i64>,
});

entity!(session, "session", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    user_id: Uuid,
    device: Option<Vec<u8>>,
    created_at: i64,
    ended_at: Option<i64>,
    end_reason: Option<String>,
    last_used_at: Option<i64>,
    user_agent: Option<String>,
    method: Option<String>,
    factor_at: Option<i64>,
});

entity!(refresh_token, "refresh_token", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    session_id: Uuid,
    token_hash: Vec<u8>,
    issued_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    superseded: bool,
});
