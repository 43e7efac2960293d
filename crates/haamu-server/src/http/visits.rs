//! Visits and assignments.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::{App, AssignInput, OfferInput, PlannedVisit, VisitQuery, VisitView};
use haamu_domain::filling::Holding;
use haamu_domain::{
    AssignmentId, ClientOrganisationId, CompanionId, LocalDate, LocationId, ProgrammeId, RoundId, Timestamp,
    UserId, VisitId, VisitState,
};
use haamu_wire::{AssignIn, AssignmentOut, ReportDueOut, VisitOut, VisitsIn, VisitsOut};
use serde::Deserialize;
use uuid::Uuid;

use super::applications::terms_out;
use super::extract::{Json, Path, Query, SignedIn};
use super::filling::plan_out;
use super::problem::Failure;

/// Plan visits of a round, and offer them to shoppers.
#[utoipa::path(post, path = "/v1/rounds/{id}/visits", tag = "visits",
    params(("id" = Uuid, Path, description = "The round.")), request_body = VisitsIn,
    responses((status = 201, description = "Planned.", body = VisitsOut)))]
pub(super) async fn create_visits(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<VisitsIn>,
) -> Result<(StatusCode, axum::Json<VisitsOut>), Failure> {
    let planned = input.visits.into_iter().map(|visit| PlannedVisit {
        location: LocationId::from_uuid(visit.location),
        shopper: visit.shopper.map(UserId::from_uuid),
    });
    let planned: Vec<_> = planned.collect();
    let views = app
        .create_visits(&bearer.actor, RoundId::from_uuid(id), &planned)
        .await?;
    let items = views.into_iter().map(visit_out).collect();
    Ok((StatusCode::CREATED, axum::Json(VisitsOut { items, next: None })))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct VisitsQuery {
    /// Only visits for this client organisation.
    client_organisation: Option<Uuid>,
    /// Only visits of this programme.
    programme: Option<Uuid>,
    /// Only visits of this round.
    round: Option<Uuid>,
    /// Only visits at this location.
    location: Option<Uuid>,
    /// Only visits in this state.
    state: Option<String>,
    /// Only visits that this shopper has, has made, or is offered.
    shopper: Option<Uuid>,
    /// Only visits that nobody has and that are offered to nobody (`none`), that are offered and not answered
    /// (`offered`), or that somebody has accepted (`accepted`).
    holder: Option<String>,
    /// Only visits that are called off, or only others.
    called_off: Option<bool>,
    /// Only visits that somebody has or is offered for this day or a later one: the day that is agreed, or else the
    /// one on which the visit counts.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<LocalDate>,
    /// The same for this day or an earlier one.
    #[param(value_type = Option<String>, format = Date)]
    until: Option<LocalDate>,
    /// Only visits that somebody has accepted and not begun after their last day, or begun and not handed in after
    /// the last day of their report.
    #[serde(default)]
    overdue: bool,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// List visits.
#[utoipa::path(get, path = "/v1/visits", tag = "visits", params(VisitsQuery),
    responses((status = 200, description = "A page of visits.", body = VisitsOut)))]
pub(super) async fn list_visits(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<VisitsQuery>,
) -> Result<axum::Json<VisitsOut>, Failure> {
    let state = query
        .state
        .map(|name| VisitState::from_name(&name).ok_or(name))
        .transpose();
    let state =
        state.map_err(|name| Failure::issue("state", "unknown_value", format!("{name:?} is no state")))?;
    let holding = query
        .holder
        .map(|name| Holding::from_name(&name).ok_or(name))
        .transpose();
    let holding = holding
        .map_err(|name| Failure::issue("holder", "unknown_value", format!("{name:?} is no state of that")))?;
    let query = VisitQuery {
        client_organisation: query.client_organisation.map(ClientOrganisationId::from_uuid),
        programme: query.programme.map(ProgrammeId::from_uuid),
        round: query.round.map(RoundId::from_uuid),
        location: query.location.map(LocationId::from_uuid),
        shopper: query.shopper.map(UserId::from_uuid),
        holding,
        is_called_off: query.called_off,
        from: query.from,
        until: query.until,
        state,
        is_overdue: query.overdue,
        after: query.after,
    };
    let page = app.list_visits(&bearer.actor, query).await?.map(visit_out);
    Ok(axum::Json(VisitsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read a visit.
#[utoipa::path(get, path = "/v1/visits/{id}", tag = "visits",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The visit.", body = VisitOut)))]
pub(super) async fn read_visit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<VisitOut>, Failure> {
    let view = app.read_visit(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(axum::Json(visit_out(view)))
}

/// Offer a visit to a shopper. From whoever has it already it is only taken if `replaces` names their assignment.
#[utoipa::path(post, path = "/v1/visits/{id}/assignments", tag = "visits",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = AssignIn,
    responses((status = 201, description = "Offered, or the shopper's on these terms already.", body = VisitOut)))]
pub(super) async fn create_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<AssignIn>,
) -> Result<(StatusCode, axum::Json<VisitOut>), Failure> {
    let offer = OfferInput {
        shopper: UserId::from_uuid(input.shopper),
        due_on: input.due_on,
        companion: input.companion.map(CompanionId::from_uuid),
    };
    let input = AssignInput {
        offer,
        replaces: input.replaces.map(AssignmentId::from_uuid),
    };
    let view = app
        .assign_visit(&bearer.actor, VisitId::from_uuid(id), &input)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(visit_out(view))))
}

pub(super) fn visit_out(view: VisitView) -> VisitOut {
    VisitOut {
        id: view.visit.id.uuid(),
        round: view.visit.round.uuid(),
        location: view.visit.location.uuid(),
        location_name: view.location_name,
        state: view.visit.state.to_string(),
        visit_by: view.visit_by,
        report: ReportDueOut {
            by: view.report.by,
            handed_in_at: view.report.handed_in_at.map(Timestamp::to_rfc3339),
            late: view.report.is_late,
            counts_in: view.report.counts_in,
        },
        assignment: view.assignment.map(|assignment| AssignmentOut {
            id: assignment.id.uuid(),
            shopper: assignment.shopper.uuid(),
            shopper_name: assignment.shopper_name,
            state: assignment.state.to_string(),
            due_on: assignment.due_on,
            respond_by: assignment.respond_by.map(Timestamp::to_rfc3339),
            submission: assignment.submission.uuid(),
        }),
        plan: view.plan.map(plan_out),
        terms: view.terms.map(terms_out),
        score: view.score,
    }
}
