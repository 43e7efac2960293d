//! How long data lives, what was deleted, and what is held.

use super::entity;

entity!(retention_rule, "retention_rule", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    class: String,
    days: i32,
    updated_by: Uuid,
    updated_at: i64,
});

entity!(purge_log, "purge_log", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    day: String,
    class: String,
    kept_from: i64,
    rows_purged: i64,
    objects_purged: i64,
    started_at: i64,
    finished_at: Option<i64>,
    failure: Option<String>,
});

entity!(legal_hold, "legal_hold", {
    #[sea_orm(primary_key, auto_increment = false)]
    visit_id: Uuid,
    agency_id: Uuid,
    reason: String,
    placed_by: Uuid,
    placed_at: i64,
});
