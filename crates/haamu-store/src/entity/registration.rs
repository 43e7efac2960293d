//! Registrations of shoppers, counts by days, and news of offers.

use super::entity;

entity!(registration_condition, "registration_condition", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    is_open: bool,
    slug: Option<String>,
    approval: String,
    least_age: i32,
    languages: String,
    words: String,
    per_day: i32,
    updated_at: i64,
});

entity!(registration, "registration", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    state: String,
    email_hash: Vec<u8>,
    content: Option<Vec<u8>>,
    secret_hash: Option<Vec<u8>>,
    agreement_id: Option<Uuid>,
    created_at: i64,
    expires_at: i64,
    verified_at: Option<i64>,
    decided_by: Option<Uuid>,
    decided_at: Option<i64>,
    reason: Option<String>,
});

entity!(daily_count, "daily_count", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    key: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    day: i64,
    count: i64,
});

entity!(offer_notice, "offer_notice", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    shopper_id: Uuid,
    visit_id: Uuid,
    assignment_id: Option<Uuid>,
    kind: String,
    created_at: i64,
});
