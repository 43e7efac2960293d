//! Scenarios, briefings and certification of programmes.

use haamu_domain::LocalDate;
use haamu_domain::scenario::{Ethics, Scenario};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A scenario to be added.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScenarioIn {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub name: String,
    /// What is done.
    pub scenario: Scenario,
}

/// What is to change about a scenario.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ScenarioPatch {
    /// Another name.
    pub name: Option<String>,
    /// Something else that is done. The ticks are cleared then: they were for something else.
    pub scenario: Option<Scenario>,
    /// What is ticked now.
    pub ethics: Option<Ethics>,
    /// Whether it is out of use.
    pub retired: Option<bool>,
}

/// A scenario of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenarioOut {
    /// Its id.
    pub id: Uuid,
    /// Its programme.
    pub programme: Uuid,
    /// Its name.
    pub name: String,
    /// What is done.
    pub scenario: Scenario,
    /// What is ticked.
    pub ethics: Ethics,
    /// Whether visits may be planned with it: all is ticked, and it is not out of use.
    pub usable: bool,
    /// Who ticked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethics_by: Option<Uuid>,
    /// When they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub ethics_at: Option<String>,
    /// When it was taken out of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub retired_at: Option<String>,
    /// Counts changes; the `ETag`.
    pub revision: i64,
}

/// The scenarios of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ScenariosOut {
    /// The scenarios, in the order in which they were added.
    pub items: Vec<ScenarioOut>,
}

/// Instructions to be given.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BriefingIn {
    /// Their name whatever the language; the title if absent. Translations of a briefing have its key, and whoever has
    /// read one of them has read it. Words with the key and the language of a briefing that is there take its place.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub key: Option<String>,
    /// Their title.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: String,
    /// `fi`, `sv` or `en`.
    pub language: String,
    /// The words, as plain text or Markdown, at most 100000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 100000))]
    pub body: String,
}

/// Instructions of a programme. Their words never change; a new version takes their place.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BriefingOut {
    /// Their id.
    pub id: Uuid,
    /// Their programme.
    pub programme: Uuid,
    /// Their name whatever the language.
    pub key: String,
    /// Their title.
    pub title: String,
    /// Their language.
    pub language: String,
    /// The words.
    pub body: String,
    /// The SHA-256 of the words, in hexadecimal: what a receipt is for.
    pub sha256: String,
    /// The how-manieth version they are.
    pub version: u32,
    /// Whether they are out of use: later words have taken their place, or they were withdrawn.
    pub withdrawn: bool,
    /// Whether whoever asks has confirmed them.
    pub read: bool,
}

/// The briefings of a programme.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BriefingsOut {
    /// The briefings, oldest first.
    pub items: Vec<BriefingOut>,
}

/// That somebody has read a briefing.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BriefingReceiptOut {
    /// Who.
    pub user: Uuid,
    /// Their name.
    pub display_name: String,
    /// When.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub read_at: String,
}

/// Who has read a briefing.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BriefingReceiptsOut {
    /// The receipts, oldest first.
    pub items: Vec<BriefingReceiptOut>,
}

/// The quiz of a programme.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Certification {
    /// A published checklist version with a pass mark.
    pub checklist_version: Uuid,
    /// How often it may be tried within `valid_days`: 1 to 100.
    pub attempts: u32,
    /// For how many days a pass is good: 1 to 3650.
    pub valid_days: u32,
}

/// A quiz as whoever takes it sees it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuizOut {
    /// Sections and questions of the checklist, without what they are scored by.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub document: Value,
    /// How often it may be tried yet.
    pub attempts_left: u32,
    /// The last day on which whoever asks holds the certificate, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub certified_until: Option<LocalDate>,
}

/// A try at a quiz.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuizAttemptIn {
    /// The answers, by the ids of their questions.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub answers: serde_json::Map<String, Value>,
}

/// How a try went.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuizAttemptOut {
    /// Whether the pass mark was reached and no answer was out of the question.
    pub passed: bool,
    /// The result in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// How often it may be tried yet.
    pub attempts_left: u32,
    /// The last day on which the certificate is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = Date))]
    pub certified_until: Option<LocalDate>,
}
