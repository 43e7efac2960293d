//! Looking for shoppers: of the panel, and for one visit; and what a shopper has asked for.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::LocalDate;
use haamu_domain::filling::EndReason;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::filling::JobLocationOut;
use crate::panel::CompanionOut;
use crate::problem::ObstacleOut;

/// A shopper of the panel.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShopperOut {
    /// Who.
    pub id: Uuid,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The agency's own key for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether they take visits at present, as they say themselves.
    pub active: bool,
    /// Whether the agency gives them none, whatever they say.
    pub suspended: bool,
    /// Since when they are kept out of the agency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// Languages that they speak, by their tags.
    pub languages: BTreeSet<String>,
    /// Qualifications that the agency has checked.
    pub qualifications: BTreeSet<String>,
    /// The last day of each qualification that ends.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub qualification_ends: BTreeMap<String, LocalDate>,
    /// The mean grade of their reports, in tenths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_tenths: Option<u16>,
    /// How far the nearest of their places is from where it was asked, in kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
}

/// A page of the panel.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShoppersOut {
    /// The shoppers, by id.
    pub items: Vec<ShopperOut>,
    /// What to pass as `after` for the next page, which may be there even where this one is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// The shoppers for a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CandidatesOut {
    /// What keeps the visit from everybody as things stand, such as that somebody has it.
    pub obstacles: Vec<ObstacleOut>,
    /// At most 50: whoever lives nearest first, and those of whom no place is known last.
    pub items: Vec<CandidateOut>,
    /// Whether there are shoppers who live farther away than the 500 who were judged.
    pub cut: bool,
}

/// A shopper who might make a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CandidateOut {
    /// Who.
    pub shopper: Uuid,
    /// Their name.
    pub shopper_name: String,
    /// The agency's own key for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// How far it is from the nearest of their places, in kilometres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
    /// The mean grade of their reports, in tenths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_tenths: Option<u16>,
    /// Whether they asked for it.
    pub applied: bool,
    /// Whether they were asked whether they want it.
    pub invited: bool,
    /// Whether they were, and do not want it.
    pub declined_invitation: bool,
    /// Whether they have it, or are offered it.
    pub has_it: bool,
    /// What stands in their own way: on the day that was asked about, or else on every day.
    pub obstacles: Vec<ObstacleOut>,
    /// The first day of the visit's time, from today on, on which nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub first_date: Option<LocalDate>,
}

/// What a shopper has asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnApplicationsOut {
    /// The applications, the newest first.
    pub items: Vec<OwnApplicationOut>,
    /// What to pass as `before` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A visit that a shopper has asked for, and what became of that.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnApplicationOut {
    /// The assignment that it may become, or became.
    pub assignment: Uuid,
    /// The visit.
    pub visit: Uuid,
    /// The name of its round.
    pub round: String,
    /// Where it is.
    pub location: JobLocationOut,
    /// `applied` until a coordinator decides; then that of the offer, or `cancelled`.
    pub state: String,
    /// When they asked first.
    pub asked_at: String,
    /// On which day they would go, or go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<CompanionOut>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// What the coordinator said who refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_words: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}
