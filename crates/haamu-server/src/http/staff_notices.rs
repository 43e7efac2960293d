//! Notices to staff of programmes.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::StaffNotice;
use haamu_app::{App, StaffNoticeInput};
use haamu_domain::{ProgrammeId, StaffNoticeId};
use haamu_wire::{ProgrammeOut, ReasonIn, StaffNoticeIn, StaffNoticeOut, StaffNoticesOut};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;
use super::programmes::programme_out;

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

/// List the notices to staff of a programme, also those that were withdrawn.
#[utoipa::path(get, path = "/v1/programmes/{id}/staff-notices", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme."), PageQuery),
    responses((status = 200, description = "A page of notices.", body = StaffNoticesOut)))]
pub(super) async fn list_staff_notices(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<StaffNoticesOut>, Failure> {
    let page = app
        .list_staff_notices(&bearer.actor, ProgrammeId::from_uuid(id), query.after)
        .await?
        .map(notice_out);
    Ok(axum::Json(StaffNoticesOut {
        items: page.items,
        next: page.next,
    }))
}

/// Withdraw a notice to staff of a draft, so that the programme does not become active by it. It stays to be read.
#[utoipa::path(post, path = "/v1/programmes/{id}/staff-notices/{notice}/withdraw", tag = "programmes",
    params(("id" = Uuid, Path, description = "The programme."), ("notice" = Uuid, Path, description = "The notice.")),
    request_body = ReasonIn,
    responses((status = 200, description = "Withdrawn.", body = StaffNoticeOut)))]
pub(super) async fn withdraw_staff_notice(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, notice)): Path<(Uuid, Uuid)>,
    Json(input): Json<ReasonIn>,
) -> Result<axum::Json<StaffNoticeOut>, Failure> {
    let (of, id) = (ProgrammeId::from_uuid(id), StaffNoticeId::from_uuid(notice));
    let withdrawn = app
        .withdraw_staff_notice(&bearer.actor, of, id, &input.reason)
        .await?;
    Ok(axum::Json(notice_out(withdrawn)))
}

fn notice_out(notice: StaffNotice) -> StaffNoticeOut {
    let (withdrawn_at, withdraw_reason) = notice.withdrawn.unzip();
    StaffNoticeOut {
        id: notice.id.uuid(),
        informed_on: notice.informed_on,
        audience: notice.audience,
        channel: notice.channel,
        text: notice.text,
        recorded_at: notice.recorded_at.to_rfc3339(),
        recorded_by: notice.recorded_by.uuid(),
        withdrawn_at: withdrawn_at.map(|at| at.to_rfc3339()),
        withdraw_reason,
    }
}
