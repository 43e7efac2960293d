//! Earlier versions of the shopper agreement, and who accepted which.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The words of one version of the agreement in one language, but for the words themselves.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementHeadOut {
    /// Their id.
    pub id: Uuid,
    /// The how-manieth version they belong to.
    pub version: u32,
    /// Their language.
    pub language: String,
    /// The SHA-256 of the words, in hexadecimal.
    pub sha256: String,
    /// Who wrote them.
    pub created_by: Uuid,
    /// When, in UTC.
    pub created_at: String,
}

/// A page of the words of all versions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementHeadsOut {
    /// The words, the newest first.
    pub items: Vec<AgreementHeadOut>,
    /// What to pass as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// The agreement in one version and language.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgreementVersionOut {
    /// Its id.
    pub id: Uuid,
    /// The how-manieth version it is.
    pub version: u32,
    /// Its language.
    pub language: String,
    /// Its words.
    pub body: String,
    /// The SHA-256 of its words, in hexadecimal.
    pub sha256: String,
}

/// That a shopper accepted the agreement.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptanceOut {
    /// The words that were accepted.
    pub agreement: Uuid,
    /// The how-manieth version they belong to.
    pub version: u32,
    /// Who accepted them.
    pub user: Uuid,
    /// Their name.
    pub display_name: String,
    /// When, in UTC; the first time stands.
    pub accepted_at: String,
}

/// A page of acceptances.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptancesOut {
    /// The acceptances: of the same words by person, of the same person the newest words first.
    pub items: Vec<AcceptanceOut>,
    /// What to pass for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
