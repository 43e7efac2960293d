//! Who asked for visits of the job board, as coordinators choose among them.

use std::collections::BTreeMap;

use haamu_domain::eligibility::{self, Candidate, Obstacle};
use haamu_domain::{
    Actor, AgencyId, AssignmentId, CompanionId, LocalDate, RoundId, Target, Timestamp, UserId, Verb, VisitId,
};
use haamu_store::Tx;
use haamu_store::repo::applications::{self, Application};
use haamu_store::repo::panel::{self, Companion};
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, identity};
use uuid::Uuid;

use crate::context::{Page, require, require_in_agency};
use crate::visits::distinct;
use crate::{App, Error};

use super::ask::without_date;
use super::board::nearest;
use super::facts::{PlannedVisit, RoundFacts};
use super::propose::require_round;

/// So many applications are on a page; each is judged anew.
const PAGE: u64 = 50;

/// Somebody who asked for a visit.
#[derive(Clone, Debug)]
pub struct ApplicationView {
    /// The visit.
    pub visit: VisitId,
    /// The name of its location.
    pub location_name: String,
    /// The assignment that it may become.
    pub assignment: AssignmentId,
    /// Who.
    pub shopper: UserId,
    /// Their name.
    pub shopper_name: String,
    /// When they asked first.
    pub asked_at: Timestamp,
    /// The mean grade of their reports, in tenths.
    pub rating_tenths: Option<u16>,
    /// How far it is from the nearest of their places, in kilometres.
    pub distance_km: Option<f64>,
    /// On which day they would go.
    pub due_on: Option<LocalDate>,
    /// Who would come along, unless they were taken off the list since.
    pub companion: Option<Companion>,
    /// What stands in the way now, for both.
    pub obstacles: Vec<Obstacle>,
}

impl App {
    /// Who asked for a visit, the oldest application first.
    ///
    /// # Errors
    /// There is no such visit.
    pub async fn list_applications(&self, actor: &Actor, id: VisitId) -> Result<Vec<ApplicationView>, Error> {
        require_in_agency(actor, Verb::ReadApplications)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::find(tx, actor.agency, id).await?;
            let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
            let target = Target::of_client(actor.agency, visit.client_organisation);
            require(actor, Verb::ReadApplications, &target, "visit")?;
            let found = applications::list_of_visit(tx, actor.agency, id).await?;
            self.views_of_applications(tx, actor, visit.round, &[visit], &found)
                .await
        })
        .await
    }

    /// Who asked for visits of a round, the oldest application first.
    ///
    /// # Errors
    /// There is no such round.
    pub async fn list_round_applications(
        &self,
        actor: &Actor,
        round: RoundId,
        after: Option<Uuid>,
    ) -> Result<Page<ApplicationView>, Error> {
        require_in_agency(actor, Verb::ReadApplications)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            require_round(tx, actor, round, Verb::ReadApplications, "round").await?;
            let (found, has_more) = applications::list_of_round(tx, agency, round, after, PAGE).await?;
            let ids = distinct(found.iter().map(|one| one.assignment.visit));
            let visits = visits::list_by_ids(tx, agency, &ids).await?;
            let items = self
                .views_of_applications(tx, actor, round, &visits, &found)
                .await?;
            Ok(Page::new(items, has_more, |item: &ApplicationView| {
                item.assignment.uuid()
            }))
        })
        .await
    }

    /// Applications for visits of a round, judged as they are now.
    async fn views_of_applications(
        &self,
        tx: &Tx,
        actor: &Actor,
        round: RoundId,
        of: &[Visit],
        found: &[Application],
    ) -> Result<Vec<ApplicationView>, Error> {
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let around = Around::load(self, tx, actor, (round, of), found).await?;
        let mut views = Vec::with_capacity(found.len());
        for application in found {
            let id = application.assignment.id;
            let companion = around.terms.get(&id).and_then(|terms| terms.companion);
            let companion = around
                .companion(tx, actor.agency, application, companion, self.now())
                .await?;
            views.extend(around.view(application, companion));
        }
        Ok(views)
    }
}

/// What applications for visits of one round are judged by.
struct Around {
    facts: RoundFacts,
    planned: BTreeMap<VisitId, PlannedVisit>,
    candidates: BTreeMap<UserId, Candidate>,
    terms: BTreeMap<AssignmentId, Terms>,
    names: BTreeMap<Uuid, String>,
    locations: BTreeMap<VisitId, String>,
}

/// Whoever would come along, and as rules see them.
type Along = (Companion, eligibility::Companion);

impl Around {
    async fn load(
        app: &App,
        tx: &Tx,
        actor: &Actor,
        (round, of): (RoundId, &[Visit]),
        found: &[Application],
    ) -> Result<Self, Error> {
        let agency = actor.agency;
        let users = distinct(found.iter().map(|one| one.assignment.shopper));
        let ids: Vec<_> = found.iter().map(|one| one.assignment.id).collect();
        let facts = RoundFacts::load(tx, actor, round).await?;
        // What they do at these visits does not count yet: they have only asked.
        let candidates = facts.candidates(tx, agency, &users, None, app.now()).await?;
        let planned = facts.visits(tx, agency, of, app.now()).await?;
        let names = identity::list_names(tx, users.iter().map(|user| user.uuid()).collect()).await?;
        let places = distinct(of.iter().map(|visit| visit.location));
        let mut places = clients::list_location_names(tx, agency, places).await?;
        let locations = of.iter().map(|visit| {
            let name = places.entry(visit.location).or_default();
            (visit.id, name.clone())
        });
        Ok(Self {
            locations: locations.collect(),
            terms: terms::list(tx, agency, &ids).await?,
            names: names.into_iter().collect(),
            facts,
            planned,
            candidates,
        })
    }

    /// Who comes along, unless they were taken off the list since: the application holds without them then.
    async fn companion(
        &self,
        tx: &Tx,
        agency: AgencyId,
        of: &Application,
        id: Option<CompanionId>,
        now: Timestamp,
    ) -> Result<Option<Along>, Error> {
        let shopper = of.assignment.shopper;
        let Some(id) = id else { return Ok(None) };
        if !panel::has_companion(tx, agency, shopper, id).await? {
            return Ok(None);
        }
        let Some(found) = panel::find_companion(tx, agency, shopper, id).await? else {
            return Ok(None);
        };
        let whom = (shopper, Some(id));
        let judged = self
            .facts
            .companion(tx, agency, whom, of.assignment.visit, now)
            .await?;
        Ok(judged.map(|judged| (found, judged)))
    }

    fn view(&self, of: &Application, along: Option<Along>) -> Option<ApplicationView> {
        let Application { assignment, asked_at } = of;
        let candidate = self.candidates.get(&assignment.shopper)?;
        let planned = self.planned.get(&assignment.visit)?;
        let due_on = self.terms.get(&assignment.id).and_then(|terms| terms.due_on);
        let (companion, judged) = along.unzip();
        let on = |date| self.facts.obstacles(candidate, judged.as_ref(), planned, date);
        let point = planned.open.point;
        Some(ApplicationView {
            visit: assignment.visit,
            location_name: self.locations.get(&assignment.visit).cloned().unwrap_or_default(),
            assignment: assignment.id,
            shopper: assignment.shopper,
            shopper_name: self
                .names
                .get(&assignment.shopper.uuid())
                .cloned()
                .unwrap_or_default(),
            asked_at: *asked_at,
            rating_tenths: candidate.rating_tenths,
            distance_km: point.and_then(|point| nearest(&candidate.places, point)),
            due_on,
            obstacles: due_on.map_or_else(|| without_date(planned, on), on),
            companion,
        })
    }
}
