//! Invitations into the agency.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Invitation;
use haamu_app::{App, InvitationInput, JoinInput};
use haamu_domain::{ClientOrganisationId, InvitationId};
use haamu_wire::{AcceptInvitationIn, InvitationIn, InvitationOut, InvitationsOut, InvitedOut, LinkIn};
use uuid::Uuid;

use super::extract::{BeforeQuery, Json, Path, Query, SignedIn, language};
use super::origin::From;
use super::problem::Failure;

/// Invite somebody: a link is mailed to them.
#[utoipa::path(post, path = "/v1/invitations", tag = "invitations", request_body = InvitationIn,
    responses((status = 201, description = "Invited; the mail is on its way.", body = InvitationOut)))]
pub(super) async fn create_invitation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<InvitationIn>,
) -> Result<(StatusCode, axum::Json<InvitationOut>), Failure> {
    let input = InvitationInput {
        email: input.email,
        role: input.role,
        client_organisation: input.client_organisation.map(ClientOrganisationId::from_uuid),
        language: language(input.language.as_deref())?,
    };
    let invitation = app.invite(&bearer.actor, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(invitation_out(invitation))))
}

/// List the invitations of the agency.
#[utoipa::path(get, path = "/v1/invitations", tag = "invitations", params(BeforeQuery),
    responses((status = 200, description = "A page of invitations.", body = InvitationsOut)))]
pub(super) async fn list_invitations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<BeforeQuery>,
) -> Result<axum::Json<InvitationsOut>, Failure> {
    let page = app.list_invitations(&bearer.actor, query.before).await?;
    let page = page.map(invitation_out);
    Ok(axum::Json(InvitationsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Send an invitation again, with another link; the earlier one is worthless.
#[utoipa::path(post, path = "/v1/invitations/{id}/resend", tag = "invitations",
    params(("id" = Uuid, Path, description = "The invitation.")),
    responses((status = 200, description = "The mail is on its way.", body = InvitationOut)))]
pub(super) async fn resend_invitation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<InvitationOut>, Failure> {
    let id = InvitationId::from_uuid(id);
    let invitation = app.resend_invitation(&bearer.actor, id).await?;
    Ok(axum::Json(invitation_out(invitation)))
}

/// Take an invitation back; its link is worthless.
#[utoipa::path(post, path = "/v1/invitations/{id}/withdraw", tag = "invitations",
    params(("id" = Uuid, Path, description = "The invitation.")),
    responses((status = 200, description = "Withdrawn.", body = InvitationOut)))]
pub(super) async fn withdraw_invitation(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<InvitationOut>, Failure> {
    let id = InvitationId::from_uuid(id);
    let invitation = app.withdraw_invitation(&bearer.actor, id).await?;
    Ok(axum::Json(invitation_out(invitation)))
}

/// Read what the link of an invitation leads to. Nothing is accepted by that.
#[utoipa::path(post, path = "/v1/invitations/look", tag = "invitations", request_body = LinkIn,
    responses((status = 200, description = "The invitation.", body = InvitedOut)))]
pub(super) async fn look_at_invitation(
    State(app): State<App>,
    Json(input): Json<LinkIn>,
) -> Result<axum::Json<InvitedOut>, Failure> {
    let view = app.read_invitation(input.secret.expose()).await?;
    Ok(axum::Json(InvitedOut {
        agency_name: view.agency_name,
        email: view.email,
        role: view.role,
        has_account: view.has_account,
    }))
}

/// Accept an invitation. Whoever has no account gets one, with a verified address; then sign in.
#[utoipa::path(post, path = "/v1/invitations/accept", tag = "invitations", request_body = AcceptInvitationIn,
    responses((status = 204, description = "Accepted. Sign in.")))]
pub(super) async fn accept_invitation(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<AcceptInvitationIn>,
) -> Result<StatusCode, Failure> {
    let input = JoinInput {
        secret: input.secret.expose().to_owned(),
        display_name: input.display_name,
        password: input.password.expose().to_owned(),
    };
    app.accept_invitation(&input, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn invitation_out(invitation: Invitation) -> InvitationOut {
    InvitationOut {
        id: invitation.id.uuid(),
        email: invitation.email,
        role: invitation.role,
        client_organisation: invitation.client_organisation.map(ClientOrganisationId::uuid),
        language: invitation.language.tag().to_owned(),
        state: invitation.state.as_str().to_owned(),
        created_by: invitation.created_by.uuid(),
        created_at: invitation.created_at.to_rfc3339(),
        sent_at: invitation.sent_at.to_rfc3339(),
        expires_at: invitation.expires_at.to_rfc3339(),
    }
}
