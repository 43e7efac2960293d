//! Submissions, devices, operations, registers, feeds and files.

use super::entity;

entity!(submission, "submission", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    assignment_id: Uuid,
    visit_id: Uuid,
    shopper_id: Uuid,
    form_version: Option<Vec<u8>>,
    cycle: i32,
    return_reason: Option<String>,
    location_attributes: Option<String>,
    round_name: Option<String>,
    created_at: i64,
    row_version: i64,
    staff_data_purged_at: Option<i64>,
    narrative_purged_at: Option<i64>,
    photo_purged_at: Option<i64>,
    voucher_purged_at: Option<i64>,
    shopper_data_purged_at: Option<i64>,
});

entity!(submission_stage, "submission_stage", {
    #[sea_orm(primary_key, auto_increment = false)]
    submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    stage: String,
    #[sea_orm(primary_key, auto_increment = false)]
    cycle: i32,
    agency_id: Uuid,
    op_id: Vec<u8>,
    submitted_at: i64,
    received_at: i64,
});

entity!(follow_up, "follow_up", {
    #[sea_orm(primary_key, auto_increment = false)]
    submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    stage: String,
    agency_id: Uuid,
    opens_at: i64,
    closes_at: i64,
});

entity!(device, "device", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Vec<u8>,
    agency_id: Uuid,
    user_id: Uuid,
    public_key: Vec<u8>,
    platform: String,
    build: String,
    cloned_from: Option<Vec<u8>>,
    head_seq: i64,
    head_chain: Vec<u8>,
    head_effective: Option<i64>,
    enrolled_at: i64,
    revoked_at: Option<i64>,
    custody_seq: i64,
});

entity!(op, "op", {
    #[sea_orm(primary_key, auto_increment = false)]
    device: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    seq: i64,
    agency_id: Uuid,
    op_id: Vec<u8>,
    chain: Vec<u8>,
    submission_id: Option<Uuid>,
    lane: Option<String>,
    register: Option<String>,
    hlc: Option<i64>,
    effective: i64,
    confidence: Option<String>,
    form_version: Option<Vec<u8>>,
    author: Option<Uuid>,
    disposition: String,
    reason: String,
    received_at: i64,
    raw: Vec<u8>,
    set_aside_id: Option<Uuid>,
    redacted_at: Option<i64>,
});

entity!(set_aside, "set_aside", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    subject: Vec<u8>,
    submission_id: Option<Uuid>,
    device: Option<Vec<u8>>,
    disposition: String,
    reason: String,
    operations: i32,
    undecided: i32,
    first_received_at: i64,
    last_received_at: i64,
});

entity!(set_aside_decision, "set_aside_decision", {
    #[sea_orm(primary_key, auto_increment = false)]
    device: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    seq: i64,
    agency_id: Uuid,
    set_aside_id: Uuid,
    outcome: String,
    cited_by: Option<Vec<u8>>,
    note: Option<String>,
    decided_by: Uuid,
    decided_at: i64,
});

entity!(server_log, "server_log", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    device: Vec<u8>,
});

entity!(register, "register", {
    #[sea_orm(primary_key, auto_increment = false)]
    submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    lane: String,
    #[sea_orm(primary_key, auto_increment = false)]
    register: String,
    #[sea_orm(primary_key, auto_increment = false)]
    instance: Vec<u8>,
    agency_id: Uuid,
    winner_op: Option<Vec<u8>>,
    value: Option<String>,
    effective: i64,
    conflict: bool,
    stale: bool,
    cell: Vec<u8>,
});

entity!(incarnation, "incarnation", {
    #[sea_orm(primary_key, auto_increment = false)]
    number: i64,
    id: Vec<u8>,
    started_at: i64,
    begun_on: String,
});

entity!(feed_head, "feed_head", {
    #[sea_orm(primary_key, auto_increment = false)]
    scope: String,
    agency_id: Uuid,
    pos: i64,
    incarnation: Vec<u8>,
});

entity!(feed_entry, "feed_entry", {
    #[sea_orm(primary_key, auto_increment = false)]
    scope: String,
    #[sea_orm(primary_key, auto_increment = false)]
    kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    entity: String,
    agency_id: Uuid,
    pos: i64,
    revoked: Option<String>,
});

entity!(feed_incarnation, "feed_incarnation", {
    #[sea_orm(primary_key, auto_increment = false)]
    scope: String,
    #[sea_orm(primary_key, auto_increment = false)]
    start_pos: i64,
    agency_id: Uuid,
    incarnation: Vec<u8>,
});

entity!(blob, "blob", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    sha256: Vec<u8>,
    length: i64,
    media_type: String,
    verified_at: i64,
    purged_at: Option<i64>,
});

entity!(blob_owner, "blob_owner", {
    #[sea_orm(primary_key, auto_increment = false)]
    submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    sha256: Vec<u8>,
    agency_id: Uuid,
    user_id: Uuid,
    received_at: i64,
    receipt: Option<String>,
    purged_at: Option<i64>,
});

entity!(upload, "upload", {
    #[sea_orm(primary_key, auto_increment = false)]
    submission_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    sha256: Vec<u8>,
    agency_id: Uuid,
    reserved: i64,
    length: Option<i64>,
    metadata: Option<String>,
    started_at: i64,
    touched_at: i64,
});

entity!(rendition, "rendition", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    sha256: Vec<u8>,
    readable: bool,
    width: i32,
    height: i32,
    length: i64,
    made_at: i64,
});
