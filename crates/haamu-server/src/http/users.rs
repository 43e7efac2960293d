//! People of the agency.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::Session;
use haamu_app::{App, MemberView, UserInput, UserQuery};
use haamu_domain::{ClientOrganisationId, Role, Timestamp, UserId};
use haamu_wire::{DevicesOut, RoleIn, SessionsOut, UserIn, UserOut, UsersOut};
use serde::Deserialize;
use uuid::Uuid;

use super::devices::device_out;
use super::extract::{Json, Path, Query, SignedIn, language};
use super::problem::Failure;
use super::sessions::session_item;

/// Add a person to the agency.
#[utoipa::path(post, path = "/v1/users", tag = "users", request_body = UserIn,
    responses((status = 201, description = "Added.", body = UserOut)))]
pub(super) async fn create_user(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<UserIn>,
) -> Result<(StatusCode, axum::Json<UserOut>), Failure> {
    let input = UserInput {
        email: input.email,
        display_name: input.display_name,
        password: input.password.map(|password| password.expose().to_owned()),
        role: input.role,
        client_organisation: input.client_organisation.map(ClientOrganisationId::from_uuid),
        language: language(input.language.as_deref())?,
    };
    let member = app.create_user(&bearer.actor, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(user_out(member))))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct UsersQuery {
    /// Only people with this role.
    role: Option<String>,
    /// Only the person with this e-mail address.
    email: Option<String>,
    /// The `next` of the page before.
    after: Option<Uuid>,
}

/// List the people of the agency.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(UsersQuery),
    responses((status = 200, description = "A page of people.", body = UsersOut)))]
pub(super) async fn list_users(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<UsersQuery>,
) -> Result<axum::Json<UsersOut>, Failure> {
    let role = query
        .role
        .map(|name| Role::from_name(&name).ok_or(name))
        .transpose();
    let role =
        role.map_err(|name| Failure::issue("role", "unknown_value", format!("{name:?} is no role")))?;
    let query = UserQuery {
        role,
        email: query.email,
        after: query.after,
    };
    let page = app.list_users(&bearer.actor, &query).await?.map(user_out);
    Ok(axum::Json(UsersOut {
        items: page.items,
        next: page.next,
    }))
}

/// Keep a person out of the agency: their sessions end. Their devices stay enrolled, so that what is on them can be
/// deposited.
#[utoipa::path(post, path = "/v1/users/{id}/disable", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "Kept out.", body = UserOut)))]
pub(super) async fn disable_user(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<UserOut>, Failure> {
    let member = app
        .set_user_disabled(&bearer.actor, UserId::from_uuid(id), true)
        .await?;
    Ok(axum::Json(user_out(member)))
}

/// Let a person in again.
#[utoipa::path(post, path = "/v1/users/{id}/enable", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "Let in.", body = UserOut)))]
pub(super) async fn enable_user(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<UserOut>, Failure> {
    let member = app
        .set_user_disabled(&bearer.actor, UserId::from_uuid(id), false)
        .await?;
    Ok(axum::Json(user_out(member)))
}

/// Make a person something else. Their sessions end.
#[utoipa::path(put, path = "/v1/users/{id}/role", tag = "users", request_body = RoleIn,
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "What the person is now.", body = UserOut)))]
pub(super) async fn change_role(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<RoleIn>,
) -> Result<axum::Json<UserOut>, Failure> {
    let client = input.client_organisation.map(ClientOrganisationId::from_uuid);
    let member = app
        .change_role(&bearer.actor, UserId::from_uuid(id), input.role, client)
        .await?;
    Ok(axum::Json(user_out(member)))
}

/// List a person's sessions in the agency.
#[utoipa::path(get, path = "/v1/users/{id}/sessions", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The sessions.", body = SessionsOut)))]
pub(super) async fn list_user_sessions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<SessionsOut>, Failure> {
    let sessions = app.list_sessions_of(&bearer.actor, UserId::from_uuid(id)).await?;
    let current = |session: &Session| Some(session.id) == bearer.session;
    let items = sessions
        .into_iter()
        .map(|session| {
            let is_current = current(&session);
            session_item(session, is_current)
        })
        .collect();
    Ok(axum::Json(SessionsOut { items }))
}

/// End all of a person's sessions in the agency.
#[utoipa::path(delete, path = "/v1/users/{id}/sessions", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 204, description = "All of them have ended.")))]
pub(super) async fn end_user_sessions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.end_sessions_of(&bearer.actor, UserId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the second factors from a person who has lost them. Their sessions end, and they are told by mail.
#[utoipa::path(delete, path = "/v1/users/{id}/second-factors", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 204, description = "There are none any more.")))]
pub(super) async fn reset_second_factors(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.reset_factors(&bearer.actor, UserId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a person's devices.
#[utoipa::path(get, path = "/v1/users/{id}/devices", tag = "users",
    params(("id" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The devices.", body = DevicesOut)))]
pub(super) async fn list_user_devices(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<DevicesOut>, Failure> {
    let devices = app.list_devices_of(&bearer.actor, UserId::from_uuid(id)).await?;
    Ok(axum::Json(DevicesOut {
        items: devices.into_iter().map(device_out).collect(),
    }))
}

fn user_out(member: MemberView) -> UserOut {
    UserOut {
        id: member.id.uuid(),
        email: member.email,
        display_name: member.display_name,
        role: member.role,
        client_organisation: member.client_organisation.map(ClientOrganisationId::uuid),
        email_verified: member.is_email_verified,
        disabled_at: member.disabled_at.map(Timestamp::to_rfc3339),
        external_id: member.external_id,
    }
}
