//! How long data is kept, what was deleted, and what is held.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::App;
use haamu_app::record::{Hold, Purge};
use haamu_domain::VisitId;
use haamu_domain::retention::{PurgeClass, Retention};
use haamu_wire::{HoldIn, HoldOut, PurgeOut, PurgesOut, RetentionIn, RetentionOut, RetentionRuleOut};
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;

/// Read for how long the agency keeps each class of data.
#[utoipa::path(get, path = "/v1/agency/retention", tag = "agency",
    responses((status = 200, description = "All classes.", body = RetentionOut)))]
pub(super) async fn read_retention(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<RetentionOut>, Failure> {
    let retention = app.read_retention(&bearer.actor).await?;
    Ok(axum::Json(retention_out(&retention)))
}

/// Set for how long classes of data are kept. It counts from the next night on, also for what is there; what is
/// deleted does not come back.
#[utoipa::path(put, path = "/v1/agency/retention", tag = "agency", request_body = RetentionIn,
    responses((status = 200, description = "All classes.", body = RetentionOut)))]
pub(super) async fn set_retention(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<RetentionIn>,
) -> Result<axum::Json<RetentionOut>, Failure> {
    let rules: Vec<_> = input.rules.iter().map(|rule| (rule.class, rule.days)).collect();
    let retention = app.set_retention(&bearer.actor, &rules).await?;
    Ok(axum::Json(retention_out(&retention)))
}

/// List what was deleted in past nights because its time was over.
#[utoipa::path(get, path = "/v1/agency/purges", tag = "agency", params(PageQuery),
    responses((status = 200, description = "A page of nights and classes.", body = PurgesOut)))]
pub(super) async fn list_purges(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<PurgesOut>, Failure> {
    let page = app.list_purges(&bearer.actor, query.after).await?.map(purge_out);
    Ok(axum::Json(PurgesOut {
        items: page.items,
        next: page.next,
    }))
}

/// Keep anything of a visit from being deleted, whatever its age.
#[utoipa::path(put, path = "/v1/visits/{id}/hold", tag = "visits", request_body = HoldIn,
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The hold.", body = HoldOut)))]
pub(super) async fn hold_visit(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<HoldIn>,
) -> Result<axum::Json<HoldOut>, Failure> {
    let hold = app
        .hold_visit(&bearer.actor, VisitId::from_uuid(id), &input.reason)
        .await?;
    Ok(axum::Json(hold_out(hold)))
}

/// Lift the hold on a visit. What has become due meanwhile is deleted in the next night.
#[utoipa::path(delete, path = "/v1/visits/{id}/hold", tag = "visits",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 204, description = "It is lifted.")))]
pub(super) async fn lift_hold(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.lift_hold(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn retention_out(retention: &Retention) -> RetentionOut {
    let rule = |class: &PurgeClass| {
        let (least_days, most_days) = class.range();
        RetentionRuleOut {
            class: *class,
            days: retention.days(*class),
            usual_days: class.usual_days(),
            least_days,
            most_days,
        }
    };
    RetentionOut {
        rules: PurgeClass::ALL.iter().map(rule).collect(),
    }
}

fn purge_out(purge: Purge) -> PurgeOut {
    PurgeOut {
        id: purge.id.uuid(),
        day: purge.day.to_string(),
        class: purge.class,
        kept_from: purge.kept_from.to_rfc3339(),
        rows: purge.rows,
        objects: purge.objects,
        started_at: purge.started_at.to_rfc3339(),
        finished_at: purge.finished_at.map(haamu_domain::Timestamp::to_rfc3339),
        failure: purge.failure,
    }
}

fn hold_out(hold: Hold) -> HoldOut {
    HoldOut {
        visit: hold.visit.uuid(),
        reason: hold.reason,
        placed_by: hold.placed_by.uuid(),
        placed_at: hold.placed_at.to_rfc3339(),
    }
}
