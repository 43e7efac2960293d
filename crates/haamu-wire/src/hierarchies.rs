//! Trees over the locations of a client organisation.

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::patch::Patch;

/// A tree to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HierarchyIn {
    /// What it is by, such as `District` or `Brand`; unique for the client organisation.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: String,
}

/// What is to change about a tree. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct HierarchyPatch {
    /// What it is by; unique for the client organisation.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub name: Option<String>,
}

/// A tree over the locations of a client organisation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HierarchyOut {
    /// Its id.
    pub id: Uuid,
    /// What it is by.
    pub name: String,
}

/// The trees of a client organisation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HierarchiesOut {
    /// The trees, by id.
    pub items: Vec<HierarchyOut>,
}

/// A unit to be added.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnitIn {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// The client's own key for it, unique in the tree.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The unit that it hangs below; absent at the top.
    #[serde(default)]
    pub parent: Option<Uuid>,
    /// From which day on; today if absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub from: Option<LocalDate>,
}

/// What is to change about a unit.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UnitPatch {
    /// Another name.
    #[serde(default)]
    pub name: Option<String>,
    /// The unit that it is to hang below; `null` for the top, absent to leave it where it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub parent: Patch<Uuid>,
    /// From which day on it hangs there; today if absent. What was before stays as it was.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub from: Option<LocalDate>,
}

/// A unit as it is on a date.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitOut {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The client's own key for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The unit that it hangs below; absent at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Uuid>,
    /// The locations that belong to it directly.
    pub locations: Vec<Uuid>,
}

/// The units of a tree on a date.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitsOut {
    /// The units that were there then, by name.
    pub items: Vec<UnitOut>,
}

/// Where locations are to belong.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceLocationsIn {
    /// The unit; absent to take them out of the tree.
    #[serde(default)]
    pub unit: Option<Uuid>,
    /// The locations.
    pub locations: Vec<Uuid>,
    /// From which day on; today if absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub from: Option<LocalDate>,
}

/// What a client's person is responsible for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MemberUnitsIn {
    /// These units and all below them; none: all of the client organisation.
    pub units: Vec<Uuid>,
}

/// A unit that a client's person is responsible for, with all below it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberUnitOut {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The client's own key of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The tree that it stands in.
    pub hierarchy: Uuid,
}

/// What a client's person is responsible for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberUnitsOut {
    /// The units, by id; none: all of the client organisation.
    pub items: Vec<MemberUnitOut>,
}
