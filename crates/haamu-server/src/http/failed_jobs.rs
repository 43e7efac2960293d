//! Background jobs that were given up.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::App;
use haamu_app::record::FailedJob;
use haamu_domain::JobId;
use haamu_wire::{FailedJobOut, FailedJobsOut};
use uuid::Uuid;

use super::extract::{PageQuery, Path, Query, SignedIn};
use super::problem::Failure;

/// List background jobs that failed each time and are not tried any more.
#[utoipa::path(get, path = "/v1/failed-jobs", tag = "failed jobs", params(PageQuery),
    responses((status = 200, description = "A page of jobs.", body = FailedJobsOut)))]
pub(super) async fn list_failed_jobs(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<FailedJobsOut>, Failure> {
    let page = app.list_failed_jobs(&bearer.actor, query.after).await?;
    let page = page.map(job_out);
    Ok(axum::Json(FailedJobsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Let a job that was given up be tried anew, once its cause is mended.
#[utoipa::path(post, path = "/v1/failed-jobs/{id}/retry", tag = "failed jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 204, description = "It is due now.")))]
pub(super) async fn retry_job(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.retry_job(&bearer.actor, JobId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn job_out(job: FailedJob) -> FailedJobOut {
    FailedJobOut {
        id: job.id.uuid(),
        kind: job.kind,
        attempts: job.attempts,
        error: job.error,
        created_at: job.created_at.to_rfc3339(),
        failed_at: job.failed_at.to_rfc3339(),
    }
}
