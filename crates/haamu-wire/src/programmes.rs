//! Programmes and rounds.

use std::collections::BTreeMap;

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::filling::Quotas;

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

/// What is to change about a programme. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProgrammePatch {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: Option<String>,
    /// What it is for; only of a draft.
    #[cfg_attr(
        feature = "openapi",
        schema(
            pattern = "^(develop_service|identify_training_needs|follow_service_standards|reward_teams)$"
        )
    )]
    pub purpose: Option<String>,
    /// Hours between a visit and the release of its report; only of a draft.
    #[cfg_attr(feature = "openapi", schema(maximum = 8760))]
    pub release_delay_hours: Option<u32>,
    /// Days between the notice to staff and the start; only of a draft.
    #[cfg_attr(feature = "openapi", schema(maximum = 365))]
    pub staff_notice_days: Option<u32>,
}

/// A notice to staff as it was recorded.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffNoticeOut {
    /// Its id.
    pub id: Uuid,
    /// The day on which they were informed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub informed_on: LocalDate,
    /// Who was informed.
    pub audience: String,
    /// How.
    pub channel: String,
    /// The words of the notice.
    pub text: String,
    /// When it was recorded.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub recorded_at: String,
    /// Who recorded it.
    pub recorded_by: Uuid,
    /// When it was withdrawn: no programme becomes active by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub withdrawn_at: Option<String>,
    /// Why it was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraw_reason: Option<String>,
}

/// A page of the notices to staff of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffNoticesOut {
    /// The notices, in the order in which they were recorded.
    pub items: Vec<StaffNoticeOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
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
    /// When it was called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub cancelled_at: Option<String>,
    /// Why it was called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// Counts changes of it and of its quotas; the `ETag`.
    pub revision: i64,
    /// Its quotas, where one round is read or changed; cells without one take any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Quotas>,
}

/// What is to change about a round. What is absent stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RoundPatch {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: Option<String>,
    /// The first day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-16", format = Date))]
    pub starts_on: Option<LocalDate>,
    /// The last day of visits.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-29", format = Date))]
    pub visit_by: Option<LocalDate>,
    /// The last day of reports.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-12-01", format = Date))]
    pub report_by: Option<LocalDate>,
    /// The day by whose period the results count.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "2026-11-30", format = Date))]
    pub counts_in: Option<LocalDate>,
    /// Quotas in place of those that it had; they hold for offers from now on.
    pub quotas: Option<Quotas>,
}

/// How far a round is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoundProgressOut {
    /// How many visits are in each state; states that none is in are left out.
    pub states: BTreeMap<String, u64>,
    /// How many of those that are planned are offered to somebody.
    pub offered: u64,
    /// How many of those that are planned are not to be made any more.
    pub called_off: u64,
    /// How many visits somebody has whose report was due before today.
    pub reports_overdue: u64,
    /// How full the cells of quotas are, and others that visits fall into.
    pub quotas: QuotaProgress,
}

/// How full cells are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuotaProgress {
    /// By weekday: `mon` to `sun`.
    pub weekday: BTreeMap<String, CellProgressOut>,
    /// By part of the day.
    pub daypart: BTreeMap<String, CellProgressOut>,
    /// By week of the round, from `1`.
    pub week: BTreeMap<String, CellProgressOut>,
}

/// How full a cell is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CellProgressOut {
    /// How many visits it takes at most; absent where it takes any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
    /// How many more find room; absent where any number does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Visits that nobody has, and whose own plan leaves them no other cell.
    pub planned: u64,
    /// Visits that are offered to somebody.
    pub offered: u64,
    /// Visits that somebody has accepted or begun.
    pub accepted: u64,
    /// Visits that were made and handed in.
    pub made: u64,
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
