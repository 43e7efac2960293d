//! Client organisations and their locations.

use std::collections::BTreeMap;

use haamu_domain::opening::OpeningHours;
use haamu_domain::{LocalDate, OperatorKind};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::patch::Patch;

/// A client organisation to be added.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ClientOrganisationIn {
    /// Its name, unique in the agency.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
}

/// What is to change about a client organisation. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ClientOrganisationPatch {
    /// Its name, unique in the agency.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: Option<String>,
}

/// A company whose encounters are measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientOrganisationOut {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// A page of client organisations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClientOrganisationsOut {
    /// The organisations, by id.
    pub items: Vec<ClientOrganisationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A place of business.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocationOut {
    /// Its id.
    pub id: Uuid,
    /// The client's own key for it.
    pub external_id: String,
    /// The name over the door.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Degrees north, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    /// Degrees east, a decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
    /// The name of its time zone.
    pub time_zone: String,
    /// How many people usually serve customers at a time, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typical_staff_on_shift: Option<u32>,
    /// `own`, `franchise`, `dealer` or `competitor`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub operator_kind: OperatorKind,
    /// When it is open, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<OpeningHoursBody>))]
    pub opening_hours: Option<OpeningHours>,
    /// What conditions of checklists may ask of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The first day on which it is not there any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub closed_on: Option<LocalDate>,
}

/// What is to change about a location; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LocationPatch {
    /// The name over the door.
    #[serde(default)]
    pub name: Option<String>,
    /// `own`, `franchise`, `dealer` or `competitor`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub operator_kind: Option<OperatorKind>,
    /// When it is open; all of it is replaced.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<OpeningHoursBody>))]
    pub opening_hours: Option<OpeningHours>,
    /// Its attributes; all of them are replaced.
    #[serde(default)]
    pub attributes: Option<BTreeMap<String, String>>,
    /// How many people usually serve at a time; `null` if nobody knows.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub typical_staff_on_shift: Patch<u32>,
    /// The first day on which it is not there any more; `null` if it goes on.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub closed_on: Patch<LocalDate>,
}

/// A page of locations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LocationsOut {
    /// The locations, by id.
    pub items: Vec<LocationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What an import did, or would do in a dry run. With errors, nothing was changed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportOut {
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// Rows that were new.
    pub created: u32,
    /// Rows that changed what has the same `external_id`.
    pub updated: u32,
    /// Rows that were as they are already.
    pub unchanged: u32,
    /// What is wrong, row by row.
    pub errors: Vec<RowErrorOut>,
    /// Sound rows that were left as they are nevertheless, and why; they are counted as unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<RowErrorOut>,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowErrorOut {
    /// The line of the file or the row of the sheet, counted from 1.
    pub row: u64,
    /// The column; empty where it is about the row as a whole.
    pub column: String,
    /// A stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

/// When a location is open, in its own time zone, as the API document has it.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the type of the domain, which knows nothing of API documents"
)]
pub(crate) struct OpeningHoursBody {
    /// Times such as `09:00-18:00` by weekday (`mon` to `sun`); days that are not named are closed, and a time that
    /// ends before it starts ends on the next day.
    weekly: BTreeMap<String, Vec<String>>,
    /// The times of single dates instead; an empty list means closed.
    exceptions: BTreeMap<String, Vec<String>>,
}
