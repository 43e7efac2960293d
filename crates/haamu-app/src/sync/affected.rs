//! Submissions under the hands of operations: what they change, and how that is saved.

use std::collections::BTreeSet;

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::{
    AgencyId, AssignmentEvent, AssignmentState, SubmissionId, Timestamp, VisitEvent, VisitState, binding,
};
use haamu_store::Tx;
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::submissions::{self, Stage, Submission};
use haamu_store::repo::visits::{self, Assignment, Visit};
use haamu_sync::server::Standing;
use haamu_sync::{Action, Document, FormVersion, Hlc, Lane, Op, OpId, RegisterKey, Submit};

use crate::evaluation;
use crate::jobs::Job;
use crate::visits::scope_of;
use crate::{App, Error};

use super::load_document;

/// A submission that operations are about, with everything that they may change.
pub(crate) struct Affected {
    /// The checklist version of the visit's round.
    pub(crate) form: FormVersion,
    pub(crate) submission: Submission,
    pub(crate) visit: Visit,
    pub(crate) assignment: Assignment,
    pub(crate) document: Document,
    changed: BTreeSet<RegisterKey>,
    is_submission_changed: bool,
    is_visit_changed: bool,
    is_assignment_changed: bool,
    is_to_be_processed: bool,
}

impl Affected {
    /// Loads a submission of the agency and locks it, the visit first, here and everywhere.
    pub(crate) async fn lock(tx: &Tx, agency: AgencyId, found: &Submission) -> Result<Option<Self>, Error> {
        let Some(visit) = visits::lock(tx, agency, found.visit).await? else {
            return Ok(None);
        };
        let Some(submission) = submissions::lock(tx, agency, found.id).await? else {
            return Ok(None);
        };
        let assignment = visits::find_assignment(tx, agency, submission.assignment).await?;
        let Some(assignment) = assignment else {
            return Ok(None);
        };
        let document = load_document(tx, agency, submission.id).await?;
        let form = evaluation::form_of_round(tx, agency, visit.round).await?;
        Ok(Some(Self {
            form,
            submission,
            visit,
            assignment,
            document,
            changed: BTreeSet::new(),
            is_submission_changed: false,
            is_visit_changed: false,
            is_assignment_changed: false,
            is_to_be_processed: false,
        }))
    }

    pub(crate) fn standing(&self) -> Standing {
        if !self.assignment.state.is_live() {
            Standing::Revoked
        } else if self.visit.state.is_settled() {
            Standing::Settled
        } else {
            Standing::Open
        }
    }

    /// Puts an operation into the document, and notes what that changes.
    pub(crate) fn fold(&mut self, op: &Op, id: OpId, effective: Hlc) {
        self.document.fold(op, id, effective);
        if !matches!(op.action, Action::Note(_)) {
            self.changed.insert(op.key());
        }
        // What changes after the evaluation was handed in is scored once more.
        if matches!(self.visit.state, VisitState::Submitted | VisitState::InReview) {
            self.is_to_be_processed = true;
        }
    }

    /// Opens an evaluation again that was approved and that no client has seen.
    pub(crate) fn reopen(&mut self) -> Result<(), Error> {
        self.visit.state = self.visit.state.after(VisitEvent::Reopen)?;
        self.visit.approved_at = None;
        self.is_visit_changed = true;
        Ok(())
    }

    /// Whoever begins to work on an offer accepts it.
    fn begin(&mut self) -> Result<(), Error> {
        if self.assignment.state == AssignmentState::Assigned {
            self.assignment.state = self.assignment.state.after(AssignmentEvent::Accept)?;
            self.is_assignment_changed = true;
        }
        if self.visit.state == VisitState::Planned {
            self.visit.state = self.visit.state.after(VisitEvent::Accept)?;
            self.is_visit_changed = true;
        }
        if self.visit.state == VisitState::Accepted {
            self.visit.state = self.visit.state.after(VisitEvent::Start)?;
            self.is_visit_changed = true;
        }
        Ok(())
    }

    /// Saves the registers that were changed, and whether reviewers' values have become stale by that.
    async fn save_cells(&self, tx: &Tx, agency: AgencyId) -> Result<(), Error> {
        for key in &self.changed {
            if let Some(cell) = self.document.cell(key) {
                submissions::save_cell(tx, agency, self.submission.id, key, cell).await?;
            }
            let review = RegisterKey {
                lane: Lane::Review,
                ..key.clone()
            };
            if self.document.cell(&review).is_some() {
                let is_stale = binding::is_review_stale(&self.document, key);
                submissions::set_stale(tx, agency, self.submission.id, &review, is_stale).await?;
            }
        }
        Ok(())
    }
}

impl App {
    /// Lets an operation of its shopper take effect.
    pub(crate) async fn apply(
        &self,
        tx: &Tx,
        agency: AgencyId,
        target: &mut Affected,
        op: &Op,
        id: OpId,
        effective: Hlc,
    ) -> Result<(), Error> {
        target.begin()?;
        // An evaluation is judged by the checklist of its round, and so it pins no other one.
        let is_of_round = op.form_version == Some(target.form);
        if target.submission.form.is_none() && is_of_round {
            target.submission.form = op.form_version;
            target.is_submission_changed = true;
        }
        if let Action::Submit(submit) = &op.action {
            return self.submit(tx, agency, target, submit, id, effective).await;
        }
        target.fold(op, id, effective);
        Ok(())
    }

    /// The first submit of each stage and cycle counts; a further one is a recorded no-op.
    async fn submit(
        &self,
        tx: &Tx,
        agency: AgencyId,
        target: &mut Affected,
        submit: &Submit,
        id: OpId,
        effective: Hlc,
    ) -> Result<(), Error> {
        if submit.cycle != target.submission.cycle {
            return Ok(());
        }
        let millis = i64::try_from(effective.millis()).unwrap_or(i64::MAX);
        let stage = Stage {
            stage: submit.stage.clone(),
            cycle: submit.cycle,
            op: id,
            submitted_at: Timestamp::from_millis(millis),
        };
        let is_first =
            submissions::insert_stage(tx, agency, target.submission.id, &stage, self.now()).await?;
        if !is_first {
            return Ok(());
        }
        let is_main = submit.stage == binding::MAIN_STAGE;
        if is_main && matches!(target.visit.state, VisitState::InProgress | VisitState::Returned) {
            target.visit.state = target.visit.state.after(VisitEvent::Submit)?;
            target.is_visit_changed = true;
        }
        target.is_to_be_processed = true;
        Ok(())
    }

    /// Saves what operations have changed, and tells the devices of the shopper whose submission it is.
    pub(crate) async fn save_affected(
        &self,
        tx: &Tx,
        agency: AgencyId,
        affected: impl Iterator<Item = Affected>,
    ) -> Result<(), Error> {
        for one in affected {
            let mut changes = Vec::new();
            let mut moved = |entity| {
                changes.push(FeedChange {
                    entity,
                    revoked: None,
                });
            };
            one.save_cells(tx, agency).await?;
            if one.is_submission_changed {
                submissions::update(tx, &one.submission).await?;
            }
            if one.is_visit_changed {
                visits::update(tx, &one.visit).await?;
            }
            if one.is_assignment_changed {
                visits::update_assignment(tx, &one.assignment).await?;
                moved(assignment_entity(one.assignment.id));
            }
            if one.is_to_be_processed {
                let job = Job::ProcessSubmission {
                    submission: one.submission.id,
                };
                self.enqueue(tx, agency, &job, self.now()).await?;
            }
            let is_touched = !one.changed.is_empty() || one.is_visit_changed || one.is_submission_changed;
            if is_touched && one.assignment.state.is_live() {
                moved(submission_entity(one.submission.id));
            }
            feed::append(tx, agency, &scope_of(agency, one.submission.shopper), &changes).await?;
        }
        Ok(())
    }
}

/// The submission that an operation is about.
pub(crate) fn submission_of_op(op: &Op) -> SubmissionId {
    SubmissionId::from_document(op.document)
}
