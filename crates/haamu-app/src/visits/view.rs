//! A visit with what belongs to it, as staff and clients see it.

use std::collections::BTreeMap;

use haamu_domain::{
    Actor, AssignmentId, AssignmentState, Decision, LocalDate, LocationId, RoundId, SubmissionId, Timestamp,
    UserId, Verb, VisitId, Zone, permits,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::clients::Location;
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::submissions::Submission;
use haamu_store::repo::terms::Terms;
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, identity, plans, programmes, scores, submissions, terms};
use uuid::Uuid;

use crate::programmes::home_zone;
use crate::{App, Error};

use super::briefs::distinct;
use super::report_due::{ReportDue, first_handed_in};
use super::terms::{TermsView, with_companions};

/// A visit with what belongs to it.
#[derive(Clone, Debug)]
pub struct VisitView {
    /// The visit.
    pub visit: Visit,
    /// The name of its location.
    pub location_name: String,
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// When its report is due.
    pub report: ReportDue,
    /// The assignment that counts: the one that is not over, or else the newest.
    pub assignment: Option<AssignmentView>,
    /// What is planned of it besides its place, where anything is.
    pub plan: Option<VisitPlan>,
    /// The terms of that assignment, where the actor may know them.
    pub terms: Option<TermsView>,
    /// The displayed score.
    pub score: Option<String>,
    /// The score band's id, or `failed`.
    pub grade: Option<String>,
}

/// The offer of a visit to one shopper.
#[derive(Clone, Debug)]
pub struct AssignmentView {
    /// Its id.
    pub id: AssignmentId,
    /// To whom.
    pub shopper: UserId,
    /// The shopper's name.
    pub shopper_name: String,
    /// Where it is in its life.
    pub state: AssignmentState,
    /// The day on which the shopper goes, where one is fixed.
    pub due_on: Option<LocalDate>,
    /// Until when they have to answer, as long as they have not.
    pub respond_by: Option<Timestamp>,
    /// The submission that the work goes into.
    pub submission: SubmissionId,
}

/// The assignment that a visit goes by: the one that is not over, or else the newest.
pub(crate) fn current_assignment(assignments: &[Assignment], visit: VisitId) -> Option<&Assignment> {
    let of_visit = || assignments.iter().filter(|assignment| assignment.visit == visit);
    of_visit()
        .find(|assignment| assignment.state.is_live())
        .or_else(|| of_visit().next_back())
}

impl App {
    /// Adds what belongs to visits, with a fixed number of queries. Of no visits nothing is asked: PostgreSQL takes
    /// time to compile a query of a large table also where nothing can be in it.
    pub(crate) async fn visit_views(
        &self,
        tx: &Tx,
        actor: &Actor,
        found: Vec<Visit>,
    ) -> Result<Vec<VisitView>, Error> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let mut around = Around::load(tx, actor, &found).await?;
        let now = self.now();
        found.into_iter().map(|visit| around.view(visit, now)).collect()
    }

    /// The views of visits by their ids, in the order of these.
    pub(super) async fn visit_views_of(
        &self,
        tx: &Tx,
        actor: &Actor,
        ids: &[VisitId],
    ) -> Result<Vec<VisitView>, Error> {
        let found = visits::list_by_ids(tx, actor.agency, ids).await?;
        let mut found: BTreeMap<VisitId, Visit> = found.into_iter().map(|visit| (visit.id, visit)).collect();
        let in_order = ids
            .iter()
            .map(|id| found.remove(id).ok_or_else(|| Error::not_found("visit")));
        let in_order = in_order.collect::<Result<Vec<_>, Error>>()?;
        self.visit_views(tx, actor, in_order).await
    }
}

/// What belongs to some visits.
struct Around {
    places: BTreeMap<LocationId, Location>,
    rounds: BTreeMap<RoundId, Round>,
    plans: BTreeMap<VisitId, VisitPlan>,
    assignments: Vec<Assignment>,
    submissions: BTreeMap<AssignmentId, SubmissionId>,
    handed_in: BTreeMap<SubmissionId, Timestamp>,
    names: BTreeMap<Uuid, String>,
    terms: BTreeMap<AssignmentId, Terms>,
    /// Those terms of the assignments that count, if the actor may know them.
    shown_terms: BTreeMap<AssignmentId, TermsView>,
    scores: BTreeMap<VisitId, (Option<String>, Option<String>)>,
}

impl Around {
    async fn load(tx: &Tx, actor: &Actor, found: &[Visit]) -> Result<Self, Error> {
        let agency = actor.agency;
        let ids: Vec<VisitId> = found.iter().map(|visit| visit.id).collect();
        let places = distinct(found.iter().map(|visit| visit.location));
        let rounds = distinct(found.iter().map(|visit| visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let assignments = assignments::list_of_visits(tx, agency, &ids).await?;
        let current = ids.iter().filter_map(|id| current_assignment(&assignments, *id));
        let current: Vec<_> = current.map(|assignment| assignment.id).collect();
        let submissions = submissions::list_of_visits(tx, agency, &ids).await?;
        let submissions: Vec<Submission> = submissions
            .into_iter()
            .filter(|submission| current.contains(&submission.assignment))
            .collect();
        let terms = terms::list(tx, agency, &current).await?;
        let shown_terms = match permits(actor, Verb::ReadApplications) {
            Decision::Allowed => with_companions(tx, agency, terms.clone()).await?,
            _ => BTreeMap::new(),
        };
        let shoppers = assignments.iter().map(|one| one.shopper.uuid()).collect();
        let names = identity::list_names(tx, shoppers).await?;
        Ok(Self {
            places: clients::list_locations_by_ids(tx, agency, &places).await?,
            rounds: rounds.into_iter().map(|round| (round.id, round)).collect(),
            plans: plans::list(tx, agency, &ids).await?,
            handed_in: first_handed_in(tx, agency, &submissions).await?,
            submissions: submissions.iter().map(|one| (one.assignment, one.id)).collect(),
            assignments,
            names: names.into_iter().collect(),
            terms,
            shown_terms,
            scores: scores::list_latest(tx, agency, &ids).await?,
        })
    }

    fn view(&mut self, visit: Visit, now: Timestamp) -> Result<VisitView, Error> {
        let missing = Error::not_found;
        let round = self.rounds.get(&visit.round).ok_or_else(|| missing("round"))?;
        let place = self
            .places
            .get(&visit.location)
            .ok_or_else(|| missing("location"))?;
        let assignment = self.assignment(visit.id);
        let plan = self.plans.remove(&visit.id);
        let handed_in = assignment
            .as_ref()
            .and_then(|assignment| self.handed_in.get(&assignment.submission).copied());
        let zone = Zone::named(&place.time_zone).unwrap_or_else(home_zone);
        let (score, grade) = self.scores.remove(&visit.id).unwrap_or_default();
        Ok(VisitView {
            location_name: place.name.clone(),
            visit_by: plan
                .as_ref()
                .and_then(|plan| plan.visit_by)
                .unwrap_or(round.visit_by),
            report: ReportDue::of((visit.state, round, plan.as_ref()), handed_in, &zone, now),
            terms: assignment
                .as_ref()
                .and_then(|assignment| self.shown_terms.remove(&assignment.id)),
            assignment,
            plan,
            score,
            grade,
            visit,
        })
    }

    fn assignment(&self, visit: VisitId) -> Option<AssignmentView> {
        let current = current_assignment(&self.assignments, visit)?;
        let terms = self.terms.get(&current.id);
        let respond_by = terms.and_then(|terms| terms.respond_by);
        Some(AssignmentView {
            id: current.id,
            shopper: current.shopper,
            shopper_name: self
                .names
                .get(&current.shopper.uuid())
                .cloned()
                .unwrap_or_default(),
            state: current.state,
            due_on: terms.and_then(|terms| terms.due_on),
            respond_by: respond_by.filter(|_| current.state == AssignmentState::Assigned),
            submission: *self.submissions.get(&current.id)?,
        })
    }
}
