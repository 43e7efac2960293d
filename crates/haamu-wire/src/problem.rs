//! The body of every failed request (RFC 9457).

use serde::{Deserialize, Serialize};

/// What went wrong. The media type is `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence that is the same at every occurrence of the code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable code.
    pub code: String,
    /// What is particular to this occurrence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The id of the request, by which the operator finds it in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong with single fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<IssueOut>,
    /// With `upgrade_required`: the least build of the app that would be let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_build: Option<String>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssueOut {
    /// Where, such as `sections[0].questions[2].points`.
    pub path: String,
    /// A stable code.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}
