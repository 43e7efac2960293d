//! Visits and assignments.

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::filling::VisitPlanOut;
use crate::terms::TermsOut;

/// Visits to be planned in a round.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VisitsIn {
    /// The visits, at most 500 at once; all of them or none are planned.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub visits: Vec<PlannedVisitIn>,
}

/// One visit to be planned.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlannedVisitIn {
    /// Where.
    pub location: Uuid,
    /// To whom it is offered, if to anybody yet.
    #[serde(default)]
    pub shopper: Option<Uuid>,
}

/// To whom a visit is offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignIn {
    /// The shopper. Whoever has the visit on the same terms already keeps it as it is.
    pub shopper: Uuid,
    /// The day of the visit, where one is fixed.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Who of the shopper's companions comes along.
    #[serde(default)]
    pub companion: Option<Uuid>,
    /// The assignment that ends for it. If anybody has the visit by another one than is named here, nothing is
    /// changed.
    #[serde(default)]
    pub replaces: Option<Uuid>,
}

/// A visit, planned or carried out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitOut {
    /// Its id.
    pub id: Uuid,
    /// Its round.
    pub round: Uuid,
    /// Where.
    pub location: Uuid,
    /// The name of the location.
    pub location_name: String,
    /// The visit's state.
    pub state: String,
    /// The last day of the visit.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub visit_by: LocalDate,
    /// When its report is due.
    pub report: ReportDueOut,
    /// The assignment that counts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentOut>,
    /// What is planned of it besides its place, if anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<VisitPlanOut>,
    /// The terms of that assignment, for whoever may assign visits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsOut>,
    /// The displayed score, once the evaluation is scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
}

/// When the report of a visit is due, and whether it is late.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportDueOut {
    /// The last day on which it is in time, at the place.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub by: LocalDate,
    /// When it was handed in the first time, where that is still known exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub handed_in_at: Option<String>,
    /// Whether it came after that day, or has not come and the day is over.
    pub late: bool,
    /// The day by whose period the results count, whenever the visit was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub counts_in: LocalDate,
}

/// The offer of a visit to one shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssignmentOut {
    /// Its id.
    pub id: Uuid,
    /// To whom.
    pub shopper: Uuid,
    /// The shopper's name.
    pub shopper_name: String,
    /// The assignment's state.
    pub state: String,
    /// The day on which the shopper goes, where one is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Until when the shopper has to answer, in UTC, as long as they have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub respond_by: Option<String>,
    /// The submission that the work goes into.
    pub submission: Uuid,
}

/// A page of visits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitsOut {
    /// The visits, by id.
    pub items: Vec<VisitOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
