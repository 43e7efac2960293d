//! Shoppers who register by themselves.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::LocalDate;
use haamu_domain::registration::Approval;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AgreementTextOut, Secret};

/// On what conditions an agency takes registrations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationConditions {
    /// Whether it takes any.
    pub open: bool,
    /// The agency's name in addresses, besides its id: 3 to 60 of the characters a-z, 0-9 and -.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(example = "haamu-oy"))]
    pub slug: Option<String>,
    /// `automatic`, or `by_staff`: the agency decides about each person.
    pub approval: Approval,
    /// The least age in years, 15 to 99. Programmes ask for theirs when visits are given.
    #[serde(default = "adult")]
    #[cfg_attr(feature = "openapi", schema(example = 18))]
    pub least_age: u8,
    /// Languages of which a shopper speaks one at least, by their tags; none: any.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// What people are told who want to register, by language: `fi`, `sv`, `en`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
    /// How many registrations the agency takes on one day of UTC.
    #[serde(default = "per_day")]
    #[cfg_attr(feature = "openapi", schema(example = 200))]
    pub per_day: u32,
}

const fn adult() -> u8 {
    18
}

const fn per_day() -> u32 {
    200
}

/// What people are told who want to register.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicRegistrationOut {
    /// The agency.
    pub agency: Uuid,
    /// Its name.
    pub agency_name: String,
    /// Whether it takes registrations at present.
    pub open: bool,
    /// Whether its staff decide about each person.
    pub by_staff: bool,
    /// The least age in years.
    pub least_age: u8,
    /// Languages of which a shopper speaks one at least; none: any.
    pub languages: BTreeSet<String>,
    /// The agency's own words, by language.
    pub words: BTreeMap<String, String>,
    /// The agreement in force, one of whose texts is accepted; empty where there is none.
    pub agreement: Vec<AgreementTextOut>,
}

/// Somebody who wants to be a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegistrationIn {
    /// The e-mail address, to which a link is mailed.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The date of birth.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub born_on: LocalDate,
    /// Languages that they speak, by their tags.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// The language of mails: `fi`, `sv` or `en`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "fi"))]
    pub language: Option<String>,
    /// A password of at least 12 characters; it counts where the address has no account.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
    /// The id of the agreement's text that they accept; required where there is one.
    #[serde(default)]
    pub agreement: Option<Uuid>,
}

/// The link of a mail about a registration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmRegistrationIn {
    /// What stands behind the `#` of the link.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub secret: Secret,
    /// The password of the registration, or that of the account that the address has and that its person has proven.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub password: Secret,
}

/// What has become of a registration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationStateOut {
    /// `approved`: sign in; or `waiting`: the agency decides, and a mail tells how.
    #[cfg_attr(feature = "openapi", schema(example = "approved"))]
    pub state: String,
}

/// A registration as the agency sees it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationOut {
    /// Its id.
    pub id: Uuid,
    /// `waiting`, `approved` or `declined`.
    #[cfg_attr(feature = "openapi", schema(example = "waiting"))]
    pub state: String,
    /// The e-mail address; who it is is gone once it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub born_on: Option<LocalDate>,
    /// Languages that they speak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub languages: Option<BTreeSet<String>>,
    /// When they registered.
    pub created_at: String,
    /// When they showed that the address is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
    /// Who decided; absent where nobody had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Uuid>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it is removed, unless it is decided before.
    pub expires_at: String,
}

/// A page of registrations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationsOut {
    /// The registrations, the oldest first.
    pub items: Vec<RegistrationOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
