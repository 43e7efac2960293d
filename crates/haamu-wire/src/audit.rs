//! The audit trail.

use haamu_domain::Role;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Who did something.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActorOut {
    /// The person, or the account that stands for an integration.
    pub id: Uuid,
    /// Their name, or that of the token; a dash once it was deleted.
    pub display_name: String,
    /// What they were in the agency then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "coordinator"))]
    pub role: Option<Role>,
    /// The token of the integration; absent for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_token: Option<Uuid>,
}

/// What something was done to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditTargetOut {
    /// The kind of thing, such as `visit`.
    #[cfg_attr(feature = "openapi", schema(example = "visit"))]
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// An entry of the audit trail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntryOut {
    /// Its id.
    pub id: Uuid,
    /// When it was done, in UTC.
    pub at: String,
    /// Who did it; absent for what the server did by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AuditActorOut>,
    /// What was done: a verb of the policy, or the name of a background job.
    #[cfg_attr(feature = "openapi", schema(example = "evaluation.approve"))]
    pub action: String,
    /// What it was done to.
    pub target: AuditTargetOut,
    /// What else is known of it; never answers, secrets or e-mail addresses.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub detail: Value,
}

/// A page of the audit trail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditOut {
    /// The entries, the newest first.
    pub items: Vec<AuditEntryOut>,
    /// What to pass as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}
