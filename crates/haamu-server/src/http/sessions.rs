//! Set-up and sessions.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::{App, Issued, Me, RefreshInput, SetupInput, SignInInput};
use haamu_domain::{AgencyId, ClientOrganisationId};
use haamu_wire::{MeOut, RefreshIn, Secret, SessionOut, SetupIn, SignInIn};

use super::extract::{Json, SignedIn};
use super::problem::Failure;

/// Set the installation up: its first agency and administrator.
#[utoipa::path(post, path = "/v1/setup", tag = "sessions", request_body = SetupIn,
    responses((status = 201, description = "Set up, and signed in.", body = SessionOut)))]
pub(super) async fn set_up(
    State(app): State<App>,
    Json(input): Json<SetupIn>,
) -> Result<(StatusCode, axum::Json<SessionOut>), Failure> {
    let input = SetupInput {
        code: input.code.expose().to_owned(),
        agency_name: input.agency_name,
        email: input.email,
        display_name: input.display_name,
        password: input.password.expose().to_owned(),
    };
    let issued = app.set_up(&input).await?;
    Ok((StatusCode::CREATED, axum::Json(session_out(&app, issued))))
}

/// Sign in.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SignInIn,
    responses((status = 201, description = "Signed in.", body = SessionOut)))]
pub(super) async fn create_session(
    State(app): State<App>,
    Json(input): Json<SignInIn>,
) -> Result<(StatusCode, axum::Json<SessionOut>), Failure> {
    let input = SignInInput {
        email: input.email,
        password: input.password.expose().to_owned(),
        agency: input.agency.map(AgencyId::from_uuid),
    };
    let issued = app.sign_in(&input).await?;
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

/// Who is signed in.
#[utoipa::path(get, path = "/v1/me", tag = "sessions",
    responses((status = 200, description = "Who is signed in.", body = MeOut)))]
pub(super) async fn read_me(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<MeOut>, Failure> {
    Ok(axum::Json(me_out(app.me(&bearer.actor).await?)))
}

fn session_out(app: &App, issued: Issued) -> SessionOut {
    SessionOut {
        access_token: Secret::new(issued.access_token),
        expires_in: app.settings().access_token.as_secs(),
        refresh_token: Secret::new(issued.refresh_token),
        me: me_out(issued.me),
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
    }
}
