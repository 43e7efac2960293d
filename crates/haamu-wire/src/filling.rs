//! Filling a round: plans of visits, the job board, rules and what stands in the way.

use std::collections::BTreeMap;

use haamu_domain::filling::{Board, EndReason, QuotaKind};
use haamu_domain::programme_parts::Fees;
use haamu_domain::{Daypart, LocalDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::patch::Patch;
use crate::problem::ObstacleOut;

/// What is to change about the plan of a visit; `null` leaves it to the round again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct VisitPlanPatch {
    /// The coordinator's own key for the visit, unique in the round.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub external_id: Patch<String>,
    /// The first day.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub starts_on: Patch<LocalDate>,
    /// The last day; not a later one while somebody has the visit.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub visit_by: Patch<LocalDate>,
    /// The part of the day: `morning`, `midday`, `afternoon`, `evening` or `night`.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub daypart: Patch<Daypart>,
    /// The scenario; all its ethics are ticked.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Uuid>))]
    pub scenario: Patch<Uuid>,
    /// How it is had from the job board, if it is to be there.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Board>))]
    pub board: Patch<Board>,
}

/// What is planned of a visit besides its place.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitPlanOut {
    /// The visit.
    pub visit: Uuid,
    /// The coordinator's own key for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Its own first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub starts_on: Option<LocalDate>,
    /// Its own last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub visit_by: Option<LocalDate>,
    /// The part of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub daypart: Option<Daypart>,
    /// The scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Uuid>,
    /// How it is had from the job board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<Board>,
    /// Why it is not to be made any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_reason: Option<String>,
    /// The last day of its report, where that is not the round's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub report_by: Option<LocalDate>,
    /// Why it was given more time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_reason: Option<String>,
}

/// More time for a visit that somebody has.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExtendIn {
    /// The last day of the visit, not before the present one.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub visit_by: LocalDate,
    /// The last day of its report; as it was, if absent.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub report_by: Option<LocalDate>,
    /// The day of the visit; the fixed one if absent and not over yet, or else the last free one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Why, in at most 1000 characters.
    pub reason: String,
}

/// Which visits of a round go on the job board.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PostVisitsIn {
    /// These; all that nobody has, if absent.
    #[serde(default)]
    pub visits: Option<Vec<Uuid>>,
    /// How they are had; absent takes them off the board.
    #[serde(default)]
    pub board: Option<Board>,
}

/// How many visits were changed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedOut {
    /// So many.
    pub changed: usize,
}

/// Why something is done, in words for whoever it concerns.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReasonIn {
    /// At most 1000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub reason: String,
}

/// Which visits a round is to have.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GenerateVisitsIn {
    /// At these locations; at all of the client organisation, if absent.
    #[serde(default)]
    pub locations: Option<Vec<Uuid>>,
    /// Only at those that belong to this unit, or below it, on the first day of the round.
    #[serde(default)]
    pub unit: Option<Uuid>,
    /// So many at each, 1 to 100.
    #[serde(default = "one")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub per_location: u32,
    /// In these parts of the day, in turn.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub dayparts: Vec<Daypart>,
    /// With these scenarios, in turn.
    #[serde(default)]
    pub scenarios: Vec<Uuid>,
    /// In so many equal parts of the round's time, in turn: 1 to 100.
    #[serde(default = "one")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 100))]
    pub slices: u32,
    /// How they are had from the job board, if they are to be there.
    #[serde(default)]
    pub board: Option<Board>,
    /// Whether they are only to be counted.
    #[serde(default)]
    pub dry_run: bool,
}

const fn one() -> u32 {
    1
}

/// What came of planning the visits of a round.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GeneratedOut {
    /// Visits that were planned, or would be.
    pub planned: usize,
    /// Visits that were there already.
    pub existing: usize,
    /// Locations that are closed before the round starts.
    pub closed_locations: usize,
}

/// How many visits of a round fall on weekdays, parts of the day and weeks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// By weekday: `mon` to `sun`.
    pub weekday: BTreeMap<String, u32>,
    /// By part of the day.
    pub daypart: BTreeMap<String, u32>,
    /// By week of the round, from `1`.
    pub week: BTreeMap<String, u32>,
}

/// Whether a shopper may make a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EligibilityOut {
    /// Who.
    pub shopper: Uuid,
    /// Whether they may, on the day that was asked about, or on any.
    pub allowed: bool,
    /// What stands in the way. Where no day was asked about and none is free: every rule that does on some day, with
    /// on how many of them.
    pub obstacles: Vec<ObstacleOut>,
    /// The first day of the visit's time, from today on, on which they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub first_date: Option<LocalDate>,
    /// The first day, within a year, on which no rule stands in the way; the visit's time may have to be extended for
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub free_from: Option<LocalDate>,
    /// A kind of quotas of the round that does not steer the visit yet: `daypart`, where the visit has no part of the
    /// day. It counts in them once it has one, or was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsteered: Option<QuotaKind>,
}

/// Visits and to whom they are offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignmentsIn {
    /// At most 500, each visit once; all of them or none are offered.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub assignments: Vec<BulkAssignIn>,
}

/// One visit and to whom it is offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BulkAssignIn {
    /// The visit.
    pub visit: Uuid,
    /// The shopper.
    pub shopper: Uuid,
    /// The day of the visit.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// The assignment that ends for it, if the visit is somebody's.
    #[serde(default)]
    pub replaces: Option<Uuid>,
}

/// What a shopper says when they accept an offer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct AcceptIn {
    /// On which day they go.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    pub companion: Option<Uuid>,
    /// That neither they nor anybody near to them has a tie to the place. Needed unless they declared it when they
    /// asked for the visit.
    pub independent: bool,
}

/// On which day a shopper goes instead.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RescheduleIn {
    /// The day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub due_on: LocalDate,
}

/// Why a visit cannot be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ObstacleReportIn {
    /// `place_closed`: closed for good or not there; `cannot_do`: the scenario is impossible there.
    pub obstacle: EndReason,
    /// What the shopper found, at most 1000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub reason: String,
}

/// On what terms a shopper wants a visit of the job board.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JobIn {
    /// On which day they would go.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    #[serde(default)]
    pub companion: Option<Uuid>,
    /// That neither they nor anybody near to them has a tie to the place.
    #[serde(default)]
    pub independent: bool,
}

/// A visit of the job board.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobOut {
    /// The visit.
    pub visit: Uuid,
    /// The programme, whose briefings and quiz come first where it asks for that.
    pub programme: Uuid,
    /// The name of the round.
    pub round: String,
    /// Where it is.
    pub location: JobLocationOut,
    /// How far that is, in kilometres, from where the shopper looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// How it is had.
    pub board: Board,
    /// The first day of the visit.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub starts_on: LocalDate,
    /// The last day of the visit.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub visit_by: LocalDate,
    /// The part of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub daypart: Option<Daypart>,
    /// What is to be done; whoever is offered the visit gets all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<JobScenarioOut>,
    /// What is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Fees>,
    /// Whether the shopper was asked about it.
    pub invited: bool,
    /// Whether the shopper has asked for it.
    pub applied: bool,
    /// What stands in the way.
    pub obstacles: Vec<ObstacleOut>,
    /// The first day on which the shopper may make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub first_date: Option<LocalDate>,
}

/// What is to be done on a visit of the job board.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobScenarioOut {
    /// Its name.
    pub name: String,
    /// The kind of customer that the shopper represents.
    pub persona: String,
    /// What that customer needs.
    pub need: String,
    /// What the shopper buys at most, in cents; 0: nothing.
    pub purchase_cents: u32,
}

/// Where a visit of the job board is. Contact data of the client are not in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobLocationOut {
    /// The name over the door.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Degrees north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
}

/// A page of the job board.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobsOut {
    /// The visits, by id.
    pub items: Vec<JobOut>,
    /// What to pass as `after` for the next page, which may be there even where this one is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// Who is asked whether they want a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InviteShoppersIn {
    /// At most 500 shoppers.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub shoppers: Vec<Uuid>,
}
