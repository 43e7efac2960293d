//! Shoppers who register by themselves.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::{App, PublicConditions, RegistrationInput, RegistrationView};
use haamu_domain::registration::{Approval, Conditions, RegistrationState};
use haamu_domain::{AgreementId, RegistrationId, Timestamp, UserId};
use haamu_wire::{
    ConfirmRegistrationIn, PublicRegistrationOut, ReasonIn, RegistrationConditions, RegistrationIn,
    RegistrationOut, RegistrationStateOut, RegistrationsOut,
};
use serde::Deserialize;
use uuid::Uuid;

use super::extract::{Json, Path, Query, SignedIn, language};
use super::origin::From;
use super::panel::agreement_text_out;
use super::problem::Failure;

/// Read on what conditions the agency takes registrations.
#[utoipa::path(get, path = "/v1/agency/registration", tag = "registrations",
    responses((status = 200, description = "The conditions.", body = RegistrationConditions)))]
pub(super) async fn read_registration_conditions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<RegistrationConditions>, Failure> {
    let found = app.read_registration_conditions(&bearer.actor).await?;
    Ok(axum::Json(conditions_out(found)))
}

/// Open or close the registration of shoppers, and set its conditions. What is under way goes on.
#[utoipa::path(put, path = "/v1/agency/registration", tag = "registrations", request_body = RegistrationConditions,
    responses((status = 200, description = "The conditions.", body = RegistrationConditions)))]
pub(super) async fn set_registration_conditions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<RegistrationConditions>,
) -> Result<axum::Json<RegistrationConditions>, Failure> {
    let new = Conditions {
        is_open: input.open,
        slug: input.slug,
        approval: input.approval,
        least_age: input.least_age,
        languages: input.languages,
        words: input.words,
        per_day: input.per_day,
    };
    let set = app.set_registration_conditions(&bearer.actor, &new).await?;
    Ok(axum::Json(conditions_out(set)))
}

/// Read on what conditions an agency takes registrations of shoppers.
#[utoipa::path(get, path = "/v1/agencies/{agency}/registration", tag = "registrations",
    params(("agency" = String, Path, description = "The agency, by its id or its name in addresses.")),
    responses((status = 200, description = "The conditions.", body = PublicRegistrationOut)))]
pub(super) async fn read_public_registration(
    State(app): State<App>,
    Path(agency): Path<String>,
) -> Result<axum::Json<PublicRegistrationOut>, Failure> {
    let found = app.read_public_conditions(&agency).await?;
    Ok(axum::Json(public_out(found)))
}

/// Register as a shopper of an agency. The answer is the same whether the address has an account or not: whatever
/// comes next stands in a mail to that address.
#[utoipa::path(post, path = "/v1/agencies/{agency}/registrations", tag = "registrations",
    params(("agency" = String, Path, description = "The agency, by its id or its name in addresses.")),
    request_body = RegistrationIn,
    responses((status = 202, description = "A mail is on its way.")))]
pub(super) async fn create_registration(
    State(app): State<App>,
    From(origin): From,
    Path(agency): Path<String>,
    Json(input): Json<RegistrationIn>,
) -> Result<StatusCode, Failure> {
    let input = RegistrationInput {
        email: input.email,
        display_name: input.display_name,
        born_on: input.born_on,
        languages: input.languages,
        language: language(input.language.as_deref())?,
        password: input.password.expose().to_owned(),
        agreement: input.agreement.map(AgreementId::from_uuid),
    };
    app.register(&agency, &input, &origin).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take the link of a mail about a registration, with the password of the registration or of the account.
#[utoipa::path(post, path = "/v1/registrations/confirm", tag = "registrations", request_body = ConfirmRegistrationIn,
    responses((status = 200, description = "The address is verified.", body = RegistrationStateOut)))]
pub(super) async fn confirm_registration(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<ConfirmRegistrationIn>,
) -> Result<axum::Json<RegistrationStateOut>, Failure> {
    let (secret, password) = (input.secret.expose(), input.password.expose());
    let state = app.confirm_registration(secret, password, &origin).await?;
    Ok(axum::Json(RegistrationStateOut {
        state: state.as_str().to_owned(),
    }))
}

/// Which registrations are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RegistrationsQuery {
    /// The `next` of the page before.
    after: Option<Uuid>,
    /// `waiting` if absent, `approved` or `declined`.
    state: Option<String>,
}

/// List those who have registered.
#[utoipa::path(get, path = "/v1/registrations", tag = "registrations", params(RegistrationsQuery),
    responses((status = 200, description = "A page of registrations.", body = RegistrationsOut)))]
pub(super) async fn list_registrations(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Query(query): Query<RegistrationsQuery>,
) -> Result<axum::Json<RegistrationsOut>, Failure> {
    let state = match query.state.as_deref() {
        None => RegistrationState::Waiting,
        Some(name) => RegistrationState::from_name(name)
            .ok_or_else(|| Failure::issue("state", "unknown_value", "waiting, approved or declined"))?,
    };
    let page = app.list_registrations(&bearer.actor, state, query.after).await?;
    let page = page.map(registration_out);
    Ok(axum::Json(RegistrationsOut {
        items: page.items,
        next: page.next,
    }))
}

/// Let somebody in who has registered.
#[utoipa::path(post, path = "/v1/registrations/{id}/approve", tag = "registrations",
    params(("id" = Uuid, Path, description = "The registration.")),
    responses((status = 200, description = "They are a shopper of the agency.", body = RegistrationOut)))]
pub(super) async fn approve_registration(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<RegistrationOut>, Failure> {
    let id = RegistrationId::from_uuid(id);
    let view = app.approve_registration(&bearer.actor, id).await?;
    Ok(axum::Json(registration_out(view)))
}

/// Decline somebody who has registered; the reason is mailed to them.
#[utoipa::path(post, path = "/v1/registrations/{id}/decline", tag = "registrations",
    params(("id" = Uuid, Path, description = "The registration.")), request_body = ReasonIn,
    responses((status = 200, description = "Declined.", body = RegistrationOut)))]
pub(super) async fn decline_registration(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(input): Json<ReasonIn>,
) -> Result<axum::Json<RegistrationOut>, Failure> {
    let id = RegistrationId::from_uuid(id);
    let view = app.decline_registration(&bearer.actor, id, &input.reason).await?;
    Ok(axum::Json(registration_out(view)))
}

fn conditions_out(conditions: Conditions) -> RegistrationConditions {
    RegistrationConditions {
        open: conditions.is_open,
        slug: conditions.slug,
        approval: conditions.approval,
        least_age: conditions.least_age,
        languages: conditions.languages,
        words: conditions.words,
        per_day: conditions.per_day,
    }
}

fn public_out(found: PublicConditions) -> PublicRegistrationOut {
    let conditions = found.conditions;
    PublicRegistrationOut {
        agency: found.agency.uuid(),
        agency_name: found.agency_name,
        open: conditions.is_open,
        by_staff: conditions.approval == Approval::ByStaff,
        least_age: conditions.least_age,
        languages: conditions.languages,
        words: conditions.words,
        agreement: found.agreements.into_iter().map(agreement_text_out).collect(),
    }
}

fn registration_out(view: RegistrationView) -> RegistrationOut {
    let RegistrationView { registration, person } = view;
    let known = person.as_ref();
    RegistrationOut {
        id: registration.id.uuid(),
        state: registration.state.as_str().to_owned(),
        email: known.map(|person| person.email.clone()),
        display_name: known.map(|person| person.display_name.clone()),
        born_on: known.map(|person| person.born_on),
        languages: known.map(|person| person.languages.clone()),
        created_at: registration.created_at.to_rfc3339(),
        verified_at: registration.verified_at.map(Timestamp::to_rfc3339),
        decided_by: registration.decided_by.map(UserId::uuid),
        decided_at: registration.decided_at.map(Timestamp::to_rfc3339),
        reason: registration.reason,
        expires_at: registration.expires_at.to_rfc3339(),
    }
}
