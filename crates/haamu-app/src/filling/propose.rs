//! Proposed plans: a coordinator asks for one, a job works it out, and whoever asked reads how far it is.

use haamu_domain::assigning::{self, OpenRound, Plan};
use haamu_domain::filling::{ProposalEvent, ProposalState};
use haamu_domain::{
    Actor, AgencyId, AuditEvent, Decision, ProposalId, RoundId, Target, UserId, Verb, decide,
};
use haamu_store::repo::programmes::{Programme, Round};
use haamu_store::repo::proposals::{self, Proposal, ProposalSummary};
use haamu_store::repo::{identity, programmes};
use haamu_store::{Reach, Tx};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::jobs::Job;
use crate::programmes::{require_takes_visits, within_reach};
use crate::{App, Error};

/// Progress is written down each time that so many thousandths more are done.
const STEP: u16 = 50;

impl App {
    /// Has a plan proposed for the visits of a round that nobody has. A job works it out.
    ///
    /// # Errors
    /// There is no such round, or its programme takes no visits.
    pub async fn propose_plan(&self, actor: &Actor, round: RoundId) -> Result<Proposal, Error> {
        require_in_agency(actor, Verb::ProposePlan)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (found, programme) = require_round(tx, actor, round, Verb::ProposePlan, "round").await?;
            require_takes_visits(&found, &programme)?;
            let proposal = Proposal {
                id: ProposalId::from_uuid(self.fresh_uuid()),
                round,
                state: ProposalState::Waiting,
                progress: 0,
                assignments: Vec::new(),
                unfilled: Vec::new(),
                left_out: 0,
                handled: 0,
                refused: Vec::new(),
                proposed_by: actor.user,
                proposed_at: self.now(),
                applied_by: None,
                finished_at: None,
                row_version: 1,
            };
            proposals::insert(tx, actor.agency, &proposal).await?;
            let job = Job::ProposePlan {
                proposal: proposal.id,
            };
            self.enqueue(tx, actor.agency, &job, self.now()).await?;
            let event = AuditEvent::of(Verb::ProposePlan, "round", round);
            let event = event.with(json!({"proposal": proposal.id.to_string()}));
            Ok((proposal, event))
        })
        .await
    }

    /// A proposed plan, and how far it is.
    ///
    /// # Errors
    /// There is no such proposal.
    pub async fn read_proposal(&self, actor: &Actor, id: ProposalId) -> Result<Proposal, Error> {
        require_in_agency(actor, Verb::ProposePlan)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let found = proposals::find(tx, actor.agency, id).await?;
            let found = found.ok_or_else(|| Error::not_found("proposal"))?;
            require_round(tx, actor, found.round, Verb::ProposePlan, "proposal").await?;
            Ok(found)
        })
        .await
    }

    /// The proposed plans of a round, the newest first, without what they say of single visits.
    ///
    /// # Errors
    /// There is no such round.
    pub async fn list_proposals(
        &self,
        actor: &Actor,
        round: RoundId,
        before: Option<Uuid>,
    ) -> Result<Page<ProposalSummary>, Error> {
        require_in_agency(actor, Verb::ProposePlan)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            require_round(tx, actor, round, Verb::ProposePlan, "round").await?;
            let (items, has_more) = proposals::list(tx, actor.agency, round, before, PAGE_SIZE).await?;
            Ok(Page::new(items, has_more, |proposal: &ProposalSummary| {
                proposal.id.uuid()
            }))
        })
        .await
    }

    /// Works a proposed plan out. Doing it once more changes nothing.
    pub(crate) async fn work_out_plan(&self, agency: AgencyId, id: ProposalId) -> Result<(), Error> {
        let Some(proposal) = self.begin_planning(agency, id).await? else {
            return Ok(());
        };
        let proposal = &proposal;
        let prepared = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                let Some(actor) = actor_of(tx, agency, proposal.proposed_by, Verb::ProposePlan).await? else {
                    return Ok(None);
                };
                self.open_round(tx, &actor, proposal.round).await
            })
            .await?;
        let Some(prepared) = prepared else {
            return self.finish_planning(agency, id, None).await;
        };
        let mut plan = self.plan_with_progress(agency, id, prepared.round).await?;
        plan.unfilled.extend(prepared.unplanned);
        self.finish_planning(agency, id, Some((&plan, prepared.left_out)))
            .await
    }

    /// Notes that a plan is not worked out or applied any further, as its job was given up.
    pub(crate) async fn fail_proposal(&self, tx: &Tx, agency: AgencyId, id: ProposalId) -> Result<(), Error> {
        let found = proposals::lock(tx, agency, id).await?;
        // What was worked out or applied before its job was given up is as good as any other.
        if let Some(mut found) = found
            && let Ok(failed) = found.state.after(ProposalEvent::Fail)
            && failed != found.state
        {
            found.state = failed;
            found.finished_at = Some(self.now());
            proposals::update(tx, agency, &found).await?;
        }
        Ok(())
    }

    /// Lets a plan go on whose job was given up and is tried anew.
    pub(crate) async fn revive_proposal(
        &self,
        tx: &Tx,
        agency: AgencyId,
        id: ProposalId,
        event: ProposalEvent,
    ) -> Result<(), Error> {
        let found = proposals::lock(tx, agency, id).await?;
        if let Some(mut found) = found
            && let Ok(state) = found.state.after(event)
        {
            found.state = state;
            found.finished_at = None;
            proposals::update(tx, agency, &found).await?;
        }
        Ok(())
    }

    /// Notes that a plan is being worked out; none if that has been done.
    async fn begin_planning(&self, agency: AgencyId, id: ProposalId) -> Result<Option<Proposal>, Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let found = proposals::lock(tx, agency, id).await?;
                let Some(mut found) = found else { return Ok(None) };
                let Ok(planning) = found.state.after(ProposalEvent::Plan) else {
                    return Ok(None);
                };
                found.state = planning;
                found.progress = 0;
                proposals::update(tx, agency, &found).await?;
                Ok::<_, Error>(Some(found))
            })
            .await
    }

    /// Lets a thread work out a plan, and writes down how far it is.
    async fn plan_with_progress(
        &self,
        agency: AgencyId,
        id: ProposalId,
        round: OpenRound,
    ) -> Result<Plan, Error> {
        let permit = self.inner.computing.acquire().await;
        let permit = permit.map_err(|error| Error::internal("work out a plan", error))?;
        let (told, mut heard) = mpsc::unbounded_channel();
        let work = tokio::task::spawn_blocking(move || {
            let mut last = 0;
            assigning::propose(round, &mut |done| {
                if done >= last + STEP {
                    last = done;
                    // Nobody listens any more if the job failed: the plan is then of no use.
                    let _ = told.send(done);
                }
            })
        });
        while let Some(done) = heard.recv().await {
            self.inner
                .db
                .write(Reach::Agency(agency), |tx: Tx| async move {
                    let state = ProposalState::Planning;
                    proposals::note_progress(&tx, agency, id, state, done).await?;
                    Ok::<(), Error>(())
                })
                .await?;
        }
        let plan = work.await;
        drop(permit);
        plan.map_err(|error| Error::internal("work out a plan", error))
    }

    /// Keeps a plan that was worked out, with how many visits it left aside, or that there can be none.
    async fn finish_planning(
        &self,
        agency: AgencyId,
        id: ProposalId,
        plan: Option<(&Plan, usize)>,
    ) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("plan.work_out", "proposal", id);
            let found = proposals::lock(tx, agency, id).await?;
            let Some(mut found) = found.filter(|found| found.state == ProposalState::Planning) else {
                return Ok(((), event));
            };
            found.finished_at = Some(self.now());
            if let Some((plan, left_out)) = plan {
                found.progress = 1_000;
                found.left_out = left_out;
                found.assignments.clone_from(&plan.assignments);
                found.unfilled.clone_from(&plan.unfilled);
            }
            let outcome = plan.map_or(ProposalEvent::Fail, |_| ProposalEvent::Keep);
            found.state = found.state.after(outcome)?;
            proposals::update(tx, agency, &found).await?;
            let detail = json!({"state": found.state.as_str(), "filled": found.assignments.len(),
                "unfilled": found.unfilled.len(), "left_out": found.left_out});
            Ok(((), event.with(detail)))
        })
        .await
    }
}

/// A round that the actor may do this to.
pub(super) async fn require_round(
    tx: &Tx,
    actor: &Actor,
    round: RoundId,
    verb: Verb,
    what: &'static str,
) -> Result<(Round, Programme), Error> {
    let round = programmes::find_round(tx, actor.agency, round).await?;
    within_reach(tx, actor, verb, round, what).await
}

/// Whoever had a job begun, as they are now; none if they may not do that any more.
pub(super) async fn actor_of(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    verb: Verb,
) -> Result<Option<Actor>, Error> {
    let member = identity::find_membership(tx, agency, user).await?;
    let member = member.filter(|member| member.disabled_at.is_none());
    let actor = member.map(|member| member.actor());
    let may = |actor: &Actor| decide(actor, verb, &Target::agency(agency)) == Decision::Allowed;
    Ok(actor.filter(may))
}
