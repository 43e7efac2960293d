//! Taking in operations.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::{
    Actor, AssignmentEvent, AssignmentState, AuditEvent, SubmissionId, Timestamp, Verb, VisitEvent,
    VisitState, binding,
};
use haamu_store::Tx;
use haamu_store::repo::devices::{self, Device};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::ops::{self, KnownOp, ReceivedOp};
use haamu_store::repo::submissions::{self, Stage, Submission};
use haamu_store::repo::visits::{self, Assignment, Visit};
use haamu_sync::server::{Incoming, Standing, admit, dispose};
use haamu_sync::{
    Action, Disposition, Document, Exception, FormVersion, Have, Hlc, Lane, Op, OpId, RegisterKey, Submit,
    SyncRequest, clock,
};
use serde_json::json;

use crate::evaluation;
use crate::jobs::Job;
use crate::visits::scope_of;
use crate::{App, Error};

use super::{load_document, not_enrolled};

/// What a push amounted to.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    pub(super) have: Have,
    pub(super) exceptions: Vec<Exception>,
}

/// A submission that operations are about, with everything that they may change.
struct Affected {
    /// The checklist version of the visit's round.
    form: FormVersion,
    submission: Submission,
    visit: Visit,
    assignment: Assignment,
    document: Document,
    changed: BTreeSet<RegisterKey>,
    is_submission_changed: bool,
    is_visit_changed: bool,
    is_assignment_changed: bool,
    is_to_be_processed: bool,
}

impl Affected {
    fn standing(&self) -> Standing {
        if !self.assignment.state.is_live() {
            Standing::Revoked
        } else if self.visit.state.is_settled() {
            Standing::Settled
        } else {
            Standing::Open
        }
    }
}

impl App {
    pub(super) async fn push(&self, actor: &Actor, request: &SyncRequest) -> Result<Pushed, Error> {
        if request.ops.is_empty() {
            // Nothing to take in: only the end of the log is compared, and nothing is written.
            return self
                .look(|tx: Tx| async move {
                    let tx = &tx;
                    let device = own_device(actor, request, devices::find(tx, request.device).await?)?;
                    Ok(compare(tx, &device, request).await?.0)
                })
                .await;
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let device = own_device(actor, request, devices::lock(tx, request.device).await?)?;
            let (mut pushed, new) = compare(tx, &device, request).await?;
            let counts = self.take_in(tx, actor, &device, new, &mut pushed).await?;
            let event = AuditEvent::of(Verb::Sync, "device", request.device).with(counts);
            Ok((pushed, event))
        })
        .await
    }

    async fn take_in(
        &self,
        tx: &Tx,
        actor: &Actor,
        device: &Device,
        new: Vec<Incoming>,
        pushed: &mut Pushed,
    ) -> Result<serde_json::Value, Error> {
        let Some(head) = new.last().map(|incoming| incoming.head) else {
            return Ok(json!({"received": 0}));
        };
        let now = self.now();
        let mut affected = self.load_affected(tx, actor, &new).await?;
        let mut known = ops::list_known(tx, actor.agency, &ids_named_by(&new)).await?;
        let mut previous = device.head_effective;
        let mut received = Vec::with_capacity(new.len());
        for incoming in new {
            let (disposition, reason) = place_of(actor, &incoming, &affected, &known);
            let effective = effective_stamp(&incoming, now, previous, &known);
            let submission = incoming
                .op
                .as_ref()
                .ok()
                .map(|op| SubmissionId::from_document(op.document));
            let submission = submission.filter(|id| affected.contains_key(id));
            if let (Ok(op), Disposition::Applied, Some(id)) = (&incoming.op, disposition, submission)
                && let Some(target) = affected.get_mut(&id)
            {
                self.apply(tx, actor, target, op, incoming.id, effective).await?;
            }
            // What was here already is where it was put then.
            let first = known
                .get(&incoming.id)
                .filter(|first| first.disposition != Disposition::Applied);
            if disposition != Disposition::Applied {
                pushed.exceptions.push(Exception {
                    seq: incoming.head.seq,
                    disposition: first.map_or(disposition, |first| first.disposition),
                    code: first.map_or(reason, |first| &first.reason).to_owned(),
                });
            }
            if disposition != Disposition::Duplicate {
                let one = KnownOp {
                    effective,
                    disposition,
                    reason: reason.to_owned(),
                };
                known.insert(incoming.id, one);
            }
            previous = Some(effective);
            received.push(ReceivedOp {
                incoming,
                disposition,
                reason,
                effective,
                submission,
            });
        }
        ops::insert_many(tx, actor.agency, device.id, &received, now).await?;
        devices::set_head(tx, device.id, head, previous).await?;
        self.save_affected(tx, actor, affected.into_values()).await?;
        let set_aside = received
            .iter()
            .filter(|one| one.disposition != Disposition::Applied)
            .count();
        Ok(json!({"received": received.len(), "not_applied": set_aside, "head": head.seq}))
    }

    /// Loads and locks the submissions that operations are about, as far as they are the actor's own.
    async fn load_affected(
        &self,
        tx: &Tx,
        actor: &Actor,
        new: &[Incoming],
    ) -> Result<BTreeMap<SubmissionId, Affected>, Error> {
        let named = new.iter().filter_map(|incoming| incoming.op.as_ref().ok());
        let ids: BTreeSet<SubmissionId> = named.map(|op| SubmissionId::from_document(op.document)).collect();
        let mut found = Vec::new();
        for id in ids {
            let submission = submissions::find(tx, actor.agency, id).await?;
            found.extend(submission.filter(|submission| submission.shopper == actor.user));
        }
        // Visits are locked before submissions and in the order of their ids, here and everywhere.
        found.sort_unstable_by_key(|submission| submission.visit);
        let mut affected = BTreeMap::new();
        for submission in found {
            let Some(visit) = visits::lock(tx, actor.agency, submission.visit).await? else {
                continue;
            };
            let Some(submission) = submissions::lock(tx, actor.agency, submission.id).await? else {
                continue;
            };
            let assignment = visits::find_assignment(tx, actor.agency, submission.assignment).await?;
            let Some(assignment) = assignment else { continue };
            let document = load_document(tx, actor.agency, submission.id).await?;
            let form = evaluation::form_of_round(tx, actor.agency, visit.round).await?;
            let one = Affected {
                form,
                visit,
                assignment,
                document,
                changed: BTreeSet::new(),
                is_submission_changed: false,
                is_visit_changed: false,
                is_assignment_changed: false,
                is_to_be_processed: false,
                submission,
            };
            affected.insert(one.submission.id, one);
        }
        Ok(affected)
    }

    /// Lets an operation take effect.
    async fn apply(
        &self,
        tx: &Tx,
        actor: &Actor,
        target: &mut Affected,
        op: &Op,
        id: OpId,
        effective: Hlc,
    ) -> Result<(), Error> {
        // Whoever begins to work on an offer accepts it.
        if target.assignment.state == AssignmentState::Assigned {
            target.assignment.state = target.assignment.state.after(AssignmentEvent::Accept)?;
            target.is_assignment_changed = true;
        }
        if target.visit.state == VisitState::Planned {
            target.visit.state = target.visit.state.after(VisitEvent::Accept)?;
            target.is_visit_changed = true;
        }
        if target.visit.state == VisitState::Accepted {
            target.visit.state = target.visit.state.after(VisitEvent::Start)?;
            target.is_visit_changed = true;
        }
        if target.submission.form.is_none() && op.form_version.is_some() {
            target.submission.form = op.form_version;
            target.is_submission_changed = true;
        }
        if let Action::Submit(submit) = &op.action {
            return self.submit(tx, actor, target, submit, id, effective).await;
        }
        target.document.fold(op, id, effective);
        if !matches!(op.action, Action::Note(_)) {
            target.changed.insert(op.key());
        }
        // What changes after the evaluation was handed in is scored once more.
        if matches!(target.visit.state, VisitState::Submitted | VisitState::InReview) {
            target.is_to_be_processed = true;
        }
        Ok(())
    }

    /// The first submit of each stage and cycle counts; a further one is a recorded no-op.
    async fn submit(
        &self,
        tx: &Tx,
        actor: &Actor,
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
            submissions::insert_stage(tx, actor.agency, target.submission.id, &stage, self.now()).await?;
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

    async fn save_affected(
        &self,
        tx: &Tx,
        actor: &Actor,
        affected: impl Iterator<Item = Affected>,
    ) -> Result<(), Error> {
        let mut changes = Vec::new();
        for one in affected {
            for key in &one.changed {
                if let Some(cell) = one.document.cell(key) {
                    submissions::save_cell(tx, actor.agency, one.submission.id, key, cell).await?;
                }
            }
            if one.is_submission_changed {
                submissions::update(tx, &one.submission).await?;
            }
            if one.is_visit_changed {
                visits::update(tx, &one.visit).await?;
            }
            if one.is_assignment_changed {
                visits::update_assignment(tx, &one.assignment).await?;
                changes.push(FeedChange {
                    entity: assignment_entity(one.assignment.id),
                    revoked: None,
                });
            }
            if one.is_to_be_processed {
                let job = Job::ProcessSubmission {
                    submission: one.submission.id,
                };
                self.enqueue(tx, actor.agency, &job, self.now()).await?;
            }
            let is_touched = !one.changed.is_empty() || one.is_visit_changed || one.is_submission_changed;
            if is_touched && one.assignment.state.is_live() {
                changes.push(FeedChange {
                    entity: submission_entity(one.submission.id),
                    revoked: None,
                });
            }
        }
        Ok(feed::append(tx, actor.agency, &scope_of(actor.agency, actor.user), &changes).await?)
    }
}

/// The device, if it is the actor's own and may still send.
fn own_device(actor: &Actor, request: &SyncRequest, device: Option<Device>) -> Result<Device, Error> {
    let is_own = |device: &Device| {
        device.user == actor.user && device.agency == actor.agency && device.revoked_at.is_none()
    };
    device.filter(is_own).ok_or_else(|| not_enrolled(request.device))
}

/// Compares the push with the device's log: how far the server is, and what the push adds.
async fn compare(tx: &Tx, device: &Device, request: &SyncRequest) -> Result<(Pushed, Vec<Incoming>), Error> {
    let before = request.from_seq.saturating_sub(1);
    let upto = before
        .saturating_add(request.ops.len() as u64)
        .min(device.head.seq);
    let chains = ops::list_chains(tx, device.agency, device.id, before, upto).await?;
    let admission = admit(device.head, &|seq| chains.get(&seq).copied(), request);
    // The answer that told where earlier operations were put may have been lost.
    let known = request.from_seq..=admission.have.common.min(upto);
    let exceptions = ops::list_exceptions(tx, device.agency, device.id, known).await?;
    Ok((
        Pushed {
            have: admission.have,
            exceptions,
        },
        admission.new,
    ))
}

/// All operations whose stamps matter: the new ones, which may be here already, and those they replace.
fn ids_named_by(new: &[Incoming]) -> Vec<OpId> {
    let own = new.iter().map(|incoming| incoming.id);
    let bases = new
        .iter()
        .filter_map(|incoming| incoming.op.as_ref().ok())
        .flat_map(|op| op.base.clone());
    own.chain(bases).collect::<BTreeSet<_>>().into_iter().collect()
}

fn place_of(
    actor: &Actor,
    incoming: &Incoming,
    affected: &BTreeMap<SubmissionId, Affected>,
    known: &BTreeMap<OpId, KnownOp>,
) -> (Disposition, &'static str) {
    if known.contains_key(&incoming.id) {
        return (Disposition::Duplicate, "already_received");
    }
    if let Ok(op) = &incoming.op
        && op.author != actor.user.author()
    {
        return (Disposition::Orphaned, "foreign_author");
    }
    let target = incoming
        .op
        .as_ref()
        .ok()
        .and_then(|op| affected.get(&SubmissionId::from_document(op.document)));
    let standing = target.map_or(Standing::Foreign, Affected::standing);
    // An evaluation is judged by the checklist of its round, and not by another that its author names.
    dispose(&incoming.op, standing, Lane::Shopper, |form| {
        target.is_some_and(|target| target.form == *form)
    })
}

fn effective_stamp(
    incoming: &Incoming,
    now: Timestamp,
    previous: Option<Hlc>,
    known: &BTreeMap<OpId, KnownOp>,
) -> Hlc {
    let Ok(op) = &incoming.op else {
        return clock::effective(Hlc::default(), now.sync_millis(), previous, []);
    };
    let bases = op
        .base
        .iter()
        .filter_map(|base| known.get(base).map(|base| base.effective));
    clock::effective(op.hlc, now.sync_millis(), previous, bases)
}
