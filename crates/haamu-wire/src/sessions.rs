//! Signing in, people and devices.

use std::fmt;

use haamu_domain::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Patch;

/// A password, token or code, which is never written to a log.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The first administrator of a new installation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetupIn {
    /// The one-time code that the server printed when it started.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: Secret,
    /// The name of the agency.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub agency_name: String,
    /// The administrator's e-mail address.
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    /// The administrator's name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub display_name: String,
    /// The administrator's password, at least 12 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 12, max_length = 256))]
    pub password: Secret,
}

/// E-mail and password.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignInIn {
    /// The e-mail address.
    pub email: String,
    /// The password.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
    /// The agency to sign in to, for people who belong to several.
    #[serde(default)]
    pub agency: Option<Uuid>,
}

/// A refresh token, good for one use.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RefreshIn {
    /// The token.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub refresh_token: Secret,
}

/// A session: a short-lived access token and the token that renews it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionOut {
    /// To be sent as `Authorization: Bearer …`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub access_token: Secret,
    /// How long the access token is good, in seconds.
    pub expires_in: u64,
    /// Renews the session once; the answer holds the next one.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub refresh_token: Secret,
    /// Who signed in.
    pub me: MeOut,
}

/// Who is signed in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeOut {
    /// The person.
    pub user: Uuid,
    /// The person's name.
    pub display_name: String,
    /// The agency.
    pub agency: Uuid,
    /// The agency's name.
    pub agency_name: String,
    /// What the person is in the agency.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "coordinator"))]
    pub role: Role,
    /// The client organisation of a client's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_organisation: Option<Uuid>,
    /// The device that the session is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Whether the role needs a second factor that the session lacks: nothing but setting one up is allowed then.
    #[serde(default)]
    pub second_factor_missing: bool,
    /// The language of mails to the person; absent: whichever the server writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "fi"))]
    pub language: Option<String>,
}

/// What somebody changes about their own account, in all agencies that they belong to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MePatch {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub display_name: Option<String>,
    /// The language of mails: `fi`, `sv` or `en`; null: whichever the server writes.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "fi"))]
    pub language: Patch<String>,
}

/// A person to be added to the agency.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UserIn {
    /// The e-mail address, by which the person signs in.
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    /// The person's name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub display_name: String,
    /// The first password, at least 12 characters; absent: the person is mailed a link by which they choose it. An
    /// integration does not choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 12, max_length = 256))]
    pub password: Option<Secret>,
    /// What the person is in the agency.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopper", pattern = "^(administrator|programme_designer|coordinator|reviewer|shopper|client_manager|client_viewer)$"))]
    pub role: Role,
    /// The client organisation; required for `client_manager` and `client_viewer`, else absent.
    #[serde(default)]
    pub client_organisation: Option<Uuid>,
    /// The language of mails to the person: `fi`, `sv` or `en`; absent: whichever the server writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "fi"))]
    pub language: Option<String>,
}

/// A person of the agency.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserOut {
    /// The person.
    pub id: Uuid,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// What the person is.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopper"))]
    pub role: Role,
    /// The client organisation of a client's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_organisation: Option<Uuid>,
    /// Whether the person has shown that the address is theirs.
    #[serde(default)]
    pub email_verified: bool,
    /// Since when the person is kept out; absent if they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
    /// The agency's own key for a shopper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A page of people.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UsersOut {
    /// The people, by id.
    pub items: Vec<UserOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A device to be enrolled.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceIn {
    /// 16 random bytes, base64url without padding, drawn at the first start.
    pub device: String,
    /// The device's Ed25519 public key, base64url without padding.
    pub public_key: String,
    /// The platform, such as `linux` or `android`.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub platform: String,
    /// The build of the app.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100))]
    pub build: String,
    /// The device that this one turned out to be a clone of.
    #[serde(default)]
    pub cloned_from: Option<String>,
}

/// An enrolled device, and a token that is bound to it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnrolledOut {
    /// The device.
    pub device: String,
    /// To be sent from now on in place of the earlier access token.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub access_token: Secret,
    /// How long the access token is good, in seconds.
    pub expires_in: u64,
}

/// A device of a person.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceOut {
    /// Its id.
    pub device: String,
    /// The platform.
    pub platform: String,
    /// The build of the app when it was enrolled.
    pub build: String,
    /// When it was enrolled.
    pub enrolled_at: String,
    /// How many operations of it the server has.
    pub operations: u64,
    /// When it was shut out; absent if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// The devices of a person.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DevicesOut {
    /// The devices, the newest last.
    pub items: Vec<DeviceOut>,
}
