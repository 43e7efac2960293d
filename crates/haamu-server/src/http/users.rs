//! People of the agency.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::{App, MemberView, UserInput};
use haamu_domain::ClientOrganisationId;
use haamu_wire::{UserIn, UserOut, UsersOut};

use super::extract::{Json, PageQuery, Query, SignedIn};
use super::problem::Failure;

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
        password: input.password.expose().to_owned(),
        role: input.role,
        client_organisation: input.client_organisation.map(ClientOrganisationId::from_uuid),
    };
    let member = app.create_user(&bearer.actor, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(user_out(member))))
}

/// List the people of the agency.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(PageQuery),
    responses((status = 200, description = "A page of people.", body = UsersOut)))]
pub(super) async fn list_users(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<UsersOut>, Failure> {
    let page = app.list_users(&bearer.actor, query.after).await?.map(user_out);
    Ok(axum::Json(UsersOut {
        items: page.items,
        next: page.next,
    }))
}

fn user_out(member: MemberView) -> UserOut {
    UserOut {
        id: member.id.uuid(),
        email: member.email,
        display_name: member.display_name,
        role: member.role,
        client_organisation: member.client_organisation.map(ClientOrganisationId::uuid),
    }
}
