//! On what terms visits were offered, asked for, taken and given up.

use haamu_domain::LocalDate;
use haamu_domain::filling::{EndReason, Origin};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::panel::CompanionOut;
use crate::problem::ObstacleOut;

/// The terms of an assignment.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TermsOut {
    /// How it came about.
    pub origin: Origin,
    /// The day of the visit; the last possible one, where the shopper has named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Until when the shopper has to answer, or had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<String>,
    /// When the shopper declared that they have no tie to the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub independent_at: Option<String>,
    /// Who comes along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionOut>,
    /// Why it ended before the visit was handed in, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<EndOut>,
}

/// How an assignment ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EndOut {
    /// Why.
    pub reason: EndReason,
    /// In the words of whoever ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// When.
    pub at: String,
}

/// What was offered to somebody of a visit, or what they asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitAssignmentOut {
    /// The assignment.
    pub id: Uuid,
    /// Whose it is or was.
    pub shopper: Uuid,
    /// Their name.
    pub shopper_name: String,
    /// The assignment's state.
    pub state: String,
    /// Its terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<TermsOut>,
}

/// To whom a visit was offered, and who asked for it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitAssignmentsOut {
    /// All assignments of the visit, the oldest first.
    pub items: Vec<VisitAssignmentOut>,
}

/// Somebody who asked for a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationOut {
    /// The visit.
    pub visit: Uuid,
    /// The name of its location.
    pub location_name: String,
    /// The assignment that it may become.
    pub assignment: Uuid,
    /// Who.
    pub shopper: Uuid,
    /// Their name.
    pub shopper_name: String,
    /// When they asked first; asking again changes the terms, not their turn.
    pub asked_at: String,
    /// The mean grade of their reports, in tenths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_tenths: Option<u16>,
    /// How far it is from the nearest of their places, in kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// On which day they would go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Who would come along, unless they were taken off the shopper's list since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionOut>,
    /// What stands in the way now, for both of them.
    pub obstacles: Vec<ObstacleOut>,
}

/// Who asked for a visit, or for visits of a round.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationsOut {
    /// The applications, oldest first.
    pub items: Vec<ApplicationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
