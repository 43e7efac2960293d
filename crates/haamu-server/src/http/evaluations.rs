//! Reviewing evaluations.

use axum::extract::State;
use axum::response::Response;
use haamu_app::{AnswerView, App, ApproveInput, EvaluationView};
use haamu_domain::{Code, ScenarioBrief, Timestamp, VisitId};
use haamu_wire::{
    AnswerOut, ApproveIn, ConfirmCriticalIn, EvaluationOut, FileOut, FollowUpOut, ReturnIn, ScoreOut,
    TriggerOut, VisitScenarioOut,
};
use uuid::Uuid;

use super::checklists::finding_out;
use super::extract::{Json, Path, SignedIn};
use super::part::FileBytes;
use super::problem::Failure;

/// Read the evaluation of a visit.
#[utoipa::path(get, path = "/v1/visits/{id}/evaluation", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "The evaluation.", body = EvaluationOut)))]
pub(super) async fn read_evaluation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<EvaluationOut>, Failure> {
    let view = app.read_evaluation(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(axum::Json(evaluation_out(view)))
}

/// Read a photo of an evaluation, as its readers would see it.
#[utoipa::path(get, path = "/v1/visits/{id}/evaluation/photos/{sha256}", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit."),
        ("sha256" = String, Path, description = "The file's SHA-256, hexadecimal.", pattern = "^[0-9a-f]{64}$")),
    responses((status = 200, description = "The photo.", body = inline(FileBytes), content_type = "image/jpeg")))]
pub(super) async fn read_evaluation_photo(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path((id, sha256)): Path<(Uuid, String)>,
) -> Result<Response, Failure> {
    let sha256 = sha256.parse().map_err(|_| Failure::refused(Code::NotFound))?;
    let jpeg = app
        .evaluation_photo(&bearer.actor, VisitId::from_uuid(id), sha256)
        .await?;
    Ok(super::visit_reports::jpeg(jpeg))
}

/// Confirm a critical answer with what the confirmation rests on.
#[utoipa::path(post, path = "/v1/visits/{id}/critical-confirmations", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = ConfirmCriticalIn,
    responses((status = 200, description = "Confirmed.", body = EvaluationOut)))]
pub(super) async fn confirm_critical(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ConfirmCriticalIn>,
) -> Result<axum::Json<EvaluationOut>, Failure> {
    let id = VisitId::from_uuid(id);
    let view = app
        .confirm_critical(&bearer.actor, id, &input.question, &input.evidence)
        .await?;
    Ok(axum::Json(evaluation_out(view)))
}

/// Approve an evaluation.
#[utoipa::path(post, path = "/v1/visits/{id}/approve", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = ApproveIn,
    responses((status = 200, description = "Approved.", body = EvaluationOut)))]
pub(super) async fn approve_evaluation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ApproveIn>,
) -> Result<axum::Json<EvaluationOut>, Failure> {
    let decision = ApproveInput {
        accept_incomplete: input.accept_incomplete,
        based_on: input.based_on,
    };
    let view = app
        .approve(&bearer.actor, VisitId::from_uuid(id), decision)
        .await?;
    Ok(axum::Json(evaluation_out(view)))
}

/// Send an evaluation back to its shopper.
#[utoipa::path(post, path = "/v1/visits/{id}/return", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit.")), request_body = ReturnIn,
    responses((status = 200, description = "Returned.", body = EvaluationOut)))]
pub(super) async fn return_evaluation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReturnIn>,
) -> Result<axum::Json<EvaluationOut>, Failure> {
    let view = app
        .return_evaluation(&bearer.actor, VisitId::from_uuid(id), &input.reason)
        .await?;
    Ok(axum::Json(evaluation_out(view)))
}

/// Release an evaluation: the client may read its report.
#[utoipa::path(post, path = "/v1/visits/{id}/release", tag = "evaluations",
    params(("id" = Uuid, Path, description = "The visit.")),
    responses((status = 200, description = "Released.", body = EvaluationOut)))]
pub(super) async fn release_evaluation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<EvaluationOut>, Failure> {
    let view = app.release(&bearer.actor, VisitId::from_uuid(id)).await?;
    Ok(axum::Json(evaluation_out(view)))
}

fn scenario_out(scenario: ScenarioBrief) -> VisitScenarioOut {
    VisitScenarioOut {
        id: scenario.id.uuid(),
        revision: scenario.revision,
        name: scenario.name,
        persona: scenario.persona,
        need: scenario.need,
        uncertainty: scenario.uncertainty,
        restriction: scenario.restriction,
        script: scenario.script,
        purchase_cents: scenario.purchase_cents,
    }
}

fn evaluation_out(view: EvaluationView) -> EvaluationOut {
    let triggers = view.triggers.into_iter();
    let follow_ups = view.follow_ups.into_iter();
    EvaluationOut {
        visit: view.visit.id.uuid(),
        state: view.visit.state.to_string(),
        submission: view.submission.id.uuid(),
        cycle: view.submission.cycle,
        visited_at: view.visit.visited_at.map(Timestamp::to_rfc3339),
        scenario: view.scenario.map(scenario_out),
        daypart: view.daypart,
        location_attributes: view.location_attributes,
        releasable_at: view.releasable_at.map(Timestamp::to_rfc3339),
        answers: view.answers.into_iter().map(answer_out).collect(),
        score: view.score.map(|score| ScoreOut {
            number: score.number,
            result: score.result,
            trace: score.trace,
            scored_at: score.scored_at.to_rfc3339(),
        }),
        triggers: triggers
            .map(|trigger| TriggerOut {
                question: trigger.question,
                confirmed: trigger.is_confirmed,
            })
            .collect(),
        findings: view.findings.into_iter().map(finding_out).collect(),
        conflicts: view.conflicts,
        follow_ups: follow_ups
            .map(|section| FollowUpOut {
                stage: section.stage,
                opens_at: section.opens_at.to_rfc3339(),
                closes_at: section.closes_at.to_rfc3339(),
                submitted: section.is_submitted,
            })
            .collect(),
        files_expected: view.files_expected,
        files_received: view.files_received,
    }
}

fn answer_out(answer: AnswerView) -> AnswerOut {
    let files = answer.files.into_iter().map(|file| FileOut {
        sha256: file.sha256.to_string(),
        length: file.length,
        media_type: file.media_type,
        received: file.is_received,
        deleted: file.is_deleted,
        caption: file.caption,
        preview: file.preview.map(|sha256| sha256.to_string()),
    });
    AnswerOut {
        question: answer.question,
        status: answer.status.to_owned(),
        value: answer.value,
        comment: answer.comment,
        files: files.collect(),
    }
}
