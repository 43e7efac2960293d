//! Giving a visit to a shopper, under all rules, and what becomes of the offer.

use std::collections::BTreeSet;

use haamu_domain::attribute::{self, Attributes};
use haamu_domain::brief::{assignment_entity, form_entity, submission_entity};
use haamu_domain::eligibility::{Obstacle, ObstacleCode, last_date};
use haamu_domain::filling::{EndReason, NoticeKind, Origin};
use haamu_domain::{
    Actor, AgencyId, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code, CompanionId,
    LocalDate, Role, ScenarioBrief, SubmissionId, Timestamp, UserId, VisitEvent, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::terms::{self, End, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{checklists, clients, panel, programmes};
use serde_json::json;

use crate::checklists::parse_stored;
use crate::error::no_such;
use crate::jobs::Job;
use crate::programmes::require_going;
use crate::visits::scope_of;
use crate::{App, Error};

use super::companions::{lock_people, require_companion};
use super::facts::{PlannedVisit, RoundFacts};
use super::plan::lock_round;
use super::promise::promise;
use super::standing;

/// To whom a visit goes, and on what terms.
#[derive(Clone, Copy, Debug)]
pub struct OfferInput {
    /// The shopper.
    pub shopper: UserId,
    /// The day of the visit, where one is fixed.
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    pub companion: Option<CompanionId>,
}

/// What becomes of a visit that a shopper gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// They are offered it, and answer.
    Offered,
    /// They have it: they took it themselves.
    Taken,
}

impl App {
    /// Locks what the rules of a visit count by, and loads them. The visit is locked already. A scenario that was
    /// promised may be changed or out of use by now: it is made as it was promised.
    pub(crate) async fn lock_rules(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        shopper: UserId,
        promised: Option<&ScenarioBrief>,
        path: &str,
    ) -> Result<(RoundFacts, PlannedVisit), Error> {
        let agency = actor.agency;
        programmes::lock_round(tx, agency, visit.round).await?;
        clients::lock_location(tx, agency, visit.location).await?;
        let member = lock_people(tx, agency, shopper).await?;
        if member.is_none_or(|member| !member.works_as(Role::Shopper)) {
            return Err(no_such(path.to_owned(), "shopper of the agency"));
        }
        let facts = RoundFacts::load(tx, actor, visit.round).await?;
        require_going(&facts.round)?;
        let mut planned = facts
            .visits(tx, agency, std::slice::from_ref(visit), self.now())
            .await?;
        let planned = planned
            .remove(&visit.id)
            .ok_or_else(|| Error::not_found("visit"))?;
        let standing = standing::of_plan(tx, actor, &facts, &planned, standing::Hold::Lock).await?;
        let is_promised = promised.is_some_and(|promised| planned.plan.scenario == Some(promised.id));
        let mut in_the_way = standing
            .iter()
            .filter(|obstacle| !(is_promised && obstacle.code == ObstacleCode::ScenarioNotReady));
        if let Some(first) = in_the_way.next() {
            return Err(Error::because(
                Code::NotPossibleInState,
                standing::sentence(first),
            ));
        }
        Ok((facts, planned))
    }

    /// What stands in the way of these terms, and the day that they come to. Where they name none, that is the
    /// last free one: there the visit counts until the shopper says when they go.
    pub(crate) async fn find_obstacles(
        &self,
        tx: &Tx,
        agency: AgencyId,
        facts: &RoundFacts,
        planned: &PlannedVisit,
        input: &OfferInput,
    ) -> Result<(Vec<Obstacle>, Option<LocalDate>), Error> {
        let visit = planned.plan.visit;
        let users = [input.shopper];
        let mut candidates = facts
            .candidates(tx, agency, &users, Some(visit), self.now())
            .await?;
        let candidate = candidates.remove(&input.shopper).unwrap_or_default();
        let whom = (input.shopper, input.companion);
        let companion = facts.companion(tx, agency, whom, visit, self.now()).await?;
        let on = |date| facts.obstacles(&candidate, companion.as_ref(), planned, date);
        if let Some(date) = input.due_on {
            return Ok((on(date), Some(date)));
        }
        let last = last_date(&planned.open, planned.today, |date| !on(date).is_empty());
        Ok(match last {
            Some(date) => (Vec::new(), Some(date)),
            None => (super::ask::without_date(planned, on), None),
        })
    }

    /// Gives a visit to a shopper, if no rule stands in the way. The visit is locked.
    pub(crate) async fn give(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &mut Visit,
        input: &OfferInput,
        (origin, given): (Origin, Given),
        path: &str,
    ) -> Result<Assignment, Error> {
        let agency = actor.agency;
        let (facts, planned) = self
            .lock_rules(tx, actor, visit, input.shopper, None, path)
            .await?;
        let now = self.now();
        let mut assignment = self.open_assignment(tx, agency, visit, input.shopper).await?;
        let mut terms = terms::load(tx, agency, assignment.id).await?;
        let merged = with_application(tx, agency, input, &terms).await?;
        let (obstacles, due_on) = self.find_obstacles(tx, agency, &facts, &planned, &merged).await?;
        if !obstacles.is_empty() {
            return Err(Error::not_eligible(obstacles));
        }
        // Nobody accepts a visit whose days are over.
        let respond_by = now.plus_hours(facts.rules.respond_hours).min(planned.ends_at);
        terms.origin = origin;
        terms.due_on = due_on;
        terms.is_day_named = merged.due_on.is_some();
        terms.companion = merged.companion;
        promise(tx, actor, facts.programme.id, &planned.plan, &mut terms).await?;
        terms.respond_by = (given == Given::Offered).then_some(respond_by);
        if given == Given::Taken {
            assignment.state = assignment.state.after(AssignmentEvent::Accept)?;
            assignments::update(tx, &assignment).await?;
            assignment.row_version += 1;
            visit.state = visit.state.after(VisitEvent::Accept)?;
            visits::update(tx, visit).await?;
            visit.row_version += 1;
            terms.independent_at = Some(now);
            self.begin_watch(tx, agency, &facts.rules, &planned, &mut terms)
                .await?;
        } else {
            self.await_answer(tx, agency, &assignment, respond_by).await?;
        }
        terms::put(tx, agency, &terms).await?;
        self.begin_submission(tx, agency, visit, &assignment).await?;
        self.refuse_other_applications(tx, agency, visit, assignment.id, now)
            .await?;
        Ok(assignment)
    }

    /// Tells the shopper of an offer, and takes it back when it is not answered by then.
    async fn await_answer(
        &self,
        tx: &Tx,
        agency: AgencyId,
        assignment: &Assignment,
        respond_by: Timestamp,
    ) -> Result<(), Error> {
        let job = Job::ExpireOffer {
            assignment: assignment.id,
        };
        self.enqueue(tx, agency, &job, respond_by).await?;
        let about = (assignment.visit, Some(assignment.id));
        self.tell_of_offers(tx, agency, &[assignment.shopper], about, NoticeKind::Offered)
            .await
    }

    /// The shopper's application becomes an offer; without one, there is a new assignment.
    async fn open_assignment(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &Visit,
        shopper: UserId,
    ) -> Result<Assignment, Error> {
        let all = assignments::list_of_visits(tx, agency, &[visit.id]).await?;
        let applied = all
            .into_iter()
            .find(|found| found.shopper == shopper && found.state == AssignmentState::Applied);
        if let Some(mut assignment) = applied {
            assignment.state = assignment.state.after(AssignmentEvent::Assign)?;
            assignments::update(tx, &assignment).await?;
            assignment.row_version += 1;
            return Ok(assignment);
        }
        let assignment = Assignment {
            id: AssignmentId::from_uuid(self.fresh_uuid()),
            visit: visit.id,
            shopper,
            state: AssignmentState::Planned.after(AssignmentEvent::Assign)?,
            row_version: 1,
        };
        assignments::insert(tx, agency, &assignment, self.now()).await?;
        Ok(assignment)
    }

    /// Whoever else applied is told that it is gone.
    async fn refuse_other_applications(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &Visit,
        chosen: AssignmentId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut refused = Vec::new();
        for mut other in assignments::list_of_visits(tx, agency, &[visit.id]).await? {
            if other.id == chosen || other.state != AssignmentState::Applied {
                continue;
            }
            refused.push(other.shopper);
            other.state = other.state.after(AssignmentEvent::Cancel)?;
            assignments::update(tx, &other).await?;
            end_terms(tx, agency, other.id, EndReason::NotChosen, None, now).await?;
        }
        self.tell_of_offers(tx, agency, &refused, (visit.id, None), NoticeKind::NotChosen)
            .await
    }

    async fn begin_submission(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &Visit,
        assignment: &Assignment,
    ) -> Result<(), Error> {
        let round = programmes::find_round(tx, agency, visit.round).await?;
        let round = round.ok_or_else(|| Error::not_found("round"))?;
        let version = checklists::find_version(tx, agency, round.checklist_version).await?;
        let version = version.ok_or_else(|| Error::not_found("checklist version"))?;
        let location = clients::find_location(tx, agency, visit.location).await?;
        let location = location.ok_or_else(|| Error::not_found("location"))?;
        // Most locations have none, and reading a checklist is not for nothing.
        let location_attributes = match location.attributes.is_empty() {
            true => Attributes::new(),
            false => attribute::pinned(&parse_stored(&version)?, &location.attributes),
        };
        let submission = Submission {
            id: SubmissionId::from_uuid(self.fresh_uuid()),
            assignment: assignment.id,
            visit: visit.id,
            shopper: assignment.shopper,
            form: None,
            cycle: 0,
            return_reason: None,
            location_attributes,
            round_name: Some(round.name),
            purged: BTreeSet::new(),
            row_version: 1,
        };
        submissions::insert(tx, agency, &submission, self.now()).await?;
        let changes = [
            form_entity(&version.form),
            assignment_entity(assignment.id),
            submission_entity(submission.id),
        ];
        let changes = changes.map(|entity| FeedChange {
            entity,
            revoked: None,
        });
        feed::append(tx, agency, &scope_of(agency, assignment.shopper), &changes).await?;
        Ok(())
    }

    /// Ends an assignment. What a shopper has recorded goes on to be taken in, but apart. The visit is locked.
    pub(crate) async fn end_assignment(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &mut Visit,
        assignment: &mut Assignment,
        end: (AssignmentEvent, EndReason, Option<String>),
    ) -> Result<(), Error> {
        let (event, reason, detail) = end;
        let was_live = assignment.state.is_live();
        assignment.state = assignment.state.after(event)?;
        assignments::update(tx, assignment).await?;
        assignment.row_version += 1;
        end_terms(tx, agency, assignment.id, reason, detail, self.now()).await?;
        if was_live && visit.state != VisitState::Planned {
            visit.state = visit.state.after(VisitEvent::FallBack)?;
            visits::update(tx, visit).await?;
            visit.row_version += 1;
        }
        if !was_live {
            let about = (visit.id, assignment.id);
            return self
                .tell_applicant(tx, agency, assignment.shopper, about, reason)
                .await;
        }
        self.tell_staff(tx, agency, (visit.id, assignment.id), reason)
            .await?;
        if let Some(kind) = reason.notice() {
            let about = (visit.id, Some(assignment.id));
            self.tell_of_offers(tx, agency, &[assignment.shopper], about, kind)
                .await?;
        }
        let submissions = submissions::list_of_visits(tx, agency, &[visit.id]).await?;
        let of_assignment = submissions
            .iter()
            .filter(|found| found.assignment == assignment.id);
        let entities = of_assignment.map(|found| submission_entity(found.id));
        let entities = std::iter::once(assignment_entity(assignment.id)).chain(entities);
        let revoked = || Some(reason.as_str().to_owned());
        let changes: Vec<_> = entities
            .map(|entity| FeedChange {
                entity,
                revoked: revoked(),
            })
            .collect();
        feed::append(tx, agency, &scope_of(agency, assignment.shopper), &changes).await?;
        Ok(())
    }

    /// Takes an offer back that nobody answered in time.
    pub(crate) async fn expire_offer(&self, agency: AgencyId, id: AssignmentId) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("assignment.expire", "assignment", id);
            let Some(found) = assignments::find(tx, agency, id).await? else {
                return Ok(((), event));
            };
            let visit = visits::lock(tx, agency, found.visit).await?;
            if let Some(visit) = &visit {
                lock_round(tx, agency, visit).await?;
            }
            // Read again under the visit's lock: the shopper may have answered meanwhile.
            let assignment = assignments::find(tx, agency, id).await?;
            let (Some(mut visit), Some(mut assignment)) = (visit, assignment) else {
                return Ok(((), event));
            };
            let terms = terms::load(tx, agency, id).await?;
            let is_over = terms.respond_by.is_some_and(|until| until <= self.now());
            let event = event.with(json!({"state": assignment.state.as_str(), "over": is_over}));
            if assignment.state == AssignmentState::Assigned && is_over {
                let end = (AssignmentEvent::Expire, EndReason::Expired, None);
                self.end_assignment(tx, agency, &mut visit, &mut assignment, end)
                    .await?;
            } else if let (AssignmentState::Assigned, Some(later)) = (assignment.state, terms.respond_by) {
                // There is more time than when this was planned.
                let job = Job::ExpireOffer { assignment: id };
                self.enqueue(tx, agency, &job, later).await?;
            }
            Ok(((), event))
        })
        .await
    }
}

/// An offer with what an application said where the offer says nothing else; it is judged as it is now. Whoever was
/// taken off the list since does not come along.
async fn with_application(
    tx: &Tx,
    agency: AgencyId,
    input: &OfferInput,
    applied: &Terms,
) -> Result<OfferInput, Error> {
    require_companion(tx, agency, input.shopper, input.companion).await?;
    let companion = match applied.companion {
        Some(id) if panel::has_companion(tx, agency, input.shopper, id).await? => Some(id),
        _ => None,
    };
    Ok(OfferInput {
        due_on: input.due_on.or(applied.agreed_day()),
        companion: input.companion.or(companion),
        ..*input
    })
}

async fn end_terms(
    tx: &Tx,
    agency: AgencyId,
    assignment: AssignmentId,
    reason: EndReason,
    detail: Option<String>,
    at: Timestamp,
) -> Result<(), Error> {
    let terms = Terms {
        end: Some(End { reason, detail, at }),
        ..terms::load(tx, agency, assignment).await?
    };
    Ok(terms::put(tx, agency, &terms).await?)
}
