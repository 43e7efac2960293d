//! Taking in operations.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::brief::{kind, submission_entity};
use haamu_domain::{Actor, AgencyId, AuditEvent, SetAsideId, SubmissionId, Timestamp, Verb};
use haamu_store::Tx;
use haamu_store::repo::devices::{self, Device};
use haamu_store::repo::ops::{self, KnownOp, ReceivedOp};
use haamu_store::repo::set_aside::{self, NewSetAside, Subject};
use haamu_store::repo::{feed, submissions};
use haamu_sync::echo::{Echo, is_fresh, is_plain};
use haamu_sync::server::{Incoming, Standing, admit, dispose};
use haamu_sync::{Action, DeviceId, Disposition, Exception, Have, Hlc, Lane, OpId, SyncRequest, clock};
use serde_json::json;

use crate::retention::DELETED;
use crate::visits::{distinct, scope_of};
use crate::{App, Error};

use super::affected::{Affected, submission_of_op};
use super::{Door, not_enrolled};

/// Why work is set aside that its submission has no room for.
const FULL: &str = "submission_full";
/// Why work is set aside that came under a device's own key and could have taken effect otherwise.
pub(crate) const DEPOSITED: &str = "deposited";

/// What a push amounted to.
#[derive(Debug, Default)]
pub(super) struct Pushed {
    pub(super) have: Have,
    pub(super) exceptions: Vec<Exception>,
    /// How much of the device's log a verified backup has.
    pub(super) custody_upto: u64,
    /// Whether all of it was new, so that the device may do without what it has just sent.
    is_fresh: bool,
    pub(super) echoes: Echoes,
}

/// What a push has done to submissions.
pub(super) type Echoes = BTreeMap<SubmissionId, Echo>;

impl App {
    pub(super) async fn push(
        &self,
        actor: &Actor,
        request: &SyncRequest,
        door: Door,
    ) -> Result<Pushed, Error> {
        if request.ops.is_empty() {
            // Nothing to take in: only the end of the log is compared, and nothing is written.
            return self
                .look(actor.agency, |tx: Tx| async move {
                    let tx = &tx;
                    let device = own_device(actor, request, door, devices::find(tx, request.device).await?)?;
                    Ok(compare(tx, &device, request).await?.0)
                })
                .await;
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let device = own_device(actor, request, door, devices::lock(tx, request.device).await?)?;
            let (mut pushed, new) = compare(tx, &device, request).await?;
            pushed.is_fresh = is_fresh(device.head, request, &new);
            let counts = self.take_in(tx, actor, &device, new, door, &mut pushed).await?;
            let event = match door {
                Door::Session => AuditEvent::of(Verb::Sync, "device", request.device),
                Door::Deposit => AuditEvent::named("submission.deposit", "device", request.device),
            };
            let event = event.with(counts);
            Ok((pushed, event))
        })
        .await
    }

    async fn take_in(
        &self,
        tx: &Tx,
        actor: &Actor,
        device: &Device,
        new: Vec<Incoming<'_>>,
        door: Door,
        pushed: &mut Pushed,
    ) -> Result<serde_json::Value, Error> {
        let Some(head) = new.last().map(|incoming| incoming.head) else {
            return Ok(json!({"received": 0}));
        };
        let now = self.now();
        let mut affected = load_affected(tx, actor, &new).await?;
        // Submissions that are not just as their device made them.
        let mut changed = BTreeSet::new();
        let mut known = ops::list_known(tx, actor.agency, &ids_named_by(&new)).await?;
        let mut previous = device.head_effective;
        let mut received = Vec::with_capacity(new.len());
        for incoming in new {
            let (disposition, reason) = place_of(actor, door, &incoming, &affected, &known);
            let effective = effective_stamp(&incoming, device.id, now, previous, &known);
            let submission = incoming.op.as_ref().ok().map(submission_of_op);
            let submission = submission.filter(|id| affected.contains_key(id));
            if let (Ok(op), Some(target)) = (&incoming.op, submission.and_then(|id| affected.get_mut(&id))) {
                if disposition == Disposition::Applied {
                    target.make_room(incoming.raw.len());
                    target.apply(op, incoming.id, effective)?;
                }
                if !is_plain(op, disposition, effective) {
                    changed.insert(target.submission.id);
                }
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
            previous = previous.max(Some(effective));
            received.push(ReceivedOp {
                incoming,
                disposition,
                reason,
                effective,
                submission,
                set_aside: None,
                redacted: None,
            });
        }
        self.redact_late(tx, actor.agency, device.id, &affected, &mut received)
            .await?;
        self.note_set_aside(tx, actor.agency, device.id, &mut received)
            .await?;
        ops::insert_many(tx, actor.agency, device.id, &received, now).await?;
        devices::set_head(tx, device.id, head, previous).await?;
        let affected: Vec<Affected> = affected.into_values().collect();
        let before = match pushed.is_fresh {
            true => positions(tx, actor, &affected).await?,
            false => BTreeMap::new(),
        };
        let after = self.save_affected(tx, actor.agency, &affected).await?;
        pushed.echoes = echoes(&before, after, &changed);
        let set_aside = received
            .iter()
            .filter(|one| one.disposition != Disposition::Applied)
            .count();
        Ok(json!({"received": received.len(), "not_applied": set_aside, "head": head.seq}))
    }

    /// Makes tasks of what was set aside, for somebody has to decide about it.
    async fn note_set_aside(
        &self,
        tx: &Tx,
        agency: AgencyId,
        device: DeviceId,
        received: &mut [ReceivedOp<'_>],
    ) -> Result<(), Error> {
        let task_of = |one: &ReceivedOp<'_>| {
            let subject = one
                .submission
                .map_or(Subject::Device(device), Subject::Submission);
            let is_aside = !matches!(one.disposition, Disposition::Applied | Disposition::Duplicate);
            is_aside.then_some((subject, one.disposition, one.reason))
        };
        let mut counts = BTreeMap::new();
        for key in received.iter().filter_map(task_of) {
            *counts.entry(key).or_insert(0) += 1;
        }
        let mut tasks = BTreeMap::new();
        for (key, operations) in counts {
            let (subject, disposition, reason) = key;
            let new = NewSetAside {
                id: SetAsideId::from_uuid(self.fresh_uuid()),
                subject,
                disposition,
                reason,
                operations,
            };
            tasks.insert(key, set_aside::add(tx, agency, &new, self.now()).await?);
        }
        for one in received {
            one.set_aside = task_of(one).and_then(|key| tasks.get(&key).copied());
        }
        Ok(())
    }
}

/// Where submissions stand in the feed of their shopper.
async fn positions(tx: &Tx, actor: &Actor, affected: &[Affected]) -> Result<BTreeMap<String, u64>, Error> {
    let scope = scope_of(actor.agency, actor.user);
    let names = affected.iter().map(|one| submission_entity(one.submission.id).id);
    let names: Vec<String> = names.collect();
    Ok(feed::list_positions(tx, &scope, kind::SUBMISSION, &names).await?)
}

fn echoes(
    before: &BTreeMap<String, u64>,
    after: BTreeMap<SubmissionId, u64>,
    changed: &BTreeSet<SubmissionId>,
) -> Echoes {
    let echo = |(id, after): (SubmissionId, u64)| {
        let echo = Echo {
            before: before.get(&submission_entity(id).id).copied(),
            after,
            is_plain: !changed.contains(&id),
        };
        (id, echo)
    };
    after.into_iter().map(echo).collect()
}

/// Loads and locks the submissions that operations are about, as far as they are the actor's own.
async fn load_affected(
    tx: &Tx,
    actor: &Actor,
    new: &[Incoming<'_>],
) -> Result<BTreeMap<SubmissionId, Affected>, Error> {
    let named = new.iter().filter_map(|incoming| incoming.op.as_ref().ok());
    let ids = distinct(named.map(submission_of_op));
    let mut found = submissions::list_by_ids(tx, actor.agency, &ids).await?;
    found.retain(|submission| submission.shopper == actor.user);
    let affected = Affected::lock_many(tx, actor.agency, &found).await?;
    Ok(affected.into_iter().map(|one| (one.submission.id, one)).collect())
}

/// The device, if it is the actor's own and may still send.
fn own_device(
    actor: &Actor,
    request: &SyncRequest,
    door: Door,
    device: Option<Device>,
) -> Result<Device, Error> {
    let is_own = |device: &Device| {
        let may_enter = door == Door::Deposit || device.revoked_at.is_none();
        device.user == actor.user && device.agency == actor.agency && may_enter
    };
    device.filter(is_own).ok_or_else(|| not_enrolled(request.device))
}

/// Compares the push with the device's log: how far the server is, and what the push adds.
async fn compare<'a>(
    tx: &Tx,
    device: &Device,
    request: &'a SyncRequest,
) -> Result<(Pushed, Vec<Incoming<'a>>), Error> {
    let before = request.from_seq.saturating_sub(1);
    let upto = before
        .saturating_add(request.ops.len() as u64)
        .min(device.head.seq);
    // The end of the log is known, and usually nothing before it is asked for.
    let asked = device.head.seq.saturating_sub(1).min(upto);
    let chains = ops::list_chains(tx, device.agency, device.id, before.max(1), asked).await?;
    let admission = admit(device.head, &|seq| chains.get(&seq).copied(), request);
    // The answer that told where earlier operations were put may have been lost.
    let known = request.from_seq..=admission.have.common.min(upto);
    let exceptions = ops::list_exceptions(tx, device.agency, device.id, known).await?;
    Ok((
        Pushed {
            have: admission.have,
            exceptions,
            custody_upto: device.custody_seq,
            ..Pushed::default()
        },
        admission.new,
    ))
}

/// All operations whose stamps matter: the new ones, which may be here already, and those they replace.
fn ids_named_by(new: &[Incoming<'_>]) -> Vec<OpId> {
    let own = new.iter().map(|incoming| incoming.id);
    let bases = new
        .iter()
        .filter_map(|incoming| incoming.op.as_ref().ok())
        .flat_map(|op| op.base.iter().copied());
    own.chain(bases).collect::<BTreeSet<_>>().into_iter().collect()
}

fn place_of(
    actor: &Actor,
    door: Door,
    incoming: &Incoming<'_>,
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
        .and_then(|op| affected.get(&submission_of_op(op)));
    if target.is_some_and(|target| !target.submission.purged.is_empty()) {
        return (Disposition::Late, DELETED);
    }
    let standing = target.map_or(Standing::Foreign, Affected::standing);
    // An evaluation is judged by the checklist of its round, and not by another that its author names.
    let place = dispose(&incoming.op, standing, Lane::Shopper, |form| {
        target.is_some_and(|target| target.form == *form)
    });
    let is_submit = matches!(&incoming.op, Ok(op) if matches!(op.action, Action::Submit(_)));
    let is_full = !is_submit && target.is_some_and(|target| target.is_full(incoming.raw.len()));
    match (door, place) {
        (Door::Session, (Disposition::Applied, _)) if is_full => (Disposition::Late, FULL),
        (Door::Deposit, (Disposition::Applied, _)) => (Disposition::Orphaned, DEPOSITED),
        _ => place,
    }
}

fn effective_stamp(
    incoming: &Incoming<'_>,
    device: DeviceId,
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
    let previous = clock::written_before(op, device, incoming.head.seq, previous);
    clock::effective(op.hlc, now.sync_millis(), previous, bases)
}
