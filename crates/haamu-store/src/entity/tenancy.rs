//! Hierarchies, units, and who is responsible for them.

use super::entity;

entity!(hierarchy, "hierarchy", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    client_organisation_id: Uuid,
    name: String,
    created_at: i64,
    row_version: i64,
});

entity!(unit, "unit", {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    agency_id: Uuid,
    hierarchy_id: Uuid,
    name: String,
    external_id: Option<String>,
    created_at: i64,
});

entity!(unit_span, "unit_span", {
    #[sea_orm(primary_key, auto_increment = false)]
    unit_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    valid_from: String,
    agency_id: Uuid,
    hierarchy_id: Uuid,
    parent_id: Option<Uuid>,
    valid_until: Option<String>,
});

entity!(unit_location, "unit_location", {
    #[sea_orm(primary_key, auto_increment = false)]
    hierarchy_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    location_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    valid_from: String,
    agency_id: Uuid,
    unit_id: Uuid,
    valid_until: Option<String>,
});

entity!(member_unit, "member_unit", {
    #[sea_orm(primary_key, auto_increment = false)]
    agency_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    unit_id: Uuid,
});
