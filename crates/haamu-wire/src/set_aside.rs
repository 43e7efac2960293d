//! Work that was set aside, and what is decided about it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Operations of one submission, or of one device, that were set aside for one reason.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideOut {
    /// Its id.
    pub id: Uuid,
    /// Where it was put: `late` (the evaluation was approved), `orphaned` (the visit is not its author's),
    /// `unknown_form` (its checklist version was not the visit's) or `unparseable`.
    pub disposition: String,
    /// Why, a stable word.
    pub reason: String,
    /// The visit; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visit: Option<SetAsideVisitOut>,
    /// The submission that it was written into; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submission: Option<Uuid>,
    /// The device that sent it, where no submission is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Whose submission or device it is.
    pub shopper: Uuid,
    /// Their name.
    pub shopper_name: String,
    /// How many operations.
    pub operations: u32,
    /// About how many of them nothing is decided.
    pub undecided: u32,
    /// When the first of them arrived, in UTC.
    pub first_received_at: String,
    /// When the last of them arrived, in UTC.
    pub last_received_at: String,
}

/// The visit that work was set aside of.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideVisitOut {
    /// Its id.
    pub id: Uuid,
    /// The visit's state.
    pub state: String,
    /// The location.
    pub location: Uuid,
    /// The name of the location.
    pub location_name: String,
}

/// A page of work that was set aside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsidesOut {
    /// The tasks, those with the latest work first.
    pub items: Vec<SetAsideOut>,
    /// What to pass as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// How much waits to be decided about.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideCountOut {
    /// Tasks with anything undecided.
    pub tasks: u64,
    /// Undecided operations in them.
    pub operations: u64,
}

/// One task with a page of its operations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideDetailOut {
    /// The task.
    pub task: SetAsideOut,
    /// Its operations, in the order of their arrival.
    pub items: Vec<SetAsideOperationOut>,
    /// What to pass as `skip` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// An operation that was set aside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideOperationOut {
    /// Its name: the hash of its content.
    pub id: String,
    /// The device that sent it.
    pub device: String,
    /// Its number in that device's log.
    pub number: u64,
    /// When it was written, as far as the device's clock can be believed, in UTC.
    pub written_at: String,
    /// When it arrived, in UTC.
    pub received_at: String,
    /// What it says; absent where the server cannot read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<OperationContentOut>,
    /// What was decided about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<SetAsideDecisionOut>,
}

/// What an operation says.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationContentOut {
    /// `set`, `clear`, `add_instance`, `remove_instance`, `attach`, `detach`, `submit` or `note`.
    pub action: String,
    /// Which part of the evaluation, such as `answer/greeting`.
    pub register: String,
    /// The instances of repeated sections that it lies in, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instance: Vec<String>,
    /// The value, where there is one that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Who wrote it.
    pub author: Uuid,
}

/// What was decided about an operation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetAsideDecisionOut {
    /// `adopted` (a value of the review lane cites it), `replayed` (it took effect where it was written) or
    /// `discarded`.
    pub outcome: String,
    /// The operation of the server's log that cites it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cited_by: Option<String>,
    /// The note or the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who decided.
    pub decided_by: Uuid,
    /// When, in UTC.
    pub decided_at: String,
}

/// Work to be taken over.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AdoptIn {
    /// The ids of the operations; if absent, all about which nothing is decided.
    #[serde(default)]
    pub operations: Option<Vec<String>>,
    /// Anything worth knowing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 4000))]
    pub note: Option<String>,
}

/// Work that is of no use.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DiscardIn {
    /// The ids of the operations; if absent, all about which nothing is decided.
    #[serde(default)]
    pub operations: Option<Vec<String>>,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub reason: String,
}

/// A task after a decision.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecidedOut {
    /// The task.
    pub task: SetAsideOut,
    /// The operations that were decided about now.
    pub decided: Vec<String>,
    /// Those that could not be taken over; they stay undecided.
    pub left: Vec<LeftOut>,
}

/// An operation that could not be taken over.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// Its id.
    pub operation: String,
    /// Why, a stable word.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}
