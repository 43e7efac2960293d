//! The shopper panel: profiles, companions, ties and the agreement.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::LocalDate;
use haamu_domain::panel::OwnPlace;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::patch::Patch;

/// What an agency knows of a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileOut {
    /// Whose it is.
    pub user: Uuid,
    /// The agency's own key for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether they take visits at present, as they say themselves.
    pub active: bool,
    /// Whether the agency gives them none, whatever they say.
    pub suspended: bool,
    /// Their date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub born_on: Option<LocalDate>,
    /// Languages that they speak, by their tags.
    pub languages: BTreeSet<String>,
    /// Qualifications that the agency has checked.
    pub qualifications: BTreeSet<String>,
    /// The last day of each qualification that ends.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub qualification_ends: BTreeMap<String, LocalDate>,
    /// Places that they start from.
    pub places: Vec<OwnPlace>,
    /// The mean grade of their reports, in tenths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating_tenths: Option<u16>,
}

/// What a shopper changes of their own profile.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OwnProfilePatch {
    /// Whether they take visits at present.
    pub active: Option<bool>,
    /// Their date of birth; it is given once.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub born_on: Option<LocalDate>,
    /// Languages that they speak, by their tags.
    // Named twice is named: what is sent is a list, and what comes of it is a set.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub languages: Option<BTreeSet<String>>,
    /// Places that they start from, at most 50.
    pub places: Option<Vec<OwnPlace>>,
}

/// What the agency changes of a shopper's profile.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProfilePatch {
    /// Whether they take visits at present: what they say themselves, and may change.
    pub active: Option<bool>,
    /// Whether the agency gives them none, whatever they say. Only the agency changes it.
    pub suspended: Option<bool>,
    /// Their date of birth.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub born_on: Option<LocalDate>,
    /// Languages that they speak, by their tags.
    // Named twice is named: what is sent is a list, and what comes of it is a set.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub languages: Option<BTreeSet<String>>,
    /// Places that they start from, at most 50.
    pub places: Option<Vec<OwnPlace>>,
    /// Qualifications that the agency has checked.
    // Named twice is named: what is sent is a list, and what comes of it is a set.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub qualifications: Option<BTreeSet<String>>,
    /// The last day of each qualification that ends: all of them anew. Visits after it need it renewed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<BTreeMap<String, String>>))]
    pub qualification_ends: Option<BTreeMap<String, LocalDate>>,
    /// The mean grade of their reports, in tenths; `null` takes it away.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u16>))]
    pub rating_tenths: Patch<u16>,
}

/// Somebody who comes along to visits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CompanionIn {
    /// Their name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// Their own account, if they are a shopper of the agency themselves.
    #[serde(default)]
    pub user: Option<Uuid>,
}

/// Somebody who comes along to visits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompanionOut {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Uuid>,
}

/// The companions of a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompanionsOut {
    /// The companions, by id.
    pub items: Vec<CompanionOut>,
}

/// That a shopper is not independent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TieIn {
    /// Of which client organisation.
    pub client_organisation: Uuid,
    /// Of one location only.
    #[serde(default)]
    pub location: Option<Uuid>,
    /// What the tie is, such as "my sister works there".
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 1000))]
    pub reason: String,
}

/// That a shopper is not independent.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TieOut {
    /// Its id.
    pub id: Uuid,
    /// Of which client organisation.
    pub client_organisation: Uuid,
    /// Of one location only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Uuid>,
    /// What the tie is.
    pub reason: String,
    /// Whether the agency recorded it, as it learned of it: then it is the agency that ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_agency: bool,
}

/// The ties of a shopper.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TiesOut {
    /// The ties, by id.
    pub items: Vec<TieOut>,
}

/// A visit from before Haamu.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastVisitOut {
    /// Its id.
    pub id: Uuid,
    /// The agency's own key for it.
    pub external_id: String,
    /// Who was there.
    pub shopper: Uuid,
    /// Where.
    pub location: Uuid,
    /// On which day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub date: LocalDate,
    /// Whether the shopper only came along with somebody else.
    pub came_along: bool,
    /// Who came along with the shopper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<Uuid>,
}

/// A page of visits from before Haamu.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PastVisitsOut {
    /// The visits, in the order in which they were imported first.
    pub items: Vec<PastVisitOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A new version of the shopper agreement.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AgreementIn {
    /// Its words, by language: `fi`, `sv`, `en`.
    pub texts: BTreeMap<String, String>,
}

/// The words of the agreement in one language.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementTextOut {
    /// The id by which it is accepted.
    pub id: Uuid,
    /// The language.
    pub language: String,
    /// The words.
    pub body: String,
    /// The SHA-256 of the words, in hexadecimal.
    pub sha256: String,
}

/// The shopper agreement in force.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementOut {
    /// The how-manieth version it is; absent where the agency has no agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// Its words.
    pub texts: Vec<AgreementTextOut>,
    /// Whether whoever asks has accepted it, in whichever language.
    pub accepted: bool,
}
