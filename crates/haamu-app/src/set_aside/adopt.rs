//! Deciding about work that was set aside.

use haamu_domain::binding::visit_context;
use haamu_domain::{Actor, AgencyId, AuditEvent, ChecklistState, Code, SetAsideId, UserId, Verb, VisitState};
use haamu_store::Tx;
use haamu_store::repo::set_aside::{self, Decision, Outcome, SetAside, SetAsideOp, Subject};
use haamu_store::repo::{checklists, ops, programmes, server_log, submissions};
use haamu_sync::server::{Standing, dispose};
use haamu_sync::{Action, DeviceId, Disposition, Lane, Op, OpId, codec};
use rand::RngExt;
use serde_json::json;

use crate::checklists::parse_stored;
use crate::context::require_in_agency;
use crate::error::Checks;
use crate::retention::deleted;
use crate::review::{require_others_work, submission_of};
use crate::sync::{Affected, DEPOSITED};
use crate::{App, Error};

use super::SetAsideView;
use super::choice::{self, Obstacle, SetAsideChoice, issue};
use super::citing::{Measure, ServerLog, obstacle};
use super::{files, read};

/// The longest note, in characters.
const MAX_NOTE: usize = 4_000;

/// The reason of an operation that took effect when it was adopted.
const REPLAYED: &str = "replayed";

/// A task after a decision.
#[derive(Clone, Debug)]
pub struct DecidedView {
    /// The task.
    pub view: SetAsideView,
    /// The operations that were decided about now.
    pub decided: Vec<OpId>,
    /// Those that could not be taken over, and why; they stay undecided.
    pub left: Vec<(OpId, Obstacle)>,
}

/// What adopting comes to.
#[derive(Default)]
struct Adopted {
    made: Vec<(SetAsideOp, Outcome, Option<OpId>)>,
    left: Vec<(OpId, Obstacle)>,
}

impl Adopted {
    fn leave(&mut self, id: OpId, code: &'static str, message: &'static str) {
        self.left.push((id, Obstacle { code, message }));
    }
}

impl App {
    /// Takes over work that was set aside. What a shopper wrote with a checklist version that is here by now takes
    /// effect where it was written; all else becomes a value of the review lane that cites it, in the
    /// submission that counts. An approved evaluation goes back to review by that.
    ///
    /// Adopting once more changes nothing.
    ///
    /// # Errors
    /// There is no such task for the actor, [`Code::OwnWork`], [`Code::AlreadyDecided`], [`Code::NotPossibleInState`] if the
    /// evaluation is not handed in or the client has seen it, or [`Code::NotAdoptable`] with one issue for each
    /// operation that was named and cannot be taken over, or if that is so for all of them.
    pub async fn adopt_set_aside(
        &self,
        actor: &Actor,
        id: SetAsideId,
        choice: &SetAsideChoice,
        note: Option<&str>,
    ) -> Result<DecidedView, Error> {
        require_in_agency(actor, Verb::AdoptSetAside)?;
        let mut checks = Checks::default();
        let note = &note.map(|note| checks.text("note", note, MAX_NOTE));
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = read::load(tx, actor, id).await?;
            let view = read::authorised(tx, actor, Verb::AdoptSetAside, found.clone()).await?;
            require_others(tx, actor, &view).await?;
            let source = lock_source(tx, actor.agency, &found).await?;
            let task = lock(tx, actor.agency, id).await?;
            let is_same = |outcome| matches!(outcome, Outcome::Adopted | Outcome::Replayed);
            let pending = choice::pending(tx, actor.agency, &task, choice, is_same).await?;
            let is_asked = !pending.is_empty();
            let adopted = self.adopt(tx, actor, &task, source, pending).await?;
            let is_named = matches!(choice, SetAsideChoice::These(_));
            let is_refused = is_asked && !adopted.left.is_empty() && (is_named || adopted.made.is_empty());
            if is_refused {
                let issues = adopted.left.iter().map(issue).collect();
                return Err(Error::with_issues(Code::NotAdoptable, issues));
            }
            let mut decided = Vec::with_capacity(adopted.made.len());
            for (op, outcome, cited_by) in adopted.made {
                let decision = self.decision(actor.user, outcome, cited_by, note.clone());
                set_aside::decide(tx, actor.agency, id, &op, &decision).await?;
                decided.push(op.id);
            }
            let detail = json!({"decided": decided.len(), "left": adopted.left.len()});
            let event = AuditEvent::of(Verb::AdoptSetAside, "set_aside", id).with(detail);
            let task = read::load(tx, actor, id).await?;
            let view = DecidedView {
                view: read::authorised(tx, actor, Verb::AdoptSetAside, task).await?,
                decided,
                left: adopted.left,
            };
            Ok((view, event))
        })
        .await
    }

    /// Decides that work that was set aside is of no use. It is kept as it came.
    ///
    /// Discarding once more changes nothing.
    ///
    /// # Errors
    /// There is no such task for the actor, [`Code::OwnWork`], the reason is missing, or [`Code::AlreadyDecided`].
    pub async fn discard_set_aside(
        &self,
        actor: &Actor,
        id: SetAsideId,
        choice: &SetAsideChoice,
        reason: &str,
    ) -> Result<DecidedView, Error> {
        require_in_agency(actor, Verb::DiscardSetAside)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, MAX_NOTE);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = read::load(tx, actor, id).await?;
            let view = read::authorised(tx, actor, Verb::DiscardSetAside, found).await?;
            require_others(tx, actor, &view).await?;
            let task = lock(tx, actor.agency, id).await?;
            let is_same = |outcome| outcome == Outcome::Discarded;
            let pending = choice::pending(tx, actor.agency, &task, choice, is_same).await?;
            for op in &pending {
                let decision = self.decision(actor.user, Outcome::Discarded, None, Some(reason.clone()));
                set_aside::decide(tx, actor.agency, id, op, &decision).await?;
            }
            let detail = json!({"decided": pending.len()});
            let event = AuditEvent::of(Verb::DiscardSetAside, "set_aside", id).with(detail);
            let task = read::load(tx, actor, id).await?;
            let view = DecidedView {
                view: read::authorised(tx, actor, Verb::DiscardSetAside, task).await?,
                decided: pending.into_iter().map(|op| op.id).collect(),
                left: Vec::new(),
            };
            Ok((view, event))
        })
        .await
    }

    fn decision(
        &self,
        decided_by: UserId,
        outcome: Outcome,
        cited_by: Option<OpId>,
        note: Option<String>,
    ) -> Decision {
        Decision {
            outcome,
            cited_by,
            note,
            decided_by,
            decided_at: self.now(),
        }
    }

    async fn adopt(
        &self,
        tx: &Tx,
        actor: &Actor,
        task: &SetAside,
        source: Option<Affected>,
        pending: Vec<SetAsideOp>,
    ) -> Result<Adopted, Error> {
        let mut adopted = Adopted::default();
        let mut readable = Vec::new();
        for op in pending {
            match codec::decode(&op.raw, op.device, op.seq) {
                Ok(said) => readable.push((op, said)),
                Err(_) => adopted.leave(op.id, "unparseable", "the server cannot read it"),
            }
        }
        let Some(source) = source else {
            for (op, _) in readable {
                adopted.leave(op.id, "no_visit", "it is about no visit that is known");
            }
            return Ok(adopted);
        };
        if task.disposition == Disposition::UnknownForm {
            readable = with_known_form(tx, actor.agency, readable, &mut adopted).await?;
        }
        if readable.is_empty() {
            return Ok(adopted);
        }
        let may_take_effect = task.disposition == Disposition::UnknownForm || task.reason == DEPOSITED;
        if may_take_effect && source.standing() == Standing::Open {
            self.replay(tx, actor.agency, source, readable, &mut adopted)
                .await?;
        } else {
            self.cite(tx, actor, source, readable, &mut adopted).await?;
        }
        Ok(adopted)
    }

    /// Lets operations take effect where their author wrote them, by the rules that hold for all.
    async fn replay(
        &self,
        tx: &Tx,
        agency: AgencyId,
        mut target: Affected,
        readable: Vec<(SetAsideOp, Op)>,
        adopted: &mut Adopted,
    ) -> Result<(), Error> {
        for (op, said) in readable {
            let read = Ok(said);
            let (disposition, _) = dispose(&read, target.standing(), Lane::Shopper, |_| true);
            let (Disposition::Applied, Ok(said)) = (disposition, &read) else {
                adopted.leave(op.id, "not_possible", "the visit does not allow it any more");
                continue;
            };
            target.apply(said, op.id, op.effective)?;
            ops::set_applied(tx, agency, op.device, op.seq, REPLAYED).await?;
            adopted.made.push((op, Outcome::Replayed, None));
        }
        self.save_affected(tx, agency, &[target]).await?;
        Ok(())
    }

    /// Takes values over into the review lane of the submission that counts.
    async fn cite(
        &self,
        tx: &Tx,
        actor: &Actor,
        source: Affected,
        readable: Vec<(SetAsideOp, Op)>,
        adopted: &mut Adopted,
    ) -> Result<(), Error> {
        let from = source.submission.id;
        let mut target = lock_target(tx, actor, source).await?;
        let measure = measure(tx, actor.agency, &target).await?;
        let fresh = DeviceId::from_bytes(rand::rng().random());
        let device = server_log::lock_or_begin(tx, actor.agency, fresh, actor.user, self.now()).await?;
        let mut log = ServerLog::new(device, self.now());
        let is_addition = |(_, said): &(SetAsideOp, Op)| matches!(said.action, Action::AddInstance(_));
        // An instance is what stands in it: it comes with the answers that do.
        let (additions, others): (Vec<_>, Vec<_>) = readable.into_iter().partition(is_addition);
        for (op, said) in others {
            let in_the_way = match obstacle(&measure, &target, &said, op.id) {
                None => files::take_over(self, tx, actor.agency, from, &target, &said).await?,
                found => found,
            };
            if let Some(obstacle) = in_the_way {
                adopted.left.push((op.id, obstacle));
                continue;
            }
            if target.visit.state == VisitState::Approved {
                target.reopen()?;
            }
            let cited_by = log.cite(actor, &mut target, &op, &said);
            adopted.made.push((op, Outcome::Adopted, Some(cited_by)));
        }
        for (op, _) in additions {
            match written_into(&target, op.id) {
                Some(inside) => adopted.made.push((op, Outcome::Adopted, Some(inside))),
                None => adopted.leave(
                    op.id,
                    "empty_instance",
                    "nothing of what stands in it was taken over",
                ),
            }
        }
        log.save(tx).await?;
        self.save_affected(tx, actor.agency, &[target]).await?;
        Ok(())
    }
}

/// Refuses whoever wrote what was set aside, or has a part in the visit that it is about.
async fn require_others(tx: &Tx, actor: &Actor, view: &SetAsideView) -> Result<(), Error> {
    if view.shopper == actor.user {
        let detail = "You wrote this yourself; somebody else decides about it.";
        return Err(Error::because(Code::OwnWork, detail));
    }
    let Some(visit) = &view.visit else { return Ok(()) };
    let of = submissions::list_of_visits(tx, actor.agency, &[visit.id]).await?;
    require_others_work(tx, actor, &of).await
}

async fn lock(tx: &Tx, agency: AgencyId, id: SetAsideId) -> Result<SetAside, Error> {
    let task = set_aside::lock(tx, agency, id).await?;
    task.ok_or_else(|| Error::not_found("task"))
}

/// The submission that work was written into, locked before its task, as whoever takes work in does.
async fn lock_source(tx: &Tx, agency: AgencyId, task: &SetAside) -> Result<Option<Affected>, Error> {
    let Subject::Submission(id) = task.subject else {
        return Ok(None);
    };
    let Some(submission) = submissions::find(tx, agency, id).await? else {
        return Ok(None);
    };
    if !submission.purged.is_empty() {
        return Err(deleted(
            "Something of the evaluation was deleted; nothing is taken over into it.",
        ));
    }
    Affected::lock(tx, agency, &submission).await
}

/// The submission that counts in the visit of `source`, in a state in which a reviewer's value has its place.
async fn lock_target(tx: &Tx, actor: &Actor, source: Affected) -> Result<Affected, Error> {
    let state = source.visit.state;
    if !matches!(
        state,
        VisitState::Submitted | VisitState::InReview | VisitState::Approved
    ) {
        let detail = format!("The visit is {state}; it must be submitted, in_review or approved.");
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    let current = submission_of(tx, actor, &source.visit).await?;
    if current.id == source.submission.id {
        return Ok(source);
    }
    let target = Affected::lock(tx, actor.agency, &current).await?;
    target.ok_or_else(|| Error::not_found("evaluation"))
}

/// A reviewer's operation that stands in an instance, if there is one.
fn written_into(target: &Affected, instance: OpId) -> Option<OpId> {
    let cells = target.document.cells.iter();
    let mut inside = cells.filter(|(key, _)| key.lane == Lane::Review && key.instance.contains(&instance));
    inside.find_map(|(_, cell)| {
        let value = cell.register.heads.first().map(|head| head.op);
        value.or_else(|| cell.elements.present.keys().next().copied())
    })
}

async fn measure(tx: &Tx, agency: AgencyId, target: &Affected) -> Result<Measure, Error> {
    let version = checklists::find_by_hash(tx, agency, &target.form).await?;
    let version = version.ok_or_else(|| Error::not_found("checklist version"))?;
    let round = programmes::find_round(tx, agency, target.visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    Ok(Measure {
        checklist: parse_stored(&version)?,
        context: visit_context(
            target.submission.round_name_or(&round.name),
            &target.submission.location_attributes,
        ),
    })
}

/// Those of the operations whose checklist version the agency has published by now.
async fn with_known_form(
    tx: &Tx,
    agency: AgencyId,
    readable: Vec<(SetAsideOp, Op)>,
    adopted: &mut Adopted,
) -> Result<Vec<(SetAsideOp, Op)>, Error> {
    let mut known = Vec::with_capacity(readable.len());
    for (op, said) in readable {
        let version = match &said.form_version {
            Some(form) => checklists::find_by_hash(tx, agency, form).await?,
            None => None,
        };
        if version.is_some_and(|version| version.state != ChecklistState::Draft) {
            known.push((op, said));
        } else {
            let message = "its checklist version has not been published here";
            adopted.leave(op.id, "unknown_form", message);
        }
    }
    Ok(known)
}
