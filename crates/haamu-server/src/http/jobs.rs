//! The job board, and what shoppers do with visits of theirs.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Location;
use haamu_app::{AcceptInput, App, JobInput, JobQuery, JobView};
use haamu_domain::{AssignmentBrief, AssignmentId, CompanionId, VisitId};
use haamu_wire::{
    AcceptIn, JobIn, JobLocationOut, JobOut, JobScenarioOut, JobsOut, ObstacleOut, ObstacleReportIn,
    ReasonIn, RescheduleIn,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, OptionalJson, Path, Query, SignedIn};
use super::problem::Failure;
use super::shoppers::point;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct JobsQuery {
    /// Degrees north and east of where to look, as `60.17,24.94`; the shopper's own places, if absent.
    near: Option<String>,
    /// Within so many kilometres of it, 1 to 20000.
    radius_km: Option<u32>,
    /// Also visits that rules do not allow, with what stands in the way.
    #[serde(default)]
    with_obstacles: bool,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// List visits of the job board.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(JobsQuery),
    responses((status = 200, description = "A page of the board.", body = JobsOut)))]
pub(super) async fn list_jobs(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<JobsQuery>,
) -> Result<axum::Json<JobsOut>, Failure> {
    let query = JobQuery {
        near: query.near.as_deref().map(point).transpose()?,
        radius_km: query.radius_km,
        with_obstacles: query.with_obstacles,
        after: query.after,
    };
    let page = app.list_jobs(&bearer.actor, query).await?;
    Ok(axum::Json(JobsOut {
        items: page.items.into_iter().map(job_out).collect(),
        next: page.next,
    }))
}

/// Ask for a visit of the job board, or change what was said when asking.
#[utoipa::path(put, path = "/v1/jobs/{id}/application", tag = "jobs",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = JobIn,
    responses((status = 204, description = "Asked; a coordinator decides.")))]
pub(super) async fn put_application(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<JobIn>,
) -> Result<StatusCode, Failure> {
    let id = VisitId::from_uuid(id);
    app.apply_for_job(&bearer.actor, id, &job_input(&input)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take an application back.
#[utoipa::path(delete, path = "/v1/jobs/{id}/application", tag = "jobs",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 204, description = "Taken back.")))]
pub(super) async fn delete_application(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.withdraw_application(&bearer.actor, VisitId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a visit that the board gives to the first who may.
#[utoipa::path(post, path = "/v1/jobs/{id}/take", tag = "jobs",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = JobIn,
    responses((status = 201, description = "It is the shopper's; the brief of the assignment.", body = Value)))]
pub(super) async fn take_job(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<JobIn>,
) -> Result<(StatusCode, axum::Json<AssignmentBrief>), Failure> {
    let id = VisitId::from_uuid(id);
    let brief = app.take_job(&bearer.actor, id, &job_input(&input)).await?;
    Ok((StatusCode::CREATED, axum::Json(brief)))
}

/// Accept one's own assignment. Beginning to answer accepts it as well; the declaration is made here then, too.
#[utoipa::path(post, path = "/v1/assignments/{id}/accept", tag = "visits",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = Option<AcceptIn>,
    responses((status = 200, description = "Accepted; the brief of the assignment.", body = Value)))]
pub(super) async fn accept_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    OptionalJson(input): OptionalJson<AcceptIn>,
) -> Result<axum::Json<AssignmentBrief>, Failure> {
    // Whoever asked for the visit has declared their independence then, and may have nothing more to say.
    let input = input.unwrap_or_default();
    let input = AcceptInput {
        due_on: input.due_on,
        companion: input.companion.map(CompanionId::from_uuid),
        is_independent: input.independent,
    };
    let id = AssignmentId::from_uuid(id);
    Ok(axum::Json(
        app.accept_assignment(&bearer.actor, id, &input).await?,
    ))
}

/// Refuse an offer.
#[utoipa::path(post, path = "/v1/assignments/{id}/decline", tag = "jobs",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = ReasonIn,
    responses((status = 204, description = "Refused.")))]
pub(super) async fn decline_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<StatusCode, Failure> {
    let id = AssignmentId::from_uuid(id);
    app.decline_assignment(&bearer.actor, id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a visit back that one had accepted.
#[utoipa::path(post, path = "/v1/assignments/{id}/give-back", tag = "jobs",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = ReasonIn,
    responses((status = 204, description = "Given back. What was recorded is set aside.")))]
pub(super) async fn give_back_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<StatusCode, Failure> {
    let id = AssignmentId::from_uuid(id);
    app.give_back_assignment(&bearer.actor, id, &input.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Go on another day.
#[utoipa::path(post, path = "/v1/assignments/{id}/reschedule", tag = "jobs",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = RescheduleIn,
    responses((status = 200, description = "Moved; the brief of the assignment.", body = Value)))]
pub(super) async fn reschedule_assignment(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<RescheduleIn>,
) -> Result<axum::Json<AssignmentBrief>, Failure> {
    let id = AssignmentId::from_uuid(id);
    let brief = app.reschedule_assignment(&bearer.actor, id, input.due_on).await?;
    Ok(axum::Json(brief))
}

/// Report that a visit cannot be made.
#[utoipa::path(post, path = "/v1/assignments/{id}/obstacle", tag = "jobs",
    params(("id" = Uuid, Path, description = "The assignment.")), request_body = ObstacleReportIn,
    responses((status = 204, description = "Reported; the shopper is free of the visit. A closed place gets no other shopper until a coordinator reopens the visit.")))]
pub(super) async fn report_obstacle(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ObstacleReportIn>,
) -> Result<StatusCode, Failure> {
    let id = AssignmentId::from_uuid(id);
    app.report_obstacle(&bearer.actor, id, input.obstacle, &input.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn job_input(input: &JobIn) -> JobInput {
    JobInput {
        due_on: input.due_on,
        companion: input.companion.map(CompanionId::from_uuid),
        is_independent: input.independent,
    }
}

fn job_out(job: JobView) -> JobOut {
    JobOut {
        visit: job.visit.uuid(),
        programme: job.programme.uuid(),
        round: job.round,
        location: location_out(job.location),
        distance_km: job.distance_km,
        board: job.board,
        starts_on: job.starts_on,
        visit_by: job.visit_by,
        daypart: job.daypart,
        scenario: job.scenario.map(|scenario| JobScenarioOut {
            name: scenario.name,
            persona: scenario.scenario.persona,
            need: scenario.scenario.need,
            purchase_cents: scenario.scenario.purchase_cents,
        }),
        fees: job.fees,
        invited: job.is_invited,
        applied: job.has_applied,
        obstacles: job.obstacles.iter().map(ObstacleOut::from).collect(),
        first_date: job.first_date,
    }
}

pub(super) fn location_out(location: Location) -> JobLocationOut {
    JobLocationOut {
        name: location.name,
        address: location.address,
        postal_code: location.postal_code,
        city: location.city,
        latitude: location.latitude,
        longitude: location.longitude,
    }
}
