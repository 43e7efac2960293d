//! Checklists and their versions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One version of a checklist.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecklistVersionOut {
    /// The version's id.
    pub id: Uuid,
    /// The checklist's id, common to its versions.
    pub checklist: Uuid,
    /// The id in the document.
    pub key: String,
    /// The version number in the document.
    pub version: u32,
    /// `draft`, `published` or `withdrawn`.
    pub state: String,
    /// The content hash that names the version, hexadecimal.
    pub content_hash: String,
    /// The title in the checklist's default language.
    pub title: String,
    /// Warnings of the publish check.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<FindingOut>,
}

/// All checklist versions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChecklistsOut {
    /// The versions, by id.
    pub items: Vec<ChecklistVersionOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// Something that is wrong or doubtful.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FindingOut {
    /// `error` or `warning`.
    pub severity: String,
    /// A stable code.
    pub code: String,
    /// Where.
    pub path: String,
    /// One sentence for a person.
    pub message: String,
}
