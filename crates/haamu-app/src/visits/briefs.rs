//! Assignments as their shoppers see them.

use std::collections::BTreeMap;

use haamu_domain::{
    AgencyId, AssignmentBrief, AssignmentId, AssignmentState, ChecklistVersionId, ClientOrganisationId,
    LocationBrief, LocationId, RoundId, ScenarioBrief, ScenarioId, VisitId,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::clients::{ClientOrganisation, Location};
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::scenarios::ScenarioRecord;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::terms::Terms;
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{checklists, clients, plans, programmes, scenarios, submissions, terms, visits};
use haamu_sync::FormVersion;

use crate::Error;

/// An assignment as its shopper sees it.
pub(crate) async fn brief(
    tx: &Tx,
    agency: AgencyId,
    id: AssignmentId,
) -> Result<Option<AssignmentBrief>, Error> {
    Ok(briefs(tx, agency, &[id]).await?.remove(&id))
}

/// What the briefs of several assignments share.
struct Around {
    visits: BTreeMap<VisitId, Visit>,
    rounds: BTreeMap<RoundId, Round>,
    forms: BTreeMap<ChecklistVersionId, FormVersion>,
    clients: BTreeMap<ClientOrganisationId, ClientOrganisation>,
    locations: BTreeMap<LocationId, Location>,
    submissions: BTreeMap<AssignmentId, Submission>,
    plans: BTreeMap<VisitId, VisitPlan>,
    terms: BTreeMap<AssignmentId, Terms>,
    scenarios: BTreeMap<ScenarioId, ScenarioRecord>,
}

/// Assignments as their shoppers see them; those that are not there are left out.
pub(crate) async fn briefs(
    tx: &Tx,
    agency: AgencyId,
    ids: &[AssignmentId],
) -> Result<BTreeMap<AssignmentId, AssignmentBrief>, Error> {
    let assignments = assignments::list_by_ids(tx, agency, ids).await?;
    if assignments.is_empty() {
        return Ok(BTreeMap::new());
    }
    let around = Around::load(tx, agency, &assignments).await?;
    let briefs = assignments
        .iter()
        .filter_map(|assignment| Some((assignment.id, around.brief(assignment)?)));
    Ok(briefs.collect())
}

/// Each once.
pub(crate) fn distinct<T: Ord>(ids: impl Iterator<Item = T>) -> Vec<T> {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl Around {
    async fn load(tx: &Tx, agency: AgencyId, assignments: &[Assignment]) -> Result<Self, Error> {
        let ids = distinct(assignments.iter().map(|assignment| assignment.visit));
        let visits = visits::list_by_ids(tx, agency, &ids).await?;
        let rounds = distinct(visits.iter().map(|visit| visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let versions = distinct(rounds.iter().map(|round| round.checklist_version));
        let client_ids = distinct(visits.iter().map(|visit| visit.client_organisation));
        let clients = clients::list_by_ids(tx, agency, &client_ids).await?;
        let places = distinct(visits.iter().map(|visit| visit.location));
        let locations = clients::list_locations_by_ids(tx, agency, &places).await?;
        let submissions = submissions::list_of_visits(tx, agency, &ids).await?;
        let of_terms: Vec<_> = assignments.iter().map(|assignment| assignment.id).collect();
        let terms = terms::list(tx, agency, &of_terms).await?;
        let plans = plans::list(tx, agency, &ids).await?;
        let is_promised =
            |one: &&Assignment| terms.get(&one.id).is_some_and(|terms| terms.scenario.is_some());
        let others = assignments.iter().filter(|one| !is_promised(one));
        let wanted = distinct(others.filter_map(|one| plans.get(&one.visit)?.scenario));
        Ok(Self {
            scenarios: scenarios::list_by_ids(tx, agency, &wanted).await?,
            plans,
            terms,
            forms: checklists::list_forms(tx, agency, &versions).await?,
            visits: visits.into_iter().map(|visit| (visit.id, visit)).collect(),
            rounds: rounds.into_iter().map(|round| (round.id, round)).collect(),
            clients: clients.into_iter().map(|client| (client.id, client)).collect(),
            locations,
            submissions: submissions
                .into_iter()
                .map(|submission| (submission.assignment, submission))
                .collect(),
        })
    }

    /// What an offer that is older than promises has no revision of.
    fn scenario_now(&self, plan: Option<&VisitPlan>) -> Option<ScenarioBrief> {
        let scenario = plan.and_then(|plan| plan.scenario)?;
        self.scenarios.get(&scenario).map(ScenarioRecord::brief)
    }

    fn brief(&self, assignment: &Assignment) -> Option<AssignmentBrief> {
        let visit = self.visits.get(&assignment.visit)?;
        let round = self.rounds.get(&visit.round)?;
        let location = self.locations.get(&visit.location)?;
        let submission = self.submissions.get(&assignment.id)?;
        let (plan, terms) = (self.plans.get(&visit.id), self.terms.get(&assignment.id));
        Some(AssignmentBrief {
            assignment: assignment.id,
            visit: visit.id,
            submission: submission.id,
            state: assignment.state,
            client_organisation: self.clients.get(&visit.client_organisation)?.name.clone(),
            round: submission.round_name_or(&round.name).to_owned(),
            location: LocationBrief {
                name: location.name.clone(),
                address: location.address.clone(),
                postal_code: location.postal_code.clone(),
                city: location.city.clone(),
                latitude: location.latitude.clone(),
                longitude: location.longitude.clone(),
                time_zone: location.time_zone.clone(),
            },
            form: *self.forms.get(&round.checklist_version)?,
            starts_on: plan.and_then(|plan| plan.starts_on),
            visit_by: plan.and_then(|plan| plan.visit_by).unwrap_or(round.visit_by),
            due_on: terms.and_then(|terms| terms.due_on),
            daypart: plan.and_then(|plan| plan.daypart),
            scenario: terms
                .and_then(|terms| terms.scenario.clone())
                .or_else(|| self.scenario_now(plan)),
            respond_by: terms
                .and_then(|terms| terms.respond_by)
                .filter(|_| assignment.state == AssignmentState::Assigned),
            fees: terms.and_then(|terms| terms.fees.clone()),
            report_by: plan.and_then(|plan| plan.report_by).unwrap_or(round.report_by),
            location_attributes: submission.location_attributes.clone(),
            return_reason: submission.return_reason.clone(),
        })
    }
}
