//! Programmes and rounds.

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A programme to be planned.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ProgrammeIn {
    /// Whose encounters are measured.
    pub client_organisation: Uuid,
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// What it is for: `develop_service`, `identify_training_needs`,
    /// `follow_service_standards` or `reward_teams`.
    #[cfg_attr(
        feature = "openapi",
        schema(
            pattern = "^(develop_service|identify_training_needs|follow_service_standards|reward_teams)$"
        )
    )]
    pub purpose: String,
    /// Hours between a visit and the release of its report, 24 if absent, at most 8760.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 8760))]
    pub release_delay_hours: Option<u32>,
    /// Days between the notice to staff and the start, 14 if absent, at most 365.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 365))]
    pub staff_notice_days: Option<u32>,
}

/// A long-running measurement for one client.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgrammeOut {
    /// Its id.
    pub id: Uuid,
    /// Whose encounters are measured.
    pub client_organisation: Uuid,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// `draft`, `active`, `closing` or `closed`.
    pub state: String,
    /// Hours between a visit and the release of its report.
    pub release_delay_hours: u32,
    /// Days between the notice to staff and the start.
    pub staff_notice_days: u32,
}

/// A page of programmes.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgrammesOut {
    /// The programmes, by id.
    pub items: Vec<ProgrammeOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// That staff were informed in general terms.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StaffNoticeIn {
    /// The day on which they were informed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-01", format = Date))]
    pub informed_on: LocalDate,
    /// Who was informed, such as "all shop staff".
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub audience: String,
    /// How, such as "intranet" or "team meeting".
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub channel: String,
    /// The words of the notice.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 20000))]
    pub text: String,
}

/// A round to be opened.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoundIn {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// The published checklist version that is filled in.
    pub checklist_version: Uuid,
    /// The first day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-16", format = Date))]
    pub starts_on: LocalDate,
    /// The last day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-29", format = Date))]
    pub visit_by: LocalDate,
    /// The last day of reports.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-12-01", format = Date))]
    pub report_by: LocalDate,
    /// The day by whose period the results count.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-30", format = Date))]
    pub counts_in: LocalDate,
}

/// One measuring period of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoundOut {
    /// Its id.
    pub id: Uuid,
    /// Its programme.
    pub programme: Uuid,
    /// Its name.
    pub name: String,
    /// The checklist version that is filled in.
    pub checklist_version: Uuid,
    /// The first day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-16", format = Date))]
    pub starts_on: LocalDate,
    /// The last day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-29", format = Date))]
    pub visit_by: LocalDate,
    /// The last day of reports.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-12-01", format = Date))]
    pub report_by: LocalDate,
    /// The day by whose period the results count.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "2026-11-30", format = Date))]
    pub counts_in: LocalDate,
}

/// The rounds of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoundsOut {
    /// The rounds, by id.
    pub items: Vec<RoundOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
