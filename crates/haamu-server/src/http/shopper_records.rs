//! What staff know of a shopper beyond the profile: companions, ties, and visits from before Haamu.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::App;
use haamu_app::record::PastVisit;
use haamu_domain::{CompanionId, LocationId, TieId, UserId};
use haamu_wire::{CompanionsOut, PastVisitOut, PastVisitsOut, TieIn, TieOut, TiesOut};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::panel::{companion_out, tie_in, tie_out};
use super::problem::Failure;

/// List whom a shopper has named as companions.
#[utoipa::path(get, path = "/v1/shoppers/{id}/companions", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper.")),
    responses((status = 200, description = "The companions.", body = CompanionsOut)))]
pub(super) async fn list_companions_of_shopper(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<CompanionsOut>, Failure> {
    let of = Some(UserId::from_uuid(id));
    let found = app.list_companions(&bearer.actor, of).await?;
    Ok(axum::Json(CompanionsOut {
        items: found.into_iter().map(companion_out).collect(),
    }))
}

/// List the ties of a shopper that hold.
#[utoipa::path(get, path = "/v1/shoppers/{id}/ties", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper.")),
    responses((status = 200, description = "The ties that hold.", body = TiesOut)))]
pub(super) async fn list_ties_of_shopper(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<TiesOut>, Failure> {
    let of = Some(UserId::from_uuid(id));
    let found = app.list_ties(&bearer.actor, of).await?;
    Ok(axum::Json(TiesOut {
        items: found.into_iter().map(tie_out).collect(),
    }))
}

/// Record a tie of a shopper that the agency has learned of.
///
/// The shopper sees it among their ties, and does not end it.
#[utoipa::path(post, path = "/v1/shoppers/{id}/ties", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper.")), request_body = TieIn,
    responses((status = 201, description = "Recorded: its visits are for others.", body = TieOut)))]
pub(super) async fn create_tie_of_shopper(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<TieIn>,
) -> Result<(StatusCode, axum::Json<TieOut>), Failure> {
    let of = Some(UserId::from_uuid(id));
    let made = app.create_tie(&bearer.actor, of, &tie_in(input)).await?;
    Ok((StatusCode::CREATED, axum::Json(tie_out(made))))
}

/// Say that a tie of a shopper is no more, whoever told of it.
#[utoipa::path(delete, path = "/v1/shoppers/{id}/ties/{tie}", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper."), ("tie" = Uuid, Path, description = "The tie.")),
    responses((status = 204, description = "Ended.")))]
pub(super) async fn delete_tie_of_shopper(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, tie)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Failure> {
    let of = Some(UserId::from_uuid(id));
    app.end_tie(&bearer.actor, of, TieId::from_uuid(tie)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the visits from before Haamu of a shopper.
#[utoipa::path(get, path = "/v1/shoppers/{id}/past-visits", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper."), PageQuery),
    responses((status = 200, description = "A page of visits.", body = PastVisitsOut)))]
pub(super) async fn list_past_visits_of_shopper(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<PastVisitsOut>, Failure> {
    let page = app
        .list_past_visits_of_shopper(&bearer.actor, UserId::from_uuid(id), query.after)
        .await?
        .map(past_visit_out);
    Ok(axum::Json(PastVisitsOut {
        items: page.items,
        next: page.next,
    }))
}

/// List the visits from before Haamu to a location.
#[utoipa::path(get, path = "/v1/locations/{id}/past-visits", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The location."), PageQuery),
    responses((status = 200, description = "A page of visits.", body = PastVisitsOut)))]
pub(super) async fn list_past_visits_at_location(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<PastVisitsOut>, Failure> {
    let page = app
        .list_past_visits_at_location(&bearer.actor, LocationId::from_uuid(id), query.after)
        .await?
        .map(past_visit_out);
    Ok(axum::Json(PastVisitsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Remove a visit from before Haamu: rotation counts it no more.
#[utoipa::path(delete, path = "/v1/past-visits/{id}", tag = "client organisations",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 204, description = "Removed.")))]
pub(super) async fn delete_past_visit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.delete_past_visit(&bearer.actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn past_visit_out(visit: PastVisit) -> PastVisitOut {
    PastVisitOut {
        id: visit.id,
        external_id: visit.external_id,
        shopper: visit.user.uuid(),
        location: visit.location.uuid(),
        date: visit.visited_on,
        came_along: visit.as_companion,
        companion: visit.companion.map(CompanionId::uuid),
    }
}
