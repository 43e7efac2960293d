//! Conditions, constraints and calculations.
#![expect(dead_code, reason = "the fields are there for their schema")]

use schemars::JsonSchema;

use super::document::{Decimal, Id, Texts};

/// When something is shown. It looks at earlier questions only. With a missing answer
/// (not shown, unanswered, not applicable, not observed, voided) every comparison is false.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Condition {
    All(All),
    Any(Any),
    Not(Not),
    Compare(Compare),
    CompareAnswers(CompareAnswers),
    Context(Context),
}

/// All of them hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct All {
    all: Vec<Condition>,
}

/// At least one of them holds.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Any {
    any: Vec<Condition>,
}

/// It does not hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Not {
    not: Box<Condition>,
}

/// An answer compares so with a value. On a multi_choice, `equals` means "is among the selected".
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Compare {
    /// The id of an earlier question.
    question: Id,
    op: Operator,
    /// What the answer is compared with: a text or number, for `in` a list of them, for `answered` nothing.
    value: Option<OneOrMany>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Operator {
    Answered,
    Equals,
    NotEquals,
    In,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// A text or a number. Numbers compare as numbers whether written `5` or `"5"`.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Operand {
    Text(String),
    Number(f64),
}

#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany {
    One(Operand),
    Many(Vec<Operand>),
}

/// Two earlier answers compare so: "departure is before arrival". (minor 1)
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct CompareAnswers {
    /// The id of an earlier question.
    question: Id,
    op: Relation,
    /// The id of another earlier question.
    other: Id,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Relation {
    Equals,
    NotEquals,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// What is known of the visit compares so; where it is not known, no comparison holds. (minor 1)
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Context {
    /// `round`, `channel`, `weekday` (`mon` to `sun`) or `location.` with the name of an attribute.
    #[schemars(regex(pattern = r"^(round|channel|weekday|location\.\S+)$"))]
    context: String,
    /// One with an order only where `location_attributes` declares a number. (minor 2)
    op: Operator,
    /// A text or number, for `in` a list of them, for `answered` nothing.
    value: Option<OneOrMany>,
}

/// A rule over several answers, in a repeated section over those of one instance. (minor 1)
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Constraint {
    /// The identifier, unique in the checklist.
    id: Id,
    /// The rule is broken where this holds.
    fail_if: Condition,
    /// What the shopper reads then.
    message: Option<Texts>,
    /// The question at which it is shown; absent means the last that the rule looks at.
    question: Option<Id>,
    /// Whether a broken rule blocks submission; absent means `error`.
    severity: Option<Severity>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Severity {
    Error,
    Warning,
}

/// A number worked out from earlier answers, exactly. Where something that it needs is missing, so is the value. (minor 1)
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Calculation {
    Number(Decimal),
    Question(QuestionValue),
    Operation(Operation),
    Choice(Choice),
}

/// The answer to a question as a number; yes is 1, no is 0.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct QuestionValue {
    question: Id,
}

/// One operation on other values or on questions.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum Operation {
    /// All added up.
    Add(#[schemars(length(min = 1))] Vec<Calculation>),
    /// The first without the second.
    Subtract(Box<[Calculation; 2]>),
    /// All multiplied.
    Multiply(#[schemars(length(min = 1))] Vec<Calculation>),
    /// The first over the second; missing where the second is 0.
    Divide(Box<[Calculation; 2]>),
    /// The least of those that are there.
    Least(#[schemars(length(min = 1))] Vec<Calculation>),
    /// The greatest of those that are there.
    Greatest(#[schemars(length(min = 1))] Vec<Calculation>),
    /// The first that is there.
    FirstOf(#[schemars(length(min = 1))] Vec<Calculation>),
    /// The minutes from the first to the second of two datetime questions.
    MinutesBetween([Id; 2]),
    /// How many options of a multi_choice are selected.
    CountSelected(Id),
    /// How many instances a repeated section has.
    CountInstances(Id),
    /// The sum of a question over all instances of its section.
    SumOver(Id),
    /// The mean of a question over all instances of its section.
    MeanOver(Id),
    /// The least of a question over all instances of its section.
    MinOver(Id),
    /// The greatest of a question over all instances of its section.
    MaxOver(Id),
}

/// One of two values.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Choice {
    r#if: Condition,
    then: Box<Calculation>,
    r#else: Box<Calculation>,
}
