//! Who has access to an agency: invitations, roles, integrations, identity providers, and mails.

use haamu_domain::Role;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Secret;

/// Somebody to be invited.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InvitationIn {
    /// The e-mail address, to which a link is mailed.
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    /// What the person is to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopper", pattern = "^(administrator|programme_designer|coordinator|reviewer|shopper|client_manager|client_viewer)$"))]
    pub role: Role,
    /// The client organisation; required for `client_manager` and `client_viewer`, else absent.
    #[serde(default)]
    pub client_organisation: Option<Uuid>,
    /// The language of mails to the person: `fi`, `sv` or `en`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "fi"))]
    pub language: Option<String>,
}

/// An invitation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationOut {
    /// Its id.
    pub id: Uuid,
    /// The e-mail address.
    pub email: String,
    /// What the person is to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopper"))]
    pub role: Role,
    /// The client organisation of a client's person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_organisation: Option<Uuid>,
    /// The language of the mail.
    pub language: String,
    /// `open`, `accepted` or `withdrawn`.
    #[cfg_attr(feature = "openapi", schema(example = "open"))]
    pub state: String,
    /// Who invited.
    pub created_by: Uuid,
    /// When.
    pub created_at: String,
    /// When it was mailed last.
    pub sent_at: String,
    /// Until when an open one can be accepted.
    pub expires_at: String,
}

/// A page of invitations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitationsOut {
    /// The invitations, the newest first.
    pub items: Vec<InvitationOut>,
    /// What to pass as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What the link of an invitation leads to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitedOut {
    /// The name of the agency.
    pub agency_name: String,
    /// The e-mail address that was invited.
    pub email: String,
    /// What the person is to be.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "shopper"))]
    pub role: Role,
    /// Whether the address has an account already that its person has proven, whose password is asked for then.
    pub has_account: bool,
}

/// What somebody says who accepts an invitation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitationIn {
    /// What stands behind the `#` of the link.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
    /// The person's name; not needed by who has an account.
    #[serde(default)]
    pub display_name: Option<String>,
    /// A new password of at least 12 characters, or that of the account.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
}

/// What a person is to be.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RoleIn {
    /// The role.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "reviewer", pattern = "^(administrator|programme_designer|coordinator|reviewer|shopper|client_manager|client_viewer)$"))]
    pub role: Role,
    /// The client organisation; required for `client_manager` and `client_viewer`, else absent.
    #[serde(default)]
    pub client_organisation: Option<Uuid>,
}

/// A token to be made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ServiceTokenIn {
    /// What people call it.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Roster import", min_length = 1, max_length = 100)
    )]
    pub name: String,
    /// As what it acts; any role but `shopper`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "coordinator", pattern = "^(administrator|programme_designer|coordinator|reviewer|client_manager|client_viewer)$"))]
    pub role: Role,
    /// The client organisation that it sees nothing beyond, where the role is a client's.
    #[serde(default)]
    pub client_organisation: Option<Uuid>,
    /// What it may do: verbs as `x-haamu-access` names them, of those that the role may and that need no person.
    #[cfg_attr(feature = "openapi", schema(example = json!(["visit.create", "visit.read"])))]
    pub scopes: Vec<String>,
    /// How many days it is good, up to 366.
    #[cfg_attr(feature = "openapi", schema(example = 90, minimum = 1, maximum = 366))]
    pub good_for_days: u32,
}

/// A token of an integration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceTokenOut {
    /// Its id.
    pub id: Uuid,
    /// The id by which it appears as the author of what it does.
    pub user: Uuid,
    /// What people call it.
    pub name: String,
    /// As what it acts.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "coordinator"))]
    pub role: Role,
    /// The client organisation that it sees nothing beyond.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_organisation: Option<Uuid>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Who made it.
    pub created_by: Uuid,
    /// When.
    pub created_at: String,
    /// Until when it is good.
    pub expires_at: String,
    /// When it was used last, to the minute; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<String>,
    /// When it was revoked; absent if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// A token that was made.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceTokenCreatedOut {
    /// To be sent as `Authorization: Bearer …`. It is shown this once.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub token: Secret,
    /// What is known of it from now on.
    pub service_token: ServiceTokenOut,
}

/// A page of tokens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceTokensOut {
    /// The tokens, by id.
    pub items: Vec<ServiceTokenOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// What the agency asks of those who sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SecondFactorRolesIn {
    /// The roles that need a second factor.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["administrator", "reviewer"])))]
    pub roles: Vec<Role>,
}

/// What the agency asks of those who sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactorRolesOut {
    /// The roles that need a second factor.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>, example = json!(["administrator", "reviewer"])))]
    pub roles: Vec<Role>,
}

/// An OpenID Connect provider that vouches for members.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderIn {
    /// The provider's address, below which `.well-known/openid-configuration` is.
    #[cfg_attr(feature = "openapi", schema(example = "https://login.agency.example"))]
    pub issuer: String,
    /// As whom the agency is known there.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub client_id: String,
    /// The agency's secret there; absent: the one that is known.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub client_secret: Option<Secret>,
    /// The domains of e-mail addresses that it may vouch for; none: any.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["agency.example"])))]
    pub allowed_domains: Vec<String>,
    /// Whether a member is recognised by their verified e-mail address the first time.
    #[serde(default)]
    pub match_by_email: bool,
    /// Whether its word counts as a second factor.
    #[serde(default)]
    pub counts_as_second_factor: bool,
}

/// An OpenID Connect provider that vouches for members.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityProviderOut {
    /// The provider's address.
    pub issuer: String,
    /// As whom the agency is known there.
    pub client_id: String,
    /// The domains of e-mail addresses that it may vouch for; none: any.
    pub allowed_domains: Vec<String>,
    /// Whether a member is recognised by their verified e-mail address the first time.
    pub match_by_email: bool,
    /// Whether its word counts as a second factor.
    pub counts_as_second_factor: bool,
    /// The address that the provider is to send people back to.
    pub redirect_url: String,
    /// When it was set.
    pub updated_at: String,
}

/// What has become of a mail. What it said is not kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailOut {
    /// Its id.
    pub id: Uuid,
    /// What it was about, such as `invitation`.
    #[cfg_attr(feature = "openapi", schema(example = "invitation"))]
    pub template: String,
    /// Its language.
    pub language: String,
    /// Whom it was for.
    pub recipient: String,
    /// `waiting`, `sent` or `failed`.
    #[cfg_attr(feature = "openapi", schema(example = "sent"))]
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it became necessary.
    pub created_at: String,
    /// When it was sent or given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// A page of mails.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailsOut {
    /// The mails, the newest first.
    pub items: Vec<MailOut>,
    /// What to pass as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
