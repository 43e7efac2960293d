//! Set-up, and sessions that are there.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Session;
use haamu_app::{App, Issued, Me, RefreshInput, SetupInput};
use haamu_domain::{ClientOrganisationId, SessionId};
use haamu_wire::{MeOut, MePatch, RefreshIn, Secret, SessionItemOut, SessionOut, SessionsOut, SetupIn};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn, language};
use super::origin::From;
use super::problem::Failure;

/// Set the installation up: its first agency and administrator.
#[utoipa::path(post, path = "/v1/setup", tag = "sessions", request_body = SetupIn,
    responses((status = 201, description = "Set up, and signed in.", body = SessionOut)))]
pub(super) async fn set_up(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<SetupIn>,
) -> Result<(StatusCode, axum::Json<SessionOut>), Failure> {
    let input = SetupInput {
        code: input.code.expose().to_owned(),
        agency_name: input.agency_name,
        email: input.email,
        display_name: input.display_name,
        password: input.password.expose().to_owned(),
    };
    let issued = app.set_up(&input, &origin).await?;
    Ok((StatusCode::CREATED, axum::Json(session_out(&app, issued))))
}

/// Renew a session with its refresh token, which is used up.
#[utoipa::path(post, path = "/v1/sessions/refresh", tag = "sessions", request_body = RefreshIn,
    responses((status = 200, description = "Renewed.", body = SessionOut)))]
pub(super) async fn refresh_session(
    State(app): State<App>,
    Json(input): Json<RefreshIn>,
) -> Result<axum::Json<SessionOut>, Failure> {
    let input = RefreshInput {
        refresh_token: input.refresh_token.expose().to_owned(),
    };
    let issued = app.refresh(&input).await?;
    Ok(axum::Json(session_out(&app, issued)))
}

/// Sign out: the session and its refresh tokens end.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions",
    responses((status = 204, description = "Signed out.")))]
pub(super) async fn delete_session(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<StatusCode, Failure> {
    app.sign_out(&bearer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List one's own sessions in the agency.
#[utoipa::path(get, path = "/v1/sessions", tag = "sessions",
    responses((status = 200, description = "The sessions.", body = SessionsOut)))]
pub(super) async fn list_sessions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<SessionsOut>, Failure> {
    let sessions = app.list_sessions(&bearer).await?;
    let items = sessions
        .into_iter()
        .map(|view| session_item(view.session, view.is_current))
        .collect();
    Ok(axum::Json(SessionsOut { items }))
}

/// End one of one's own sessions. Access tokens that were given out in it run out by themselves.
#[utoipa::path(delete, path = "/v1/sessions/{id}", tag = "sessions",
    params(("id" = Uuid, Path, description = "The session.")),
    responses((status = 204, description = "It has ended.")))]
pub(super) async fn end_session(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.end_session(&bearer, SessionId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out everywhere: all of one's sessions end, in all agencies, this one as well.
#[utoipa::path(delete, path = "/v1/sessions", tag = "sessions",
    responses((status = 204, description = "All of them have ended.")))]
pub(super) async fn delete_sessions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<StatusCode, Failure> {
    app.sign_out_everywhere(&bearer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in.
#[utoipa::path(get, path = "/v1/me", tag = "sessions",
    responses((status = 200, description = "Who is signed in.", body = MeOut)))]
pub(super) async fn read_me(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<MeOut>, Failure> {
    Ok(axum::Json(me_out(app.me(&bearer.actor).await?)))
}

/// Change one's own name, and the language of mails to oneself, in all agencies that one belongs to.
#[utoipa::path(patch, path = "/v1/me", tag = "account", request_body = MePatch,
    responses((status = 200, description = "Changed.", body = MeOut)))]
pub(super) async fn update_me(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(patch): Json<MePatch>,
) -> Result<axum::Json<MeOut>, Failure> {
    let chosen = patch.language.into_option();
    let chosen = chosen.map(|tag| language(tag.as_deref())).transpose()?;
    let patch = haamu_app::MePatch {
        display_name: patch.display_name,
        language: chosen,
    };
    Ok(axum::Json(me_out(app.update_me(&bearer.actor, &patch).await?)))
}

pub(super) fn session_out(app: &App, issued: Issued) -> SessionOut {
    SessionOut {
        access_token: Secret::new(issued.access_token),
        expires_in: app.settings().access_token.as_secs(),
        refresh_token: Secret::new(issued.refresh_token),
        me: me_out(issued.me),
    }
}

pub(super) fn session_item(session: Session, current: bool) -> SessionItemOut {
    SessionItemOut {
        id: session.id.uuid(),
        current,
        method: session.method.as_str().to_owned(),
        second_factor: session.factor_at.is_some(),
        device: session.device.map(|device| device.to_string()),
        user_agent: session.user_agent,
        created_at: session.created_at.to_rfc3339(),
        last_used_at: session.last_used_at.to_rfc3339(),
    }
}

fn me_out(me: Me) -> MeOut {
    MeOut {
        user: me.actor.user.uuid(),
        display_name: me.display_name,
        agency: me.actor.agency.uuid(),
        agency_name: me.agency_name,
        role: me.actor.role,
        client_organisation: me.actor.client_organisation.map(ClientOrganisationId::uuid),
        device: me.actor.device.map(|device| device.to_string()),
        email: me.email,
        email_verified: me.is_email_verified,
        second_factor_missing: me.actor.token.is_none() && me.actor.only.is_some(),
        language: me.language.map(|language| language.tag().to_owned()),
    }
}
