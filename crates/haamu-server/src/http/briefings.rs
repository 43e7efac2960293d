//! Briefings of programmes, who has read them, and certification.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::{Briefing, Certification};
use haamu_app::{App, BriefingInput, BriefingView, ReceiptView};
use haamu_domain::{BriefingId, ChecklistVersionId, ProgrammeId};
use haamu_wire::{
    BriefingIn, BriefingOut, BriefingReceiptOut, BriefingReceiptsOut, BriefingsOut, QuizAttemptIn,
    QuizAttemptOut, QuizOut,
};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;

/// Give the shoppers of a programme instructions, or new words for some that are there.
#[utoipa::path(post, path = "/v1/programmes/{id}/briefings", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = BriefingIn,
    responses((status = 201, description = "Given; earlier versions are withdrawn.", body = BriefingOut)))]
pub(super) async fn create_briefing(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<BriefingIn>,
) -> Result<(StatusCode, axum::Json<BriefingOut>), Failure> {
    let input = BriefingInput {
        key: input.key,
        title: input.title,
        language: input.language,
        body: input.body,
    };
    let of = ProgrammeId::from_uuid(id);
    let given = app.create_briefing(&bearer.actor, of, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(briefing_out(given, false))))
}

/// List the briefings of a programme.
///
/// Shoppers see those in use, of programmes that they have to do with.
#[utoipa::path(get, path = "/v1/programmes/{id}/briefings", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The briefings.", body = BriefingsOut)))]
pub(super) async fn list_briefings(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BriefingsOut>, Failure> {
    let found = app
        .list_briefings(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    let out = |view: BriefingView| briefing_out(view.briefing, view.is_read);
    Ok(axum::Json(BriefingsOut {
        items: found.into_iter().map(out).collect(),
    }))
}

/// Take a briefing out of use, in its language: nobody has to have read it any more.
///
/// An active programme that asks for certification keeps something to read or to pass.
#[utoipa::path(post, path = "/v1/briefings/{id}/withdraw", tag = "briefings",
    params(("id" = Uuid, Path, description = "The briefing.")),
    responses((status = 200, description = "Withdrawn.", body = BriefingOut)))]
pub(super) async fn withdraw_briefing(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BriefingOut>, Failure> {
    let withdrawn = app
        .withdraw_briefing(&bearer.actor, BriefingId::from_uuid(id))
        .await?;
    Ok(axum::Json(briefing_out(withdrawn, false)))
}

/// Confirm that one has read a briefing.
#[utoipa::path(put, path = "/v1/briefings/{id}/receipt", tag = "briefings",
    params(("id" = Uuid, Path, description = "The briefing.")),
    responses((status = 204, description = "Confirmed; the first time stands.")))]
pub(super) async fn confirm_briefing(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.confirm_briefing(&bearer.actor, BriefingId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List who has read a briefing.
#[utoipa::path(get, path = "/v1/briefings/{id}/receipts", tag = "briefings",
    params(("id" = Uuid, Path, description = "The briefing.")),
    responses((status = 200, description = "The receipts.", body = BriefingReceiptsOut)))]
pub(super) async fn list_briefing_receipts(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<BriefingReceiptsOut>, Failure> {
    let found = app
        .list_briefing_receipts(&bearer.actor, BriefingId::from_uuid(id))
        .await?;
    let out = |view: ReceiptView| BriefingReceiptOut {
        user: view.user.uuid(),
        display_name: view.display_name,
        read_at: view.read_at.to_rfc3339(),
    };
    Ok(axum::Json(BriefingReceiptsOut {
        items: found.into_iter().map(out).collect(),
    }))
}

/// Give a programme a quiz, in place of the one that it had.
#[utoipa::path(put, path = "/v1/programmes/{id}/certification", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = haamu_wire::Certification,
    responses((status = 200, description = "From now on this quiz counts.", body = haamu_wire::Certification)))]
pub(super) async fn put_certification(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<haamu_wire::Certification>,
) -> Result<axum::Json<haamu_wire::Certification>, Failure> {
    let new = Certification {
        quiz: ChecklistVersionId::from_uuid(input.checklist_version),
        attempts: input.attempts,
        valid_days: input.valid_days,
    };
    let of = ProgrammeId::from_uuid(id);
    let put = app.put_certification(&bearer.actor, of, new).await?;
    Ok(axum::Json(certification_out(put)))
}

/// Read which quiz a programme has.
#[utoipa::path(get, path = "/v1/programmes/{id}/certification", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The quiz.", body = haamu_wire::Certification)))]
pub(super) async fn read_certification(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<haamu_wire::Certification>, Failure> {
    let found = app
        .read_certification(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    Ok(axum::Json(certification_out(found)))
}

/// Take the quiz from a programme.
///
/// Passes of it stay, and count again where the programme gets it back. An active programme that asks for
/// certification keeps something to read or to pass.
#[utoipa::path(delete, path = "/v1/programmes/{id}/certification", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 204, description = "It has no quiz any more.")))]
pub(super) async fn delete_certification(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.delete_certification(&bearer.actor, ProgrammeId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read the quiz of a programme as whoever takes it sees it.
#[utoipa::path(get, path = "/v1/programmes/{id}/quiz", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")),
    responses((status = 200, description = "The questions, and how often they may be tried yet.", body = QuizOut)))]
pub(super) async fn read_quiz(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<QuizOut>, Failure> {
    let view = app.read_quiz(&bearer.actor, ProgrammeId::from_uuid(id)).await?;
    Ok(axum::Json(QuizOut {
        document: view.document,
        attempts_left: view.attempts_left,
        certified_until: view.certified_until,
    }))
}

/// Try the quiz of a programme.
#[utoipa::path(post, path = "/v1/programmes/{id}/quiz/attempts", tag = "briefings",
    params(("id" = Uuid, Path, description = "The programme.")), request_body = QuizAttemptIn,
    responses((status = 201, description = "Tried.", body = QuizAttemptOut)))]
pub(super) async fn create_quiz_attempt(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<QuizAttemptIn>,
) -> Result<(StatusCode, axum::Json<QuizAttemptOut>), Failure> {
    let answers = input.answers.into();
    let view = app
        .take_quiz(&bearer.actor, ProgrammeId::from_uuid(id), &answers)
        .await?;
    let out = QuizAttemptOut {
        passed: view.passed,
        result: view.result,
        attempts_left: view.attempts_left,
        certified_until: view.certified_until,
    };
    Ok((StatusCode::CREATED, axum::Json(out)))
}

fn certification_out(record: Certification) -> haamu_wire::Certification {
    haamu_wire::Certification {
        checklist_version: record.quiz.uuid(),
        attempts: record.attempts,
        valid_days: record.valid_days,
    }
}

fn briefing_out(briefing: Briefing, is_read: bool) -> BriefingOut {
    let hex = briefing.body_hash.iter().map(|byte| format!("{byte:02x}"));
    BriefingOut {
        id: briefing.id.uuid(),
        programme: briefing.programme.uuid(),
        key: briefing.key,
        title: briefing.title,
        language: briefing.language,
        sha256: hex.collect(),
        body: briefing.body,
        version: briefing.version,
        withdrawn: briefing.withdrawn_at.is_some(),
        read: is_read,
    }
}
