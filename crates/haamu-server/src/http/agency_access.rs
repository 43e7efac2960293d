//! Who has access to the agency: second factors by role, an identity provider, tokens of integrations, and mails.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use haamu_app::record::{Mail, ServiceToken};
use haamu_app::{App, MailQuery, ProviderInput, ProviderView, ServiceTokenInput};
use haamu_domain::{ClientOrganisationId, MailState, ServiceTokenId, Timestamp, Verb};
use haamu_wire::{
    IdentityProviderIn, IdentityProviderOut, MailOut, MailsOut, SecondFactorRolesIn, SecondFactorRolesOut,
    Secret, ServiceTokenCreatedOut, ServiceTokenIn, ServiceTokenOut, ServiceTokensOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, PageQuery, Path, Query, SignedIn};
use super::problem::Failure;

/// Read which roles need a second factor.
#[utoipa::path(get, path = "/v1/agency/second-factor", tag = "agency",
    responses((status = 200, description = "The roles.", body = SecondFactorRolesOut)))]
pub(super) async fn read_second_factor_roles(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<SecondFactorRolesOut>, Failure> {
    let roles = app.read_second_factor_roles(&bearer.actor).await?;
    Ok(axum::Json(SecondFactorRolesOut { roles }))
}

/// Set which roles need a second factor. Whoever lacks one is let in only to set one up, from the next renewal of
/// their session on.
#[utoipa::path(put, path = "/v1/agency/second-factor", tag = "agency", request_body = SecondFactorRolesIn,
    responses((status = 200, description = "The roles.", body = SecondFactorRolesOut)))]
pub(super) async fn set_second_factor_roles(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<SecondFactorRolesIn>,
) -> Result<axum::Json<SecondFactorRolesOut>, Failure> {
    let roles = app.set_second_factor_roles(&bearer.actor, &input.roles).await?;
    Ok(axum::Json(SecondFactorRolesOut { roles }))
}

/// Read who vouches for members.
#[utoipa::path(get, path = "/v1/agency/identity-provider", tag = "agency",
    responses((status = 200, description = "The provider, without its secret.", body = IdentityProviderOut)))]
pub(super) async fn read_identity_provider(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<IdentityProviderOut>, Failure> {
    Ok(axum::Json(provider_out(app.read_provider(&bearer.actor).await?)))
}

/// Set who vouches for members. Its configuration is read first.
#[utoipa::path(put, path = "/v1/agency/identity-provider", tag = "agency", request_body = IdentityProviderIn,
    responses((status = 200, description = "The provider, without its secret.", body = IdentityProviderOut)))]
pub(super) async fn set_identity_provider(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<IdentityProviderIn>,
) -> Result<axum::Json<IdentityProviderOut>, Failure> {
    let input = ProviderInput {
        issuer: input.issuer,
        client_id: input.client_id,
        client_secret: input.client_secret.map(|secret| secret.expose().to_owned()),
        allowed_domains: input.allowed_domains,
        match_by_email: input.match_by_email,
        counts_as_second_factor: input.counts_as_second_factor,
    };
    let provider = app.set_provider(&bearer.actor, &input).await?;
    Ok(axum::Json(provider_out(provider)))
}

/// Let nobody vouch for members any more.
#[utoipa::path(delete, path = "/v1/agency/identity-provider", tag = "agency",
    responses((status = 204, description = "There is no provider any more.")))]
pub(super) async fn delete_identity_provider(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<StatusCode, Failure> {
    app.delete_provider(&bearer.actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a token for an integration.
#[utoipa::path(post, path = "/v1/service-tokens", tag = "agency", request_body = ServiceTokenIn,
    responses((status = 201, description = "The token, shown once.", body = ServiceTokenCreatedOut)))]
pub(super) async fn create_service_token(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<ServiceTokenIn>,
) -> Result<(StatusCode, axum::Json<ServiceTokenCreatedOut>), Failure> {
    let input = ServiceTokenInput {
        name: input.name,
        role: input.role,
        client_organisation: input.client_organisation.map(ClientOrganisationId::from_uuid),
        scopes: input.scopes,
        good_for_days: input.good_for_days,
    };
    let (made, token) = app.create_service_token(&bearer.actor, &input).await?;
    let created = ServiceTokenCreatedOut {
        token: Secret::new(token),
        service_token: token_out(made),
    };
    Ok((StatusCode::CREATED, axum::Json(created)))
}

/// List the tokens of integrations, those included that are good no more.
#[utoipa::path(get, path = "/v1/service-tokens", tag = "agency", params(PageQuery),
    responses((status = 200, description = "A page of tokens.", body = ServiceTokensOut)))]
pub(super) async fn list_service_tokens(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<axum::Json<ServiceTokensOut>, Failure> {
    let page = app.list_service_tokens(&bearer.actor, query.after).await?;
    let page = page.map(token_out);
    Ok(axum::Json(ServiceTokensOut {
        items: page.items,
        next: page.next,
    }))
}

/// Revoke a token of an integration, at once.
#[utoipa::path(post, path = "/v1/service-tokens/{id}/revoke", tag = "agency",
    params(("id" = Uuid, Path, description = "The token.")),
    responses((status = 200, description = "Revoked.", body = ServiceTokenOut)))]
pub(super) async fn revoke_service_token(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ServiceTokenOut>, Failure> {
    let id = ServiceTokenId::from_uuid(id);
    let revoked = app.revoke_service_token(&bearer.actor, id).await?;
    Ok(axum::Json(token_out(revoked)))
}

/// Which mails are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct MailsQuery {
    /// The `next` of the page before.
    before: Option<Uuid>,
    /// Only those that are `waiting`, `sent` or `failed`.
    state: Option<String>,
}

/// List the mails that were sent, or are to be. What they say is not among it.
#[utoipa::path(get, path = "/v1/mails", tag = "agency", params(MailsQuery),
    responses((status = 200, description = "A page of mails.", body = MailsOut)))]
pub(super) async fn list_mails(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<MailsQuery>,
) -> Result<axum::Json<MailsOut>, Failure> {
    let state = match query.state.as_deref() {
        None => None,
        Some(name) => {
            let state = MailState::from_name(name);
            let unknown = || Failure::issue("state", "unknown_value", "one of waiting, sent, failed");
            Some(state.ok_or_else(unknown)?)
        }
    };
    let query = MailQuery {
        before: query.before,
        state,
    };
    let page = app.list_mails(&bearer.actor, query).await?.map(mail_out);
    Ok(axum::Json(MailsOut {
        items: page.items,
        next: page.next,
    }))
}

/// The public keys that access tokens are checked with, as a JSON Web Key Set.
#[utoipa::path(get, path = "/v1/jwks", tag = "sessions",
    responses((status = 200, description = "The keys; the last one signs.", body = serde_json::Value,
        content_type = "application/jwk-set+json")))]
pub(super) async fn read_token_keys(State(app): State<App>) -> Result<Response, Failure> {
    let keys = axum::Json(app.token_keys().await?);
    Ok(([(header::CONTENT_TYPE, "application/jwk-set+json")], keys).into_response())
}

fn provider_out(view: ProviderView) -> IdentityProviderOut {
    IdentityProviderOut {
        issuer: view.issuer,
        client_id: view.client_id,
        allowed_domains: view.allowed_domains,
        match_by_email: view.match_by_email,
        counts_as_second_factor: view.counts_as_second_factor,
        redirect_url: view.redirect_url,
        updated_at: view.updated_at.to_rfc3339(),
    }
}

fn token_out(token: ServiceToken) -> ServiceTokenOut {
    ServiceTokenOut {
        id: token.id.uuid(),
        user: token.user.uuid(),
        name: token.name,
        role: token.role,
        client_organisation: token.client_organisation.map(ClientOrganisationId::uuid),
        scopes: token.scopes.iter().map(Verb::as_str).map(str::to_owned).collect(),
        created_by: token.created_by.uuid(),
        created_at: token.created_at.to_rfc3339(),
        expires_at: token.expires_at.to_rfc3339(),
        last_used_at: token.last_used_at.map(Timestamp::to_rfc3339),
        revoked_at: token.revoked_at.map(Timestamp::to_rfc3339),
    }
}

fn mail_out(mail: Mail) -> MailOut {
    MailOut {
        id: mail.id.uuid(),
        template: mail.template,
        language: mail.language.tag().to_owned(),
        recipient: mail.recipient,
        state: mail.state.as_str().to_owned(),
        attempts: mail.attempts,
        last_error: mail.last_error,
        created_at: mail.created_at.to_rfc3339(),
        ended_at: mail.ended_at.map(Timestamp::to_rfc3339),
    }
}
