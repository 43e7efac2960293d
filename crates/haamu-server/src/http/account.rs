//! One's own account: password, e-mail address and second factors.

use axum::extract::State;
use axum::http::StatusCode;
use haamu_app::record::PasskeyRecord;
use haamu_app::{App, FactorsView};
use haamu_domain::{PasskeyId, Timestamp};
use haamu_wire::{
    CeremonyOut, ConfirmEmailIn, EmailIn, PasskeyAddedOut, PasskeyIn, PasskeyOut, PasswordIn,
    PasswordResetIn, PasswordResetRequestIn, RecoveryCodesOut, SecondFactorsOut, Secret, TotpIn, TotpOut,
};
use uuid::Uuid;

use super::extract::{Json, Path, SignedIn, language};
use super::origin::From;
use super::problem::Failure;
use super::sign_in::ceremony_out;

/// Change one's own password. Other sessions end.
#[utoipa::path(post, path = "/v1/me/password", tag = "account", request_body = PasswordIn,
    responses((status = 204, description = "Changed.")))]
pub(super) async fn change_password(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    From(origin): From,
    Json(input): Json<PasswordIn>,
) -> Result<StatusCode, Failure> {
    let (present, new) = (input.current_password.expose(), input.password.expose());
    app.change_password(&bearer, present, new, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Have a link mailed by which to show that one's e-mail address is one's own.
#[utoipa::path(post, path = "/v1/me/email-verification", tag = "account",
    responses((status = 202, description = "The mail is on its way.")))]
pub(super) async fn request_email_verification(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<StatusCode, Failure> {
    app.request_email_verification(&bearer).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Have a link mailed to a new e-mail address; the account moves there when it is taken. The answer does not tell
/// whether the address has an account.
#[utoipa::path(post, path = "/v1/me/email", tag = "account", request_body = EmailIn,
    responses((status = 202, description = "The mail is on its way.")))]
pub(super) async fn request_email_change(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    From(origin): From,
    Json(input): Json<EmailIn>,
) -> Result<StatusCode, Failure> {
    app.request_email_change(&bearer, &input.email, input.password.expose(), &origin)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Take the link of a mail about an e-mail address, with the password of the account. Where nobody has shown the address
/// to be theirs before, sessions end and second factors are removed.
#[utoipa::path(post, path = "/v1/email-confirmations", tag = "account", request_body = ConfirmEmailIn,
    responses((status = 204, description = "The address is the account's, and verified.")))]
pub(super) async fn confirm_email(
    State(app): State<App>,
    From(origin): From,
    Json(input): Json<ConfirmEmailIn>,
) -> Result<StatusCode, Failure> {
    let (secret, password) = (input.secret.expose(), input.password.expose());
    app.confirm_email(secret, password, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for a link for a new password. The answer and its time are the same for every address.
#[utoipa::path(post, path = "/v1/password-resets", tag = "account", request_body = PasswordResetRequestIn,
    responses((status = 202, description = "If the address has an account, a mail is on its way.")))]
pub(super) async fn request_password_reset(
    State(app): State<App>,
    Json(input): Json<PasswordResetRequestIn>,
) -> Result<StatusCode, Failure> {
    let language = language(input.language.as_deref())?;
    app.request_password_reset(&input.email, language).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password with the link of a mail. All sessions end; second factors stay.
#[utoipa::path(post, path = "/v1/password-resets/complete", tag = "account", request_body = PasswordResetIn,
    responses((status = 204, description = "Set. Sign in with it.")))]
pub(super) async fn reset_password(
    State(app): State<App>,
    Json(input): Json<PasswordResetIn>,
) -> Result<StatusCode, Failure> {
    app.reset_password(input.secret.expose(), input.password.expose())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read one's own second factors.
#[utoipa::path(get, path = "/v1/me/second-factors", tag = "account",
    responses((status = 200, description = "The second factors.", body = SecondFactorsOut)))]
pub(super) async fn read_second_factors(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<SecondFactorsOut>, Failure> {
    Ok(axum::Json(factors_out(app.read_factors(&bearer).await?)))
}

/// Begin to set an authenticator app up. It counts once one of its codes was shown.
#[utoipa::path(post, path = "/v1/me/second-factors/totp", tag = "account",
    responses((status = 200, description = "What the app has to know, shown once.", body = TotpOut)))]
pub(super) async fn enrol_totp(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<TotpOut>, Failure> {
    let enrolment = app.enrol_totp(&bearer).await?;
    Ok(axum::Json(TotpOut {
        secret: Secret::new(enrolment.secret),
        otpauth_url: Secret::new(enrolment.otpauth_url),
    }))
}

/// Confirm an authenticator app with one of its codes. Renew the session afterwards: what it lacked, it has now.
#[utoipa::path(post, path = "/v1/me/second-factors/totp/confirm", tag = "account", request_body = TotpIn,
    responses((status = 200, description = "Confirmed; with the first factor come recovery codes.",
        body = RecoveryCodesOut)))]
pub(super) async fn confirm_totp(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    From(origin): From,
    Json(input): Json<TotpIn>,
) -> Result<axum::Json<RecoveryCodesOut>, Failure> {
    let codes = app.confirm_totp(&bearer, input.code.expose(), &origin).await?;
    Ok(axum::Json(codes_out(codes)))
}

/// Take the authenticator app away.
#[utoipa::path(delete, path = "/v1/me/second-factors/totp", tag = "account",
    responses((status = 204, description = "There is none any more.")))]
pub(super) async fn remove_totp(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<StatusCode, Failure> {
    app.remove_totp(&bearer).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make new recovery codes; earlier ones are worthless.
#[utoipa::path(post, path = "/v1/me/second-factors/recovery-codes", tag = "account",
    responses((status = 200, description = "The codes, shown once.", body = RecoveryCodesOut)))]
pub(super) async fn renew_recovery_codes(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<RecoveryCodesOut>, Failure> {
    let codes = app.renew_recovery_codes(&bearer).await?;
    Ok(axum::Json(codes_out(codes)))
}

/// Begin to make a passkey.
#[utoipa::path(post, path = "/v1/me/second-factors/passkeys/options", tag = "account",
    responses((status = 200, description = "What the authenticator is to make.", body = CeremonyOut)))]
pub(super) async fn begin_passkey(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
) -> Result<axum::Json<CeremonyOut>, Failure> {
    Ok(axum::Json(ceremony_out(app.begin_passkey(&bearer).await?)))
}

/// Keep a passkey that an authenticator has made. Renew the session afterwards: what it lacked, it has now.
#[utoipa::path(post, path = "/v1/me/second-factors/passkeys", tag = "account", request_body = PasskeyIn,
    responses((status = 201, description = "Kept; with the first factor come recovery codes.",
        body = PasskeyAddedOut)))]
pub(super) async fn add_passkey(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Json(input): Json<PasskeyIn>,
) -> Result<(StatusCode, axum::Json<PasskeyAddedOut>), Failure> {
    let added = app.add_passkey(&bearer, input.ceremony.expose(), &input.name, &input.credential);
    let (passkey, codes) = added.await?;
    let added = PasskeyAddedOut {
        passkey: passkey_out(passkey),
        recovery_codes: codes.into_iter().map(Secret::new).collect(),
    };
    Ok((StatusCode::CREATED, axum::Json(added)))
}

/// Take a passkey away.
#[utoipa::path(delete, path = "/v1/me/second-factors/passkeys/{id}", tag = "account",
    params(("id" = Uuid, Path, description = "The passkey.")),
    responses((status = 204, description = "It is of no use any more.")))]
pub(super) async fn remove_passkey(
    State(app): State<App>,
    SignedIn(bearer): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    app.remove_passkey(&bearer, PasskeyId::from_uuid(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn factors_out(view: FactorsView) -> SecondFactorsOut {
    SecondFactorsOut {
        required: view.is_required,
        totp_since: view.totp_since.map(Timestamp::to_rfc3339),
        passkeys: view.passkeys.into_iter().map(passkey_out).collect(),
        recovery_codes_left: view.recovery_codes,
    }
}

fn passkey_out(record: PasskeyRecord) -> PasskeyOut {
    PasskeyOut {
        id: record.id.uuid(),
        name: record.name,
        created_at: record.created_at.to_rfc3339(),
        last_used_at: record.last_used_at.map(Timestamp::to_rfc3339),
    }
}

fn codes_out(codes: Vec<String>) -> RecoveryCodesOut {
    RecoveryCodesOut {
        recovery_codes: codes.into_iter().map(Secret::new).collect(),
    }
}
