//! What becomes of whoever has a visit whose plan changes.

use haamu_domain::filling::NoticeKind;
use haamu_domain::{Actor, Code, LocalDate, VisitState};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::terms;
use haamu_store::repo::visits::Visit;

use crate::{App, Error};

use super::OfferInput;

/// Whether a plan asks something else of whoever makes the visit: other days, another part of the day, another
/// scenario.
pub(super) fn is_other_work(before: &VisitPlan, after: &VisitPlan) -> bool {
    let work = |plan: &VisitPlan| (plan.starts_on, plan.visit_by, plan.daypart, plan.scenario);
    work(before) != work(after)
}

impl App {
    /// Judges the terms of whoever has a visit by its new plan, and tells them of it. The plan is written already, as rules are
    /// asked of what is written. The visit is locked; the round and what else rules count by is locked here. A day that is agreed
    /// on stays; one that is over gives way to the last free one.
    ///
    /// # Errors
    /// The visit would end later, which is for an extension to say, or [`Code::NotEligible`].
    pub(super) async fn judge_holder(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        round: &Round,
        (before, after): (&VisitPlan, &VisitPlan),
    ) -> Result<(), Error> {
        let agency = actor.agency;
        let all = assignments::list_of_visits(tx, agency, &[visit.id]).await?;
        let Some(held) = all.into_iter().find(|one| one.state.is_live()) else {
            return Ok(());
        };
        let last = |plan: &VisitPlan| -> LocalDate { plan.visit_by.unwrap_or(round.visit_by) };
        if last(after) > last(before) {
            let detail = "Somebody has the visit; extend the assignment, and say why.";
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        self.settle_day(tx, actor, visit, &held, None).await?;
        let about = (visit.id, Some(held.id));
        self.tell_of_offers(tx, agency, &[held.shopper], about, NoticeKind::Changed)
            .await
    }

    /// Judges whoever has a visit by what is written of it now, and keeps the day on which they go: the one that is
    /// wanted, or else the one that was agreed on, or the last free one where that is over. Returns it. The visit is
    /// locked; what else rules count by is locked here.
    ///
    /// # Errors
    /// [`Code::NotEligible`].
    pub(super) async fn settle_day(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        held: &Assignment,
        wanted: Option<LocalDate>,
    ) -> Result<Option<LocalDate>, Error> {
        let agency = actor.agency;
        let mut terms = terms::load(tx, agency, held.id).await?;
        let promised = terms.scenario.clone();
        let (facts, planned) = self
            .lock_rules(tx, actor, visit, held.shopper, promised.as_ref(), "shopper")
            .await?;
        let agreed = terms.agreed_day().filter(|day| *day >= planned.today);
        let offer = OfferInput {
            shopper: held.shopper,
            due_on: wanted.or(agreed),
            companion: terms.companion,
        };
        let (obstacles, due_on) = self.find_obstacles(tx, agency, &facts, &planned, &offer).await?;
        if !obstacles.is_empty() {
            return Err(Error::not_eligible(obstacles));
        }
        // Of a visit that is under way, the day that was agreed on may well be the one on which it took place.
        let is_kept = visit.state == VisitState::InProgress && wanted.is_none() && terms.due_on.is_some();
        let settled = (due_on, offer.due_on.is_some());
        if !is_kept && (terms.due_on, terms.is_day_named) != settled {
            (terms.due_on, terms.is_day_named) = settled;
            terms::put(tx, agency, &terms).await?;
        }
        Ok(terms.due_on)
    }
}
