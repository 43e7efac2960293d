//! Checklists and their versions.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use haamu_app::{App, ChecklistView};
use haamu_domain::{ChecklistVersionId, Code};
use haamu_form::Finding;
use haamu_wire::{ChecklistVersionOut, ChecklistsOut, FindingOut};
use uuid::Uuid;

use super::extract::{Body, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;

/// Add a checklist version as a draft, from a `haamu-checklist/1` document.
#[utoipa::path(post, path = "/v1/checklists", tag = "checklists",
    request_body(content = Value, content_type = "application/json"),
    responses((status = 201, description = "Added.", body = ChecklistVersionOut)))]
pub(super) async fn create_checklist(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Body(document): Body,
) -> Result<(StatusCode, axum::Json<ChecklistVersionOut>), Failure> {
    // The form model reads the text itself: it reports all errors at once.
    let text = std::str::from_utf8(&document)
        .map_err(|error| Failure::because(Code::InvalidRequest, format!("Not UTF-8: {error}.")))?;
    let view = app.create_checklist(&bearer.actor, text).await?;
    Ok((StatusCode::CREATED, axum::Json(version_out(view))))
}

/// List checklist versions.
#[utoipa::path(get, path = "/v1/checklists", tag = "checklists", params(PageQuery),
    responses((status = 200, description = "A page of versions.", body = ChecklistsOut)))]
pub(super) async fn list_checklists(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<ChecklistsOut>, Failure> {
    let page = app
        .list_checklists(&bearer.actor, query.after)
        .await?
        .map(version_out);
    Ok(axum::Json(ChecklistsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read the document of a checklist version.
#[utoipa::path(get, path = "/v1/checklist-versions/{id}", tag = "checklists",
    params(("id" = Uuid, Path, description = "The checklist version.")),
    responses((status = 200, description = "The canonical document.", body = Value)))]
pub(super) async fn read_checklist_version(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<impl IntoResponse, Failure> {
    let view = app
        .read_checklist(&bearer.actor, ChecklistVersionId::from_uuid(id))
        .await?;
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        view.version.document,
    ))
}

/// Publish a draft: from now on it can be used and never changes.
#[utoipa::path(post, path = "/v1/checklist-versions/{id}/publish", tag = "checklists",
    params(("id" = Uuid, Path, description = "The checklist version.")),
    responses((status = 200, description = "Published.", body = ChecklistVersionOut)))]
pub(super) async fn publish_checklist_version(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ChecklistVersionOut>, Failure> {
    let view = app
        .publish_checklist(&bearer.actor, ChecklistVersionId::from_uuid(id))
        .await?;
    Ok(axum::Json(version_out(view)))
}

/// Withdraw a published version: it is not offered for new rounds.
#[utoipa::path(post, path = "/v1/checklist-versions/{id}/withdraw", tag = "checklists",
    params(("id" = Uuid, Path, description = "The checklist version.")),
    responses((status = 200, description = "Withdrawn.", body = ChecklistVersionOut)))]
pub(super) async fn withdraw_checklist_version(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ChecklistVersionOut>, Failure> {
    let view = app
        .withdraw_checklist(&bearer.actor, ChecklistVersionId::from_uuid(id))
        .await?;
    Ok(axum::Json(version_out(view)))
}

fn version_out(view: ChecklistView) -> ChecklistVersionOut {
    ChecklistVersionOut {
        id: view.version.id.uuid(),
        checklist: view.version.checklist.uuid(),
        key: view.key,
        version: view.version.version,
        state: view.version.state.to_string(),
        content_hash: view.version.form.to_string(),
        title: view.version.title,
        warnings: view.warnings.into_iter().map(finding_out).collect(),
    }
}

pub(super) fn finding_out(finding: Finding) -> FindingOut {
    FindingOut {
        severity: finding.severity.to_string(),
        code: finding.code.to_owned(),
        path: finding.path,
        message: finding.message,
    }
}
