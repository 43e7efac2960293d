//! What a shopper's device is told about an assignment.

use haamu_sync::{Entity, FormVersion};
use serde::{Deserialize, Serialize};

use crate::attribute::Attributes;
use crate::programme_parts::Fees;
use crate::scenario::Scenario;
use crate::{
    AssignmentId, AssignmentState, Daypart, LocalDate, ScenarioId, SubmissionId, Timestamp, VisitId,
};

/// The kinds of entities in a shopper's feed.
pub mod kind {
    /// A checklist version; the id is its content hash, the record its document.
    pub const FORM: &str = "form";
    /// An assignment; the record is an [`AssignmentBrief`](super::AssignmentBrief) as JSON.
    pub const ASSIGNMENT: &str = "assignment";
    /// A submission, which the engine merges.
    pub const SUBMISSION: &str = "submission";
}

/// An assignment as its shopper sees it. Contact data of the client are not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentBrief {
    /// The assignment.
    pub assignment: AssignmentId,
    /// The visit that is offered.
    pub visit: VisitId,
    /// The submission that the work goes into.
    pub submission: SubmissionId,
    /// Where the assignment is in its life.
    pub state: AssignmentState,
    /// The name of the client organisation.
    pub client_organisation: String,
    /// The name of the round.
    pub round: String,
    /// Where to go, or what to contact.
    pub location: LocationBrief,
    /// The checklist version to fill in.
    pub form: FormVersion,
    /// The first day of the visit, where that is not the first of the round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_on: Option<LocalDate>,
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// The day that it is planned for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<LocalDate>,
    /// The last day of the report.
    pub report_by: LocalDate,
    /// The part of the day in which to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daypart: Option<Daypart>,
    /// What to do there, as it was when the visit was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<ScenarioBrief>,
    /// Until when the offer is to be answered, as long as it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<Timestamp>,
    /// What is paid for it, as it was promised with the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<FeesBrief>,
    /// What the checklist asks of the location, as it was when the submission began.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub location_attributes: Attributes,
    /// What the reviewer asks for, after a return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<String>,
}

/// What a shopper does and says on a visit: one revision of a scenario. What a later server adds to it is left out by
/// a device that does not know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioBrief {
    /// The scenario.
    pub id: ScenarioId,
    /// Which of its revisions this is.
    pub revision: i64,
    /// Its name.
    pub name: String,
    /// The kind of customer that the shopper represents.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub persona: String,
    /// What that customer needs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub need: String,
    /// What they are unsure about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uncertainty: String,
    /// What they cannot or will not do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub restriction: String,
    /// What the shopper does and says, step by step.
    pub script: String,
    /// What the shopper buys at most, in cents; 0: nothing.
    #[serde(default)]
    pub purchase_cents: u32,
}

impl ScenarioBrief {
    /// A revision of a scenario as its shopper sees it.
    #[must_use]
    pub fn of(id: ScenarioId, revision: i64, name: &str, scenario: &Scenario) -> Self {
        Self {
            id,
            revision,
            name: name.to_owned(),
            persona: scenario.persona.clone(),
            need: scenario.need.clone(),
            uncertainty: scenario.uncertainty.clone(),
            restriction: scenario.restriction.clone(),
            script: scenario.script.clone(),
            purchase_cents: scenario.purchase_cents,
        }
    }
}

/// What a shopper is paid for a visit, in cents of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeesBrief {
    /// ISO 4217 code.
    pub currency: String,
    /// For the visit with its report.
    pub fee_cents: u32,
    /// What purchases are refunded up to.
    #[serde(default)]
    pub reimbursement_cap_cents: u32,
    /// For each kilometre of the way there and back.
    #[serde(default)]
    pub per_kilometre_cents: u32,
    /// What the kilometres are paid up to.
    #[serde(default)]
    pub travel_cap_cents: u32,
    /// How long the visit takes, in minutes, report included.
    #[serde(default)]
    pub minutes: u16,
    /// Whether a receipt is needed for a refund.
    #[serde(default)]
    pub receipt_required: bool,
}

impl From<&Fees> for FeesBrief {
    fn from(fees: &Fees) -> Self {
        Self {
            currency: fees.currency.clone(),
            fee_cents: fees.fee_cents,
            reimbursement_cap_cents: fees.reimbursement_cap_cents,
            per_kilometre_cents: fees.per_kilometre_cents,
            travel_cap_cents: fees.travel_cap_cents,
            minutes: fees.minutes,
            receipt_required: fees.receipt_required,
        }
    }
}

/// A location as a shopper sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationBrief {
    /// The name over the door.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Degrees north, where known.
    pub latitude: Option<String>,
    /// Degrees east, where known.
    pub longitude: Option<String>,
    /// The name of its time zone.
    pub time_zone: String,
}

/// The feed's name of a checklist version.
#[must_use]
pub fn form_entity(form: &FormVersion) -> Entity {
    Entity {
        kind: kind::FORM.to_owned(),
        id: form.to_string(),
    }
}

/// The feed's name of an assignment.
#[must_use]
pub fn assignment_entity(assignment: AssignmentId) -> Entity {
    Entity {
        kind: kind::ASSIGNMENT.to_owned(),
        id: assignment.to_string(),
    }
}

/// The feed's name of a submission.
#[must_use]
pub fn submission_entity(submission: SubmissionId) -> Entity {
    Entity {
        kind: kind::SUBMISSION.to_owned(),
        id: submission.to_string(),
    }
}
