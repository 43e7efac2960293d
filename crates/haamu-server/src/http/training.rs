//! To whom the training of programmes is open.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::{App, TraineeView, TrainingView};
use haamu_domain::{ProgrammeId, UserId};
use haamu_wire::{TraineeOut, TraineesIn, TraineesOut, TrainingOut, TrainingsOut};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;

/// Let shoppers read the briefings and take the quiz of a programme before they have to do with it.
#[utoipa::path(post, path = "/v1/programmes/{id}/trainees", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = TraineesIn,
    responses((status = 204, description = "Let in.")))]
pub(super) async fn open_training(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<TraineesIn>,
) -> Result<StatusCode, Failure> {
    let shoppers: Vec<_> = input.shoppers.into_iter().map(UserId::from_uuid).collect();
    app.open_training(&bearer.actor, ProgrammeId::from_uuid(id), &shoppers)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a shopper back what they have tried of the quiz of a programme.
///
/// They may try it as often as at first; what they have passed they have passed.
#[utoipa::path(delete, path = "/v1/programmes/{id}/trainees/{shopper}/attempts", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme."), ("shopper" = Uuid, Path, description = "The shopper.")),
    responses((status = 204, description = "Given back.")))]
pub(super) async fn give_attempts_back(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, shopper)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Failure> {
    let (programme, shopper) = (ProgrammeId::from_uuid(id), UserId::from_uuid(shopper));
    app.give_attempts_back(&bearer.actor, programme, shopper).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back that the training of a programme was opened to a shopper. A certificate that they have stays.
#[utoipa::path(delete, path = "/v1/programmes/{id}/trainees/{shopper}", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme."), ("shopper" = Uuid, Path, description = "The shopper.")),
    responses((status = 204, description = "Taken back.")))]
pub(super) async fn close_training(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, shopper)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Failure> {
    let (programme, shopper) = (ProgrammeId::from_uuid(id), UserId::from_uuid(shopper));
    app.close_training(&bearer.actor, programme, shopper).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List to whom the training of a programme was opened, and who has passed.
#[utoipa::path(get, path = "/v1/programmes/{id}/trainees", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The shoppers.", body = TraineesOut)))]
pub(super) async fn list_trainees(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<TraineesOut>, Failure> {
    let found = app
        .list_trainees(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    let out = |view: TraineeView| TraineeOut {
        user: view.user.uuid(),
        display_name: view.display_name,
        opened_at: view.opened_at.to_rfc3339(),
        certified: view.certified.is_held,
        certified_until: view.certified.until,
    };
    Ok(axum::Json(TraineesOut {
        items: found.into_iter().map(out).collect(),
    }))
}

/// List the programmes whose briefings and quiz are open to one.
///
/// Those of visits on the job board are open as well; the board names their programmes.
#[utoipa::path(get, path = "/v1/me/training", tag = "briefings",
    responses((status = 200, description = "The programmes.", body = TrainingsOut)))]
pub(super) async fn list_own_training(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<TrainingsOut>, Failure> {
    let found = app.list_own_training(&bearer.actor).await?;
    let out = |view: TrainingView| TrainingOut {
        programme: view.programme.uuid(),
        certified: view.certified.is_held,
        certified_until: view.certified.until,
    };
    Ok(axum::Json(TrainingsOut {
        items: found.into_iter().map(out).collect(),
    }))
}
