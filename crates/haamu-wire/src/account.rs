//! One's own account: second factors, passwords, addresses and sessions.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Secret;

/// A sign-in that is to be completed with a second factor.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChallengeOut {
    /// Names the sign-in.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub challenge: Secret,
    /// How long it can be completed, in seconds.
    pub expires_in: u64,
    /// What completes it: `totp`, `recovery_code`, `passkey`.
    #[cfg_attr(feature = "openapi", schema(example = json!(["totp", "recovery_code"])))]
    pub methods: Vec<String>,
    /// With `passkey`: the options for `navigator.credentials.get`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub passkey: Option<Value>,
}

/// A second factor: exactly one of the three.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorIn {
    /// The sign-in that it completes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub challenge: Secret,
    /// The six digits that an authenticator app shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "287082"))]
    pub totp: Option<Secret>,
    /// A recovery code, which is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub recovery_code: Option<Secret>,
    /// What `navigator.credentials.get` gave, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub passkey: Option<Value>,
}

/// Something that an authenticator is to complete.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CeremonyOut {
    /// Names it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ceremony: Secret,
    /// How long it can be completed, in seconds.
    pub expires_in: u64,
    /// The options for `navigator.credentials`, as WebAuthn has them.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub options: Value,
}

/// A passkey instead of e-mail and password.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeySignInIn {
    /// The ceremony that it completes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ceremony: Secret,
    /// What `navigator.credentials.get` gave, as JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub credential: Value,
    /// The agency to sign in to, for people who belong to several.
    #[serde(default)]
    pub agency: Option<Uuid>,
}

/// A passkey that was made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasskeyIn {
    /// The ceremony that it completes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ceremony: Secret,
    /// What its person calls it.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Work phone", min_length = 1, max_length = 100)
    )]
    pub name: String,
    /// What `navigator.credentials.create` gave, as JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub credential: Value,
}

/// A passkey.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyOut {
    /// Its id.
    pub id: Uuid,
    /// What its person calls it.
    pub name: String,
    /// When it was made.
    pub created_at: String,
    /// When it was used last; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
}

/// A passkey that is kept now.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasskeyAddedOut {
    /// The passkey.
    pub passkey: PasskeyOut,
    /// With the first second factor: codes that stand in for a lost one, shown once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub recovery_codes: Vec<Secret>,
}

/// One's own second factors.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorsOut {
    /// Whether the role needs one.
    pub required: bool,
    /// Since when there is an authenticator app; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp_since: Option<String>,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeyOut>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
}

/// What an authenticator app has to know, shown once.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TotpOut {
    /// The secret in base 32, for typing.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
    /// The same as an `otpauth:` address, for a QR code.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub otpauth_url: Secret,
}

/// A code of the app that is being set up.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TotpIn {
    /// The six digits.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "287082"))]
    pub code: Secret,
}

/// Codes that stand in for a lost second factor, each of them once. They are shown this once.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodesOut {
    /// The codes; none where there were some already.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub recovery_codes: Vec<Secret>,
}

/// A change of one's own password.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordIn {
    /// The present password.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub current_password: Secret,
    /// The new one, at least 12 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 12, max_length = 256))]
    pub password: Secret,
}

/// A change of one's own e-mail address.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EmailIn {
    /// The new address, to which a link is mailed.
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    /// One's password.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
}

/// The secret of a link that came by mail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkIn {
    /// What stands behind the `#` of the link.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
}

/// That an address is one's own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmailIn {
    /// What stands behind the `#` of the link.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
    /// The password of the account.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
}

/// Somebody who has forgotten their password.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordResetRequestIn {
    /// The e-mail address of the account.
    pub email: String,
    /// The language of the mail, where the account has none: `fi`, `sv` or `en`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "fi"))]
    pub language: Option<String>,
}

/// A new password, with the link of a mail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PasswordResetIn {
    /// What stands behind the `#` of the link.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
    /// The new password, at least 12 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 12, max_length = 256))]
    pub password: Secret,
}

/// A session that could still be renewed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionItemOut {
    /// Its id.
    pub id: Uuid,
    /// Whether it is the one that asks.
    pub current: bool,
    /// By what its person signed in: `password`, `passkey` or `identity_provider`.
    #[cfg_attr(feature = "openapi", schema(example = "password"))]
    pub method: String,
    /// Whether a second factor was shown.
    pub second_factor: bool,
    /// The device that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What the browser or app called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When it began.
    pub created_at: String,
    /// When it was renewed last.
    pub last_used_at: String,
}

/// A person's sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionsOut {
    /// The sessions, the latest first.
    pub items: Vec<SessionItemOut>,
}

/// The agency whose identity provider is asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OidcBeginIn {
    /// The agency.
    pub agency: Uuid,
}

/// Where to go to show who one is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OidcBegunOut {
    /// Names the sign-in. The browser keeps it while it is away.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ceremony: Secret,
    /// How long it can be completed, in seconds.
    pub expires_in: u64,
    /// The address at the provider.
    pub url: String,
}

/// What the provider has sent along.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OidcCompleteIn {
    /// The sign-in that it completes.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub ceremony: Secret,
    /// The agency, which is the last part of the path of the address that the provider led back to.
    pub agency: Uuid,
    /// The parameter `state` of that address.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: Secret,
    /// The parameter `code`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: Secret,
    /// The parameter `iss`, where the address has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
}
