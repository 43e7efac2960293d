//! Who might make one visit: the nearest of the panel, as all rules see them now.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::eligibility::{Candidate, Obstacle, first_date};
use haamu_domain::{Actor, AssignmentState, LocalDate, Role, Target, UserId, Verb, VisitId};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::job_invitations::{self, Invited};
use haamu_store::repo::panel::{self, ProfileRecord};
use haamu_store::repo::{identity, visits};
use uuid::Uuid;

use crate::context::{require, require_in_agency};
use crate::{App, Error};

use super::ask::without_date;
use super::board::nearest;
use super::facts::{PlannedVisit, RoundFacts};
use super::standing;

/// So many shoppers are told of.
const MOST_TOLD: usize = 50;
/// So many are judged: those who live nearest.
const MOST_JUDGED: usize = 500;

/// What is asked about the shoppers for a visit.
#[derive(Clone, Copy, Debug, Default)]
pub struct CandidateQuery {
    /// About which day; about any of the visit's days, if absent.
    pub on: Option<LocalDate>,
    /// Whether only those are told of in whose way nothing stands.
    pub is_allowed_only: bool,
}

/// The shoppers for a visit.
#[derive(Clone, Debug)]
pub struct CandidatesView {
    /// What keeps the visit from everybody, such as that somebody has it.
    pub obstacles: Vec<Obstacle>,
    /// The nearest first; those of whom no place is known come last.
    pub candidates: Vec<CandidateView>,
    /// Whether there are shoppers who live farther away and were not judged.
    pub is_cut: bool,
}

/// A shopper who might make a visit.
#[derive(Clone, Debug)]
pub struct CandidateView {
    /// Who.
    pub shopper: UserId,
    /// Their name.
    pub shopper_name: String,
    /// The agency's own key for them.
    pub external_id: Option<String>,
    /// How far it is from the nearest of their places, in kilometres.
    pub distance_km: Option<f64>,
    /// The mean grade of their reports, in tenths.
    pub rating_tenths: Option<u16>,
    /// Whether they asked for it.
    pub has_applied: bool,
    /// Whether they were asked whether they want it, and what came of that.
    pub invited: Option<Invited>,
    /// Whether they have it, or are offered it.
    pub has_it: bool,
    /// What stands in their own way.
    pub obstacles: Vec<Obstacle>,
    /// The first day of the visit's time, from today on, on which nothing does.
    pub first_date: Option<LocalDate>,
}

/// Somebody of the panel, and how far away they live.
struct Near {
    user: UserId,
    external_id: Option<String>,
    distance_km: Option<f64>,
}

impl App {
    /// The shoppers who live nearest to a visit, with what stands in their way. The number of queries does not depend
    /// on how many they are.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn list_candidates(
        &self,
        actor: &Actor,
        id: VisitId,
        query: CandidateQuery,
    ) -> Result<CandidatesView, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let visit = visits::find(tx, agency, id).await?;
            let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(agency, visit.client_organisation);
            require(actor, Verb::AssignVisit, &target, "visit")?;
            let facts = RoundFacts::load(tx, actor, visit.round).await?;
            let mut planned = facts
                .visits(tx, agency, std::slice::from_ref(&visit), self.now())
                .await?;
            let planned = planned.remove(&id).ok_or_else(|| Error::not_found("visit"))?;
            let mut obstacles = standing::of_plan(tx, actor, &facts, &planned, standing::Hold::Look).await?;
            obstacles.extend(standing::of_visit(tx, agency, &visit, None).await?);
            let mut near = near(tx, actor, &planned).await?;
            let is_cut = near.len() > MOST_JUDGED;
            near.truncate(MOST_JUDGED);
            let users: Vec<_> = near.iter().map(|one| one.user).collect();
            let candidates = facts.candidates(tx, agency, &users, Some(id), self.now()).await?;
            let judged = near.into_iter().filter_map(|one| {
                let candidate = candidates.get(&one.user)?;
                Some(judge(&facts, &planned, one, candidate, query.on))
            });
            let is_told = |view: &CandidateView| !query.is_allowed_only || view.obstacles.is_empty();
            let told: Vec<_> = judged.filter(is_told).take(MOST_TOLD).collect();
            Ok(CandidatesView {
                obstacles,
                candidates: with_names(tx, actor, id, told).await?,
                is_cut,
            })
        })
        .await
    }
}

/// All who work as shoppers, the nearest first.
async fn near(tx: &Tx, actor: &Actor, planned: &PlannedVisit) -> Result<Vec<Near>, Error> {
    let users = identity::list_working(tx, actor.agency, Role::Shopper).await?;
    let profiles = panel::list_profiles(tx, actor.agency, &users).await?;
    let mut profiles: BTreeMap<UserId, ProfileRecord> =
        profiles.into_iter().map(|record| (record.user, record)).collect();
    let point = planned.open.point;
    let of = |user: UserId| {
        let known = profiles.remove(&user);
        let places = known.as_ref().map(|known| known.profile.points());
        Near {
            user,
            distance_km: point
                .zip(places)
                .and_then(|(point, places)| nearest(&places, point)),
            external_id: known.and_then(|known| known.external_id),
        }
    };
    let mut near: Vec<_> = users.into_iter().map(of).collect();
    let distance = |one: &Near| one.distance_km.unwrap_or(f64::INFINITY);
    near.sort_by(|one, other| distance(one).total_cmp(&distance(other)));
    Ok(near)
}

fn judge(
    facts: &RoundFacts,
    planned: &PlannedVisit,
    near: Near,
    candidate: &Candidate,
    day: Option<LocalDate>,
) -> CandidateView {
    let on = |date| facts.obstacles(candidate, None, planned, date);
    let first_date = first_date(&planned.open, planned.today, |date| !on(date).is_empty());
    CandidateView {
        shopper: near.user,
        shopper_name: String::new(),
        external_id: near.external_id,
        distance_km: near.distance_km,
        rating_tenths: candidate.rating_tenths,
        has_applied: false,
        invited: None,
        has_it: false,
        obstacles: match (day, first_date) {
            (Some(day), _) => on(day),
            (None, Some(_)) => Vec::new(),
            (None, None) => without_date(planned, on),
        },
        first_date,
    }
}

/// Adds names, and what shoppers have to do with the visit already.
async fn with_names(
    tx: &Tx,
    actor: &Actor,
    visit: VisitId,
    mut found: Vec<CandidateView>,
) -> Result<Vec<CandidateView>, Error> {
    let all = assignments::list_of_visits(tx, actor.agency, &[visit]).await?;
    let of = |is: fn(&Assignment) -> bool| -> BTreeSet<UserId> {
        let some = all.iter().filter(|one| is(one));
        some.map(|one| one.shopper).collect()
    };
    let applied = of(|one| one.state == AssignmentState::Applied);
    let holders = of(|one| one.state.is_live());
    let invited = job_invitations::list(tx, actor.agency, &[visit]).await?;
    let ids = found.iter().map(|one| one.shopper.uuid()).collect();
    let names: BTreeMap<Uuid, String> = identity::list_names(tx, ids).await?.into_iter().collect();
    for one in &mut found {
        one.shopper_name = names.get(&one.shopper.uuid()).cloned().unwrap_or_default();
        one.has_applied = applied.contains(&one.shopper);
        one.has_it = holders.contains(&one.shopper);
        one.invited = invited.get(&(visit, one.shopper)).copied();
    }
    Ok(found)
}
