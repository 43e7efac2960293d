//! The shopper panel.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::{Agreement, Companion, ProfileRecord, Tie};
use haamu_app::{App, CompanionInput, TieInput};
use haamu_domain::{AgreementId, ClientOrganisationId, CompanionId, LocationId, TieId, UserId};
use haamu_wire::{
    AgreementIn, AgreementOut, AgreementTextOut, CompanionIn, CompanionOut, CompanionsOut, OwnProfilePatch,
    ProfileOut, ProfilePatch, TieIn, TieOut, TiesOut,
};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn};
use super::problem::Failure;

/// Read one's own profile.
#[utoipa::path(get, path = "/v1/me/profile", tag = "panel",
    responses((status = 200, description = "The profile.", body = ProfileOut)))]
pub(super) async fn read_own_profile(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<ProfileOut>, Failure> {
    let found = app.read_profile(&bearer.actor, None).await?;
    Ok(axum::Json(profile_out(found)))
}

/// Change one's own profile.
#[utoipa::path(patch, path = "/v1/me/profile", tag = "panel", request_body = OwnProfilePatch,
    responses((status = 200, description = "Changed.", body = ProfileOut)))]
pub(super) async fn update_own_profile(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(patch): Json<OwnProfilePatch>,
) -> Result<axum::Json<ProfileOut>, Failure> {
    let patch = haamu_app::OwnProfilePatch {
        is_active: patch.active,
        born_on: patch.born_on,
        languages: patch.languages,
        places: patch.places,
    };
    let changed = app.update_own_profile(&bearer.actor, &patch).await?;
    Ok(axum::Json(profile_out(changed)))
}

/// Read the profile of a shopper.
#[utoipa::path(get, path = "/v1/shoppers/{id}/profile", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper.")),
    responses((status = 200, description = "The profile.", body = ProfileOut)))]
pub(super) async fn read_profile(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<ProfileOut>, Failure> {
    let found = app
        .read_profile(&bearer.actor, Some(UserId::from_uuid(id)))
        .await?;
    Ok(axum::Json(profile_out(found)))
}

/// Change the profile of a shopper, and what the agency has checked.
#[utoipa::path(patch, path = "/v1/shoppers/{id}/profile", tag = "panel",
    params(("id" = Uuid, Path, description = "The shopper.")), request_body = ProfilePatch,
    responses((status = 200, description = "Changed.", body = ProfileOut)))]
pub(super) async fn update_profile(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
    Json(patch): Json<ProfilePatch>,
) -> Result<axum::Json<ProfileOut>, Failure> {
    let patch = haamu_app::ProfilePatch {
        own: haamu_app::OwnProfilePatch {
            is_active: patch.active,
            born_on: patch.born_on,
            languages: patch.languages,
            places: patch.places,
        },
        is_suspended: patch.suspended,
        qualifications: patch.qualifications,
        qualification_ends: patch.qualification_ends,
        rating_tenths: patch.rating_tenths.into_option(),
    };
    let changed = app
        .update_profile(&bearer.actor, UserId::from_uuid(id), &patch)
        .await?;
    Ok(axum::Json(profile_out(changed)))
}

/// Name somebody who comes along to visits.
#[utoipa::path(post, path = "/v1/me/companions", tag = "panel", request_body = CompanionIn,
    responses((status = 201, description = "Named.", body = CompanionOut)))]
pub(super) async fn create_companion(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<CompanionIn>,
) -> Result<(StatusCode, axum::Json<CompanionOut>), Failure> {
    let input = CompanionInput {
        name: input.name,
        user: input.user.map(UserId::from_uuid),
    };
    let made = app.create_companion(&bearer.actor, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(companion_out(made))))
}

/// List one's companions.
#[utoipa::path(get, path = "/v1/me/companions", tag = "panel",
    responses((status = 200, description = "The companions.", body = CompanionsOut)))]
pub(super) async fn list_companions(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<CompanionsOut>, Failure> {
    let found = app.list_companions(&bearer.actor, None).await?;
    Ok(axum::Json(CompanionsOut {
        items: found.into_iter().map(companion_out).collect(),
    }))
}

/// Take a companion off the list; visits that they came along to count on.
#[utoipa::path(delete, path = "/v1/me/companions/{id}", tag = "panel",
    params(("id" = Uuid, Path, description = "The companion.")),
    responses((status = 204, description = "Taken off.")))]
pub(super) async fn delete_companion(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.delete_companion(&bearer.actor, CompanionId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Declare a tie to a client organisation, or to one of its locations.
#[utoipa::path(post, path = "/v1/me/ties", tag = "panel", request_body = TieIn,
    responses((status = 201, description = "Declared: its visits are for others.", body = TieOut)))]
pub(super) async fn create_tie(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<TieIn>,
) -> Result<(StatusCode, axum::Json<TieOut>), Failure> {
    let input = tie_in(input);
    let made = app.create_tie(&bearer.actor, None, &input).await?;
    Ok((StatusCode::CREATED, axum::Json(tie_out(made))))
}

/// List one's ties.
#[utoipa::path(get, path = "/v1/me/ties", tag = "panel",
    responses((status = 200, description = "The ties that hold.", body = TiesOut)))]
pub(super) async fn list_ties(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<TiesOut>, Failure> {
    let found = app.list_ties(&bearer.actor, None).await?;
    Ok(axum::Json(TiesOut {
        items: found.into_iter().map(tie_out).collect(),
    }))
}

/// Say that a tie is no more. One that the agency recorded, the agency ends.
#[utoipa::path(delete, path = "/v1/me/ties/{id}", tag = "panel",
    params(("id" = Uuid, Path, description = "The tie.")),
    responses((status = 204, description = "Ended.")))]
pub(super) async fn delete_tie(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.end_tie(&bearer.actor, None, TieId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Write a new version of the shopper agreement, which everybody accepts anew.
#[utoipa::path(post, path = "/v1/shopper-agreements", tag = "panel", request_body = AgreementIn,
    responses((status = 201, description = "It holds from now on.", body = AgreementOut)))]
pub(super) async fn create_agreement(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<AgreementIn>,
) -> Result<(StatusCode, axum::Json<AgreementOut>), Failure> {
    let words: Vec<_> = input.texts.into_iter().collect();
    let written = app.create_agreement(&bearer.actor, &words).await?;
    Ok((StatusCode::CREATED, axum::Json(agreement_out(written, false))))
}

/// Read the shopper agreement in force.
#[utoipa::path(get, path = "/v1/me/agreement", tag = "panel",
    responses((status = 200, description = "The agreement, and whether one has accepted it.", body = AgreementOut)))]
pub(super) async fn read_agreement(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<AgreementOut>, Failure> {
    let view = app.read_agreement(&bearer.actor).await?;
    Ok(axum::Json(agreement_out(view.agreements, view.is_accepted)))
}

/// Accept the shopper agreement in force.
#[utoipa::path(put, path = "/v1/shopper-agreements/{id}/acceptance", tag = "panel",
    params(("id" = Uuid, Path, description = "The words, in one's language.")),
    responses((status = 204, description = "Accepted; the first time stands.")))]
pub(super) async fn accept_agreement(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.accept_agreement(&bearer.actor, AgreementId::from_uuid(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn profile_out(record: ProfileRecord) -> ProfileOut {
    let profile = record.profile;
    ProfileOut {
        user: record.user.uuid(),
        external_id: record.external_id,
        active: profile.is_active,
        suspended: profile.is_suspended,
        born_on: profile.born_on,
        languages: profile.languages,
        qualifications: profile.qualifications,
        qualification_ends: profile.qualification_ends,
        places: profile.places,
        rating_tenths: profile.rating_tenths,
    }
}

pub(super) fn companion_out(companion: Companion) -> CompanionOut {
    CompanionOut {
        id: companion.id.uuid(),
        name: companion.name,
        user: companion.user.map(UserId::uuid),
    }
}

pub(super) fn tie_in(input: TieIn) -> TieInput {
    TieInput {
        client_organisation: ClientOrganisationId::from_uuid(input.client_organisation),
        location: input.location.map(LocationId::from_uuid),
        reason: input.reason,
    }
}

pub(super) fn tie_out(tie: Tie) -> TieOut {
    TieOut {
        id: tie.id.uuid(),
        client_organisation: tie.client_organisation.uuid(),
        location: tie.location.map(LocationId::uuid),
        reason: tie.reason,
        by_agency: tie.recorded_by.is_some(),
    }
}

pub(super) fn agreement_text_out(agreement: Agreement) -> AgreementTextOut {
    AgreementTextOut {
        id: agreement.id.uuid(),
        language: agreement.language,
        body: agreement.body,
        sha256: hexadecimal(&agreement.body_hash),
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn agreement_out(agreements: Vec<Agreement>, accepted: bool) -> AgreementOut {
    AgreementOut {
        version: agreements.first().map(|agreement| agreement.version),
        texts: agreements.into_iter().map(agreement_text_out).collect(),
        accepted,
    }
}
