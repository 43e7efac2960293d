//! The document and what stands beside its questions.
#![expect(dead_code, reason = "the fields are there for their schema")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::question::Question;
use super::rule::{Condition, Constraint};

/// A text by language tag, such as `{"fi": "Tervehdys", "en": "Greeting"}`.
pub(super) type Texts = BTreeMap<String, String>;

/// A decimal as text with at most four decimals, such as `"2.5"`; never a number, so that no float comes between.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Decimal(#[schemars(regex(pattern = r"^-?[0-9]+(\.[0-9]{1,4})?$"))] String);

/// An identifier of 1 to 128 characters without blanks, control characters and marks of direction.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Id(#[schemars(length(min = 1, max = 128), regex(pattern = r"^\S+$"))] String);

/// An evaluation checklist. Once published it does not change; it is named by the SHA-256 of its
/// canonical JSON (RFC 8785) without `status`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Checklist {
    /// Always `haamu-checklist/1`.
    format: Option<Format>,
    /// The minor version whose fields the document uses: 1 or 2 where it uses any that is marked so; absent means 0.
    #[schemars(range(max = 2))]
    format_minor: Option<u32>,
    /// The identifier that all versions of the checklist share.
    id: Option<Id>,
    /// The number of this version, from 1.
    version: Option<u32>,
    /// Where the version is in its life. It is no part of the content hash.
    status: Option<Status>,
    /// The languages in which every text is given.
    languages: Option<Vec<String>>,
    /// The language to fall back to, one of `languages`.
    default_language: Option<String>,
    /// The name of the checklist.
    title: Option<Texts>,
    /// What is evaluated.
    description: Option<Texts>,
    /// How customer and company meet: `in_person`, `remote`, ….
    channel: Option<String>,
    /// The kind of visit: `mystery_visit`, `mystery_contact`, ….
    visit_kind: Option<String>,
    /// What the shopper does and says.
    scenario: Option<Texts>,
    /// Minutes that filling in takes, with the visit.
    estimated_minutes: Option<u32>,
    /// Makes the checklist a certification quiz. (minor 1)
    quiz: Option<Quiz>,
    /// Files that come with the checklist. (minor 1)
    files: Option<Vec<AttachedFile>>,
    /// What the shopper reads before the visit. (minor 1)
    guidelines: Option<Vec<Guideline>>,
    /// How the score is formed and shown.
    scoring: Option<Scoring>,
    /// Points where customer and company meet.
    touchpoints: Option<Vec<Touchpoint>>,
    /// Qualities that are measured across touchpoints.
    themes: Option<Vec<Theme>>,
    /// What the checklist wants to know of the location before the visit. (minor 2)
    location_attributes: Option<Vec<LocationAttribute>>,
    /// The questions in their order.
    sections: Vec<Section>,
}

#[derive(JsonSchema)]
pub(super) enum Format {
    #[schemars(rename = "haamu-checklist/1")]
    One,
}

/// The life of a version.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Status {
    Example,
    Draft,
    Published,
    Withdrawn,
}

/// A certification quiz.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Quiz {
    /// The percentage from which it is passed.
    pass_mark: Decimal,
    /// How often it may be tried; without limit, if absent.
    #[schemars(range(min = 1))]
    attempts: Option<u32>,
}

/// A file that comes with the checklist, named by what it holds.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct AttachedFile {
    /// The identifier that `guidelines` and `help_files` name.
    id: Id,
    /// SHA-256 of its bytes in lower-case hexadecimal digits.
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    sha256: String,
    /// Such as `image/jpeg` or `application/pdf`.
    media_type: String,
    /// The name for readers.
    title: Option<Texts>,
    /// What a picture shows; a picture must have it.
    alt: Option<Texts>,
}

/// A document that the shopper reads before the visit.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Guideline {
    /// The id of one of `files`.
    file: Id,
    /// Whether the shopper confirms having read it; absent means no.
    must_read: Option<bool>,
}

/// How the score is formed and shown.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Scoring {
    /// Absent means `section_weight`.
    mode: Option<Mode>,
    /// What an unanswered question does; absent means `exclude`.
    unanswered: Option<Unanswered>,
    /// Whether bonus points cannot lift a score above 100 %; absent means yes.
    cap_bonus: Option<bool>,
    /// Decimals of the displayed percentage; absent means 1.
    #[schemars(range(max = 4))]
    display_decimals: Option<u32>,
    /// How ties are rounded; absent means `half_up`, away from zero.
    rounding: Option<Rounding>,
    /// Which value a band is chosen by; absent means `displayed`.
    band_on: Option<BandOn>,
    /// Named ranges of scores.
    bands: Option<Vec<ScoreBand>>,
}

/// The mean of section scores by weight, earned over possible points, or both scaled by the section's weight.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Mode {
    SectionWeight,
    PointSum,
    ScaledPoints,
}

/// It leaves the ratio, or earns nothing of its points.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Unanswered {
    Exclude,
    Zero,
}

/// Ties away from zero, or to the even neighbour.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Rounding {
    HalfUp,
    HalfEven,
}

/// The rounded percentage, or the exact value.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum BandOn {
    Displayed,
    Exact,
}

/// A named range of scores.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ScoreBand {
    /// The identifier, which a score gives as its grade.
    id: Id,
    /// The lowest percentage that belongs to the band.
    min: Decimal,
    /// The name for readers.
    label: Option<Texts>,
}

/// A point where customer and company meet.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Touchpoint {
    /// The identifier that questions name.
    id: Id,
    /// When in the journey.
    phase: Option<Phase>,
    /// The stated effect on the customer's outcome, 1 (low) to 5 (high).
    #[schemars(range(min = 1, max = 5))]
    impact: Option<u32>,
    /// The name for readers.
    label: Option<Texts>,
}

/// Before, during or after the encounter.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Phase {
    Before,
    During,
    After,
}

/// A quality that is measured across touchpoints.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Theme {
    /// The identifier that questions name.
    id: Id,
    /// The name for readers.
    label: Option<Texts>,
}

/// Something that conditions ask of the location as `location.<id>`. A value of another type is unknown to them.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum LocationAttribute {
    Plain(PlainAttribute),
    Choice(ChoiceAttribute),
}

/// An attribute that is a text, a number with at most four decimals, or `yes` or `no`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct PlainAttribute {
    /// The name that the location's attribute has.
    id: Id,
    r#type: PlainType,
    /// The name for readers.
    label: Option<Texts>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum PlainType {
    Text,
    Number,
    YesNo,
}

/// An attribute that is one of several words.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct ChoiceAttribute {
    /// The name that the location's attribute has.
    id: Id,
    r#type: ChoiceType,
    /// The values that it may have.
    #[schemars(length(min = 1))]
    options: Vec<Id>,
    /// The name for readers.
    label: Option<Texts>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ChoiceType {
    Choice,
}

/// A group of questions with a weight.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Section {
    /// The identifier.
    id: Id,
    /// The heading.
    title: Option<Texts>,
    /// The share of the visit score, not negative; absent means `"1"`.
    weight: Option<Decimal>,
    /// When the section is shown; always, if absent.
    show_if: Option<Condition>,
    /// The percentage below which the visit's grade is `failed`.
    pass_mark: Option<Decimal>,
    /// Makes it a follow-up section, filled in so many days after the visit.
    fill_after_days: Option<FillAfterDays>,
    /// Makes it a section that is filled in several times; its answers are a list of objects at its id. (minor 1)
    repeat: Option<Repeat>,
    /// What its answers together must not be. (minor 1)
    constraints: Option<Vec<Constraint>>,
    /// The questions in their order.
    questions: Vec<Question>,
}

/// Whole days after the visit.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct FillAfterDays {
    /// The first day.
    #[schemars(range(max = 366))]
    min: u32,
    /// The last day.
    #[schemars(range(max = 366))]
    max: u32,
}

/// A section that is filled in once for each staff member, product, ….
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Repeat {
    /// The least number of instances; absent means 0.
    #[schemars(range(max = 200))]
    min: Option<u32>,
    /// The greatest number of instances; absent means 20.
    #[schemars(range(min = 1, max = 200))]
    max: Option<u32>,
    /// How the instances make up the section's score; absent means `mean`.
    scoring: Option<RepeatScoring>,
    /// What one instance is: "Staff member".
    label: Option<Texts>,
}

/// Each instance counts the same, or each adds its points.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum RepeatScoring {
    Mean,
    Sum,
}
