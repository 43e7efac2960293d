//! Questions: what all have in common, and what each type adds.
#![expect(dead_code, reason = "the fields are there for their schema")]

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::document::{Decimal, Id, Texts};
use super::rule::{Calculation, Condition};

/// A question of any type: the common fields and those of its type.
pub(super) struct Question;

impl JsonSchema for Question {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Question")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let common = Common::json_schema(generator).to_value();
        let kinds: Vec<Value> = kinds(generator)
            .into_iter()
            .map(|(types, own)| with_common(&common, types, own))
            .chain([matrix(generator, &common)])
            .collect();
        json_schema!({
            "description": "One item of a checklist. Which fields it may have depends on its `type`.",
            "oneOf": kinds,
        })
    }
}

/// The types with the schemas of what they add.
fn kinds(generator: &mut SchemaGenerator) -> Vec<(&'static [&'static str], Schema)> {
    vec![
        (&["yes_no"], YesNo::json_schema(generator)),
        (&["single_choice"], SingleChoice::json_schema(generator)),
        (&["multi_choice"], MultiChoice::json_schema(generator)),
        (&["scale", "ces", "csat"], Scaled::json_schema(generator)),
        (&["nps"], Nps::json_schema(generator)),
        (&["number"], Number::json_schema(generator)),
        (&["duration"], Duration::json_schema(generator)),
        (&["change"], Change::json_schema(generator)),
        (&["calculated"], Calculated::json_schema(generator)),
        (&["text"], Text::json_schema(generator)),
        (&["money"], Money::json_schema(generator)),
        (&["photo", "receipt"], Photo::json_schema(generator)),
        (&["file"], File::json_schema(generator)),
        (&["barcode"], Barcode::json_schema(generator)),
        (
            &["datetime", "audio", "location", "signature"],
            Plain::json_schema(generator),
        ),
    ]
}

fn with_common(common: &Value, types: &[&str], own: Schema) -> Value {
    let own = own.to_value();
    let mut properties = common["properties"].as_object().cloned().unwrap_or_default();
    properties.insert("type".to_owned(), json!({"enum": types}));
    properties.extend(own["properties"].as_object().cloned().unwrap_or_default());
    let required = ["id", "type"].map(Value::from).into_iter();
    let required: Vec<Value> = required
        .chain(own["required"].as_array().cloned().unwrap_or_default())
        .collect();
    object(&own["description"], &properties, &required)
}

fn object(description: &Value, properties: &Map<String, Value>, required: &[Value]) -> Value {
    json!({
        "type": "object", "description": description,
        "properties": properties, "required": required, "additionalProperties": false,
    })
}

/// A matrix: rows that share everything but what a row says for itself.
fn matrix(generator: &mut SchemaGenerator, common: &Value) -> Value {
    let own = Matrix::json_schema(generator).to_value();
    let row_types = ["yes_no", "single_choice", "multi_choice", "scale", "number"];
    let mut properties = common["properties"].as_object().cloned().unwrap_or_default();
    // A row has its own standard id; two rows with one would be the same question.
    for (types, kind) in kinds(generator) {
        if row_types.contains(&types[0]) {
            properties.extend(
                kind.to_value()["properties"]
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            );
        }
    }
    properties.extend(own["properties"].as_object().cloned().unwrap_or_default());
    properties.insert("type".to_owned(), json!({"const": "matrix"}));
    let required = ["id", "type", "rows_of", "rows"].map(Value::from).to_vec();
    object(&own["description"], &properties, &required)
}

/// What all questions have in common.
#[derive(JsonSchema)]
struct Common {
    /// The identifier, unique in the checklist.
    id: Id,
    /// The question itself.
    text: Option<Texts>,
    /// Guidance for the shopper.
    help: Option<Texts>,
    /// Ids of `files` that explain it. (minor 1)
    help_files: Option<Vec<Id>>,
    /// Whose behaviour or state it is about.
    perspective: Option<Perspective>,
    /// The id of the theme that it measures.
    theme: Option<Id>,
    /// The id of its touchpoint, or a list of them.
    touchpoint: Option<OneOrManyIds>,
    /// The name under which the same question is known in other checklists and versions. (minor 1)
    standard_id: Option<Id>,
    /// Whether it blocks submission while shown and unanswered; absent means no.
    required: Option<bool>,
    /// The most it can earn, not negative; unscored if absent.
    points: Option<Decimal>,
    /// Whether its points only add; absent means no.
    bonus: Option<bool>,
    /// When it is shown; always, if absent.
    show_if: Option<Condition>,
    /// Whether "does not apply" may be chosen; absent means no.
    na_allowed: Option<bool>,
    /// Whether "could not be observed" may be chosen; absent means no.
    not_observed_allowed: Option<bool>,
    /// When a comment is required.
    comment: Option<Comment>,
    /// What may or must be attached.
    evidence: Option<Evidence>,
    /// What a critical answer does.
    critical: Option<Critical>,
    /// The named metric that it measures, such as `nps`.
    metric: Option<String>,
    /// Whose personal data the answer holds; absent means `none`. (minor 1)
    sensitivity: Option<Sensitivity>,
    /// How long the answer lives; absent means what its data and type suggest. (minor 1)
    retention: Option<Retention>,
    /// Whether it checks the shopper's care; it never reaches the client. (minor 1)
    integrity: Option<bool>,
    /// In which order options are offered; absent means `written`. (minor 1)
    option_order: Option<OptionOrder>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum OneOrManyIds {
    One(Id),
    Many(Vec<Id>),
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Perspective {
    StaffBehaviour,
    OwnExperience,
    Environment,
    Fact,
}

/// When a comment is required besides the answer.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Comment {
    required_when: CommentRule,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum CommentRule {
    Never,
    BelowFull,
    Full,
    Always,
}

/// What may or must be attached to an answer.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Evidence {
    /// Photos.
    photo: Option<EvidenceRule>,
    /// Documents and other files. (minor 1)
    file: Option<EvidenceRule>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum EvidenceRule {
    Optional,
    Required,
}

/// What a critical answer does beyond its points.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Critical {
    effect: Effect,
    /// The percentage of `section_cap` and `visit_cap`.
    cap: Option<Decimal>,
    /// Triggers when earned over possible points is below this fraction.
    fail_below: Option<Decimal>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Effect {
    Flag,
    SectionZero,
    SectionCap,
    VisitCap,
    VisitZero,
    VisitFail,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Sensitivity {
    None,
    Staff,
    Shopper,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Retention {
    StaffData,
    Narrative,
    Score,
    Voucher,
    ShopperData,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum OptionOrder {
    Written,
    Alphabetical,
    Shuffled,
}

/// Yes or no.
#[derive(JsonSchema)]
struct YesNo {
    /// Absent means `yes`.
    good_answer: Option<GoodAnswer>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum GoodAnswer {
    Yes,
    No,
}

/// One of several options; the highest has as many points as the question.
#[derive(JsonSchema)]
struct SingleChoice {
    #[schemars(length(min = 1))]
    options: Vec<AnswerOption>,
}

/// Any number of options; none selected is unanswered.
#[derive(JsonSchema)]
struct MultiChoice {
    #[schemars(length(min = 1))]
    options: Vec<AnswerOption>,
    /// How the selected options earn points; absent means their sum.
    multi: Option<Multi>,
}

/// A selectable answer.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AnswerOption {
    /// The identifier, unique in the question.
    id: Id,
    /// The words of the option.
    text: Option<Texts>,
    /// The points that it brings, under `deduct` the fault points; absent means 0.
    points: Option<Decimal>,
    /// Whether choosing it triggers the question's critical effect.
    critical: Option<bool>,
    /// Whether it means "does not apply".
    na: Option<bool>,
    /// Whether it excludes the others.
    exclusive: Option<bool>,
    /// Whether it counts under `at_least`; absent means yes.
    good: Option<bool>,
    /// Whether choosing it requires a comment.
    comment_required: Option<bool>,
    /// When it is offered; always, if absent. (minor 1)
    show_if: Option<Condition>,
}

/// How selected options earn points.
#[derive(JsonSchema)]
#[schemars(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
enum MultiMode {
    /// The sum of their points.
    Sum {},
    /// The question's points minus theirs.
    Deduct {},
    /// Full points if all of `required` and none of `forbidden` are selected.
    AllRequired {
        required: Option<Vec<Id>>,
        forbidden: Option<Vec<Id>>,
    },
    /// Points in proportion to the number of good options, full from `count` on.
    AtLeast {
        #[schemars(range(min = 1))]
        count: u32,
    },
}

/// How selected options earn points; without `mode`, the sum of their points.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Multi {
    Mode(MultiMode),
    Sum(Empty),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Empty {}

/// A whole number between two limits.
#[derive(JsonSchema)]
struct Scaled {
    scale: Scale,
}

/// The recommendation question; without `scale`, 0 to 10.
#[derive(JsonSchema)]
struct Nps {
    scale: Option<Scale>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Scale {
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    min: i64,
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    max: i64,
    /// What the lowest answer means.
    min_label: Option<Texts>,
    /// What the highest answer means.
    max_label: Option<Texts>,
    /// Absent means yes.
    higher_is_better: Option<bool>,
}

/// The optimum band, a trapezoid of earned share over the value; limits ascend, any may be null or absent.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Band {
    /// At or below this, nothing.
    zero_low: Option<Decimal>,
    /// From this on, everything; absent: no penalty for less.
    full_low: Option<Decimal>,
    /// Up to this, everything; absent: no penalty for more.
    full_high: Option<Decimal>,
    /// At or above this, nothing.
    zero_high: Option<Decimal>,
}

/// A decimal number; scored, it needs a band.
#[derive(JsonSchema)]
struct Number {
    band: Option<Band>,
    /// The lowest answer that is taken. (minor 1)
    min: Option<Decimal>,
    /// The highest answer that is taken. (minor 1)
    max: Option<Decimal>,
    /// What is counted, such as `pcs`.
    unit: Option<String>,
    /// How it is measured.
    measured_by: Option<String>,
}

/// A length of time in `unit`; scored, it needs a band.
#[derive(JsonSchema)]
struct Duration {
    band: Option<Band>,
    unit: Option<DurationUnit>,
    /// How it is measured, such as `stopwatch`.
    measured_by: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "lowercase")]
enum DurationUnit {
    S,
    Min,
    H,
}

/// Derived: the second of two scales minus the first. It takes no answer.
#[derive(JsonSchema)]
struct Change {
    change: Ends,
    /// Absent: −2 and below nothing, +1 and above everything.
    band: Option<Band>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Ends {
    /// The scale at the start.
    from: Id,
    /// The scale at the end, with the same limits.
    to: Id,
}

/// Derived: worked out from earlier answers. It takes no answer; scored, it needs a band. (minor 1)
#[derive(JsonSchema)]
struct Calculated {
    calculation: Calculation,
    band: Option<Band>,
    /// What the value counts.
    unit: Option<String>,
    /// Decimals that readers see; absent means 2.
    #[schemars(range(max = 4))]
    decimals: Option<u32>,
}

/// Words.
#[derive(JsonSchema)]
struct Text {
    min_chars: Option<u32>,
    max_chars: Option<u32>,
    /// (minor 1)
    min_words: Option<u32>,
    /// (minor 1)
    max_words: Option<u32>,
    /// (minor 1)
    min_sentences: Option<u32>,
    /// (minor 1)
    max_sentences: Option<u32>,
}

/// An amount in minor units.
#[derive(JsonSchema)]
struct Money {
    /// ISO 4217 code, such as `EUR`.
    currency: Option<String>,
}

/// Photos, or a photographed receipt.
#[derive(JsonSchema)]
struct Photo {
    photo: Option<PhotoRules>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct PhotoRules {
    /// Absent means 10.
    #[schemars(range(min = 1, max = 100))]
    max_count: Option<u32>,
    /// Absent means `forbidden`.
    people_in_frame: Option<PeopleInFrame>,
    /// Whether time, place and device in the file are removed for readers; absent means yes.
    strip_metadata: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum PeopleInFrame {
    Allowed,
    Forbidden,
}

/// Documents and other files. (minor 1)
#[derive(JsonSchema)]
struct File {
    file: Option<FileRules>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FileRules {
    /// Absent means 10.
    #[schemars(range(min = 1, max = 100))]
    max_count: Option<u32>,
    /// Media types that are taken; all, if absent or empty.
    media_types: Option<Vec<String>>,
}

/// A code read off a product or a sign. (minor 1)
#[derive(JsonSchema)]
struct Barcode {
    /// The kinds that are taken; all, if absent or empty.
    symbologies: Option<Vec<Symbology>>,
}

#[derive(JsonSchema)]
enum Symbology {
    #[schemars(rename = "ean_13")]
    Ean13,
    #[schemars(rename = "ean_8")]
    Ean8,
    #[schemars(rename = "upc_a")]
    UpcA,
    #[schemars(rename = "code_128")]
    Code128,
    #[schemars(rename = "code_39")]
    Code39,
    #[schemars(rename = "qr")]
    Qr,
    #[schemars(rename = "data_matrix")]
    DataMatrix,
}

/// A type without fields of its own.
#[derive(JsonSchema)]
struct Plain {}

/// Questions that are asked as the rows of one table. Row `r` of matrix `m` is the question `m.r`; what a
/// row does not say for itself it has from the matrix. (minor 1)
#[derive(JsonSchema)]
struct Matrix {
    /// The type of all rows.
    rows_of: RowType,
    #[schemars(length(min = 1))]
    rows: Vec<Row>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum RowType {
    YesNo,
    SingleChoice,
    MultiChoice,
    Scale,
    Number,
}

/// What a row of a matrix says for itself.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Row {
    /// The identifier, unique in the matrix.
    id: Id,
    text: Option<Texts>,
    help: Option<Texts>,
    perspective: Option<Perspective>,
    theme: Option<Id>,
    touchpoint: Option<OneOrManyIds>,
    standard_id: Option<Id>,
    required: Option<bool>,
    points: Option<Decimal>,
    show_if: Option<Condition>,
    comment: Option<Comment>,
    critical: Option<Critical>,
    metric: Option<String>,
}
