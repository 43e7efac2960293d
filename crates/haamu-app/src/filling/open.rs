//! What a plan of a round is made from: the visits that nobody has, and the panel.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::assigning::{
    OpenRound, PanelShopper, Preferences, UnassignedVisit, UnfilledVisit, UnplannedReason,
};
use haamu_domain::{
    Actor, AgencyId, AssignmentState, LocalDate, ProgrammeId, Role, RoundId, ScenarioId, UserId, VisitId,
    VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments;
use haamu_store::repo::job_invitations::{self, Invited};
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit, VisitFilter};
use haamu_store::repo::{identity, plans, scenarios};

use crate::{App, Error};

use super::facts::RoundFacts;

/// So many visits are read at once.
const AT_ONCE: u64 = 5_000;

/// A round to be planned.
pub(super) struct Prepared {
    /// What the planner is given.
    pub(super) round: OpenRound,
    /// Visits for which nobody is looked for, and why.
    pub(super) unplanned: Vec<UnfilledVisit>,
    /// How many visits more there are than a plan takes.
    pub(super) left_out: usize,
}

impl App {
    /// What a plan is made from; none if the programme takes no visits any more.
    pub(super) async fn open_round(
        &self,
        tx: &Tx,
        actor: &Actor,
        round: RoundId,
    ) -> Result<Option<Prepared>, Error> {
        let agency = actor.agency;
        let facts = RoundFacts::load(tx, actor, round).await?;
        if !facts.programme.state.takes_visits() {
            return Ok(None);
        }
        let unready = unready_scenarios(tx, agency, facts.programme.id).await?;
        let found = self.visits_of_nobody(tx, agency, round, &unready).await?;
        let planned = facts.visits(tx, agency, &found.open, self.now()).await?;
        let wishes = Wishes::load(tx, agency, &found.open).await?;
        let of = |wishes: &ByVisit, visit| wishes.get(&visit).cloned().unwrap_or_default();
        let visits = planned.into_values().map(|visit| UnassignedVisit {
            id: visit.plan.visit,
            open: visit.open,
            not_before: visit.today,
            asked_by: of(&wishes.asked_by, visit.plan.visit),
            asked_on: wishes
                .asked_on
                .get(&visit.plan.visit)
                .cloned()
                .unwrap_or_default(),
            invited: of(&wishes.invited, visit.plan.visit),
            given_up_by: of(&wishes.given_up_by, visit.plan.visit),
        });
        let users = identity::list_working(tx, agency, Role::Shopper).await?;
        let candidates = facts.candidates(tx, agency, &users, None, self.now()).await?;
        let shoppers = candidates.into_iter();
        let shoppers = shoppers.map(|(id, candidate)| PanelShopper { id, candidate });
        let (quotas, taken) = facts.quota_use();
        let round = OpenRound {
            starts_on: facts.round.starts_on,
            visits: visits.collect(),
            shoppers: shoppers.collect(),
            quotas,
            taken,
            rules: facts.rules,
            preferences: Preferences::default(),
        };
        Ok(Some(Prepared {
            round,
            unplanned: found.unplanned,
            left_out: found.left_out,
        }))
    }

    /// The visits of a round that are to be made and are offered to nobody: as many as a plan takes.
    async fn visits_of_nobody(
        &self,
        tx: &Tx,
        agency: AgencyId,
        round: RoundId,
        unready: &BTreeMap<ScenarioId, UnplannedReason>,
    ) -> Result<OfNobody, Error> {
        let filter = VisitFilter {
            round: Some(round),
            state: Some(VisitState::Planned),
            ..VisitFilter::default()
        };
        let most = self.settings().max_planned_visits;
        let (mut all, mut after) = (OfNobody::default(), None);
        loop {
            let (found, has_more) = visits::list(tx, agency, &filter, after, AT_ONCE).await?;
            after = found.last().map(|visit| visit.id.uuid());
            let ids: Vec<_> = found.iter().map(|visit| visit.id).collect();
            let assignments = assignments::list_of_visits(tx, agency, &ids).await?;
            let live = assignments.iter().filter(|offer| offer.state.is_live());
            let live: BTreeSet<_> = live.map(|offer| offer.visit).collect();
            let plans = plans::list(tx, agency, &ids).await?;
            for visit in found.into_iter().filter(|visit| !live.contains(&visit.id)) {
                all.add(visit, &plans, unready, most);
            }
            if !has_more {
                return Ok(all);
            }
        }
    }
}

/// Visits that nobody has.
#[derive(Default)]
struct OfNobody {
    open: Vec<Visit>,
    unplanned: Vec<UnfilledVisit>,
    left_out: usize,
}

impl OfNobody {
    /// Adds a visit, if it is to be made. What is called off or has no scenario to be made by takes nothing of what a
    /// plan holds.
    fn add(
        &mut self,
        visit: Visit,
        plans: &BTreeMap<VisitId, VisitPlan>,
        unready: &BTreeMap<ScenarioId, UnplannedReason>,
        most: usize,
    ) {
        let plan = plans.get(&visit.id);
        if plan.is_some_and(|plan| plan.closed_reason.is_some()) {
            return;
        }
        let reason = plan.and_then(|plan| unready.get(&plan.scenario?).copied());
        if reason.is_some() {
            self.unplanned.push(UnfilledVisit {
                visit: visit.id,
                relaxations: Vec::new(),
                combinations: Vec::new(),
                gave_up: 0,
                reason,
            });
        } else if self.open.len() >= most {
            self.left_out += 1;
        } else {
            self.open.push(visit);
        }
    }
}

/// The scenarios of a programme by which nobody is sent anywhere: offers of visits with them are refused.
async fn unready_scenarios(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
) -> Result<BTreeMap<ScenarioId, UnplannedReason>, Error> {
    let all = scenarios::list(tx, agency, programme).await?;
    let reason = |retired: bool, ready: bool| match (retired, ready) {
        (true, _) => Some(UnplannedReason::ScenarioRetired),
        (false, false) => Some(UnplannedReason::ScenarioNotReady),
        (false, true) => None,
    };
    let unready = all.iter().filter_map(|one| {
        let reason = reason(one.retired_at.is_some(), one.ethics.is_complete())?;
        Some((one.id, reason))
    });
    Ok(unready.collect())
}

/// Shoppers by visits.
type ByVisit = BTreeMap<VisitId, BTreeSet<UserId>>;

/// What shoppers have said about visits.
#[derive(Default)]
struct Wishes {
    /// Who asked for one.
    asked_by: ByVisit,
    /// On which day they would go, where they named one.
    asked_on: BTreeMap<VisitId, BTreeMap<UserId, LocalDate>>,
    /// Who was asked whether they want it, and has not said no.
    invited: ByVisit,
    /// Who had it or was offered it and did not make it, was asked and does not want it, or is not to have it, and has
    /// not asked for it since.
    given_up_by: ByVisit,
}

impl Wishes {
    async fn load(tx: &Tx, agency: AgencyId, of: &[Visit]) -> Result<Self, Error> {
        let ids: Vec<_> = of.iter().map(|visit| visit.id).collect();
        let all = assignments::list_of_visits(tx, agency, &ids).await?;
        let of_terms: Vec<_> = all.iter().map(|one| one.id).collect();
        let terms = terms::list(tx, agency, &of_terms).await?;
        let mut found = Self::default();
        let note = |of: &mut ByVisit, visit: VisitId, shopper: UserId| {
            of.entry(visit).or_default().insert(shopper);
        };
        for one in &all {
            let terms = terms.get(&one.id);
            let end = terms.and_then(|terms| terms.end.as_ref());
            if one.state == AssignmentState::Applied {
                note(&mut found.asked_by, one.visit, one.shopper);
                if let Some(day) = terms.and_then(Terms::agreed_day) {
                    found
                        .asked_on
                        .entry(one.visit)
                        .or_default()
                        .insert(one.shopper, day);
                }
            } else if end.is_some_and(|end| end.reason.is_given_up()) {
                note(&mut found.given_up_by, one.visit, one.shopper);
            }
        }
        for ((visit, shopper), invited) in job_invitations::list(tx, agency, &ids).await? {
            match invited {
                Invited::Open => note(&mut found.invited, visit, shopper),
                Invited::Declined => note(&mut found.given_up_by, visit, shopper),
            }
        }
        for (visit, shoppers) in &mut found.given_up_by {
            if let Some(asked) = found.asked_by.get(visit) {
                shoppers.retain(|shopper| !asked.contains(shopper));
            }
        }
        Ok(found)
    }
}
