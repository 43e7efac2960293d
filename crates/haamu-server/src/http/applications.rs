//! What coordinators decide by: plans of visits, the terms and ends of offers, and who asked for visits.

use axum::extract::State;
use haamu_app::{App, ApplicationView, TermsView, VisitAssignmentView};
use haamu_domain::{RoundId, Timestamp, VisitId};
use haamu_wire::{
    ApplicationOut, ApplicationsOut, EndOut, ObstacleOut, TermsOut, VisitAssignmentOut, VisitAssignmentsOut,
    VisitPlanOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Path, Query, SignedIn};
use super::filling::plan_out;
use super::panel::companion_out;
use super::problem::Failure;

/// Read what is planned of a visit besides its place.
#[utoipa::path(get, path = "/v1/visits/{id}/plan", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The plan; what is absent is as the round has it.", body = VisitPlanOut)))]
pub(super) async fn read_visit_plan(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<VisitPlanOut>, Failure> {
    let plan = app.read_visit_plan(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(axum::Json(plan_out(plan)))
}

/// List to whom a visit was offered and who asked for it, on what terms, and how it ended.
#[utoipa::path(get, path = "/v1/visits/{id}/assignments", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The assignments.", body = VisitAssignmentsOut)))]
pub(super) async fn list_visit_assignments(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<VisitAssignmentsOut>, Failure> {
    let found = app
        .list_visit_assignments(&bearer.actor, VisitId::from_uuid(id))
        .await?;
    Ok(axum::Json(VisitAssignmentsOut {
        items: found.into_iter().map(assignment_out).collect(),
    }))
}

/// List who asked for a visit.
#[utoipa::path(get, path = "/v1/visits/{id}/applications", tag = "filling",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The applications, all of them.", body = ApplicationsOut)))]
pub(super) async fn list_applications(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ApplicationsOut>, Failure> {
    let found = app
        .list_applications(&bearer.actor, VisitId::from_uuid(id))
        .await?;
    Ok(axum::Json(ApplicationsOut {
        items: found.into_iter().map(application_out).collect(),
        next: None,
    }))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ApplicationsQuery {
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// List who asked for visits of a round, the oldest application first.
#[utoipa::path(get, path = "/v1/rounds/{id}/applications", tag = "filling",
    params(("id" = Uuid, Path, description = "The round."), ApplicationsQuery),
    responses((status = 200, description = "A page of the applications.", body = ApplicationsOut)))]
pub(super) async fn list_round_applications(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<ApplicationsQuery>,
) -> Result<axum::Json<ApplicationsOut>, Failure> {
    let page = app
        .list_round_applications(&bearer.actor, RoundId::from_uuid(id), query.after)
        .await?;
    let page = page.map(application_out);
    Ok(axum::Json(ApplicationsOut {
        items: page.items,
        next: page.next,
    }))
}

pub(super) fn terms_out(view: TermsView) -> TermsOut {
    let TermsView { terms, companion } = view;
    TermsOut {
        origin: terms.origin,
        due_on: terms.due_on,
        respond_by: terms.respond_by.map(Timestamp::to_rfc3339),
        independent_at: terms.independent_at.map(Timestamp::to_rfc3339),
        companion: companion.map(companion_out),
        end: terms.end.map(|end| EndOut {
            reason: end.reason,
            words: end.detail,
            at: end.at.to_rfc3339(),
        }),
    }
}

fn assignment_out(view: VisitAssignmentView) -> VisitAssignmentOut {
    VisitAssignmentOut {
        id: view.id.uuid(),
        shopper: view.shopper.uuid(),
        shopper_name: view.shopper_name,
        state: view.state.to_string(),
        terms: view.terms.map(terms_out),
    }
}

fn application_out(view: ApplicationView) -> ApplicationOut {
    ApplicationOut {
        visit: view.visit.uuid(),
        location_name: view.location_name,
        assignment: view.assignment.uuid(),
        shopper: view.shopper.uuid(),
        shopper_name: view.shopper_name,
        asked_at: view.asked_at.to_rfc3339(),
        rating_tenths: view.rating_tenths,
        distance_km: view.distance_km,
        due_on: view.due_on,
        companion: view.companion.map(companion_out),
        obstacles: view.obstacles.iter().map(ObstacleOut::from).collect(),
    }
}
