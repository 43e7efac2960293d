//! Evaluations as a reviewer sees them.

use std::collections::BTreeMap;

use haamu_domain::Daypart;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::FindingOut;

/// An evaluation with everything that belongs to its review.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvaluationOut {
    /// The visit.
    pub visit: Uuid,
    /// The visit's state.
    pub state: String,
    /// The submission.
    pub submission: Uuid,
    /// How often it was returned.
    pub cycle: u32,
    /// When the visit took place, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visited_at: Option<String>,
    /// What the shopper was to do, in the revision that was promised with the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<VisitScenarioOut>,
    /// The part of the day in which they were to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub daypart: Option<Daypart>,
    /// What conditions know of the location: its attributes by their names, as they were when the submission began.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub location_attributes: BTreeMap<String, String>,
    /// From when on it may be released, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releasable_at: Option<String>,
    /// The answers, in checklist order, without what is not shown.
    pub answers: Vec<AnswerOut>,
    /// The latest score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreOut>,
    /// Critical answers, in checklist order.
    pub triggers: Vec<TriggerOut>,
    /// What validation found.
    pub findings: Vec<FindingOut>,
    /// Questions with answers in conflict.
    pub conflicts: Vec<String>,
    /// Sections that are filled in later.
    pub follow_ups: Vec<FollowUpOut>,
    /// Photos and other files that are expected.
    pub files_expected: u32,
    /// Those of them that have arrived.
    pub files_received: u32,
}

/// What a shopper was to do on a visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VisitScenarioOut {
    /// The scenario.
    pub id: Uuid,
    /// Which of its revisions.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// The kind of customer that the shopper represented.
    pub persona: String,
    /// What that customer needed.
    pub need: String,
    /// What they were unsure about.
    pub uncertainty: String,
    /// What they could not or would not do.
    pub restriction: String,
    /// What the shopper was to do and say, step by step.
    pub script: String,
    /// What the shopper could buy at most, in cents; 0: nothing.
    pub purchase_cents: u32,
}

/// One answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerOut {
    /// The question's id.
    pub question: String,
    /// The status that it counts as.
    pub status: String,
    /// The answer in the shorthand of the checklist format; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileOut>,
}

/// A file of an answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileOut {
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its media type, as the device believes.
    pub media_type: String,
    /// Whether it has arrived.
    pub received: bool,
    /// Whether it was deleted since, because its retention period was over.
    #[serde(default)]
    pub deleted: bool,
    /// What the picture shows, in the shopper's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The SHA-256 of a small picture of it that has arrived; read it as a photo of the evaluation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// A score record.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScoreOut {
    /// The how-manieth score of the visit it is, from 1.
    pub number: u32,
    /// The result, as `haamu score` prints it.
    pub result: Value,
    /// Why: the losses and gains that add up to it.
    pub trace: Value,
    /// When it was made, in UTC.
    pub scored_at: String,
}

/// A critical answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TriggerOut {
    /// The question's id.
    pub question: String,
    /// Whether a reviewer has confirmed it.
    pub confirmed: bool,
}

/// A section that is filled in later.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FollowUpOut {
    /// The section's id.
    pub stage: String,
    /// From when on it may be filled in, in UTC.
    pub opens_at: String,
    /// Until when, in UTC.
    pub closes_at: String,
    /// Whether it is handed in.
    pub submitted: bool,
}

/// A critical answer to be confirmed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmCriticalIn {
    /// The question's id.
    pub question: String,
    /// What the confirmation rests on.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub evidence: String,
}

/// How an evaluation is approved.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApproveIn {
    /// Whether it is accepted although required answers are missing; they
    /// then earn nothing of their points.
    #[serde(default)]
    pub accept_incomplete: bool,
    /// The number of the score that the reviewer has seen: what has changed since is not approved.
    #[serde(default)]
    pub based_on: Option<u32>,
}

/// Why an evaluation is sent back.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReturnIn {
    /// What the shopper is asked to do.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub reason: String,
}
