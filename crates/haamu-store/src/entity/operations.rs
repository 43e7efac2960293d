//! The audit trail and background jobs.

use super::entity;

entity!(audit, "audit", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    at: i64,
    actor_id: Option<Uuid>,
    actor_role: Option<String>,
    action: String,
    target_kind: String,
    target_id: String,
    detail: String,
    token_id: Option<Uuid>,
});

entity!(job, "job", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    kind: String,
    dedup_key: String,
    payload: String,
    run_after: i64,
    attempts: i32,
    claimed_at: Option<i64>,
    claimed_until: Option<i64>,
    finished_at: Option<i64>,
    failed_at: Option<i64>,
    last_error: Option<String>,
    created_at: i64,
});
