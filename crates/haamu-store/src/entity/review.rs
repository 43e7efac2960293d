//! Scores and confirmations.

use super::entity;

entity!(score, "score", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    visit_id: Uuid,
    number: i32,
    submission_id: Uuid,
    cycle: i32,
    display: Option<String>,
    grade: Option<String>,
    result: String,
    trace: String,
    findings: String,
    has_conflict: bool,
    reason: String,
    scored_at: i64,
});

entity!(critical_confirmation, "critical_confirmation", {
    #[sea_orm(primary_key, auto_increment = false)]
    visit_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    question: String,
    #[sea_orm(primary_key, auto_increment = false)]
    cycle: i32,
    agency_id: Uuid,
    answer: String,
    evidence: String,
    confirmed_by: Uuid,
    confirmed_at: i64,
});
