//! What the client reads: the JSON form of a visit report, format `haamu-visit-report/1`.

use serde::Serialize;

/// A text with the language that it is in, which may differ from the report's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocalisedText {
    /// The language tag.
    pub lang: String,
    /// The text.
    pub text: String,
}

/// The report of one visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitReport {
    /// `haamu-visit-report/1`.
    pub format: &'static str,
    /// The language of the report's own texts.
    pub language: &'static str,
    /// That the report serves the development of service.
    pub purpose_mark: &'static str,
    /// What was visited, by whom it was ordered, and roughly when.
    pub visit: VisitView,
    /// The visit score.
    pub score: ScoreView,
    /// Critical answers, each confirmed by a reviewer.
    pub critical: Vec<CriticalView>,
    /// The sections, in checklist order.
    pub sections: Vec<SectionView>,
    /// The touchpoints, in checklist order.
    pub touchpoints: Vec<TagView>,
    /// The themes, in checklist order.
    pub themes: Vec<TagView>,
    /// Why the score is not 100 %: losses, and gains that offset them.
    pub losses: Vec<LossView>,
    /// The answers that a client may read.
    pub answers: Vec<AnswerView>,
    /// The photos, re-encoded without the data that cameras write.
    pub photos: Vec<PhotoView>,
    /// What is not in the report any more because it was deleted when its retention period was over: `photos`,
    /// `texts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<&'static str>,
}

/// What was visited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitView {
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
    /// The day by whose period the results count.
    pub counts_in: String,
    /// The month of that day, as readers see it on a page.
    #[serde(skip)]
    pub counts_in_text: String,
    /// The location.
    pub location: String,
    /// Its city.
    pub city: String,
    /// The week with the part of the day, or the month: never more exact.
    pub period: String,
    /// The checklist's title.
    pub checklist: LocalisedText,
    /// The checklist's version number.
    pub checklist_version: u32,
    /// The content hash of the checklist version.
    pub checklist_hash: String,
}

/// A visit score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ScoreView {
    /// The rounded percentage; none if nothing was scorable.
    pub display: Option<String>,
    /// The exact score, 1 being 100 %.
    pub exact: Option<String>,
    /// The score band, or that the visit failed.
    pub grade: Option<BandView>,
    /// How the score is formed: `section_weight`, `point_sum` or `scaled_points`.
    pub mode: &'static str,
    /// The same in words.
    pub mode_text: &'static str,
    /// How many visits it rests on.
    pub n: u32,
    /// What that means.
    pub n_text: &'static str,
    /// Whether fewer than half of the visible points applied (R11).
    pub is_thin: bool,
}

/// A score band.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BandView {
    /// Its id, or `failed`.
    pub id: String,
    /// Its name.
    pub label: LocalisedText,
}

/// A critical answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CriticalView {
    /// The question's id.
    pub question: String,
    /// The question.
    pub text: LocalisedText,
    /// What it does to the score.
    pub effect: String,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionView {
    /// Its id.
    pub id: String,
    /// Its heading.
    pub title: LocalisedText,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TagView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub label: LocalisedText,
    /// When in the journey a touchpoint lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// The rounded percentage; none if nothing was possible.
    pub display: Option<String>,
    /// The exact score.
    pub exact: Option<String>,
}

/// Why something was lost or gained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LossView {
    /// The question's id, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The question or the section's heading; none for the visit as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<LocalisedText>,
    /// The answer in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<LocalisedText>,
    /// Points not earned, or bonus points earned; with at most two decimals.
    pub points: String,
    /// What it did to the visit score, in percentage points.
    pub effect: String,
    /// The same, exact, 1 being 100 %.
    pub effect_exact: String,
    /// The rule of the scoring specification.
    pub rule: &'static str,
    /// A stable word for the reason.
    pub reason: &'static str,
    /// The reason in a sentence.
    pub sentence: String,
    /// Whether it was a loss.
    pub is_loss: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerView {
    /// The section's id.
    pub section: String,
    /// The question's id.
    pub question: String,
    /// The instance, from 0, where its section is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<usize>,
    /// The question.
    pub text: LocalisedText,
    /// The status that it counts as.
    pub status: &'static str,
    /// The answer in words.
    pub answer: LocalisedText,
    /// The comment, with masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhotoView {
    /// The question that it belongs to.
    pub question: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
    /// Its number in the report, from 1; the name under which it is downloaded.
    pub number: usize,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}
