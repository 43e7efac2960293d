//! Planning visits and offering them to shoppers.

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::filling::{EndReason, Origin};
use haamu_domain::{
    Actor, AgencyId, AssignmentBrief, AssignmentEvent, AssignmentId, AuditEvent, Code, CompanionId,
    LocalDate, LocationId, RoundId, Target, UserId, Verb, VisitEvent, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, programmes, submissions, terms};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::{Checks, Issue, no_such};
use crate::filling::{Given, OfferInput, require_companion};
use crate::programmes::require_going;
use crate::{App, Error};

use super::briefs::brief;
use super::read::{self, VisitView};

/// At most so many visits are planned at once.
const MAX_VISITS: usize = 500;

/// One visit to be planned.
#[derive(Clone, Copy, Debug)]
pub struct PlannedVisit {
    /// Where.
    pub location: LocationId,
    /// To whom it is offered, if to anybody yet.
    pub shopper: Option<UserId>,
}

/// What a shopper says when they accept.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptInput {
    /// On which day they go.
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    pub companion: Option<CompanionId>,
    /// Whether they declare that they have no tie to the place.
    pub is_independent: bool,
}

impl App {
    /// Plans visits of a round, all of them or none.
    ///
    /// # Errors
    /// There is no such round, the programme takes no visits, or a location or shopper is not there.
    pub async fn create_visits(
        &self,
        actor: &Actor,
        round: RoundId,
        planned: &[PlannedVisit],
    ) -> Result<Vec<VisitView>, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        if planned.is_empty() || planned.len() > MAX_VISITS {
            return Err(out_of_range("visits"));
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Whoever calls the round off waits for these visits, or these for that.
            programmes::lock_round(tx, actor.agency, round).await?;
            let plan = self.load_plan(tx, actor, round).await?;
            let mut ids = Vec::with_capacity(planned.len());
            for (index, one) in planned.iter().enumerate() {
                let location = clients::find_location(tx, actor.agency, one.location).await?;
                let is_of_client = location
                    .as_ref()
                    .is_some_and(|place| place.client_organisation == plan.client_organisation);
                if !is_of_client {
                    return Err(no_such(
                        format!("visits[{index}].location"),
                        "location of the client organisation",
                    ));
                }
                let mut visit = Visit {
                    id: VisitId::from_uuid(self.fresh_uuid()),
                    client_organisation: plan.client_organisation,
                    round,
                    location: one.location,
                    state: VisitState::Planned,
                    visited_at: None,
                    approved_at: None,
                    released_at: None,
                    row_version: 1,
                };
                visits::insert(tx, actor.agency, &visit, self.now()).await?;
                if let Some(shopper) = one.shopper {
                    let path = format!("visits[{index}].shopper");
                    let how = (Origin::Coordinator, Given::Offered);
                    let input = OfferInput {
                        shopper,
                        due_on: None,
                        companion: None,
                    };
                    let given = self.give(tx, actor, &mut visit, &input, how, &path).await;
                    given.map_err(|error| error.at(&format!("visits[{index}]")))?;
                }
                ids.push(visit.id);
            }
            let views = read::views_of(tx, actor.agency, &ids).await?;
            let event = AuditEvent::of(Verb::CreateVisits, "round", round).with(json!({"count": ids.len()}));
            Ok((views, event))
        })
        .await
    }

    async fn load_plan(
        &self,
        tx: &Tx,
        actor: &Actor,
        round: RoundId,
    ) -> Result<programmes::Programme, Error> {
        let round = programmes::find_round(tx, actor.agency, round).await?;
        let round = round.ok_or_else(|| Error::not_found("round"))?;
        require_going(&round)?;
        let programme = programmes::find(tx, actor.agency, round.programme).await?;
        let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
        if !programme.state.takes_visits() {
            let detail = format!("The programme is {}; it must be active.", programme.state);
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        Ok(programme)
    }

    /// Offers a visit to a shopper, if no rule stands in the way; an earlier offer is withdrawn.
    ///
    /// # Errors
    /// There is no such visit or shopper, work on the visit has been handed in, or [`Code::NotEligible`].
    pub async fn assign_visit(
        &self,
        actor: &Actor,
        visit: VisitId,
        input: &OfferInput,
    ) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = self
                .reassign(tx, actor, visit, input, Origin::Coordinator, "shopper")
                .await?;
            let mut views = read::views_of(tx, actor.agency, &[visit]).await?;
            let view = views.pop().ok_or_else(|| Error::not_found("visit"))?;
            Ok((view, AuditEvent::of(Verb::AssignVisit, "visit", visit)))
        })
        .await
    }

    /// Offers visits to shoppers, all of them or none.
    ///
    /// # Errors
    /// As for one of them; the detail says for which.
    pub async fn assign_visits(
        &self,
        actor: &Actor,
        round: RoundId,
        offers: &[(VisitId, OfferInput)],
        origin: Origin,
    ) -> Result<Vec<VisitView>, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        if offers.is_empty() || offers.len() > MAX_VISITS {
            return Err(out_of_range("assignments"));
        }
        // Whoever locks several visits does so in the order of their ids.
        let mut offers: Vec<_> = offers.iter().enumerate().collect();
        offers.sort_by_key(|(_, (visit, _))| *visit);
        let offers = &offers;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            self.load_plan(tx, actor, round).await?;
            // All visits before the round and what else their rules lock: whoever takes one holds it first, too.
            let all: Vec<_> = offers.iter().map(|(_, (visit, _))| *visit).collect();
            visits::lock_many(tx, actor.agency, &all).await?;
            let mut ids = Vec::with_capacity(offers.len());
            for (index, (visit, input)) in offers {
                let path = format!("assignments[{index}].shopper");
                let found = visits::find(tx, actor.agency, *visit).await?;
                if found.is_none_or(|found| found.round != round) {
                    return Err(no_such(
                        format!("assignments[{index}].visit"),
                        "visit of the round",
                    ));
                }
                let done = self.reassign(tx, actor, *visit, input, origin, &path).await;
                ids.push(done.map_err(|error| error.at(&format!("assignments[{index}]")))?);
            }
            let views = read::views_of(tx, actor.agency, &ids).await?;
            let event = AuditEvent::of(Verb::AssignVisit, "round", round);
            let detail = json!({"count": ids.len(), "origin": origin.as_str()});
            Ok((views, event.with(detail)))
        })
        .await
    }

    /// Takes a visit back from whoever has it, and offers it to somebody else.
    async fn reassign(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: VisitId,
        input: &OfferInput,
        origin: Origin,
        path: &str,
    ) -> Result<VisitId, Error> {
        let visit = visits::lock(tx, actor.agency, visit).await?;
        let mut visit = visit.ok_or_else(|| Error::not_found("visit"))?;
        let target = Target::of_client(actor.agency, visit.client_organisation);
        require(actor, Verb::AssignVisit, &target, "visit")?;
        for mut assignment in visits::list_assignments(tx, actor.agency, &[visit.id]).await? {
            if assignment.state.is_live() {
                // A plan fills what was open when it was made, and takes from nobody what they have got since.
                if origin == Origin::Plan {
                    return Err(Error::refused(Code::JobTaken));
                }
                let end = (AssignmentEvent::Cancel, EndReason::Reassigned, None);
                self.end_assignment(tx, actor.agency, &mut visit, &mut assignment, end)
                    .await?;
            }
        }
        let how = (origin, Given::Offered);
        self.give(tx, actor, &mut visit, input, how, path).await?;
        Ok(visit.id)
    }

    /// Withdraws whatever is offered of a visit, without offering it to somebody else.
    ///
    /// # Errors
    /// There is no such visit, nobody has it, or work on it has been handed in.
    pub async fn withdraw_assignment(
        &self,
        actor: &Actor,
        visit: VisitId,
        reason: &str,
    ) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = visits::lock(tx, actor.agency, visit).await?;
            let mut found = found.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, found.client_organisation);
            require(actor, Verb::AssignVisit, &target, "visit")?;
            let all = visits::list_assignments(tx, actor.agency, &[visit]).await?;
            let live = all.into_iter().find(|one| one.state.is_live());
            let mut live =
                live.ok_or_else(|| Error::because(Code::NotPossibleInState, "Nobody has this visit."))?;
            let end = (
                AssignmentEvent::Cancel,
                EndReason::Cancelled,
                Some(reason.clone()),
            );
            self.end_assignment(tx, actor.agency, &mut found, &mut live, end)
                .await?;
            let mut views = read::views_of(tx, actor.agency, &[visit]).await?;
            let view = views.pop().ok_or_else(|| Error::not_found("visit"))?;
            let event = AuditEvent::of(Verb::AssignVisit, "visit", visit);
            Ok((view, event.with(json!({"withdrawn": live.id}))))
        })
        .await
    }

    /// The shopper accepts their assignment, and says when they go and with whom, if they know.
    ///
    /// # Errors
    /// There is no such assignment of theirs, it is not offered, or rules stand in the way of that day.
    pub async fn accept_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        accept: Option<&AcceptInput>,
    ) -> Result<AssignmentBrief, Error> {
        require_in_agency(actor, Verb::AcceptAssignment)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = visits::find_assignment(tx, actor.agency, id).await?;
            let found = found.ok_or_else(|| Error::not_found("assignment"))?;
            let target = Target::owned(actor.agency, found.shopper);
            require(actor, Verb::AcceptAssignment, &target, "assignment")?;
            let visit = visits::lock(tx, actor.agency, found.visit).await?;
            let mut visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            // Read again under the visit's lock: a coordinator may have withdrawn it meanwhile.
            let assignment = visits::find_assignment(tx, actor.agency, id).await?;
            let mut assignment = assignment.ok_or_else(|| Error::not_found("assignment"))?;
            // Whoever closes the programme for good waits for the end of this, or this for the end of that.
            programmes::lock_round(tx, actor.agency, visit.round).await?;
            let respond_by = terms::load(tx, actor.agency, id).await?.respond_by;
            assignment.state = assignment.state.after(AssignmentEvent::Accept)?;
            if respond_by.is_some_and(|until| until <= self.now()) {
                let detail = "The time to answer the offer is over.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            visit.state = visit.state.after(VisitEvent::Accept)?;
            visits::update_assignment(tx, &assignment).await?;
            visits::update(tx, &visit).await?;
            if let Some(input) = accept {
                self.settle_terms(tx, actor, &visit, id, input).await?;
            }
            let submissions = submissions::list_of_visits(tx, actor.agency, &[visit.id]).await?;
            let mut changes = vec![FeedChange {
                entity: assignment_entity(id),
                revoked: None,
            }];
            for submission in submissions
                .iter()
                .filter(|submission| submission.assignment == id)
            {
                changes.push(FeedChange {
                    entity: submission_entity(submission.id),
                    revoked: None,
                });
            }
            feed::append(tx, actor.agency, &scope_of(actor.agency, actor.user), &changes).await?;
            let brief = brief(tx, actor.agency, id)
                .await?
                .ok_or_else(|| Error::not_found("assignment"))?;
            Ok((brief, AuditEvent::of(Verb::AcceptAssignment, "assignment", id)))
        })
        .await
    }
}

fn out_of_range(path: &str) -> Error {
    let issue = Issue {
        path: path.to_owned(),
        code: "out_of_range".to_owned(),
        message: format!("between 1 and {MAX_VISITS} visits at once"),
    };
    Error::with_issues(Code::ValidationFailed, vec![issue])
}

impl App {
    async fn settle_terms(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        id: AssignmentId,
        input: &AcceptInput,
    ) -> Result<(), Error> {
        require_companion(tx, actor.agency, actor.user, input.companion).await?;
        let mut terms = terms::load(tx, actor.agency, id).await?;
        terms.due_on = input.due_on.or(terms.due_on);
        terms.companion = input.companion.or(terms.companion);
        if input.is_independent {
            terms.independent_at = Some(self.now());
        }
        if input.due_on.is_some() || input.companion.is_some() {
            let (facts, planned) = self.lock_rules(tx, actor, visit, actor.user, "shopper").await?;
            let offer = OfferInput {
                shopper: actor.user,
                due_on: terms.due_on,
                companion: terms.companion,
            };
            let (obstacles, _) = self
                .find_obstacles(tx, actor.agency, &facts, &planned, &offer)
                .await?;
            if !obstacles.is_empty() {
                return Err(Error::not_eligible(obstacles));
            }
        }
        Ok(terms::put(tx, actor.agency, &terms).await?)
    }
}

/// The feed that a shopper's devices read.
pub(crate) fn scope_of(agency: AgencyId, shopper: UserId) -> String {
    format!("{agency}/{shopper}")
}
