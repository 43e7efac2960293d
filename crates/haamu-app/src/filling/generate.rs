//! Planning all visits of a round at once.

use haamu_domain::filling::{Board, turn};
use haamu_domain::{
    Actor, AuditEvent, Daypart, LocalDate, LocationId, RoundId, ScenarioId, UnitId, Verb, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::clients::Location;
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::programmes::Round;
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, hierarchies, programmes};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::{Checks, no_such};
use crate::programmes::{require_takes_visits, within_reach};
use crate::{App, Error};

use super::plan::check_scenario;

/// At most so many visits come of one request.
const MAX_VISITS: usize = 10_000;

/// Which visits a round is to have.
#[derive(Clone, Debug)]
pub struct GenerateInput {
    /// At these locations; at all that the unit has, or else at all of the client organisation.
    pub locations: Option<Vec<LocationId>>,
    /// At those that belong to this unit, or to one below it, on the first day of the round.
    pub unit: Option<UnitId>,
    /// So many at each.
    pub per_location: u32,
    /// In these parts of the day, in turn; they go together with scenarios and parts of the time in all ways.
    pub dayparts: Vec<Daypart>,
    /// With these scenarios, in turn.
    pub scenarios: Vec<ScenarioId>,
    /// In so many equal parts of the round's time, in turn; 1: whenever in the round.
    pub slices: u32,
    /// Whether they go on the job board.
    pub board: Option<Board>,
    /// Whether only the count is wanted.
    pub is_dry_run: bool,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerateReport {
    /// Visits that were planned, or would be.
    pub planned: usize,
    /// Visits that were there already.
    pub existing: usize,
    /// Locations that are closed before the round starts.
    pub closed_locations: usize,
}

impl App {
    /// Plans visits of a round at many locations. Repeating it plans nothing twice.
    ///
    /// # Errors
    /// There is no such round, location, unit or scenario; the programme takes no visits; or it would be too many.
    pub async fn generate_visits(
        &self,
        actor: &Actor,
        round: RoundId,
        input: &GenerateInput,
    ) -> Result<GenerateReport, Error> {
        require_in_agency(actor, Verb::CreateVisits)?;
        let mut checks = Checks::default();
        checks.range("per_location", input.per_location, 1..=100);
        checks.range("slices", input.slices, 1..=100);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = programmes::lock_round(tx, actor.agency, round).await?;
            let (found, programme) = within_reach(tx, actor, Verb::CreateVisits, found, "round").await?;
            require_takes_visits(&found, &programme)?;
            let mut checks = Checks::default();
            for (index, id) in input.scenarios.iter().enumerate() {
                let path = format!("scenarios[{index}]");
                check_scenario(tx, actor.agency, &found, *id, &path, &mut checks).await?;
            }
            checks.finish()?;
            let (places, closed_locations) = self
                .places(tx, actor, &found, programme.client_organisation, input)
                .await?;
            let plans = wanted(&found, &places, input);
            if plans.len() > MAX_VISITS {
                let mut checks = Checks::default();
                let message = format!(
                    "at most {MAX_VISITS} visits at once; this would be {}",
                    plans.len()
                );
                checks.issue("per_location", "out_of_range", message);
                checks.finish()?;
            }
            let keys: Vec<_> = plans
                .iter()
                .filter_map(|(_, plan)| plan.external_id.as_deref())
                .collect();
            let known = plans::list_by_keys(tx, actor.agency, round, &keys).await?;
            let is_new = |plan: &VisitPlan| {
                plan.external_id
                    .as_ref()
                    .is_none_or(|key| !known.contains_key(key))
            };
            let new: Vec<_> = plans.iter().filter(|(_, plan)| is_new(plan)).collect();
            if !input.is_dry_run {
                for (place, plan) in &new {
                    self.plan_one(tx, actor, place, plan).await?;
                }
            }
            let report = GenerateReport {
                planned: new.len(),
                existing: plans.len() - new.len(),
                closed_locations,
            };
            let detail = json!({"generated": report.planned, "dry_run": input.is_dry_run});
            Ok((
                report,
                AuditEvent::of(Verb::CreateVisits, "round", round).with(detail),
            ))
        })
        .await
    }

    async fn places(
        &self,
        tx: &Tx,
        actor: &Actor,
        round: &Round,
        client: haamu_domain::ClientOrganisationId,
        input: &GenerateInput,
    ) -> Result<(Vec<Location>, usize), Error> {
        let agency = actor.agency;
        let mut all = clients::list_locations(tx, agency, client, None, None, u64::from(u32::MAX))
            .await?
            .0;
        if let Some(wanted) = &input.locations {
            let missing = wanted
                .iter()
                .position(|id| !all.iter().any(|place| place.id == *id));
            if let Some(index) = missing {
                return Err(no_such(
                    format!("locations[{index}]"),
                    "location of the client organisation",
                ));
            }
            all.retain(|place| wanted.contains(&place.id));
        }
        if let Some(unit) = input.unit {
            let found = hierarchies::find_unit(tx, agency, unit).await?;
            let found = found.ok_or_else(|| no_such("unit".to_owned(), "unit"))?;
            let tree = hierarchies::find(tx, agency, found.hierarchy).await?;
            if tree.is_none_or(|tree| tree.client_organisation != client) {
                return Err(no_such("unit".to_owned(), "unit of the client organisation"));
            }
            let history = hierarchies::load_history(tx, agency, found.hierarchy).await?;
            let of_unit = history.locations(unit, round.starts_on);
            all.retain(|place| of_unit.contains(&place.id));
        }
        let before = all.len();
        all.retain(|place| place.closed_on.is_none_or(|closed| closed > round.starts_on));
        let closed = before - all.len();
        Ok((all, closed))
    }

    async fn plan_one(
        &self,
        tx: &Tx,
        actor: &Actor,
        place: &Location,
        plan: &VisitPlan,
    ) -> Result<(), Error> {
        let visit = Visit {
            id: VisitId::from_uuid(self.fresh_uuid()),
            client_organisation: place.client_organisation,
            round: plan.round,
            location: place.id,
            state: VisitState::Planned,
            visited_at: None,
            approved_at: None,
            released_at: None,
            row_version: 1,
        };
        visits::insert(tx, actor.agency, &visit, self.now()).await?;
        let plan = VisitPlan {
            visit: visit.id,
            ..plan.clone()
        };
        Ok(plans::put(tx, actor.agency, &plan).await?)
    }
}

/// The visits that a round is to have, each with its own key.
fn wanted<'a>(
    round: &Round,
    places: &'a [Location],
    input: &GenerateInput,
) -> Vec<(&'a Location, VisitPlan)> {
    let nobody = VisitId::from_uuid(uuid::Uuid::nil());
    let mut plans = Vec::new();
    for (at, place) in places.iter().enumerate() {
        for number in 0..input.per_location as usize {
            let slices = input.slices.min(days_of(round));
            let of = [input.dayparts.len(), input.scenarios.len(), slices as usize];
            let [daypart, scenario, part] = turn(at, number, of);
            let (starts_on, visit_by) = slice(round, part, slices);
            let plan = VisitPlan {
                external_id: Some(format!("{}#{}", place.external_id, number + 1)),
                starts_on,
                visit_by,
                daypart: input.dayparts.get(daypart).copied(),
                scenario: input.scenarios.get(scenario).copied(),
                board: input.board,
                ..VisitPlan::of_round(nobody, round.id)
            };
            plans.push((place, plan));
        }
    }
    plans
}

/// How many days the round has for visits.
fn days_of(round: &Round) -> u32 {
    u32::try_from(round.visit_by.days_since(round.starts_on) + 1).unwrap_or(1)
}

/// One of the equal parts of the round's time; nothing of its own where the round is one part.
fn slice(round: &Round, part: usize, slices: u32) -> (Option<LocalDate>, Option<LocalDate>) {
    if slices <= 1 {
        return (None, None);
    }
    let days = days_of(round);
    let index = u32::try_from(part).unwrap_or_default();
    let edge = |index: u32| days * index / slices;
    let (from, until) = (edge(index), edge(index + 1));
    let last = round.starts_on.plus_days(until - 1);
    (Some(round.starts_on.plus_days(from)), Some(last))
}

#[cfg(test)]
mod tests {
    use haamu_domain::{ChecklistVersionId, ProgrammeId};
    use uuid::Uuid;

    use super::*;

    fn round(days: u32) -> Round {
        let first = LocalDate::parse("2026-11-02").expect("a date");
        let last = first.plus_days(days - 1);
        Round {
            id: RoundId::from_uuid(Uuid::nil()),
            programme: ProgrammeId::from_uuid(Uuid::nil()),
            name: String::new(),
            checklist_version: ChecklistVersionId::from_uuid(Uuid::nil()),
            starts_on: first,
            visit_by: last,
            report_by: last,
            counts_in: last,
            cancelled: None,
            row_version: 1,
        }
    }

    #[test]
    fn slices_cover_the_round_without_gaps_or_overlaps() {
        for days in 1..40 {
            let round = round(days);
            for slices in 1..=10 {
                let parts = slices.min(days);
                let mut next = round.starts_on;
                for part in 0..parts as usize {
                    let (from, until) = slice(&round, part, parts);
                    let (from, until) = (from.unwrap_or(round.starts_on), until.unwrap_or(round.visit_by));
                    assert_eq!(from, next, "{days} days, part {part} of {slices}");
                    assert!(until >= from);
                    next = until.plus_days(1);
                }
                assert_eq!(next, round.visit_by.plus_days(1), "{days} days in {slices} parts");
            }
        }
    }
}
