//! What a shopper has asked for, and a coordinator's answer that is no offer.

use std::collections::BTreeMap;

use haamu_domain::filling::EndReason;
use haamu_domain::{
    Actor, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code, LocalDate, Target, Timestamp,
    Verb, VisitId,
};
use haamu_store::Tx;
use haamu_store::repo::applications::{self, Application};
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::clients::Location;
use haamu_store::repo::panel::Companion;
use haamu_store::repo::terms::{self, End, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{clients, panel, programmes};
use serde_json::json;
use uuid::Uuid;

use crate::context::{Page, require, require_in_agency};
use crate::error::Checks;
use crate::visits::distinct;
use crate::{App, Error};

/// So many of a shopper's applications are on a page.
const PAGE: u64 = 50;

/// Something that a shopper asked for.
#[derive(Clone, Debug)]
pub struct OwnApplicationView {
    /// The assignment that it may become, or became.
    pub assignment: AssignmentId,
    /// The visit.
    pub visit: VisitId,
    /// The name of its round.
    pub round: String,
    /// Where it is.
    pub location: Location,
    /// Where the application is in its life, or what became of it.
    pub state: AssignmentState,
    /// When the shopper asked first.
    pub asked_at: Timestamp,
    /// On which day they would go, or go.
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    pub companion: Option<Companion>,
    /// How it ended, if it did.
    pub end: Option<End>,
}

impl App {
    /// What the shopper has asked for, and what became of it; the newest first.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_own_applications(
        &self,
        actor: &Actor,
        before: Option<Uuid>,
    ) -> Result<Page<OwnApplicationView>, Error> {
        require_in_agency(actor, Verb::ApplyForJob)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (found, has_more) =
                applications::list_of_shopper(tx, actor.agency, actor.user, before, PAGE).await?;
            let last = found.last().map(|one| one.assignment.id.uuid());
            let around = Around::load(tx, actor, &found).await?;
            let items = found.iter().filter_map(|one| around.view(one)).collect();
            let next = last.filter(|_| has_more);
            Ok(Page { items, next })
        })
        .await
    }

    /// Refuses an application; the applicant is told why by mail.
    ///
    /// # Errors
    /// There is no such application, or it is one no longer.
    pub async fn decline_application(
        &self,
        actor: &Actor,
        id: AssignmentId,
        reason: &str,
    ) -> Result<(), Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, mut asked) = lock_application(tx, actor, id).await?;
            let end = (AssignmentEvent::Cancel, EndReason::Refused, Some(reason.clone()));
            self.end_assignment(tx, actor.agency, &mut visit, &mut asked, end)
                .await?;
            let event = AuditEvent::of(Verb::AssignVisit, "assignment", id);
            Ok((
                (),
                event.with(json!({"refused": asked.shopper, "visit": visit.id})),
            ))
        })
        .await
    }
}

/// An application that is neither answered nor over, with its visit, locked.
async fn lock_application(tx: &Tx, actor: &Actor, id: AssignmentId) -> Result<(Visit, Assignment), Error> {
    let missing = || Error::not_found("application");
    let found = assignments::find(tx, actor.agency, id).await?;
    let found = found.ok_or_else(missing)?;
    let visit = visits::lock(tx, actor.agency, found.visit).await?;
    let visit = visit.ok_or_else(missing)?;
    let target = Target::of_client(actor.agency, visit.client_organisation);
    require(actor, Verb::AssignVisit, &target, "application")?;
    programmes::lock_round(tx, actor.agency, visit.round).await?;
    // Read again under the visit's lock: it may have been withdrawn, or become an offer.
    let asked = assignments::find(tx, actor.agency, id).await?;
    let asked = asked.ok_or_else(missing)?;
    if asked.state != AssignmentState::Applied {
        let detail = format!("The assignment is {}, and no application.", asked.state);
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok((visit, asked))
}

/// What belongs to applications of one shopper.
struct Around {
    visits: BTreeMap<VisitId, Visit>,
    rounds: BTreeMap<haamu_domain::RoundId, String>,
    locations: BTreeMap<haamu_domain::LocationId, Location>,
    terms: BTreeMap<AssignmentId, Terms>,
    companions: BTreeMap<haamu_domain::CompanionId, Companion>,
}

impl Around {
    async fn load(tx: &Tx, actor: &Actor, found: &[Application]) -> Result<Self, Error> {
        let agency = actor.agency;
        let ids = distinct(found.iter().map(|one| one.assignment.visit));
        let visits = visits::list_by_ids(tx, agency, &ids).await?;
        let rounds = distinct(visits.iter().map(|visit| visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let places = distinct(visits.iter().map(|visit| visit.location));
        let ids: Vec<_> = found.iter().map(|one| one.assignment.id).collect();
        let terms = terms::list(tx, agency, &ids).await?;
        let along = distinct(terms.values().filter_map(|terms| terms.companion));
        Ok(Self {
            visits: visits.into_iter().map(|visit| (visit.id, visit)).collect(),
            rounds: rounds.into_iter().map(|round| (round.id, round.name)).collect(),
            locations: clients::list_locations_by_ids(tx, agency, &places).await?,
            companions: panel::list_companions_by_ids(tx, agency, &along).await?,
            terms,
        })
    }

    fn view(&self, of: &Application) -> Option<OwnApplicationView> {
        let assignment = &of.assignment;
        let visit = self.visits.get(&assignment.visit)?;
        let terms = self.terms.get(&assignment.id);
        let companion = terms.and_then(|terms| terms.companion);
        Some(OwnApplicationView {
            assignment: assignment.id,
            visit: visit.id,
            round: self.rounds.get(&visit.round)?.clone(),
            location: self.locations.get(&visit.location)?.clone(),
            state: assignment.state,
            asked_at: of.asked_at,
            due_on: terms.and_then(|terms| terms.due_on),
            companion: companion.and_then(|id| self.companions.get(&id).cloned()),
            end: terms.and_then(|terms| terms.end.clone()),
        })
    }
}
