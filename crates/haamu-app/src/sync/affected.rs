//! Submissions under the hands of operations: what they change, and how that is saved.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::{
    AgencyId, AssignmentEvent, AssignmentState, SubmissionId, Timestamp, UserId, VisitEvent, VisitState,
    binding,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::submissions::{self, Stage, Submission};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{jobs, offer_notices, registers};
use haamu_sync::server::Standing;
use haamu_sync::{Action, Cell, Document, FormVersion, Hlc, Lane, Op, OpId, RegisterKey, Submit};

use crate::evaluation;
use crate::jobs::Job;
use crate::visits::{distinct, scope_of};
use crate::{App, Error};

/// A document takes at most so much room, in bytes: many times what the longest evaluation does.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// A submission that operations are about, with everything that they may change.
pub(crate) struct Affected {
    /// The checklist version of the visit's round.
    pub(crate) form: FormVersion,
    pub(crate) submission: Submission,
    pub(crate) visit: Visit,
    pub(crate) assignment: Assignment,
    pub(crate) document: Document,
    /// The room that the document takes, in bytes; an upper bound of it once operations were put in.
    bytes: usize,
    /// What was handed in before, by stage and cycle.
    stages: BTreeSet<(String, u32)>,
    new_stages: Vec<Stage>,
    changed: BTreeSet<RegisterKey>,
    is_submission_changed: bool,
    is_visit_changed: bool,
    is_assignment_changed: bool,
    is_to_be_processed: bool,
}

impl Affected {
    /// Loads a submission of the agency and locks it, the visit first, here and everywhere.
    pub(crate) async fn lock(tx: &Tx, agency: AgencyId, found: &Submission) -> Result<Option<Self>, Error> {
        Ok(Self::lock_many(tx, agency, std::slice::from_ref(found))
            .await?
            .pop())
    }

    /// Loads submissions of the agency and locks them, their visits first and in the order of their ids.
    pub(crate) async fn lock_many(
        tx: &Tx,
        agency: AgencyId,
        found: &[Submission],
    ) -> Result<Vec<Self>, Error> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let ids = distinct(found.iter().map(|submission| submission.visit));
        let visits = visits::lock_many(tx, agency, &ids).await?;
        let ids = distinct(found.iter().map(|submission| submission.id));
        let submissions = submissions::lock_many(tx, agency, &ids).await?;
        let assignments = distinct(submissions.iter().map(|submission| submission.assignment));
        let assignments = assignments::list_by_ids(tx, agency, &assignments).await?;
        let rounds = distinct(visits.iter().map(|visit| visit.round));
        let forms = evaluation::forms_of_rounds(tx, agency, &rounds).await?;
        let mut contents = registers::list_of(tx, agency, &ids).await?;
        let mut stages: BTreeMap<SubmissionId, BTreeSet<_>> = BTreeMap::new();
        for (id, stage) in submissions::list_stages_of(tx, agency, &ids).await? {
            stages.entry(id).or_default().insert((stage.stage, stage.cycle));
        }
        let mut affected = Vec::with_capacity(submissions.len());
        for submission in submissions {
            let id = submission.id;
            let visit = visits.iter().find(|visit| visit.id == submission.visit);
            let assignment = assignments.iter().find(|one| one.id == submission.assignment);
            let (Some(visit), Some(assignment)) = (visit, assignment) else {
                continue;
            };
            let form = forms.get(&visit.round);
            let content = contents.remove(&id).unwrap_or_default();
            affected.push(Self {
                form: *form.ok_or_else(|| Error::not_found("checklist version"))?,
                submission,
                visit: visit.clone(),
                assignment: assignment.clone(),
                document: Document {
                    cells: content.cells.into_iter().collect(),
                },
                bytes: content.bytes,
                stages: stages.remove(&id).unwrap_or_default(),
                new_stages: Vec::new(),
                changed: BTreeSet::new(),
                is_submission_changed: false,
                is_visit_changed: false,
                is_assignment_changed: false,
                is_to_be_processed: false,
            });
        }
        Ok(affected)
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

    /// Whether the document has no room for an operation of so many bytes. Whatever loads it loads all of it.
    pub(crate) const fn is_full(&self, more: usize) -> bool {
        self.bytes + more > MAX_DOCUMENT_BYTES
    }

    /// Notes how much room an operation takes.
    pub(crate) const fn make_room(&mut self, more: usize) {
        self.bytes += more;
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

    /// The first submit of each stage and cycle counts; a further one is a recorded no-op.
    fn submit(&mut self, submit: &Submit, id: OpId, effective: Hlc) -> Result<(), Error> {
        let is_first =
            submit.cycle == self.submission.cycle && self.stages.insert((submit.stage.clone(), submit.cycle));
        if !is_first {
            return Ok(());
        }
        let millis = i64::try_from(effective.millis()).unwrap_or(i64::MAX);
        self.new_stages.push(Stage {
            stage: submit.stage.clone(),
            cycle: submit.cycle,
            op: id,
            submitted_at: Timestamp::from_millis(millis),
        });
        let is_main = submit.stage == binding::MAIN_STAGE;
        if is_main && matches!(self.visit.state, VisitState::InProgress | VisitState::Returned) {
            self.visit.state = self.visit.state.after(VisitEvent::Submit)?;
            self.is_visit_changed = true;
        }
        self.is_to_be_processed = true;
        Ok(())
    }

    /// Lets an operation of its shopper take effect.
    pub(crate) fn apply(&mut self, op: &Op, id: OpId, effective: Hlc) -> Result<(), Error> {
        self.begin()?;
        // An evaluation is judged by the checklist of its round, and so it pins no other one.
        let is_of_round = op.form_version == Some(self.form);
        if self.submission.form.is_none() && is_of_round {
            self.submission.form = op.form_version;
            self.is_submission_changed = true;
        }
        if let Action::Submit(submit) = &op.action {
            return self.submit(submit, id, effective);
        }
        self.fold(op, id, effective);
        Ok(())
    }

    /// The registers that were changed.
    fn changed_cells(&self) -> impl Iterator<Item = (SubmissionId, &RegisterKey, &Cell)> {
        let cells = self.changed.iter();
        cells.filter_map(|key| Some((self.submission.id, key, self.document.cell(key)?)))
    }

    /// Saves whether reviewers' values have become stale by what was changed.
    async fn save_stale(&self, tx: &Tx, agency: AgencyId) -> Result<(), Error> {
        for key in &self.changed {
            let review = RegisterKey {
                lane: Lane::Review,
                ..key.clone()
            };
            if self.document.cell(&review).is_some() {
                let is_stale = binding::is_review_stale(&self.document, key);
                registers::set_stale(tx, agency, self.submission.id, &review, is_stale).await?;
            }
        }
        Ok(())
    }

    /// What the devices of its shopper are told.
    fn feed_changes(&self) -> impl Iterator<Item = FeedChange> {
        let assignment = self
            .is_assignment_changed
            .then(|| assignment_entity(self.assignment.id));
        let is_touched = !self.changed.is_empty() || self.is_visit_changed || self.is_submission_changed;
        let is_moved = is_touched && self.assignment.state.is_live();
        let submission = is_moved.then(|| submission_entity(self.submission.id));
        let entities = assignment.into_iter().chain(submission);
        entities.map(|entity| FeedChange {
            entity,
            revoked: None,
        })
    }
}

impl App {
    /// Saves what operations have changed, and tells the devices of the shoppers whose submissions
    /// these are. Returns where submissions stand in their feeds now, as far as they were moved.
    pub(crate) async fn save_affected(
        &self,
        tx: &Tx,
        agency: AgencyId,
        affected: &[Affected],
    ) -> Result<BTreeMap<SubmissionId, u64>, Error> {
        let cells: Vec<_> = affected.iter().flat_map(Affected::changed_cells).collect();
        registers::save_many(tx, agency, &cells).await?;
        for one in affected {
            one.save_stale(tx, agency).await?;
        }
        let stages = affected.iter().flat_map(|one| {
            let stages = one.new_stages.iter().cloned();
            stages.map(|stage| (one.submission.id, stage))
        });
        let stages: Vec<_> = stages.collect();
        submissions::insert_stages(tx, agency, &stages, self.now()).await?;
        let changed = affected.iter().filter(|one| one.is_submission_changed);
        let changed: Vec<_> = changed.map(|one| &one.submission).collect();
        submissions::update_many(tx, &changed).await?;
        let changed = affected.iter().filter(|one| one.is_visit_changed);
        let changed: Vec<_> = changed.map(|one| &one.visit).collect();
        visits::update_many(tx, &changed).await?;
        let changed = affected.iter().filter(|one| one.is_assignment_changed);
        let changed: Vec<_> = changed.map(|one| &one.assignment).collect();
        assignments::update_many(tx, &changed).await?;
        offer_notices::forget_offers(tx, agency, &changed).await?;
        let to_be_processed = affected.iter().filter(|one| one.is_to_be_processed);
        let new = to_be_processed.map(|one| {
            let submission = one.submission.id;
            self.new_job(agency, &Job::ProcessSubmission { submission }, self.now())
        });
        let new = new.collect::<Result<Vec<_>, _>>()?;
        jobs::enqueue_many(tx, &new, self.now()).await?;
        tell(tx, agency, affected).await
    }
}

/// Tells shoppers' devices what has changed.
async fn tell(
    tx: &Tx,
    agency: AgencyId,
    affected: &[Affected],
) -> Result<BTreeMap<SubmissionId, u64>, Error> {
    let mut changes: BTreeMap<UserId, Vec<FeedChange>> = BTreeMap::new();
    for one in affected {
        let of_shopper = changes.entry(one.submission.shopper).or_default();
        of_shopper.extend(one.feed_changes());
    }
    let mut positions = BTreeMap::new();
    for (shopper, changes) in changes {
        let first = feed::append(tx, agency, &scope_of(agency, shopper), &changes).await?;
        let places = changes.iter().zip(first..);
        positions.extend(places.map(|(change, pos)| (change.entity.clone(), pos)));
    }
    let of_submission = |one: &Affected| {
        let id = one.submission.id;
        Some((id, *positions.get(&submission_entity(id))?))
    };
    Ok(affected.iter().filter_map(of_submission).collect())
}

/// The submission that an operation is about.
pub(crate) fn submission_of_op(op: &Op) -> SubmissionId {
    SubmissionId::from_document(op.document)
}
