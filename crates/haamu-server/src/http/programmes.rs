//! Programmes, staff notices and rounds.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Programme;
use haamu_app::{App, ProgrammeInput, RoundInput, StaffNoticeInput};
use haamu_domain::{ChecklistVersionId, ClientOrganisationId, ProgrammeId};
use haamu_wire::{ProgrammeIn, ProgrammeOut, ProgrammesOut, RoundIn, RoundOut, RoundsOut, StaffNoticeIn};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;
use super::rounds::round_out;

/// Plan a programme.
#[utoipa::path(post, path = "/v1/programmes", tag = "programmes", request_body = ProgrammeIn,
    responses((status = 201, description = "Planned.", body = ProgrammeOut)))]
pub(super) async fn create_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<ProgrammeIn>,
) -> Result<(StatusCode, axum::Json<ProgrammeOut>), Failure> {
    let input = ProgrammeInput {
        client_organisation: ClientOrganisationId::from_uuid(input.client_organisation),
        name: input.name,
        purpose: input.purpose,
        release_delay_hours: input.release_delay_hours,
        staff_notice_days: input.staff_notice_days,
    };
    let programme = app.create_programme(&bearer.actor, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(programme_out(programme))))
}

/// List programmes.
#[utoipa::path(get, path = "/v1/programmes", tag = "programmes", params(PageQuery),
    responses((status = 200, description = "A page of programmes.", body = ProgrammesOut)))]
pub(super) async fn list_programmes(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<ProgrammesOut>, Failure> {
    let page = app
        .list_programmes(&bearer.actor, query.after)
        .await?
        .map(programme_out);
    Ok(axum::Json(ProgrammesOut {
        items: page.items,
        next: page.next,
    }))
}

/// Record that staff were informed in general terms.
#[utoipa::path(post, path = "/v1/programmes/{id}/staff-notices", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = StaffNoticeIn,
    responses((status = 201, description = "Recorded.", body = ProgrammeOut)))]
pub(super) async fn record_staff_notice(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<StaffNoticeIn>,
) -> Result<(StatusCode, axum::Json<ProgrammeOut>), Failure> {
    let input = StaffNoticeInput {
        informed_on: input.informed_on,
        audience: input.audience,
        channel: input.channel,
        text: input.text,
    };
    let programme = app
        .record_staff_notice(&bearer.actor, ProgrammeId::from_uuid(id), &input)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(programme_out(programme))))
}

/// Make a programme active, once staff have been informed long enough ago.
#[utoipa::path(post, path = "/v1/programmes/{id}/activate", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "Active.", body = ProgrammeOut)))]
pub(super) async fn activate_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProgrammeOut>, Failure> {
    let programme = app
        .activate_programme(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    Ok(axum::Json(programme_out(programme)))
}

/// End a programme: it takes no new rounds, and what is under way goes on.
#[utoipa::path(post, path = "/v1/programmes/{id}/close", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "Closing.", body = ProgrammeOut)))]
pub(super) async fn close_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProgrammeOut>, Failure> {
    let id = ProgrammeId::from_uuid(id);
    let programme = app.close_programme(&bearer.actor, id).await?;
    Ok(axum::Json(programme_out(programme)))
}

/// Close a programme for good, once no visit of it is under way.
#[utoipa::path(post, path = "/v1/programmes/{id}/finish", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "Closed.", body = ProgrammeOut)))]
pub(super) async fn finish_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProgrammeOut>, Failure> {
    let id = ProgrammeId::from_uuid(id);
    let programme = app.finish_programme(&bearer.actor, id).await?;
    Ok(axum::Json(programme_out(programme)))
}

/// Open a round of an active programme.
#[utoipa::path(post, path = "/v1/programmes/{id}/rounds", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = RoundIn,
    responses((status = 201, description = "Opened.", body = RoundOut)))]
pub(super) async fn create_round(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<RoundIn>,
) -> Result<(StatusCode, axum::Json<RoundOut>), Failure> {
    let input = RoundInput {
        name: input.name,
        checklist_version: ChecklistVersionId::from_uuid(input.checklist_version),
        starts_on: input.starts_on,
        visit_by: input.visit_by,
        report_by: input.report_by,
        counts_in: input.counts_in,
    };
    let round = app
        .create_round(&bearer.actor, ProgrammeId::from_uuid(id), &input)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(round_out(round))))
}

/// List rounds of a programme.
#[utoipa::path(get, path = "/v1/programmes/{id}/rounds", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme."), PageQuery),
    responses((status = 200, description = "A page of rounds.", body = RoundsOut)))]
pub(super) async fn list_rounds(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<RoundsOut>, Failure> {
    let page = app
        .list_rounds(&bearer.actor, ProgrammeId::from_uuid(id), query.after)
        .await?
        .map(round_out);
    Ok(axum::Json(RoundsOut {
        items: page.items,
        next: page.next,
    }))
}

fn programme_out(programme: Programme) -> ProgrammeOut {
    ProgrammeOut {
        id: programme.id.uuid(),
        client_organisation: programme.client_organisation.uuid(),
        name: programme.name,
        purpose: programme.purpose,
        state: programme.state.to_string(),
        release_delay_hours: programme.release_delay_hours,
        staff_notice_days: programme.staff_notice_days,
    }
}
