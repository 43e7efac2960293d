//! What coordinators plan of visits: their days, their scenario, the job board, quotas of rounds.

use std::collections::BTreeMap;

use haamu_domain::brief::assignment_entity;
use haamu_domain::filling::{Board, EndReason};
use haamu_domain::{
    Actor, AgencyId, AssignmentEvent, AssignmentState, AuditEvent, Code, Daypart, LocalDate, RoundId,
    ScenarioId, Target, UserId, Verb, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::programmes::{self, Round};
use haamu_store::repo::visits::{self, Visit, VisitFilter};
use haamu_store::repo::{clients, scenarios};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::{Checks, no_such};
use crate::programmes::require_going;
use crate::visits::scope_of;
use crate::{App, Error};

use super::companions::lock_people;
use super::held::is_other_work;
use super::promise::promise_scenario;

/// At most so many visits are changed at once.
const MAX_VISITS: usize = 5_000;

/// What is to change about the plan of a visit. An inner none leaves it to the round again.
#[derive(Clone, Debug, Default)]
pub struct VisitPlanPatch {
    /// The coordinator's own key.
    pub external_id: Option<Option<String>>,
    /// The first day.
    pub starts_on: Option<Option<LocalDate>>,
    /// The last day; a later one extends the time of the visit.
    pub visit_by: Option<Option<LocalDate>>,
    /// The part of the day.
    pub daypart: Option<Option<Daypart>>,
    /// The scenario.
    pub scenario: Option<Option<ScenarioId>>,
    /// Whether it is on the job board, and how it is had from there.
    pub board: Option<Option<Board>>,
}

impl App {
    /// Changes the plan of a visit that nobody has handed in. While somebody has it, rules are judged for the new plan,
    /// and more time is given by extending their assignment alone.
    ///
    /// # Errors
    /// There is no such visit, dates are out of order, the scenario is not there or not ready for use, a visit that is
    /// called off is to go on the job board, or [`Code::NotEligible`].
    pub async fn update_visit_plan(
        &self,
        actor: &Actor,
        id: VisitId,
        patch: &VisitPlanPatch,
    ) -> Result<VisitPlan, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        let mut checks = Checks::default();
        let external_id = match &patch.external_id {
            Some(Some(key)) => Some(Some(checks.text("external_id", key, 200))),
            other => other.clone(),
        };
        checks.finish()?;
        let external_id = &external_id;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = lock_open(tx, actor, Verb::CreateVisits, id).await?;
            let round = lock_round(tx, actor.agency, &visit).await?;
            let before = plans::load(tx, actor.agency, id, visit.round).await?;
            let mut plan = before.clone();
            apply(&mut plan, patch, external_id);
            check(&plan, &round)?;
            if plan.board.is_some() {
                require_to_be_made(&plan)?;
            }
            // The one that it has may be retired by now.
            if let Some(scenario) = plan.scenario.filter(|_| plan.scenario != before.scenario) {
                lock_holder(tx, actor.agency, &visit).await?;
                let mut checks = Checks::default();
                check_scenario(tx, actor.agency, &round, scenario, "scenario", &mut checks).await?;
                checks.finish()?;
            }
            plans::put(tx, actor.agency, &plan).await?;
            plan.row_version += 1;
            if before.scenario != plan.scenario {
                promise_scenario(tx, actor.agency, &plan).await?;
            }
            if is_other_work(&before, &plan) {
                self.judge_holder(tx, actor, &visit, &round, (&before, &plan))
                    .await?;
            }
            self.tell_of_plan(tx, actor.agency, id).await?;
            let event = AuditEvent::of(Verb::CreateVisits, "visit", id);
            Ok((plan, event.with(json!({"plan": plan_json(patch)}))))
        })
        .await
    }

    /// Whoever has the visit learns of its new days.
    pub(super) async fn tell_of_plan(&self, tx: &Tx, agency: AgencyId, visit: VisitId) -> Result<(), Error> {
        let all = assignments::list_of_visits(tx, agency, &[visit]).await?;
        self.tell_holders(tx, agency, &all).await
    }

    /// The devices of whoever has visits learn of their new days, one person after the other in the order of their
    /// ids, and the watches over visits that nobody has begun are set anew. What is over is passed by.
    pub(crate) async fn tell_holders(
        &self,
        tx: &Tx,
        agency: AgencyId,
        of: &[Assignment],
    ) -> Result<(), Error> {
        let mut by_shopper: BTreeMap<UserId, Vec<FeedChange>> = BTreeMap::new();
        for held in of.iter().filter(|held| held.state.is_live()) {
            by_shopper.entry(held.shopper).or_default().push(FeedChange {
                entity: assignment_entity(held.id),
                revoked: None,
            });
        }
        for (shopper, changes) in by_shopper {
            feed::append(tx, agency, &scope_of(agency, shopper), &changes).await?;
        }
        let accepted = of.iter().filter(|held| held.state == AssignmentState::Accepted);
        let ids: Vec<_> = accepted.map(|held| held.id).collect();
        self.watch_all(tx, agency, &ids).await
    }

    /// Puts visits of a round on the job board, or takes them off it: these, or all that nobody has.
    ///
    /// # Errors
    /// There is no such round, or one of the visits is not of it.
    pub async fn post_visits(
        &self,
        actor: &Actor,
        round: RoundId,
        of: Option<&[VisitId]>,
        board: Option<Board>,
    ) -> Result<usize, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = programmes::find_round(tx, actor.agency, round).await?;
            found.ok_or_else(|| Error::not_found("round"))?;
            let ids = visits_to_post(tx, actor.agency, round, of).await?;
            // Their locks keep plans from being written over that somebody changes meanwhile.
            for some in ids.chunks(MAX_VISITS) {
                visits::lock_many(tx, actor.agency, some).await?;
            }
            let mut known = plans::list(tx, actor.agency, &ids).await?;
            let mut changed = 0;
            for id in &ids {
                let plan = known
                    .remove(id)
                    .unwrap_or_else(|| VisitPlan::of_round(*id, round));
                if plan.board != board && (board.is_none() || plan.closed_reason.is_none()) {
                    plans::put(tx, actor.agency, &VisitPlan { board, ..plan }).await?;
                    changed += 1;
                }
            }
            let detail = json!({"board": board.map(Board::as_str), "visits": changed});
            let event = AuditEvent::of(Verb::CreateVisits, "round", round).with(detail);
            Ok((changed, event))
        })
        .await
    }

    /// Calls a visit off that nobody has handed in, with whatever was offered of it.
    ///
    /// # Errors
    /// There is no such visit, or its evaluation has been handed in.
    pub async fn cancel_visit(&self, actor: &Actor, id: VisitId, reason: &str) -> Result<VisitPlan, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let mut visit = lock_open(tx, actor, Verb::CreateVisits, id).await?;
            lock_round(tx, actor.agency, &visit).await?;
            for mut assignment in assignments::list_of_visits(tx, actor.agency, &[id]).await? {
                if assignment.state.after(AssignmentEvent::Cancel).is_ok() {
                    let end = (
                        AssignmentEvent::Cancel,
                        EndReason::Cancelled,
                        Some(reason.clone()),
                    );
                    self.end_assignment(tx, actor.agency, &mut visit, &mut assignment, end)
                        .await?;
                }
            }
            let mut plan = plans::load(tx, actor.agency, id, visit.round).await?;
            plan.closed_reason = Some(reason.clone());
            plan.board = None;
            plans::put(tx, actor.agency, &plan).await?;
            plan.row_version += 1;
            let event = AuditEvent::of(Verb::CreateVisits, "visit", id);
            Ok((plan, event.with(json!({"cancelled": true}))))
        })
        .await
    }

    /// Lets a visit be made after all that was called off, or whose place was reported closed.
    ///
    /// # Errors
    /// There is no such visit, or its round was called off.
    pub async fn reopen_visit(&self, actor: &Actor, id: VisitId) -> Result<VisitPlan, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = lock_open(tx, actor, Verb::CreateVisits, id).await?;
            require_going(&lock_round(tx, actor.agency, &visit).await?)?;
            let mut plan = plans::load(tx, actor.agency, id, visit.round).await?;
            plan.closed_reason = None;
            plans::put(tx, actor.agency, &plan).await?;
            plan.row_version += 1;
            let event = AuditEvent::of(Verb::CreateVisits, "visit", id);
            Ok((plan, event.with(json!({"cancelled": false}))))
        })
        .await
    }
}

/// These visits of a round, or all that nobody has, in the order of their ids.
async fn visits_to_post(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    of: Option<&[VisitId]>,
) -> Result<Vec<VisitId>, Error> {
    let filter = VisitFilter {
        round: Some(round),
        state: of.is_none().then_some(VisitState::Planned),
        ids: of.map(|of| of.iter().copied().collect()),
        ..VisitFilter::default()
    };
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let limit = MAX_VISITS as u64;
        let (found, has_more) = visits::list(tx, agency, &filter, after, limit).await?;
        ids.extend(found.iter().map(|visit| visit.id));
        after = found.last().map(|visit| visit.id.uuid());
        if !has_more {
            break;
        }
    }
    match of {
        Some(of) if of.len() != ids.len() => Err(no_such("visits".to_owned(), "visits of the round")),
        _ => Ok(ids),
    }
}

/// A visit that nobody has handed in, locked.
pub(super) async fn lock_open(tx: &Tx, actor: &Actor, verb: Verb, id: VisitId) -> Result<Visit, Error> {
    let visit = visits::lock(tx, actor.agency, id).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    let target = Target::of_client(actor.agency, visit.client_organisation);
    require(actor, verb, &target, "visit")?;
    if !visit.state.is_to_do() {
        let detail = format!("The visit is {}; its evaluation has been handed in.", visit.state);
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok(visit)
}

/// The round of a visit that is locked, locked as well: its days stay, and nobody else gives a visit of it away.
pub(super) async fn lock_round(tx: &Tx, agency: AgencyId, visit: &Visit) -> Result<Round, Error> {
    let round = programmes::lock_round(tx, agency, visit.round).await?;
    round.ok_or_else(|| Error::not_found("round"))
}

/// Refuses to look for shoppers for a visit that is called off, or whose place was reported closed.
pub(super) fn require_to_be_made(plan: &VisitPlan) -> Result<(), Error> {
    match &plan.closed_reason {
        None => Ok(()),
        Some(reason) => {
            let detail = format!("The visit is not to be made any more: {reason}");
            Err(Error::because(Code::NotPossibleInState, detail))
        }
    }
}

/// Locks what comes before scenarios in the order of locks, for whoever has a visit is judged by its plan.
async fn lock_holder(tx: &Tx, agency: AgencyId, visit: &Visit) -> Result<(), Error> {
    let all = assignments::list_of_visits(tx, agency, &[visit.id]).await?;
    if let Some(held) = all.iter().find(|one| one.state.is_live()) {
        clients::lock_location(tx, agency, visit.location).await?;
        lock_people(tx, agency, held.shopper).await?;
    }
    Ok(())
}

fn apply(plan: &mut VisitPlan, patch: &VisitPlanPatch, external_id: &Option<Option<String>>) {
    if let Some(external_id) = external_id {
        plan.external_id.clone_from(external_id);
    }
    plan.starts_on = patch.starts_on.unwrap_or(plan.starts_on);
    plan.visit_by = patch.visit_by.unwrap_or(plan.visit_by);
    plan.daypart = patch.daypart.unwrap_or(plan.daypart);
    plan.scenario = patch.scenario.unwrap_or(plan.scenario);
    plan.board = patch.board.unwrap_or(plan.board);
}

fn check(plan: &VisitPlan, round: &Round) -> Result<(), Error> {
    let mut checks = Checks::default();
    let starts_on = plan.starts_on.unwrap_or(round.starts_on);
    let visit_by = plan.visit_by.unwrap_or(round.visit_by);
    if starts_on < round.starts_on {
        checks.issue("starts_on", "out_of_order", "the visit starts before its round");
    }
    if visit_by < starts_on {
        checks.issue("visit_by", "out_of_order", "the visit ends before it starts");
    }
    if visit_by > plan.report_by.unwrap_or(round.report_by) {
        checks.issue(
            "visit_by",
            "out_of_order",
            "the report is due before the visit ends",
        );
    }
    checks.finish()
}

/// A scenario of the round's programme that is ready for use.
pub(super) async fn check_scenario(
    tx: &Tx,
    agency: AgencyId,
    round: &Round,
    id: ScenarioId,
    path: &str,
    checks: &mut Checks,
) -> Result<(), Error> {
    let found = scenarios::lock(tx, agency, id).await?;
    match found.filter(|found| found.programme == round.programme) {
        None => checks.issue(path, "not_found", "there is no such scenario of the programme"),
        Some(found) if found.retired_at.is_some() => {
            checks.issue(path, "retired", "the scenario is out of use");
        }
        Some(found) if !found.ethics.is_complete() => {
            checks.issue(path, "ethics_open", "not all of the scenario's ethics are ticked");
        }
        Some(_) => {}
    }
    Ok(())
}

fn plan_json(patch: &VisitPlanPatch) -> serde_json::Value {
    let changed = [
        ("external_id", patch.external_id.is_some()),
        ("starts_on", patch.starts_on.is_some()),
        ("visit_by", patch.visit_by.is_some()),
        ("daypart", patch.daypart.is_some()),
        ("scenario", patch.scenario.is_some()),
        ("board", patch.board.is_some()),
    ];
    changed
        .iter()
        .filter(|(_, is_changed)| *is_changed)
        .map(|(name, _)| *name)
        .collect()
}
