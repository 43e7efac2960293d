//! Applying a proposed plan: its visits are offered bit by bit, each under all rules as they are then.

use std::collections::BTreeMap;

use haamu_domain::assigning::ProposedVisit;
use haamu_domain::filling::{Origin, ProposalEvent, ProposalState};
use haamu_domain::{Actor, AgencyId, AuditEvent, Code, ProposalId, RoundId, UserId, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::assignments;
use haamu_store::repo::proposals::{self, Proposal, RefusedVisit};
use serde_json::json;

use crate::context::require_in_agency;
use crate::jobs::Job;
use crate::visits::AssignInput;
use crate::{App, Error};

use super::OfferInput;
use super::propose::{actor_of, require_round};

/// So many visits are offered in one go. Then other jobs have their turn.
const CHUNK: usize = 20;

impl App {
    /// Has the visits of a proposed plan offered. A job does it; what rules refuse by then is told with the proposal.
    ///
    /// # Errors
    /// There is no such proposal, or it is not ready, or was applied before.
    pub async fn apply_proposal(&self, actor: &Actor, id: ProposalId) -> Result<Proposal, Error> {
        require_in_agency(actor, Verb::ApplyPlan)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = proposals::lock(tx, actor.agency, id).await?;
            let mut found = found.ok_or_else(|| Error::not_found("proposal"))?;
            require_round(tx, actor, found.round, Verb::ApplyPlan, "proposal").await?;
            found.state = found.state.after(ProposalEvent::Apply)?;
            found.progress = 0;
            found.applied_by = Some(actor.user);
            found.finished_at = None;
            proposals::update(tx, actor.agency, &found).await?;
            let job = Job::ApplyProposal { proposal: id };
            self.enqueue(tx, actor.agency, &job, self.now()).await?;
            let event = AuditEvent::of(Verb::ApplyPlan, "proposal", id);
            let event = event.with(json!({"visits": found.assignments.len()}));
            Ok((found, event))
        })
        .await
    }

    /// Offers the next visits of a plan that is being applied. What was offered before is not offered again.
    pub(crate) async fn apply_next(&self, agency: AgencyId, id: ProposalId) -> Result<(), Error> {
        let found = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                let found = proposals::find(tx, agency, id).await?;
                let Some(found) = found.filter(|found| found.state == ProposalState::Applying) else {
                    return Ok(None);
                };
                let actor = match found.applied_by {
                    Some(user) => actor_of(tx, agency, user, Verb::AssignVisit).await?,
                    None => None,
                };
                Ok::<_, Error>(Some((found, actor)))
            })
            .await?;
        let Some((proposal, actor)) = found else {
            return Ok(());
        };
        let Some(actor) = actor else {
            return self.note_applied(agency, &proposal, None).await;
        };
        let next = proposal.assignments.iter().skip(proposal.handled).take(CHUNK);
        let next: Vec<_> = next.copied().collect();
        let refused = self.offer_all(&actor, proposal.round, &next).await?;
        self.note_applied(agency, &proposal, Some((next.len(), refused)))
            .await
    }

    /// Offers visits, as many as rules allow, and says which they do not.
    async fn offer_all(
        &self,
        actor: &Actor,
        round: RoundId,
        all: &[ProposedVisit],
    ) -> Result<Vec<RefusedVisit>, Error> {
        let holders = self.holders(actor.agency, all).await?;
        let mut refused = Vec::new();
        let mut open = Vec::new();
        for one in all {
            match holders.get(&one.visit) {
                None => open.push(*one),
                // The attempt before this one got as far as this.
                Some(holder) if *holder == one.shopper => {}
                Some(_) => refused.push(refusal(one.visit, Code::JobTaken, &[])),
            }
        }
        // All together, if that is possible; if not, in halves, down to the single ones that are refused.
        let mut parts = vec![open];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match (self.offer(actor, round, &part).await, part.as_slice()) {
                (Ok(()), _) => {}
                // Another process that lost its claim on the job, or took it over, was here first.
                (Err(Error::Refused(_)), [one]) if self.is_held(actor.agency, one).await? => {}
                (Err(Error::Refused(found)), [one]) => {
                    let rules: Vec<_> = found.obstacles.iter().map(|rule| rule.code.as_str()).collect();
                    refused.push(refusal(one.visit, found.code, &rules));
                }
                (Err(Error::Refused(_)), part) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second.to_vec(), first.to_vec()]);
                }
                (Err(error), _) => return Err(error),
            }
        }
        Ok(refused)
    }

    async fn offer(&self, actor: &Actor, round: RoundId, part: &[ProposedVisit]) -> Result<(), Error> {
        let offers = part.iter().map(|one| {
            let offer = OfferInput {
                shopper: one.shopper,
                due_on: Some(one.date),
                companion: None,
            };
            // A plan fills what was open when it was made, and takes from nobody what they have got since.
            let input = AssignInput {
                offer,
                replaces: None,
            };
            (one.visit, input)
        });
        let offers: Vec<_> = offers.collect();
        self.assign_visits(actor, round, &offers, Origin::Plan).await?;
        Ok(())
    }

    /// Whether the shopper of the plan has the visit.
    async fn is_held(&self, agency: AgencyId, one: &ProposedVisit) -> Result<bool, Error> {
        let holders = self.holders(agency, std::slice::from_ref(one)).await?;
        Ok(holders.get(&one.visit) == Some(&one.shopper))
    }

    /// Who has visits that were open when the plan was made.
    async fn holders(
        &self,
        agency: AgencyId,
        of: &[ProposedVisit],
    ) -> Result<BTreeMap<VisitId, UserId>, Error> {
        let ids: Vec<_> = of.iter().map(|one| one.visit).collect();
        let ids = &ids;
        self.look(agency, |tx: Tx| async move {
            let found = assignments::list_of_visits(&tx, agency, ids).await?;
            let live = found.iter().filter(|offer| offer.state.is_live());
            Ok(live.map(|offer| (offer.visit, offer.shopper)).collect())
        })
        .await
    }

    /// Notes what became of the next visits of a plan, and has the rest offered; none: nobody may any more.
    async fn note_applied(
        &self,
        agency: AgencyId,
        before: &Proposal,
        done: Option<(usize, Vec<RefusedVisit>)>,
    ) -> Result<(), Error> {
        let (id, done) = (before.id, &done);
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("plan.apply", "proposal", id);
            let found = proposals::lock(tx, agency, id).await?;
            // Another process may have taken the job over and been here first.
            let is_same = |found: &Proposal| found.row_version == before.row_version;
            let Some(mut found) = found.filter(is_same) else {
                return Ok(((), event));
            };
            match done {
                None => found.state = found.state.after(ProposalEvent::Fail)?,
                Some((handled, refused)) => {
                    found.handled += handled;
                    found.refused.extend_from_slice(refused);
                    let total = found.assignments.len();
                    let share = (found.handled * 1_000).checked_div(total).unwrap_or(1_000);
                    found.progress = u16::try_from(share).unwrap_or(1_000);
                    if found.handled >= total {
                        found.state = found.state.after(ProposalEvent::Finish)?;
                    } else {
                        let job = Job::ApplyProposal { proposal: id };
                        self.enqueue(tx, agency, &job, self.now()).await?;
                    }
                }
            }
            if found.state != ProposalState::Applying {
                found.finished_at = Some(self.now());
            }
            proposals::update(tx, agency, &found).await?;
            let detail = json!({"state": found.state.as_str(), "handled": found.handled, "refused": found.refused.len()});
            Ok(((), event.with(detail)))
        })
        .await
    }
}

fn refusal(visit: VisitId, code: Code, obstacles: &[&str]) -> RefusedVisit {
    RefusedVisit {
        visit,
        code: code.as_str().to_owned(),
        obstacles: obstacles.iter().map(|rule| (*rule).to_owned()).collect(),
    }
}
