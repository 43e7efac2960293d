//! What a shopper's device is told about an assignment.

use haamu_sync::{Entity, FormVersion};
use serde::{Deserialize, Serialize};

use crate::attribute::Attributes;
use crate::{AssignmentId, AssignmentState, LocalDate, SubmissionId, VisitId};

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
    /// What the checklist asks of the location, as it was when the submission began.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub location_attributes: Attributes,
    /// What the reviewer asks for, after a return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_reason: Option<String>,
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
