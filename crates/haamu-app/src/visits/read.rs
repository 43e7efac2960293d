//! Visits as coordinators see them.

use std::collections::BTreeMap;

use haamu_domain::{
    Actor, AgencyId, AssignmentId, AssignmentState, LocalDate, RoundId, SubmissionId, Target, Timestamp,
    UserId, Verb, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::visits::{self, Assignment, Visit, VisitFilter};
use haamu_store::repo::{clients, identity, plans, programmes, scores, submissions, terms};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require, require_in_agency};
use crate::{App, Error};

use super::briefs::distinct;
use super::report_due::ReportDue;
use super::terms::{TermsView, add_plans};

/// A visit with what belongs to it.
#[derive(Clone, Debug)]
pub struct VisitView {
    /// The visit.
    pub visit: Visit,
    /// The name of its location.
    pub location_name: String,
    /// The last day of the visit.
    pub visit_by: Option<LocalDate>,
    /// The last day of its report.
    pub report_by: Option<LocalDate>,
    /// The assignment that counts: the newest.
    pub assignment: Option<AssignmentView>,
    /// What is planned of it besides its place, where that is asked for and anything is.
    pub plan: Option<VisitPlan>,
    /// The terms of that assignment, where they are asked for and the actor may know them.
    pub terms: Option<TermsView>,
    /// The displayed score.
    pub score: Option<String>,
    /// The score band's id, or `failed`.
    pub grade: Option<String>,
    /// When its report is due, where visits are read or listed.
    pub report: Option<ReportDue>,
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

/// Which visits are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct VisitQuery {
    /// Of one round.
    pub round: Option<RoundId>,
    /// In one state.
    pub state: Option<VisitState>,
    /// Only those whose last day is over, or that of their report, and that are not begun or handed in.
    pub is_overdue: bool,
    /// After this visit.
    pub after: Option<Uuid>,
}

impl App {
    /// Visits of the agency.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_visits(&self, actor: &Actor, query: VisitQuery) -> Result<Page<VisitView>, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        let filter = VisitFilter {
            round: query.round,
            state: query.state,
            overdue_on: query.is_overdue.then(|| self.today()),
            ..VisitFilter::default()
        };
        let filter = &filter;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (found, has_more) = visits::list(tx, actor.agency, filter, query.after, PAGE_SIZE).await?;
            let mut items = views(tx, actor.agency, found).await?;
            add_plans(tx, actor, &mut items).await?;
            self.add_reports(tx, actor.agency, &mut items).await?;
            Ok(Page::new(items, has_more, |item: &VisitView| {
                item.visit.id.uuid()
            }))
        })
        .await
    }

    /// One visit.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn read_visit(&self, actor: &Actor, id: VisitId) -> Result<VisitView, Error> {
        require_in_agency(actor, Verb::ReadVisits)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id)
                .await?
                .ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::ReadVisits, &target, "visit")?;
            let mut found = views(tx, actor.agency, vec![visit]).await?;
            add_plans(tx, actor, &mut found).await?;
            self.add_reports(tx, actor.agency, &mut found).await?;
            found.pop().ok_or_else(|| Error::not_found("visit"))
        })
        .await
    }
}

/// The assignment that a visit goes by: the one that is not over, or else the newest.
pub(crate) fn current_assignment(assignments: &[Assignment], visit: VisitId) -> Option<&Assignment> {
    let of_visit = || assignments.iter().filter(|assignment| assignment.visit == visit);
    of_visit()
        .find(|assignment| assignment.state.is_live())
        .or_else(|| of_visit().next_back())
}

/// The views of visits by their ids.
pub(super) async fn views_of(tx: &Tx, actor: &Actor, ids: &[VisitId]) -> Result<Vec<VisitView>, Error> {
    let agency = actor.agency;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(
            visits::find(tx, agency, *id)
                .await?
                .ok_or_else(|| Error::not_found("visit"))?,
        );
    }
    let mut found = views(tx, agency, found).await?;
    add_plans(tx, actor, &mut found).await?;
    Ok(found)
}

/// Adds what belongs to visits, with a fixed number of queries; of no visits nothing is asked. PostgreSQL takes time to
/// compile a query of a large table also where nothing can be in it.
pub(crate) async fn views(tx: &Tx, agency: AgencyId, found: Vec<Visit>) -> Result<Vec<VisitView>, Error> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<VisitId> = found.iter().map(|visit| visit.id).collect();
    let locations =
        clients::list_location_names(tx, agency, found.iter().map(|visit| visit.location).collect()).await?;
    let assignments = visits::list_assignments(tx, agency, &ids).await?;
    let submissions = submissions::list_of_visits(tx, agency, &ids).await?;
    let of: Vec<_> = assignments.iter().map(|assignment| assignment.id).collect();
    let terms = terms::list(tx, agency, &of).await?;
    let plans = plans::list(tx, agency, &ids).await?;
    let rounds = distinct(found.iter().map(|visit| visit.round));
    let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
    let rounds: BTreeMap<_, _> = rounds.into_iter().map(|round| (round.id, round)).collect();
    let mut scores = scores::list_latest(tx, agency, &ids).await?;
    let shoppers = assignments
        .iter()
        .map(|assignment| assignment.shopper.uuid())
        .collect();
    let names: BTreeMap<Uuid, String> = identity::list_names(tx, shoppers).await?.into_iter().collect();
    let view = |visit: Visit| {
        let assignment = current_assignment(&assignments, visit.id).and_then(|assignment| {
            let submission = submissions
                .iter()
                .find(|submission| submission.assignment == assignment.id)?;
            Some(AssignmentView {
                id: assignment.id,
                shopper: assignment.shopper,
                shopper_name: names.get(&assignment.shopper.uuid()).cloned().unwrap_or_default(),
                state: assignment.state,
                due_on: terms.get(&assignment.id).and_then(|terms| terms.due_on),
                respond_by: terms
                    .get(&assignment.id)
                    .and_then(|terms| terms.respond_by)
                    .filter(|_| assignment.state == AssignmentState::Assigned),
                submission: submission.id,
            })
        });
        let (plan, round) = (plans.get(&visit.id), rounds.get(&visit.round));
        let (score, grade) = scores.remove(&visit.id).unwrap_or_default();
        VisitView {
            location_name: locations.get(&visit.location).cloned().unwrap_or_default(),
            visit_by: plan
                .and_then(|plan| plan.visit_by)
                .or_else(|| round.map(|round| round.visit_by)),
            report_by: plan
                .and_then(|plan| plan.report_by)
                .or_else(|| round.map(|round| round.report_by)),
            assignment,
            plan: None,
            terms: None,
            score,
            grade,
            report: None,
            visit,
        }
    };
    Ok(found.into_iter().map(view).collect())
}
