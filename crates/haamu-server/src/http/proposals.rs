//! Proposed plans of rounds.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::App;
use haamu_app::record::{Proposal, ProposalSummary};
use haamu_domain::assigning::Combination;
use haamu_domain::{ProposalId, RoundId, Timestamp, UserId};
use haamu_wire::{
    CombinationOut, ProposalOut, ProposalSummaryOut, ProposalsOut, ProposedVisitOut, RefusedVisitOut,
    RelaxationOut, UnfilledVisitOut,
};
use uuid::Uuid;

use super::extract::{BeforeQuery, Path, Query, SignedIn};
use super::problem::Failure;

/// Have a plan proposed for the visits of a round that nobody has: who makes which on which day, under all rules.
#[utoipa::path(post, path = "/v1/rounds/{id}/proposals", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")),
    responses((status = 202, description = "It is being worked out; read it until it is ready.", body = ProposalOut)))]
pub(super) async fn create_proposal(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<ProposalOut>), Failure> {
    let proposal = app.propose_plan(&bearer.actor, RoundId::from_uuid(id)).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(proposal_out(proposal))))
}

/// List the proposed plans of a round, the newest first, without what they say of single visits.
#[utoipa::path(get, path = "/v1/rounds/{id}/proposals", tag = "filling",
    params(("id" = Uuid, Path, description = "The round."), BeforeQuery),
    responses((status = 200, description = "A page of plans.", body = ProposalsOut)))]
pub(super) async fn list_proposals(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<BeforeQuery>,
) -> Result<axum::Json<ProposalsOut>, Failure> {
    let page = app
        .list_proposals(&bearer.actor, RoundId::from_uuid(id), query.before)
        .await?
        .map(|proposal| summary_out(&proposal));
    Ok(axum::Json(ProposalsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read a proposed plan, and how far it is.
#[utoipa::path(get, path = "/v1/proposals/{id}", tag = "filling",
    params(("id" = Uuid, Path, description = "The proposal.")),
    responses((status = 200, description = "The plan, once it is ready.", body = ProposalOut)))]
pub(super) async fn read_proposal(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProposalOut>, Failure> {
    let proposal = app
        .read_proposal(&bearer.actor, ProposalId::from_uuid(id))
        .await?;
    Ok(axum::Json(proposal_out(proposal)))
}

/// Offer the visits of a proposed plan, each under all rules as they are by then; what these refuse is told.
#[utoipa::path(post, path = "/v1/proposals/{id}/apply", tag = "filling",
    params(("id" = Uuid, Path, description = "The proposal.")),
    responses((status = 202, description = "Its visits are being offered; read it until it is applied.", body = ProposalOut)))]
pub(super) async fn apply_proposal(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, axum::Json<ProposalOut>), Failure> {
    let proposal = app
        .apply_proposal(&bearer.actor, ProposalId::from_uuid(id))
        .await?;
    Ok((StatusCode::ACCEPTED, axum::Json(proposal_out(proposal))))
}

fn proposal_out(proposal: Proposal) -> ProposalOut {
    let assignments = proposal.assignments.into_iter().map(|one| ProposedVisitOut {
        visit: one.visit.uuid(),
        shopper: one.shopper.uuid(),
        due_on: one.date,
        distance_km: one.metres.map(|metres| f64::from(metres) / 1_000.0),
    });
    let unfilled = proposal.unfilled.into_iter().map(|one| UnfilledVisitOut {
        visit: one.visit.uuid(),
        relaxations: one
            .relaxations
            .iter()
            .map(|rule| RelaxationOut {
                code: rule.code.as_str().to_owned(),
                shoppers: rule.shoppers,
            })
            .collect(),
        combinations: one.combinations.iter().map(combination_out).collect(),
        gave_up: one.gave_up,
        reason: one.reason,
    });
    let refused = proposal.refused.into_iter().map(|one| RefusedVisitOut {
        visit: one.visit.uuid(),
        code: one.code,
        obstacles: one.obstacles,
    });
    ProposalOut {
        id: proposal.id.uuid(),
        round: proposal.round.uuid(),
        state: proposal.state,
        progress: f64::from(proposal.progress) / 1_000.0,
        proposed_at: proposal.proposed_at.to_rfc3339(),
        finished_at: proposal.finished_at.map(Timestamp::to_rfc3339),
        assignments: assignments.collect(),
        unfilled: unfilled.collect(),
        left_out: proposal.left_out,
        handled: proposal.handled,
        refused: refused.collect(),
    }
}

fn summary_out(proposal: &ProposalSummary) -> ProposalSummaryOut {
    ProposalSummaryOut {
        id: proposal.id.uuid(),
        state: proposal.state,
        progress: f64::from(proposal.progress) / 1_000.0,
        proposed_by: proposal.proposed_by.uuid(),
        proposed_at: proposal.proposed_at.to_rfc3339(),
        applied_by: proposal.applied_by.map(UserId::uuid),
        finished_at: proposal.finished_at.map(Timestamp::to_rfc3339),
        left_out: proposal.left_out,
        handled: proposal.handled,
    }
}

fn combination_out(of: &Combination) -> CombinationOut {
    CombinationOut {
        codes: of.codes.iter().map(|code| code.as_str().to_owned()).collect(),
        shoppers: of.shoppers,
    }
}
