//! Shoppers accept what they are offered.

use haamu_domain::brief::{assignment_entity, submission_entity};
use haamu_domain::eligibility::Obstacle;
use haamu_domain::{
    Actor, AssignmentBrief, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code, CompanionId,
    LocalDate, Target, Verb, VisitEvent,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{offer_notices, programmes, submissions};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::filling::{OfferInput, is_tied, require_companion, require_declared};
use crate::{App, Error};

use super::assign::scope_of;
use super::briefs::brief;

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
    /// The shopper accepts their assignment, and says when they go and with whom, if they know. All rules are
    /// judged as they are now. Whoever began to work without a declaration makes it so afterwards.
    ///
    /// # Errors
    /// There is no such assignment of theirs, it is not offered, rules stand in the way of that day, or they have
    /// declared no independence, neither now nor when they asked for the visit.
    pub async fn accept_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        input: &AcceptInput,
    ) -> Result<AssignmentBrief, Error> {
        require_in_agency(actor, Verb::AcceptAssignment)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let (mut visit, mut assignment) = lock_offered(tx, actor, id).await?;
            // Whoever closes the programme for good waits for the end of this, or this for the end of that.
            programmes::lock_round(tx, agency, visit.round).await?;
            let mut terms = terms::load(tx, agency, id).await?;
            // Recording an answer accepts as well, and declares nothing.
            let is_late = assignment.state == AssignmentState::Accepted
                && terms.independent_at.is_none()
                && !visit.state.is_settled();
            if is_late {
                self.declare_late(tx, actor, &visit, &mut terms, input).await?;
            } else {
                assignment.state = assignment.state.after(AssignmentEvent::Accept)?;
                if terms.respond_by.is_some_and(|until| until <= self.now()) {
                    let detail = "The time to answer the offer is over.";
                    return Err(Error::because(Code::NotPossibleInState, detail));
                }
                visit.state = visit.state.after(VisitEvent::Accept)?;
                self.settle_terms(tx, actor, &visit, &mut terms, input).await?;
                assignments::update(tx, &assignment).await?;
                offer_notices::forget_offers(tx, agency, &[&assignment]).await?;
                visits::update(tx, &visit).await?;
            }
            terms::put(tx, agency, &terms).await?;
            tell(tx, actor, &visit, id).await?;
            let brief = brief(tx, agency, id)
                .await?
                .ok_or_else(|| Error::not_found("assignment"))?;
            let event = AuditEvent::of(Verb::AcceptAssignment, "assignment", id);
            let detail = json!({"visit": visit.id, "due_on": terms.due_on, "companion": terms.companion,
                "late": is_late});
            Ok((brief, event.with(detail)))
        })
        .await
    }

    /// Takes down what the shopper says, and judges it by all rules as they are now.
    async fn settle_terms(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        terms: &mut Terms,
        input: &AcceptInput,
    ) -> Result<(), Error> {
        if terms.independent_at.is_none() {
            require_declared(input.is_independent)?;
            terms.independent_at = Some(self.now());
        }
        require_companion(tx, actor.agency, actor.user, input.companion).await?;
        terms.companion = input.companion.or(terms.companion);
        let promised = terms.scenario.as_ref();
        let (facts, planned) = self
            .lock_rules(tx, actor, visit, actor.user, promised, "shopper")
            .await?;
        let offer = OfferInput {
            shopper: actor.user,
            due_on: input.due_on.or(terms.agreed_day()),
            companion: terms.companion,
        };
        let (obstacles, due_on) = self
            .find_obstacles(tx, actor.agency, &facts, &planned, &offer)
            .await?;
        if !obstacles.is_empty() {
            return Err(Error::not_eligible(obstacles));
        }
        terms.due_on = due_on;
        terms.is_day_named = offer.due_on.is_some();
        self.begin_watch(tx, actor.agency, &facts.rules, &planned, terms)
            .await
    }

    /// Takes down that whoever works on a visit already has no tie to the place.
    async fn declare_late(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        terms: &mut Terms,
        input: &AcceptInput,
    ) -> Result<(), Error> {
        if input.due_on.is_some() || input.companion.is_some() {
            let detail = "The assignment is accepted; only the declaration is missing. Another day is for rescheduling.";
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        require_declared(input.is_independent)?;
        if is_tied(tx, actor.agency, visit, actor.user).await? {
            return Err(Error::not_eligible(vec![Obstacle::not_independent()]));
        }
        terms.independent_at = Some(self.now());
        Ok(())
    }
}

/// The shopper's assignment and its visit, locked.
async fn lock_offered(tx: &Tx, actor: &Actor, id: AssignmentId) -> Result<(Visit, Assignment), Error> {
    let found = assignments::find(tx, actor.agency, id).await?;
    let found = found.ok_or_else(|| Error::not_found("assignment"))?;
    let target = Target::owned(actor.agency, found.shopper);
    require(actor, Verb::AcceptAssignment, &target, "assignment")?;
    let visit = visits::lock(tx, actor.agency, found.visit).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    // Read again under the visit's lock: a coordinator may have withdrawn it meanwhile.
    let assignment = assignments::find(tx, actor.agency, id).await?;
    let assignment = assignment.ok_or_else(|| Error::not_found("assignment"))?;
    Ok((visit, assignment))
}

/// Tells the shopper's devices.
async fn tell(tx: &Tx, actor: &Actor, visit: &Visit, id: AssignmentId) -> Result<(), Error> {
    let submissions = submissions::list_of_visits(tx, actor.agency, &[visit.id]).await?;
    let own = submissions
        .iter()
        .filter(|submission| submission.assignment == id);
    let entities = own.map(|submission| submission_entity(submission.id));
    let changes: Vec<_> = std::iter::once(assignment_entity(id))
        .chain(entities)
        .map(|entity| FeedChange {
            entity,
            revoked: None,
        })
        .collect();
    feed::append(tx, actor.agency, &scope_of(actor.agency, actor.user), &changes).await?;
    Ok(())
}
