//! One round: read, changed, called off, and how far it is.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use haamu_app::record::Round;
use haamu_app::{App, CellProgress, RoundProgress, RoundView};
use haamu_domain::RoundId;
use haamu_domain::filling::QuotaKind;
use haamu_wire::{CellProgressOut, QuotaProgress, Quotas, ReasonIn, RoundOut, RoundPatch, RoundProgressOut};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;
use super::programme_parts::{revision, tagged};

/// Read a round with its quotas.
#[utoipa::path(get, path = "/v1/rounds/{id}", tag = "programmes",
    params(("id" = Uuid, Path, description = "The round.")),
    responses((status = 200, description = "The round; `ETag` is its revision.", body = RoundOut)))]
pub(super) async fn read_round(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let view = app.read_round(&bearer.actor, RoundId::from_uuid(id)).await?;
    Ok(answer(view))
}

/// Change the name, the dates and the quotas of a round.
///
/// Days that are agreed with shoppers or planned for single visits must lie within it still. Whoever
/// has a visit of it learns of its new days. With `If-Match`, only if nobody has changed it since.
#[utoipa::path(patch, path = "/v1/rounds/{id}", tag = "programmes",
    params(
        ("id" = Uuid, Path, description = "The round."),
        ("if-match" = Option<String>, Header, description = "The `ETag` that the change is based on.")),
    request_body = RoundPatch,
    responses((status = 200, description = "Changed; `ETag` is its revision.", body = RoundOut)))]
pub(super) async fn update_round(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(patch): Json<RoundPatch>,
) -> Result<Response, Failure> {
    let based_on = revision(&headers)?;
    let patch = haamu_app::RoundPatch {
        name: patch.name,
        starts_on: patch.starts_on,
        visit_by: patch.visit_by,
        report_by: patch.report_by,
        counts_in: patch.counts_in,
        quotas: patch.quotas.map(quotas_in),
    };
    let id = RoundId::from_uuid(id);
    let view = app.update_round(&bearer.actor, id, &patch, based_on).await?;
    Ok(answer(view))
}

/// Call a round off for good.
///
/// Visits that nobody has handed in are not to be made any more, and what was offered of them is taken back;
/// whoever had it is told. What is handed in goes on.
#[utoipa::path(post, path = "/v1/rounds/{id}/cancel", tag = "programmes",
    params(("id" = Uuid, Path, description = "The round.")), request_body = ReasonIn,
    responses((status = 200, description = "Called off.", body = RoundOut)))]
pub(super) async fn cancel_round(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<axum::Json<RoundOut>, Failure> {
    let id = RoundId::from_uuid(id);
    let round = app.cancel_round(&bearer.actor, id, &input.reason).await?;
    Ok(axum::Json(round_out(round)))
}

/// Read how far a round is: its visits by state, and how full its quotas are.
#[utoipa::path(get, path = "/v1/rounds/{id}/progress", tag = "filling",
    params(("id" = Uuid, Path, description = "The round.")),
    responses((status = 200, description = "Counts of visits.", body = RoundProgressOut)))]
pub(super) async fn read_round_progress(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<RoundProgressOut>, Failure> {
    let id = RoundId::from_uuid(id);
    let progress = app.read_round_progress(&bearer.actor, id).await?;
    Ok(axum::Json(progress_out(progress)))
}

fn answer(view: RoundView) -> Response {
    let revision = view.round.row_version;
    let body = RoundOut {
        quotas: Some(quotas_out(view.quotas)),
        ..round_out(view.round)
    };
    tagged(&body, revision)
}

pub(super) fn round_out(round: Round) -> RoundOut {
    let (cancelled_at, cancel_reason) = round.cancelled.unzip();
    RoundOut {
        id: round.id.uuid(),
        programme: round.programme.uuid(),
        name: round.name,
        checklist_version: round.checklist_version.uuid(),
        starts_on: round.starts_on,
        visit_by: round.visit_by,
        report_by: round.report_by,
        counts_in: round.counts_in,
        cancelled_at: cancelled_at.map(|at| at.to_rfc3339()),
        cancel_reason,
        revision: round.row_version,
        quotas: None,
    }
}

pub(super) fn quotas_in(input: Quotas) -> BTreeMap<(QuotaKind, String), u32> {
    let kinds = [
        (QuotaKind::Weekday, input.weekday),
        (QuotaKind::Daypart, input.daypart),
        (QuotaKind::Week, input.week),
    ];
    let cells = kinds.into_iter().flat_map(|(kind, cells)| {
        let cells = cells.into_iter();
        cells.map(move |(cell, visits)| ((kind, cell), visits))
    });
    cells.collect()
}

pub(super) fn quotas_out(found: BTreeMap<(QuotaKind, String), u32>) -> Quotas {
    let mut quotas = Quotas::default();
    for ((kind, cell), visits) in found {
        let of_kind = match kind {
            QuotaKind::Weekday => &mut quotas.weekday,
            QuotaKind::Daypart => &mut quotas.daypart,
            QuotaKind::Week => &mut quotas.week,
        };
        of_kind.insert(cell, visits);
    }
    quotas
}

fn progress_out(progress: RoundProgress) -> RoundProgressOut {
    let mut quotas = QuotaProgress::default();
    for ((kind, cell), of_cell) in progress.cells {
        let of_kind = match kind {
            QuotaKind::Weekday => &mut quotas.weekday,
            QuotaKind::Daypart => &mut quotas.daypart,
            QuotaKind::Week => &mut quotas.week,
        };
        of_kind.insert(cell, cell_out(of_cell));
    }
    let states = progress.states.into_iter();
    RoundProgressOut {
        states: states
            .map(|(state, visits)| (state.to_string(), visits))
            .collect(),
        offered: progress.offered,
        called_off: progress.called_off,
        reports_overdue: progress.reports_overdue,
        quotas,
    }
}

fn cell_out(cell: CellProgress) -> CellProgressOut {
    CellProgressOut {
        size: cell.size,
        free: cell.free(),
        planned: cell.planned,
        offered: cell.offered,
        accepted: cell.accepted,
        made: cell.made,
    }
}
