//! Signing in: by password, passkey or identity provider, and with a second factor.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use haamu_app::{App, CeremonyView, ChallengeView, OidcReturn, Proof, SignInInput, SignedIn};
use haamu_domain::AgencyId;
use haamu_wire::{
    CeremonyOut, ChallengeOut, OidcBeginIn, OidcBegunOut, OidcCompleteIn, PasskeySignInIn, SecondFactorIn,
    Secret, SessionOut, SignInIn,
};

use super::extract::Json;
use super::origin::From;
use super::problem::Failure;
use super::sessions::session_out;

/// Sign in with e-mail and password. Whoever has a second factor is asked for it.
#[utoipa::path(post, path = "/v1/sessions", tag = "sessions", request_body = SignInIn,
    responses(
        (status = 201, description = "Signed in.", body = SessionOut),
        (status = 202, description = "To be completed with a second factor.", body = ChallengeOut)))]
pub(super) async fn create_session(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<SignInIn>,
) -> Result<Response, Failure> {
    let input = SignInInput {
        email: input.email,
        password: input.password.expose().to_owned(),
        agency: input.agency.map(AgencyId::from_uuid),
    };
    Ok(signed_in(&app, app.sign_in(&input, &origin).await?))
}

/// Complete a sign-in with a second factor. After five wrong ones, start over.
#[utoipa::path(post, path = "/v1/sessions/second-factor", tag = "sessions", request_body = SecondFactorIn,
    responses((status = 201, description = "Signed in.", body = SessionOut)))]
pub(super) async fn complete_session(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<SecondFactorIn>,
) -> Result<(StatusCode, axum::Json<SessionOut>), Failure> {
    let proof = match (input.totp, input.recovery_code, input.passkey) {
        (Some(code), None, None) => Proof::Totp(code.expose().to_owned()),
        (None, Some(code), None) => Proof::RecoveryCode(code.expose().to_owned()),
        (None, None, Some(answer)) => Proof::Passkey(answer),
        _ => {
            let message = "exactly one of totp, recovery_code and passkey";
            return Err(Failure::issue("totp", "one_of", message));
        }
    };
    let issued = app
        .complete_sign_in(input.challenge.expose(), &proof, &origin)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(session_out(&app, issued))))
}

/// Begin to sign in with a passkey alone.
#[utoipa::path(post, path = "/v1/sessions/passkey/options", tag = "sessions",
    responses((status = 200, description = "What the passkey is to sign.", body = CeremonyOut)))]
pub(super) async fn begin_passkey_session(
    State(app): State<App>,
) -> Result<axum::Json<CeremonyOut>, Failure> {
    Ok(axum::Json(ceremony_out(app.begin_passkey_sign_in().await?)))
}

/// Sign in with a passkey alone. It verifies its person itself, and so counts as both factors.
#[utoipa::path(post, path = "/v1/sessions/passkey", tag = "sessions", request_body = PasskeySignInIn,
    responses((status = 201, description = "Signed in.", body = SessionOut)))]
pub(super) async fn create_passkey_session(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<PasskeySignInIn>,
) -> Result<(StatusCode, axum::Json<SessionOut>), Failure> {
    let agency = input.agency.map(AgencyId::from_uuid);
    let issued = app
        .sign_in_with_passkey(input.ceremony.expose(), &input.credential, agency, &origin)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(session_out(&app, issued))))
}

/// Begin to sign in at the agency's identity provider.
#[utoipa::path(post, path = "/v1/sessions/oidc/begin", tag = "sessions", request_body = OidcBeginIn,
    responses((status = 200, description = "Where to go.", body = OidcBegunOut)))]
pub(super) async fn begin_oidc_session(
    State(app): State<App>,
    Json(input): Json<OidcBeginIn>,
) -> Result<axum::Json<OidcBegunOut>, Failure> {
    let begun = app.begin_oidc(AgencyId::from_uuid(input.agency)).await?;
    Ok(axum::Json(OidcBegunOut {
        ceremony: Secret::new(begun.ceremony),
        expires_in: begun.expires_in,
        url: begun.url,
    }))
}

/// Sign in with what the identity provider has sent along. Whoever has a second factor is asked for it, unless the
/// provider's word counts as one.
#[utoipa::path(post, path = "/v1/sessions/oidc", tag = "sessions", request_body = OidcCompleteIn,
    responses(
        (status = 201, description = "Signed in.", body = SessionOut),
        (status = 202, description = "To be completed with a second factor.", body = ChallengeOut)))]
pub(super) async fn create_oidc_session(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<OidcCompleteIn>,
) -> Result<Response, Failure> {
    let back = OidcReturn {
        ceremony: input.ceremony.expose().to_owned(),
        agency: AgencyId::from_uuid(input.agency),
        state: input.state.expose().to_owned(),
        code: input.code.expose().to_owned(),
        issuer: input.iss,
    };
    Ok(signed_in(&app, app.complete_oidc(&back, &origin).await?))
}

fn signed_in(app: &App, outcome: SignedIn) -> Response {
    match outcome {
        SignedIn::Done(issued) => {
            (StatusCode::CREATED, axum::Json(session_out(app, *issued))).into_response()
        }
        SignedIn::Challenged(challenge) => {
            (StatusCode::ACCEPTED, axum::Json(challenge_out(*challenge))).into_response()
        }
    }
}

fn challenge_out(view: ChallengeView) -> ChallengeOut {
    let methods = [
        ("totp", view.takes_totp),
        ("recovery_code", view.takes_recovery_code),
        ("passkey", view.passkey.is_some()),
    ];
    ChallengeOut {
        challenge: Secret::new(view.challenge),
        expires_in: view.expires_in,
        methods: methods
            .into_iter()
            .filter(|(_, is_taken)| *is_taken)
            .map(|(name, _)| name.to_owned())
            .collect(),
        passkey: view.passkey,
    }
}

pub(super) fn ceremony_out(view: CeremonyView) -> CeremonyOut {
    CeremonyOut {
        ceremony: Secret::new(view.ceremony),
        expires_in: view.expires_in,
        options: view.options,
    }
}
