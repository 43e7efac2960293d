//! What rules of fieldwork are decided by: the round, shoppers, and visits with their places.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::eligibility::{
    Candidate, Certified, Companion, FieldRules, Obstacle, OpenVisit, PastVisit, Point, companion_obstacles,
    obstacles,
};
use haamu_domain::filling::{QuotaKind, cells, full_cells, next_room};
use haamu_domain::panel::Profile;
use haamu_domain::{Actor, AgencyId, LocalDate, RoundId, Timestamp, UserId, VisitId, Zone};
use haamu_store::Tx;
use haamu_store::repo::calendar::{self, Entry};
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::programmes::{self, Programme, Round};
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{agreements, clients, panel, ties};

use crate::Error;
use crate::programmes::{find_part, home_zone};

use crate::programmes::list_certified;

/// Numbers of visits by cells of quotas.
pub(crate) type Cells = BTreeMap<(QuotaKind, String), u32>;

/// The rules of a round, and how full its quotas are.
#[derive(Debug)]
pub(crate) struct RoundFacts {
    pub(crate) programme: Programme,
    pub(crate) round: Round,
    pub(crate) rules: FieldRules,
    quotas: Cells,
    entries: Vec<Entry>,
    /// How many of them fall into each cell of the quotas.
    filled: Cells,
}

/// A visit that somebody is to make, with its plan.
#[derive(Clone, Debug)]
pub(crate) struct PlannedVisit {
    /// The day that it is at the place; until six in the morning it is still the day before.
    pub(crate) today: LocalDate,
    /// The end of its last day there, with its night.
    pub(crate) ends_at: Timestamp,
    pub(crate) open: OpenVisit,
    pub(crate) plan: VisitPlan,
}

impl RoundFacts {
    /// Loads what holds for a round.
    pub(crate) async fn load(tx: &Tx, actor: &Actor, round: RoundId) -> Result<Self, Error> {
        let mut facts = Self::load_rules(tx, actor, round).await?;
        facts.quotas = plans::list_quotas(tx, actor.agency, round).await?;
        if !facts.quotas.is_empty() {
            facts.entries = calendar::list_of_round(tx, actor.agency, round).await?;
        }
        for entry in &facts.entries {
            for cell in cells(facts.round.starts_on, entry.date, entry.daypart) {
                *facts.filled.entry(cell).or_default() += 1;
            }
        }
        Ok(facts)
    }

    /// Loads the rules alone, for what no quota keeps from happening any more.
    pub(crate) async fn load_rules(tx: &Tx, actor: &Actor, round: RoundId) -> Result<Self, Error> {
        let agency = actor.agency;
        let round = programmes::find_round(tx, agency, round).await?;
        let round = round.ok_or_else(|| Error::not_found("round"))?;
        let programme = programmes::find(tx, agency, round.programme).await?;
        let programme = programme.ok_or_else(|| Error::not_found("programme"))?;
        let rules = find_part::<FieldRules>(tx, actor, programme.id).await?;
        Ok(Self {
            rules: rules.map(|view| view.part).unwrap_or_default(),
            programme,
            round,
            quotas: Cells::new(),
            entries: Vec::new(),
            filled: Cells::new(),
        })
    }

    /// What stands in the way of a shopper making a visit on a date, for themselves and for whoever comes along.
    pub(crate) fn obstacles(
        &self,
        candidate: &Candidate,
        companion: Option<&Companion>,
        visit: &PlannedVisit,
        date: LocalDate,
    ) -> Vec<Obstacle> {
        let mut found = obstacles(&self.rules, candidate, &visit.open, date);
        if date < visit.today {
            found.push(Obstacle::over(visit.today));
        }
        if let Some(companion) = companion {
            let location = visit.open.location;
            found.extend(companion_obstacles(&self.rules, companion, location, date));
        }
        if !self.quotas.is_empty() {
            let taken = self.taken(Some(visit.plan.visit));
            let (starts_on, daypart) = (self.round.starts_on, visit.open.daypart);
            let full = full_cells(&self.quotas, &taken, starts_on, date, daypart);
            found.extend(full.iter().map(|(kind, cell)| {
                let allowed_from = next_room(&self.quotas, &taken, starts_on, (*kind, date));
                Obstacle::quota(*kind, cell, allowed_from)
            }));
        }
        found
    }

    /// The kind of quotas that the round has and that this visit does not fall into yet: without a part of the day it
    /// keeps none of them full, and none of them keeps it away, until its evaluation tells when it was made.
    pub(crate) fn unsteered(&self, visit: &PlannedVisit) -> Option<QuotaKind> {
        let has_dayparts = self.quotas.keys().any(|(kind, _)| *kind == QuotaKind::Daypart);
        (has_dayparts && visit.open.daypart.is_none()).then_some(QuotaKind::Daypart)
    }

    /// The quotas, and how many visits fall into each of their cells.
    pub(crate) fn quota_use(&self) -> (Cells, Cells) {
        (self.quotas.clone(), self.taken(None))
    }

    /// How many visits fall into each cell of the quotas, one visit aside.
    fn taken(&self, except: Option<VisitId>) -> Cells {
        let mut taken = self.filled.clone();
        let is_left_out = |entry: &&Entry| except.is_some() && entry.visit == except;
        for entry in self.entries.iter().filter(is_left_out) {
            for cell in cells(self.round.starts_on, entry.date, entry.daypart) {
                if let Some(count) = taken.get_mut(&cell) {
                    *count = count.saturating_sub(1);
                }
            }
        }
        taken
    }

    /// Visits of the round as rules see them.
    pub(crate) async fn visits(
        &self,
        tx: &Tx,
        agency: AgencyId,
        of: &[Visit],
        now: Timestamp,
    ) -> Result<BTreeMap<VisitId, PlannedVisit>, Error> {
        let ids: Vec<_> = of.iter().map(|visit| visit.id).collect();
        let places: BTreeSet<_> = of.iter().map(|visit| visit.location).collect();
        let places: Vec<_> = places.into_iter().collect();
        let mut plans = plans::list(tx, agency, &ids).await?;
        let locations = clients::list_locations_by_ids(tx, agency, &places).await?;
        let entries = calendar::list_at_locations(tx, agency, &places).await?;
        let mut found = BTreeMap::new();
        for visit in of {
            let Some(place) = locations.get(&visit.location) else {
                return Err(Error::not_found("location"));
            };
            let plan = plans.remove(&visit.id);
            let plan = plan.unwrap_or_else(|| VisitPlan::of_round(visit.id, visit.round));
            let others = entries.iter();
            let others =
                others.filter(|entry| entry.location == visit.location && entry.visit != Some(visit.id));
            let point = place.latitude.as_deref().zip(place.longitude.as_deref());
            let open = OpenVisit {
                location: visit.location,
                point: point.and_then(|(latitude, longitude)| Point::parse(latitude, longitude)),
                hours: place.opening_hours.clone(),
                starts_on: plan.starts_on.unwrap_or(self.round.starts_on),
                visit_by: plan.visit_by.unwrap_or(self.round.visit_by),
                daypart: plan.daypart,
                other_dates: others.map(|entry| entry.date).collect(),
                closed_on: place.closed_on,
            };
            let zone = Zone::named(&place.time_zone).unwrap_or_else(home_zone);
            let planned = PlannedVisit {
                today: zone.business_date_of(now),
                ends_at: zone.end_of_business_date(open.visit_by),
                open,
                plan,
            };
            found.insert(visit.id, planned);
        }
        Ok(found)
    }

    /// Shoppers as rules see them. What they do at `except` does not count: that is what is asked about.
    pub(crate) async fn candidates(
        &self,
        tx: &Tx,
        agency: AgencyId,
        users: &[UserId],
        except: Option<VisitId>,
        now: Timestamp,
    ) -> Result<BTreeMap<UserId, Candidate>, Error> {
        let profiles = panel::list_profiles(tx, agency, users).await?;
        let mut profiles: BTreeMap<_, _> = profiles
            .into_iter()
            .map(|record| (record.user, record.profile))
            .collect();
        let accepted = agreements::list_accepted(tx, agency, users).await?;
        let certified = match self.rules.certification {
            true => Some(list_certified(tx, agency, self.programme.id, now).await?),
            false => None,
        };
        let ties = ties::list_to(tx, agency, self.programme.client_organisation).await?;
        let entries = calendar::list_of_shoppers(tx, agency, users).await?;
        let mut visits = self.past_visits(&entries, users, except);
        let candidate = |user: &UserId| {
            let profile = profiles.remove(user).unwrap_or_else(Profile::unknown);
            let ties = ties.get(user);
            let candidate = Candidate {
                is_active: profile.takes_visits(),
                born_on: profile.born_on,
                places: profile.points(),
                languages: profile.languages,
                qualifications: profile.qualifications,
                qualification_ends: profile.qualification_ends,
                rating_tenths: profile.rating_tenths,
                has_agreement: accepted.as_ref().is_none_or(|accepted| accepted.contains(user)),
                certified: match &certified {
                    None => Certified::Always,
                    Some(certified) => certified.get(user).copied().unwrap_or_default(),
                },
                is_tied: ties.is_some_and(|ties| ties.contains(&None)),
                ties: ties.into_iter().flatten().copied().flatten().collect(),
                visits: visits.remove(user).unwrap_or_default(),
            };
            (*user, candidate)
        };
        Ok(users.iter().map(candidate).collect())
    }

    /// The visits that a shopper has made or come along to, one aside.
    pub(crate) async fn made_visits(
        &self,
        tx: &Tx,
        agency: AgencyId,
        user: UserId,
        except: VisitId,
    ) -> Result<Vec<PastVisit>, Error> {
        let entries = calendar::list_of_shoppers(tx, agency, &[user]).await?;
        let mut visits = self.past_visits(&entries, &[user], Some(except));
        let mut visits = visits.remove(&user).unwrap_or_default();
        visits.retain(|past| past.is_done);
        Ok(visits)
    }

    fn past_visits(
        &self,
        entries: &[Entry],
        users: &[UserId],
        except: Option<VisitId>,
    ) -> BTreeMap<UserId, Vec<PastVisit>> {
        let wanted: BTreeSet<_> = users.iter().collect();
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let counted = entries
            .iter()
            .filter(|entry| entry.visit.is_none() || entry.visit != except);
        let mut seen = BTreeSet::new();
        for entry in counted {
            let as_companion = entry.companion_user.filter(|user| wanted.contains(user));
            // An entry comes once for its shopper, and once for a companion who is asked about as well.
            let is_first = entry
                .visit
                .is_none_or(|visit| seen.insert((visit, entry.shopper)));
            if let Some(user) = as_companion.filter(|_| is_first) {
                found.entry(user).or_default().push(self.past(entry, true));
            }
            let is_own = wanted.contains(&entry.shopper) && entry.companion_user != Some(entry.shopper);
            if is_own && is_first {
                found
                    .entry(entry.shopper)
                    .or_default()
                    .push(self.past(entry, false));
            }
        }
        found
    }

    pub(super) fn past(&self, entry: &Entry, as_companion: bool) -> PastVisit {
        PastVisit {
            location: entry.location,
            date: entry.date,
            is_of_programme: entry.programme == Some(self.programme.id),
            is_of_round: entry.round == Some(self.round.id),
            as_companion,
            is_done: entry.is_done,
        }
    }
}

/// Whether somebody has declared a tie to the place of a visit, or to all of its client organisation.
pub(crate) async fn is_tied(
    tx: &Tx,
    agency: AgencyId,
    visit: &Visit,
    shopper: UserId,
) -> Result<bool, Error> {
    let ties = ties::list(tx, agency, shopper).await?;
    let is_to_it = |tie: &ties::Tie| {
        let is_to_place = tie.location.is_none_or(|place| place == visit.location);
        tie.client_organisation == visit.client_organisation && is_to_place
    };
    Ok(ties.iter().any(is_to_it))
}
