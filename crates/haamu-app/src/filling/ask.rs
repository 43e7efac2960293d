//! "Why not?": what stands in the way of a shopper making a visit, and from when on it would be allowed.

use haamu_domain::eligibility::{Obstacle, first_date, first_free, summary};
use haamu_domain::filling::QuotaKind;
use haamu_domain::{Actor, CompanionId, LocalDate, Role, Target, UserId, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{assignments, identity, plans};

use crate::context::{require, require_in_agency};
use crate::error::no_such;
use crate::{App, Error};

use super::companions::require_companion;
use super::facts::{PlannedVisit, RoundFacts};
use super::standing;

/// What is asked about a visit.
#[derive(Clone, Copy, Debug, Default)]
pub struct EligibilityQuery {
    /// About whom; a shopper asks about themselves.
    pub shopper: Option<UserId>,
    /// About which day; about any of the visit's days, if absent.
    pub on: Option<LocalDate>,
    /// With whom along.
    pub companion: Option<CompanionId>,
}

/// Whether a shopper may make a visit.
#[derive(Clone, Debug)]
pub struct EligibilityView {
    /// Who.
    pub shopper: UserId,
    /// What stands in the way; nothing, if it is empty.
    pub obstacles: Vec<Obstacle>,
    /// The first day of the visit's time, from today on, on which they may.
    pub first_date: Option<LocalDate>,
    /// The first day on which nothing stands in the way but that it may lie beyond the visit's time; within a year.
    pub free_from: Option<LocalDate>,
    /// Kinds of quotas that the round has and that do not steer this visit yet.
    pub unsteered: Option<QuotaKind>,
}

impl App {
    /// What stands in the way of a shopper making a visit.
    ///
    /// # Errors
    /// There is no such visit or shopper within reach.
    pub async fn ask_why_not(
        &self,
        actor: &Actor,
        visit: VisitId,
        query: EligibilityQuery,
    ) -> Result<EligibilityView, Error> {
        require_in_agency(actor, Verb::AskEligibility)?;
        let shopper = match (actor.role, query.shopper) {
            (Role::Shopper, None) => Some(actor.user),
            (Role::Shopper, Some(other)) if other != actor.user => {
                return Err(Error::not_found("shopper"));
            }
            (_, shopper) => shopper,
        };
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = self.visit_within_reach(tx, actor, visit).await?;
            let shopper = shopper.ok_or_else(|| no_such("shopper".to_owned(), "shopper of the agency"))?;
            let member = identity::find_membership(tx, actor.agency, shopper).await?;
            if member.is_none_or(|member| !member.works_as(Role::Shopper)) {
                return Err(no_such("shopper".to_owned(), "shopper of the agency"));
            }
            self.judge(tx, actor, &visit, shopper, &query).await
        })
        .await
    }

    /// A visit that the actor may ask about: a shopper of one on the board, or offered to them.
    pub(super) async fn visit_within_reach(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: VisitId,
    ) -> Result<Visit, Error> {
        let visit = visits::find(tx, actor.agency, id).await?;
        let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
        let target = Target::of_client(actor.agency, visit.client_organisation);
        require(actor, Verb::AskEligibility, &target, "visit")?;
        if actor.role == Role::Shopper {
            let plan = plans::load(tx, actor.agency, id, visit.round).await?;
            let offers = assignments::list_of_visits(tx, actor.agency, &[id]).await?;
            let is_own = offers.iter().any(|offer| offer.shopper == actor.user);
            if plan.board.is_none() && !is_own {
                return Err(Error::not_found("visit"));
            }
        }
        Ok(visit)
    }

    async fn judge(
        &self,
        tx: &Tx,
        actor: &Actor,
        visit: &Visit,
        shopper: UserId,
        query: &EligibilityQuery,
    ) -> Result<EligibilityView, Error> {
        let agency = actor.agency;
        let facts = RoundFacts::load(tx, actor, visit.round).await?;
        let mut planned = facts
            .visits(tx, agency, std::slice::from_ref(visit), self.now())
            .await?;
        let planned = planned
            .remove(&visit.id)
            .ok_or_else(|| Error::not_found("visit"))?;
        let mut candidates = facts
            .candidates(tx, agency, &[shopper], Some(visit.id), self.now())
            .await?;
        let candidate = candidates.remove(&shopper).unwrap_or_default();
        require_companion(tx, agency, shopper, query.companion).await?;
        let whom = (shopper, query.companion);
        let companion = facts.companion(tx, agency, whom, visit.id, self.now()).await?;
        let mut standing = standing::of_plan(tx, actor, &facts, &planned, standing::Hold::Look).await?;
        standing.extend(standing::of_visit(tx, agency, visit, Some(shopper)).await?);
        let on = |date| facts.obstacles(&candidate, companion.as_ref(), &planned, date);
        let found = match query.on {
            Some(date) => on(date),
            None => without_date(&planned, on),
        };
        // Whatever the day, nobody makes a visit that is not to be had.
        let is_to_be_had = standing.is_empty();
        let first = planned.today.max(planned.open.starts_on);
        let free = || first_date(&planned.open, planned.today, |date| !on(date).is_empty());
        let first_date = is_to_be_had.then(free).flatten();
        let beyond = || first_date.or_else(|| first_free(first, on));
        Ok(EligibilityView {
            shopper,
            first_date,
            free_from: is_to_be_had.then(beyond).flatten(),
            obstacles: standing.into_iter().chain(found).collect(),
            unsteered: facts.unsteered(&planned),
        })
    }
}

/// What stands in the way on every day of a visit from today on, if no day is free: every rule that does, with on how
/// many days. Where all its days are over, what stands in the way today.
pub(super) fn without_date(visit: &PlannedVisit, on: impl Fn(LocalDate) -> Vec<Obstacle>) -> Vec<Obstacle> {
    let first = visit.today.max(visit.open.starts_on);
    if visit.open.visit_by < first {
        return on(first);
    }
    let free = first_date(&visit.open, visit.today, |date| !on(date).is_empty());
    if free.is_some() {
        return Vec::new();
    }
    let count = u32::try_from(visit.open.visit_by.days_since(first)).unwrap_or_default();
    summary((0..=count).map(|days| first.plus_days(days)), on)
}
