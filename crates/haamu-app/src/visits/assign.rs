//! Planning visits and offering them to shoppers.

use std::collections::BTreeSet;

use haamu_domain::filling::{EndReason, Origin};
use haamu_domain::{
    Actor, AgencyId, AssignmentEvent, AssignmentId, AuditEvent, Code, LocationId, RoundId, Target, UserId,
    Verb, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, programmes};
use serde_json::json;

use crate::context::{require, require_in_agency};
use crate::error::{Checks, Issue, no_such};
use crate::filling::{Given, OfferInput};
use crate::programmes::{require_takes_visits, within_reach};
use crate::{App, Error};

use super::view::VisitView;

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

/// To whom a visit goes, and from whom it is taken for that.
#[derive(Clone, Copy, Debug)]
pub struct AssignInput {
    /// To whom, and on what terms.
    pub offer: OfferInput,
    /// The assignment that ends for it, as whoever decides has seen it; none: nobody has the visit.
    pub replaces: Option<AssignmentId>,
}

/// What became of a visit that was to be offered.
struct Assigned {
    assignment: AssignmentId,
    /// What ended for it.
    replaced: Option<AssignmentId>,
    /// Whether the shopper had it on these terms before.
    was_theirs: bool,
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
            let found = programmes::lock_round(tx, actor.agency, round).await?;
            let (found, plan) = within_reach(tx, actor, Verb::CreateVisits, found, "round").await?;
            require_takes_visits(&found, &plan)?;
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
            let views = self.visit_views_of(tx, actor, &ids).await?;
            let event = AuditEvent::of(Verb::CreateVisits, "round", round).with(json!({"count": ids.len()}));
            Ok((views, event))
        })
        .await
    }

    /// Offers a visit to a shopper, if no rule stands in the way. Whoever has it on the same terms keeps it.
    ///
    /// # Errors
    /// There is no such visit or shopper, work on the visit has been handed in, [`Code::NotEligible`], or
    /// [`Code::JobTaken`]: somebody has it, and `replaces` does not name their assignment.
    pub async fn assign_visit(
        &self,
        actor: &Actor,
        visit: VisitId,
        input: &AssignInput,
    ) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let done = self
                .reassign(tx, actor, visit, input, Origin::Coordinator, "")
                .await?;
            let done = [(visit, input.offer.shopper, done)];
            let mut detail = assigned_json(tx, actor, &done).await?;
            let mut views = self.visit_views_of(tx, actor, &[visit]).await?;
            let view = views.pop().ok_or_else(|| Error::not_found("visit"))?;
            let event = AuditEvent::of(Verb::AssignVisit, "visit", visit);
            Ok((view, event.with(detail.pop().unwrap_or_default())))
        })
        .await
    }

    /// Offers visits to shoppers, all of them or none.
    ///
    /// # Errors
    /// As for one of them; the detail says for which. Or a visit is there twice.
    pub async fn assign_visits(
        &self,
        actor: &Actor,
        round: RoundId,
        offers: &[(VisitId, AssignInput)],
        origin: Origin,
    ) -> Result<Vec<VisitView>, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        if offers.is_empty() || offers.len() > MAX_VISITS {
            return Err(out_of_range("assignments"));
        }
        refuse_repeated(offers)?;
        // Whoever locks several visits does so in the order of their ids.
        let mut offers: Vec<_> = offers.iter().enumerate().collect();
        offers.sort_by_key(|(_, (visit, _))| *visit);
        let offers = &offers;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = programmes::find_round(tx, actor.agency, round).await?;
            let (found, programme) = within_reach(tx, actor, Verb::AssignVisit, found, "round").await?;
            require_takes_visits(&found, &programme)?;
            // All visits before the round and what else their rules lock: whoever takes one holds it first, too.
            let all: Vec<_> = offers.iter().map(|(_, (visit, _))| *visit).collect();
            visits::lock_many(tx, actor.agency, &all).await?;
            let mut done = Vec::with_capacity(offers.len());
            for (index, (visit, input)) in offers {
                let path = format!("assignments[{index}]");
                let found = visits::find(tx, actor.agency, *visit).await?;
                if found.is_none_or(|found| found.round != round) {
                    return Err(no_such(format!("{path}.visit"), "visit of the round"));
                }
                let prefix = format!("{path}.");
                let one = self.reassign(tx, actor, *visit, input, origin, &prefix).await;
                done.push((*visit, input.offer.shopper, one.map_err(|error| error.at(&path))?));
            }
            let views = self.visit_views_of(tx, actor, &all).await?;
            let event = AuditEvent::of(Verb::AssignVisit, "round", round);
            let detail = json!({"count": all.len(), "origin": origin.as_str(),
                "assignments": assigned_json(tx, actor, &done).await?});
            Ok((views, event.with(detail)))
        })
        .await
    }

    /// Offers a visit that nobody has, or takes it from whoever is named for that.
    async fn reassign(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: VisitId,
        input: &AssignInput,
        origin: Origin,
        path: &str,
    ) -> Result<Assigned, Error> {
        let visit = visits::lock(tx, actor.agency, visit).await?;
        let mut visit = visit.ok_or_else(|| Error::not_found("visit"))?;
        let target = Target::of_client(actor.agency, visit.client_organisation);
        require(actor, Verb::AssignVisit, &target, "visit")?;
        // Before anybody is told of anything: whoever changes the round tells all who have visits of it.
        programmes::lock_round(tx, actor.agency, visit.round).await?;
        let all = assignments::list_of_visits(tx, actor.agency, &[visit.id]).await?;
        if let Some(named) = input.replaces
            && all.iter().all(|one| one.id != named)
        {
            return Err(no_such(format!("{path}replaces"), "assignment of the visit"));
        }
        let mut replaced = None;
        if let Some(mut holder) = all.into_iter().find(|one| one.state.is_live()) {
            let mut terms = terms::load(tx, actor.agency, holder.id).await?;
            if has_on_same_terms(&holder, &terms, &input.offer) {
                // The day on which the visit counted anyway is agreed from now on.
                if input.offer.due_on.is_some() && !terms.is_day_named {
                    terms.is_day_named = true;
                    terms::put(tx, actor.agency, &terms).await?;
                }
                return Ok(Assigned {
                    assignment: holder.id,
                    replaced: None,
                    was_theirs: true,
                });
            }
            // What the caller has not seen is taken from nobody: another coordinator, or a shopper, was quicker.
            if input.replaces != Some(holder.id) {
                let detail = format!(
                    "Assignment {} of the visit is {}; to give the visit to somebody else, name it in `replaces`.",
                    holder.id, holder.state
                );
                return Err(Error::because(Code::JobTaken, detail));
            }
            let end = (AssignmentEvent::Cancel, EndReason::Reassigned, None);
            self.end_assignment(tx, actor.agency, &mut visit, &mut holder, end)
                .await?;
            replaced = Some(holder.id);
        }
        let how = (origin, Given::Offered);
        let path = format!("{path}shopper");
        let given = self.give(tx, actor, &mut visit, &input.offer, how, &path).await?;
        Ok(Assigned {
            assignment: given.id,
            replaced,
            was_theirs: false,
        })
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
            programmes::lock_round(tx, actor.agency, found.round).await?;
            let all = assignments::list_of_visits(tx, actor.agency, &[visit]).await?;
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
            let mut views = self.visit_views_of(tx, actor, &[visit]).await?;
            let view = views.pop().ok_or_else(|| Error::not_found("visit"))?;
            let event = AuditEvent::of(Verb::AssignVisit, "visit", visit);
            Ok((view, event.with(json!({"withdrawn": live.id}))))
        })
        .await
    }
}

/// Whether whoever has a visit is the shopper of an offer, and what the offer says of its terms holds already.
fn has_on_same_terms(holder: &Assignment, terms: &Terms, offer: &OfferInput) -> bool {
    let is_same_day = offer.due_on.is_none() || offer.due_on == terms.due_on;
    let is_same_companion = offer.companion.is_none() || offer.companion == terms.companion;
    holder.shopper == offer.shopper && is_same_day && is_same_companion
}

/// What the log says of visits that were offered: to whom, for which day, and instead of what.
async fn assigned_json(
    tx: &Tx,
    actor: &Actor,
    all: &[(VisitId, UserId, Assigned)],
) -> Result<Vec<serde_json::Value>, Error> {
    let ids: Vec<_> = all.iter().map(|(_, _, done)| done.assignment).collect();
    let terms = terms::list(tx, actor.agency, &ids).await?;
    let one = |(visit, shopper, done): &(VisitId, UserId, Assigned)| {
        json!({
            "visit": visit,
            "assignment": done.assignment,
            "shopper": shopper,
            "due_on": terms.get(&done.assignment).and_then(|terms| terms.due_on),
            "replaced": done.replaced,
            "was_theirs": done.was_theirs,
        })
    };
    Ok(all.iter().map(one).collect())
}

/// One visit goes to one shopper.
fn refuse_repeated(offers: &[(VisitId, AssignInput)]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    let mut checks = Checks::default();
    for (index, (visit, _)) in offers.iter().enumerate() {
        if !seen.insert(*visit) {
            let path = format!("assignments[{index}].visit");
            checks.issue(path, "repeated", "the visit stands in the list before");
        }
    }
    checks.finish()
}

fn out_of_range(path: &str) -> Error {
    let issue = Issue {
        path: path.to_owned(),
        code: "out_of_range".to_owned(),
        message: format!("between 1 and {MAX_VISITS} visits at once"),
    };
    Error::with_issues(Code::ValidationFailed, vec![issue])
}

/// The feed that a shopper's devices read.
pub(crate) fn scope_of(agency: AgencyId, shopper: UserId) -> String {
    format!("{agency}/{shopper}")
}
