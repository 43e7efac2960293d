//! What a shopper does with an offer or a job of theirs.

use haamu_domain::brief::assignment_entity;
use haamu_domain::filling::EndReason;
use haamu_domain::{
    Actor, AssignmentBrief, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code, LocalDate,
    Target, Verb,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{plans, programmes, terms};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::visits::{brief, scope_of};
use crate::{App, Error};

use super::offer::OfferInput;

impl App {
    /// The shopper refuses an offer.
    ///
    /// # Errors
    /// There is no such offer of theirs, or it was answered already.
    pub async fn decline_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        reason: &str,
    ) -> Result<(), Error> {
        let end = (AssignmentEvent::Decline, EndReason::Declined);
        self.end_own(actor, id, end, reason).await
    }

    /// The shopper gives a visit back that they had accepted and have not handed in.
    ///
    /// # Errors
    /// There is no such visit of theirs, or it was handed in already.
    pub async fn give_back_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        reason: &str,
    ) -> Result<(), Error> {
        let end = (AssignmentEvent::Cancel, EndReason::GivenBack);
        self.end_own(actor, id, end, reason).await
    }

    /// The shopper reports that a visit cannot be made: the place is closed for good, or the scenario impossible.
    ///
    /// # Errors
    /// There is no such visit of theirs, or it was handed in already.
    pub async fn report_obstacle(
        &self,
        actor: &Actor,
        id: AssignmentId,
        reason: EndReason,
        words: &str,
    ) -> Result<(), Error> {
        if !matches!(reason, EndReason::PlaceClosed | EndReason::CannotDo) {
            let mut checks = Checks::default();
            checks.issue("obstacle", "unknown_value", "place_closed or cannot_do");
            checks.finish()?;
        }
        self.end_own(actor, id, (AssignmentEvent::Cancel, reason), words)
            .await
    }

    async fn end_own(
        &self,
        actor: &Actor,
        id: AssignmentId,
        (event, reason): (AssignmentEvent, EndReason),
        words: &str,
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::ChangeOwnAssignment)?;
        let mut checks = Checks::default();
        let words = &checks.text("reason", words, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, mut assignment) = lock_own(tx, actor, id).await?;
            // What is offered is declined; what is accepted is given back.
            let is_offered = assignment.state == AssignmentState::Assigned;
            if event == AssignmentEvent::Cancel && is_offered {
                let detail = "The visit is only offered; decline it.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            // Whoever closes the programme for good waits for the end of this, or this for the end of that.
            programmes::lock_round(tx, actor.agency, visit.round).await?;
            let end = (event, reason, Some(words.clone()));
            self.end_assignment(tx, actor.agency, &mut visit, &mut assignment, end)
                .await?;
            if reason.ends_visit() {
                let mut plan = plans::load(tx, actor.agency, visit.id, visit.round).await?;
                plan.closed_reason = Some(words.clone());
                plan.board = None;
                plans::put(tx, actor.agency, &plan).await?;
            }
            let event = AuditEvent::of(Verb::ChangeOwnAssignment, "assignment", id);
            Ok(((), event.with(json!({"end": reason.as_str()}))))
        })
        .await
    }

    /// The shopper goes on another day than they had said.
    ///
    /// # Errors
    /// There is no such visit of theirs, it was handed in already, or rules stand in the way of that day.
    pub async fn reschedule_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        due_on: LocalDate,
    ) -> Result<AssignmentBrief, Error> {
        require_in_agency(actor, Verb::ChangeOwnAssignment)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let (visit, assignment) = lock_own(tx, actor, id).await?;
            let mut terms = terms::load(tx, agency, id).await?;
            let (facts, planned) = self
                .lock_rules(tx, actor, &visit, actor.user, terms.scenario.as_ref(), "shopper")
                .await?;
            let input = OfferInput {
                shopper: actor.user,
                due_on: Some(due_on),
                companion: terms.companion,
            };
            let (obstacles, _) = self.find_obstacles(tx, agency, &facts, &planned, &input).await?;
            if !obstacles.is_empty() {
                return Err(Error::not_eligible(obstacles));
            }
            terms.due_on = Some(due_on);
            terms.is_day_named = true;
            terms::put(tx, agency, &terms).await?;
            let change = FeedChange {
                entity: assignment_entity(assignment.id),
                revoked: None,
            };
            feed::append(tx, agency, &scope_of(agency, actor.user), &[change]).await?;
            let brief = brief(tx, agency, id).await?;
            let brief = brief.ok_or_else(|| Error::not_found("assignment"))?;
            let event = AuditEvent::of(Verb::ChangeOwnAssignment, "assignment", id);
            Ok((brief, event.with(json!({"due_on": due_on}))))
        })
        .await
    }
}

/// An offer or a job of the shopper that is not handed in, with its visit, locked.
async fn lock_own(tx: &Tx, actor: &Actor, id: AssignmentId) -> Result<(Visit, Assignment), Error> {
    let found = assignments::find(tx, actor.agency, id).await?;
    let found = found.ok_or_else(|| Error::not_found("assignment"))?;
    let target = Target::owned(actor.agency, found.shopper);
    require(actor, Verb::ChangeOwnAssignment, &target, "assignment")?;
    let visit = visits::lock(tx, actor.agency, found.visit).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    // Read again under the visit's lock: a coordinator may have withdrawn it meanwhile.
    let assignment = assignments::find(tx, actor.agency, id).await?;
    let assignment = assignment.ok_or_else(|| Error::not_found("assignment"))?;
    if !assignment.state.is_live() {
        let detail = format!("The assignment is {}.", assignment.state);
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    if !visit.state.is_to_do() {
        let detail = format!("The visit is {}; its evaluation has been handed in.", visit.state);
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok((visit, assignment))
}
