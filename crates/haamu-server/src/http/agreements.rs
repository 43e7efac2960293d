//! Earlier versions of the shopper agreement, and who accepted which.

use axum::extract::State;
use haamu_app::record::AgreementHead;
use haamu_app::{AcceptanceView, App};
use haamu_domain::{AgreementId, UserId};
use haamu_wire::{AcceptanceOut, AcceptancesOut, AgreementHeadOut, AgreementHeadsOut, AgreementVersionOut};
use uuid::Uuid;

use super::extract::{BeforeQuery, PageQuery, Path, Query, SignedIn};
use super::panel::{agreement_text_out, hexadecimal};
use super::problem::Failure;

/// List all versions of the shopper agreement, in each language.
#[utoipa::path(get, path = "/v1/shopper-agreements", tag = "panel", params(BeforeQuery),
    responses((status = 200, description = "A page of them, the newest first, without the words.", body = AgreementHeadsOut)))]
pub(super) async fn list_agreements(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<BeforeQuery>,
) -> Result<axum::Json<AgreementHeadsOut>, Failure> {
    let page = app.list_agreements(&bearer.actor, query.before).await?;
    let page = page.map(head_out);
    Ok(axum::Json(AgreementHeadsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Read the shopper agreement in one version and language, in force or not.
#[utoipa::path(get, path = "/v1/shopper-agreements/{id}", tag = "panel",
    params(("id" = Uuid, Path, description = "The words, in one language.")),
    responses((status = 200, description = "The words.", body = AgreementVersionOut)))]
pub(super) async fn read_agreement_text(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<AgreementVersionOut>, Failure> {
    let id = AgreementId::from_uuid(id);
    let found = app.read_agreement_text(&bearer.actor, id).await?;
    let version = found.version;
    let text = agreement_text_out(found);
    Ok(axum::Json(AgreementVersionOut {
        id: text.id,
        version,
        language: text.language,
        body: text.body,
        sha256: text.sha256,
    }))
}

/// List who accepted the shopper agreement in one version and language.
#[utoipa::path(get, path = "/v1/shopper-agreements/{id}/acceptances", tag = "panel",
    params(("id" = Uuid, Path, description = "The words, in one language."), PageQuery),
    responses((status = 200, description = "A page of acceptances, by person.", body = AcceptancesOut)))]
pub(super) async fn list_agreement_acceptances(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<AcceptancesOut>, Failure> {
    let id = AgreementId::from_uuid(id);
    let page = app.list_acceptances(&bearer.actor, id, query.after).await?;
    let page = page.map(acceptance_out);
    Ok(axum::Json(AcceptancesOut {
        items: page.items,
        next: page.next,
    }))
}

/// List which versions of the shopper agreement a person has accepted.
#[utoipa::path(get, path = "/v1/shoppers/{id}/agreement-acceptances", tag = "panel",
    params(("id" = Uuid, Path, description = "The person."), BeforeQuery),
    responses((status = 200, description = "A page of acceptances, the newest words first.", body = AcceptancesOut)))]
pub(super) async fn list_shopper_acceptances(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<BeforeQuery>,
) -> Result<axum::Json<AcceptancesOut>, Failure> {
    let user = UserId::from_uuid(id);
    let page = app.list_acceptances_of(&bearer.actor, user, query.before).await?;
    let page = page.map(acceptance_out);
    Ok(axum::Json(AcceptancesOut {
        items: page.items,
        next: page.next,
    }))
}

fn head_out(head: AgreementHead) -> AgreementHeadOut {
    AgreementHeadOut {
        id: head.id.uuid(),
        version: head.version,
        language: head.language,
        sha256: hexadecimal(&head.body_hash),
        created_by: head.created_by.uuid(),
        created_at: head.created_at.to_rfc3339(),
    }
}

fn acceptance_out(view: AcceptanceView) -> AcceptanceOut {
    let acceptance = view.acceptance;
    AcceptanceOut {
        agreement: acceptance.agreement.uuid(),
        version: acceptance.version,
        user: acceptance.user.uuid(),
        display_name: view.display_name,
        accepted_at: acceptance.accepted_at.to_rfc3339(),
    }
}
