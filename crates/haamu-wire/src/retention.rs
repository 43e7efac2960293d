//! How long data is kept, what was deleted, and what is held.

use haamu_domain::retention::PurgeClass;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// For how many days a class of data is kept.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetentionRuleIn {
    /// The class.
    pub class: PurgeClass,
    /// So many whole days; each class has a range of its own.
    pub days: u32,
}

/// Classes that are to be kept for other periods.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RetentionIn {
    /// The classes; those that are not named stay as they are.
    pub rules: Vec<RetentionRuleIn>,
}

/// For how long a class of data is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionRuleOut {
    /// The class.
    pub class: PurgeClass,
    /// So many whole days.
    pub days: u32,
    /// The number where the agency has set nothing.
    pub usual_days: u32,
    /// The fewest days that may be set.
    pub least_days: u32,
    /// The most days that may be set.
    pub most_days: u32,
}

/// For how long each class of data is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionOut {
    /// All classes.
    pub rules: Vec<RetentionRuleOut>,
}

/// What a night deleted of one class of data.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurgeOut {
    /// Its id.
    pub id: Uuid,
    /// The night's date, as `2026-11-22`.
    pub day: String,
    /// The class.
    pub class: PurgeClass,
    /// What happened before this moment was deleted, in UTC.
    pub kept_from: String,
    /// So many rows were deleted, or lost what was in them.
    pub rows: u64,
    /// So many files were deleted.
    pub objects: u64,
    /// When it began, in UTC.
    pub started_at: String,
    /// When all of it was done, in UTC; absent while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Why the last attempt failed, in words for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// A page of what was deleted.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurgesOut {
    /// Nights and classes, the latest first.
    pub items: Vec<PurgeOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// Why a visit is held.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HoldIn {
    /// The reason, 1 to 1,000 characters.
    pub reason: String,
}

/// That nothing of a visit is deleted.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoldOut {
    /// The visit.
    pub visit: Uuid,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub placed_by: Uuid,
    /// When, in UTC.
    pub placed_at: String,
}
