//! Proposed plans of rounds.

use haamu_domain::LocalDate;
use haamu_domain::assigning::UnplannedReason;
use haamu_domain::filling::ProposalState;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A proposed plan, and how far it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalOut {
    /// Its id.
    pub id: Uuid,
    /// The round that it fills.
    pub round: Uuid,
    /// Where it is in its life. Read it again as long as it is `waiting`, `planning` or `applying`.
    pub state: ProposalState,
    /// How much of the present step is done, from 0 to 1.
    pub progress: f64,
    /// When it was asked for.
    pub proposed_at: String,
    /// When it became ready, was applied or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// Who makes which visit on which day.
    pub assignments: Vec<ProposedVisitOut>,
    /// Visits that found nobody, with the rules that keep them open.
    pub unfilled: Vec<UnfilledVisitOut>,
    /// How many visits that nobody has were left aside, as a plan takes no more at once. Another one takes as many of
    /// them as this one fills.
    pub left_out: usize,
    /// How many of the assignments were offered or refused when it was applied.
    pub handled: usize,
    /// Visits that could not be offered when it was applied, as something had changed by then.
    pub refused: Vec<RefusedVisitOut>,
}

/// A proposed plan in a list, without what it says of single visits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalSummaryOut {
    /// Its id.
    pub id: Uuid,
    /// Where it is in its life.
    pub state: ProposalState,
    /// How much of the present step is done, from 0 to 1.
    pub progress: f64,
    /// Who asked for it.
    pub proposed_by: Uuid,
    /// When it was asked for.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub proposed_at: String,
    /// Who has it applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_by: Option<Uuid>,
    /// When it became ready, was applied or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub finished_at: Option<String>,
    /// How many visits that nobody has were left aside.
    pub left_out: usize,
    /// How many of its assignments were offered or refused when it was applied.
    pub handled: usize,
}

/// A page of the proposed plans of a round.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalsOut {
    /// The plans, the newest first.
    pub items: Vec<ProposalSummaryOut>,
    /// What to pass as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// One visit of a plan.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposedVisitOut {
    /// Which.
    pub visit: Uuid,
    /// Who makes it.
    pub shopper: Uuid,
    /// On which day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub due_on: LocalDate,
    /// How far it lies from the nearest of the shopper's places, where both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_km: Option<f64>,
}

/// A visit that a plan leaves open.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnfilledVisitOut {
    /// Which.
    pub visit: Uuid,
    /// The rules of which one, if it did not hold for this visit, would fill it; the one that frees most shoppers
    /// first.
    pub relaxations: Vec<RelaxationOut>,
    /// Where no rule alone keeps it open: the fewest rules that would have to be relaxed together, at most ten such
    /// combinations; the one that frees most shoppers first. None: no day is left, or there is nobody.
    pub combinations: Vec<CombinationOut>,
    /// How many shoppers could make it by all rules and were not proposed, as they declined it, gave it back, could not
    /// do it or did not answer.
    pub gave_up: u32,
    /// Why nobody was looked for: its scenario is out of use, or not all of its ethics are ticked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnplannedReason>,
}

/// Rules that keep shoppers from a visit together.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CombinationOut {
    /// Which rules.
    pub codes: Vec<String>,
    /// How many shoppers could make the visit without all of them, the rest of the plan being as it is.
    pub shoppers: u32,
}

/// A rule that alone keeps shoppers from a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelaxationOut {
    /// Which rule, such as `rotation`, `spacing`, `too_far` or `quota_full`.
    pub code: String,
    /// How many shoppers could make the visit without it, the rest of the plan being as it is.
    pub shoppers: u32,
}

/// A visit of a plan that could not be offered.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedVisitOut {
    /// Which.
    pub visit: Uuid,
    /// The code of the problem, such as `job_taken` or `not_eligible`.
    pub code: String,
    /// With `not_eligible`: the rules that stood in the way.
    pub obstacles: Vec<String>,
}
