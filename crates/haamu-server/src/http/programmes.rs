//! Programmes and rounds.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use haamu_app::record::Programme;
use haamu_app::{App, ProgrammeInput, RoundInput};
use haamu_domain::{ChecklistVersionId, ClientOrganisationId, ProgrammeId};
use haamu_wire::{ProgrammeIn, ProgrammeOut, ProgrammePatch, ProgrammesOut, RoundIn, RoundOut, RoundsOut};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;
use super::programme_parts::{revision, tagged};
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

/// Read a programme.
#[utoipa::path(get, path = "/v1/programmes/{id}", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The programme; `ETag` is its revision.", body = ProgrammeOut)))]
pub(super) async fn read_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let programme = app
        .read_programme(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    Ok(answer(programme))
}

/// Change the name of a programme, and of a draft what it is for and its days.
///
/// With `If-Match`, only if nobody has changed it since.
#[utoipa::path(patch, path = "/v1/programmes/{id}", tag = "programmes",
    params(
        ("id" = Uuid, Path, description = "The programme."),
        ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
    request_body = ProgrammePatch,
    responses((status = 200, description = "Changed; `ETag` is its revision.", body = ProgrammeOut)))]
pub(super) async fn update_programme(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<ProgrammePatch>,
) -> Result<Response, Failure> {
    let based_on = revision(&headers)?;
    let patch = haamu_app::ProgrammePatch {
        name: patch.name,
        purpose: patch.purpose,
        release_delay_hours: patch.release_delay_hours,
        staff_notice_days: patch.staff_notice_days,
    };
    let id = ProgrammeId::from_uuid(id);
    let programme = app.update_programme(&bearer.actor, id, &patch, based_on).await?;
    Ok(answer(programme))
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

fn answer(programme: Programme) -> Response {
    let revision = programme.row_version;
    tagged(&programme_out(programme), revision)
}

pub(super) fn programme_out(programme: Programme) -> ProgrammeOut {
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
