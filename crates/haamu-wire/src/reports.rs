//! Visit reports as a client reads them, format `haamu-visit-report/1`.
//!
//! These are a reader's types; the server writes the same format from its
//! report view-model, and a test keeps the two the same.

use haamu_domain::LocalDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A page of released visits.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportsOut {
    /// The visits, by id.
    pub items: Vec<ReportSummaryOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// A released visit.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportSummaryOut {
    /// The visit, under which its report is found.
    pub visit: Uuid,
    /// The round.
    pub round: Uuid,
    /// The location.
    pub location: Uuid,
    /// The location's name.
    pub location_name: String,
    /// The day by whose period the results count, whenever the visit was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    pub counts_in: LocalDate,
    /// The displayed score; absent if nothing was scorable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// The score band's id, or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
}

/// A text with the language that it is in, which may differ from the report's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LocalisedOut {
    /// The language tag.
    pub lang: String,
    /// The text.
    pub text: String,
}

/// The report of one visit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VisitReportOut {
    /// `haamu-visit-report/1`.
    pub format: String,
    /// The language of the report's own texts.
    pub language: String,
    /// That the report serves the development of service.
    pub purpose_mark: String,
    /// What was visited, by whom it was ordered, and roughly when.
    pub visit: ReportVisitOut,
    /// The visit score.
    pub score: ReportScoreOut,
    /// Critical answers, each confirmed by a reviewer.
    pub critical: Vec<ReportCriticalOut>,
    /// The sections, in checklist order.
    pub sections: Vec<ReportSectionOut>,
    /// The touchpoints, in checklist order.
    pub touchpoints: Vec<ReportTagOut>,
    /// The themes, in checklist order.
    pub themes: Vec<ReportTagOut>,
    /// Why the score is not 100 %: losses, and gains that offset them.
    pub losses: Vec<ReportLossOut>,
    /// The answers that a client may read.
    pub answers: Vec<ReportAnswerOut>,
    /// The photos, re-encoded without the data that cameras write.
    pub photos: Vec<ReportPhotoOut>,
    /// What is not in the report any more because it was deleted when its retention period was over: `photos`,
    /// `texts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<String>,
}

/// What was visited.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportVisitOut {
    /// The visit's id.
    pub id: String,
    /// Who carried the programme out.
    pub agency: String,
    /// Whose encounters were measured.
    pub client_organisation: String,
    /// The programme.
    pub programme: String,
    /// The round.
    pub round: String,
    /// The day by whose period the results count, whenever the visit was made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(format = Date))]
    pub counts_in: String,
    /// The location.
    pub location: String,
    /// Its city.
    pub city: String,
    /// The week with the part of the day, or the month: never more exact.
    pub period: String,
    /// The checklist's title.
    pub checklist: LocalisedOut,
    /// The checklist's version number.
    pub checklist_version: u32,
    /// The content hash of the checklist version.
    pub checklist_hash: String,
}

/// A visit score.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportScoreOut {
    /// The rounded percentage; none if nothing was scorable.
    pub display: Option<String>,
    /// The exact score, 1 being 100 %.
    pub exact: Option<String>,
    /// The score band, or that the visit failed.
    pub grade: Option<BandOut>,
    /// How the score is formed: `section_weight`, `point_sum` or `scaled_points`.
    pub mode: String,
    /// The same in words.
    pub mode_text: String,
    /// How many visits it rests on.
    pub n: u32,
    /// What that means.
    pub n_text: String,
    /// Whether fewer than half of the visible points applied (R11).
    pub is_thin: bool,
}

/// A score band.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct BandOut {
    /// Its id, or `failed`.
    pub id: String,
    /// Its name.
    pub label: LocalisedOut,
}

/// A critical answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportCriticalOut {
    /// The question's id.
    pub question: String,
    /// The question.
    pub text: LocalisedOut,
    /// What it does to the score.
    pub effect: String,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportSectionOut {
    /// Its id.
    pub id: String,
    /// Its heading.
    pub title: LocalisedOut,
    /// Its weight.
    pub weight: String,
    /// Points earned, bonus included, with at most two decimals.
    pub earned: String,
    /// Points possible.
    pub possible: String,
    /// The rounded percentage; none if nothing was possible.
    pub display: Option<String>,
    /// The exact score.
    pub exact: Option<String>,
}

/// A touchpoint or a theme.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportTagOut {
    /// Its id.
    pub id: String,
    /// Its name.
    pub label: LocalisedOut,
    /// When in the journey a touchpoint lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The rounded percentage; none if nothing was possible.
    pub display: Option<String>,
    /// The exact score.
    pub exact: Option<String>,
}

/// Why something was lost or gained.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportLossOut {
    /// The question's id, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The question or the section's heading; none for the visit as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<LocalisedOut>,
    /// The answer in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<LocalisedOut>,
    /// Points not earned, or bonus points earned; with at most two decimals.
    pub points: String,
    /// What it did to the visit score, in percentage points.
    pub effect: String,
    /// The same, exact, 1 being 100 %.
    pub effect_exact: String,
    /// The rule of the scoring specification.
    pub rule: String,
    /// A stable word for the reason.
    pub reason: String,
    /// The reason in a sentence.
    pub sentence: String,
    /// Whether it was a loss.
    pub is_loss: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportAnswerOut {
    /// The section's id.
    pub section: String,
    /// The question's id.
    pub question: String,
    /// The question.
    pub text: LocalisedOut,
    /// The status that it counts as.
    pub status: String,
    /// The answer in words.
    pub answer: LocalisedOut,
    /// The comment, with masks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A photo.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ReportPhotoOut {
    /// The question that it belongs to.
    pub question: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
    /// Its number in the report, from 1; the name under which it is downloaded.
    pub number: u32,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}
