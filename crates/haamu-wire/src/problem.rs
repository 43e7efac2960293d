//! The body of every failed request (RFC 9457).

use haamu_domain::LocalDate;
use haamu_domain::eligibility::Obstacle;
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
    /// With `not_eligible`: the rules of the programme that stand in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<ObstacleOut>,
}

/// A rule that stands in the way of somebody making a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObstacleOut {
    /// Which rule, such as `rotation`, `spacing`, `too_far` or `quota_full`.
    pub code: String,
    /// The first day on which this rule would allow it, where time cures it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub allowed_from: Option<LocalDate>,
    /// What is missing or too much, such as the name of a qualification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// On how many days of the visit this rule stands in the way, where no single day was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

impl From<&Obstacle> for ObstacleOut {
    fn from(obstacle: &Obstacle) -> Self {
        Self {
            code: obstacle.code.as_str().to_owned(),
            allowed_from: obstacle.allowed_from,
            detail: obstacle.detail.clone(),
            days: obstacle.days,
        }
    }
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
