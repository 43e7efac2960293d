//! Planning visits and offering them to shoppers.

use haamu_domain::brief::{assignment_entity, form_entity, submission_entity};
use haamu_domain::{
    Actor, AgencyId, AssignmentBrief, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code,
    LocationBrief, LocationId, Role, RoundId, SubmissionId, Target, UserId, Verb, VisitEvent, VisitId,
    VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::feed::{self, FeedChange};
use haamu_store::repo::submissions::{self, Submission};
use haamu_store::repo::visits::{self, Assignment, Visit};
use haamu_store::repo::{checklists, clients, identity, programmes};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::Issue;
use crate::{App, Error};

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
            let message = format!("between 1 and {MAX_VISITS} visits at once");
            let issue = Issue {
                path: "visits".to_owned(),
                code: "out_of_range".to_owned(),
                message,
            };
            return Err(Error::with_issues(Code::ValidationFailed, vec![issue]));
        }
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
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
                let visit = Visit {
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
                    self.offer(
                        tx,
                        actor.agency,
                        &visit,
                        shopper,
                        &format!("visits[{index}].shopper"),
                    )
                    .await?;
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
        let programme = programmes::find(tx, actor.agency, round.programme).await?;
        let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
        if !programme.state.takes_visits() {
            let detail = format!("The programme is {}; it must be active.", programme.state);
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        Ok(programme)
    }

    /// Offers a visit to a shopper; an earlier offer is withdrawn.
    ///
    /// # Errors
    /// There is no such visit or shopper, or work on the visit has been handed in.
    pub async fn assign_visit(
        &self,
        actor: &Actor,
        visit: VisitId,
        shopper: UserId,
    ) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::lock(tx, actor.agency, visit).await?;
            let mut visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::AssignVisit, &target, "visit")?;
            self.load_plan(tx, actor, visit.round).await?;
            self.withdraw_offers(tx, actor.agency, &mut visit).await?;
            self.offer(tx, actor.agency, &visit, shopper, "shopper").await?;
            let mut views = read::views_of(tx, actor.agency, &[visit.id]).await?;
            let view = views.pop().ok_or_else(|| Error::not_found("visit"))?;
            Ok((view, AuditEvent::of(Verb::AssignVisit, "visit", visit.id)))
        })
        .await
    }

    /// Cancels what is offered of a visit; what a shopper has recorded goes on to be taken in, but apart.
    async fn withdraw_offers(&self, tx: &Tx, agency: AgencyId, visit: &mut Visit) -> Result<(), Error> {
        if visit.state != VisitState::Planned {
            visit.state = visit.state.after(VisitEvent::FallBack)?;
            visits::update(tx, visit).await?;
        }
        let submissions = submissions::list_of_visits(tx, agency, &[visit.id]).await?;
        for mut assignment in visits::list_assignments(tx, agency, &[visit.id]).await? {
            if !assignment.state.is_live() {
                continue;
            }
            assignment.state = assignment.state.after(AssignmentEvent::Cancel)?;
            visits::update_assignment(tx, &assignment).await?;
            let revoked = || Some("reassigned".to_owned());
            let mut changes = vec![FeedChange {
                entity: assignment_entity(assignment.id),
                revoked: revoked(),
            }];
            for submission in submissions
                .iter()
                .filter(|submission| submission.assignment == assignment.id)
            {
                changes.push(FeedChange {
                    entity: submission_entity(submission.id),
                    revoked: revoked(),
                });
            }
            feed::append(tx, agency, &scope_of(agency, assignment.shopper), &changes).await?;
        }
        Ok(())
    }

    async fn offer(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &Visit,
        shopper: UserId,
        path: &str,
    ) -> Result<(), Error> {
        let member = identity::find_membership(tx, agency, shopper).await?;
        if member.is_none_or(|member| member.role != Role::Shopper || member.disabled_at.is_some()) {
            return Err(no_such(path.to_owned(), "shopper of the agency"));
        }
        let now = self.now();
        let assignment = Assignment {
            id: AssignmentId::from_uuid(self.fresh_uuid()),
            visit: visit.id,
            shopper,
            state: AssignmentState::Planned.after(AssignmentEvent::Assign)?,
            row_version: 1,
        };
        visits::insert_assignment(tx, agency, &assignment, now).await?;
        let submission = Submission {
            id: SubmissionId::from_uuid(self.fresh_uuid()),
            assignment: assignment.id,
            visit: visit.id,
            shopper,
            form: None,
            cycle: 0,
            return_reason: None,
            row_version: 1,
        };
        submissions::insert(tx, agency, &submission, now).await?;
        let round = programmes::find_round(tx, agency, visit.round).await?;
        let round = round.ok_or_else(|| Error::not_found("round"))?;
        let version = checklists::find_version(tx, agency, round.checklist_version).await?;
        let version = version.ok_or_else(|| Error::not_found("checklist version"))?;
        let changes = [
            form_entity(&version.form),
            assignment_entity(assignment.id),
            submission_entity(submission.id),
        ]
        .map(|entity| FeedChange {
            entity,
            revoked: None,
        });
        Ok(feed::append(tx, agency, &scope_of(agency, shopper), &changes).await?)
    }

    /// The shopper accepts their assignment.
    ///
    /// # Errors
    /// There is no such assignment of theirs, or it is not offered.
    pub async fn accept_assignment(&self, actor: &Actor, id: AssignmentId) -> Result<AssignmentBrief, Error> {
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
            assignment.state = assignment.state.after(AssignmentEvent::Accept)?;
            visit.state = visit.state.after(VisitEvent::Accept)?;
            visits::update_assignment(tx, &assignment).await?;
            visits::update(tx, &visit).await?;
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

fn no_such(path: String, what: &str) -> Error {
    let issue = Issue {
        path,
        code: "not_found".to_owned(),
        message: format!("there is no such {what}"),
    };
    Error::with_issues(Code::ValidationFailed, vec![issue])
}

/// The feed that a shopper's devices read.
pub(crate) fn scope_of(agency: AgencyId, shopper: UserId) -> String {
    format!("{agency}/{shopper}")
}

/// An assignment as its shopper sees it.
pub(crate) async fn brief(
    tx: &Tx,
    agency: AgencyId,
    id: AssignmentId,
) -> Result<Option<AssignmentBrief>, Error> {
    let Some(assignment) = visits::find_assignment(tx, agency, id).await? else {
        return Ok(None);
    };
    let Some(visit) = visits::find(tx, agency, assignment.visit).await? else {
        return Ok(None);
    };
    let Some(round) = programmes::find_round(tx, agency, visit.round).await? else {
        return Ok(None);
    };
    let version = checklists::find_version(tx, agency, round.checklist_version).await?;
    let client = clients::find(tx, agency, visit.client_organisation).await?;
    let location = clients::find_location(tx, agency, visit.location).await?;
    let submissions = submissions::list_of_visits(tx, agency, &[visit.id]).await?;
    let submission = submissions
        .into_iter()
        .find(|submission| submission.assignment == id);
    let (Some(version), Some(client), Some(location), Some(submission)) =
        (version, client, location, submission)
    else {
        return Ok(None);
    };
    Ok(Some(AssignmentBrief {
        assignment: id,
        visit: visit.id,
        submission: submission.id,
        state: assignment.state,
        client_organisation: client.name,
        round: round.name,
        location: LocationBrief {
            name: location.name,
            address: location.address,
            postal_code: location.postal_code,
            city: location.city,
            latitude: location.latitude,
            longitude: location.longitude,
            time_zone: location.time_zone,
        },
        form: version.form,
        visit_by: round.visit_by,
        report_by: round.report_by,
        return_reason: submission.return_reason,
    }))
}
