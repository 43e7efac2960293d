//! The job board: what is to be had near a shopper, asking for it, and taking it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::eligibility::{Obstacle, Point, first_date};
use haamu_domain::filling::{Board, EndReason, Origin};
use haamu_domain::programme_parts::Fees;
use haamu_domain::{
    Actor, AssignmentBrief, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, Code, CompanionId,
    LocalDate, RoundId, Verb, VisitId, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::clients::Location;
use haamu_store::repo::plans::{self, Posting};
use haamu_store::repo::scenarios::ScenarioRecord;
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{applications, clients, job_invitations, panel, scenarios};
use serde_json::json;
use uuid::Uuid;

use crate::context::{Page, require_in_agency};
use crate::error::{Checks, Issue};
use crate::programmes::find_part;
use crate::visits::distinct;
use crate::{App, Error};

use super::ask::without_date;
use super::companions::require_companion;
use super::facts::RoundFacts;
use super::offer::{Given, OfferInput};

/// So many jobs are on a page.
const PAGE: usize = 50;
/// So many postings are looked at for one page; a radius in an empty corner answers with a short page and a
/// cursor instead of reading the whole board.
const SCAN: u64 = 2_000;

/// Where a shopper looks for jobs.
#[derive(Clone, Copy, Debug, Default)]
pub struct JobQuery {
    /// Around this point; around their own places, if absent.
    pub near: Option<Point>,
    /// Within so many kilometres.
    pub radius_km: Option<u32>,
    /// Also those that rules do not allow.
    pub with_obstacles: bool,
    /// After this visit.
    pub after: Option<Uuid>,
}

/// A visit that is to be had.
#[derive(Clone, Debug)]
pub struct JobView {
    /// The visit.
    pub visit: VisitId,
    /// The programme, whose briefings are to be read.
    pub programme: haamu_domain::ProgrammeId,
    /// The name of the round.
    pub round: String,
    /// Where.
    pub location: Location,
    /// How far that is from where the shopper looks, in kilometres.
    pub distance_km: Option<f64>,
    /// How it is had.
    pub board: Board,
    /// The first day of the visit.
    pub starts_on: LocalDate,
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// The part of the day.
    pub daypart: Option<haamu_domain::Daypart>,
    /// What is to be done.
    pub scenario: Option<ScenarioRecord>,
    /// What is paid.
    pub fees: Option<Fees>,
    /// Whether the shopper was asked about it.
    pub is_invited: bool,
    /// Whether the shopper has asked for it.
    pub has_applied: bool,
    /// What stands in the way.
    pub obstacles: Vec<Obstacle>,
    /// The first day on which the shopper may make it.
    pub first_date: Option<LocalDate>,
}

/// On what terms a shopper wants a visit.
#[derive(Clone, Copy, Debug)]
pub struct JobInput {
    /// On which day they would go.
    pub due_on: Option<LocalDate>,
    /// Who comes along.
    pub companion: Option<CompanionId>,
    /// Whether they declare that they have no tie to the place.
    pub is_independent: bool,
}

/// What the board of a round is shown by.
struct BoardRound {
    facts: RoundFacts,
    fees: Option<Fees>,
    candidate: haamu_domain::eligibility::Candidate,
}

impl App {
    /// What is to be had, by id.
    ///
    /// # Errors
    /// The radius is out of range.
    pub async fn list_jobs(&self, actor: &Actor, query: JobQuery) -> Result<Page<JobView>, Error> {
        require_in_agency(actor, Verb::FindJobs)?;
        let mut checks = Checks::default();
        if let Some(radius) = query.radius_km {
            checks.range("radius_km", radius, 1..=20_000);
        }
        checks.finish()?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let own = panel::find_profile(tx, actor.agency, actor.user).await?;
            let points = match query.near {
                Some(point) => vec![point],
                None => own.map(|own| own.profile.points()).unwrap_or_default(),
            };
            let postings = plans::list_board(tx, actor.agency, query.after, SCAN).await?;
            let is_cut = postings.len() as u64 == SCAN;
            let last = postings.last().map(|posting| posting.visit.uuid());
            let near: Vec<_> = postings
                .into_iter()
                .map(|posting| (distance(&points, &posting), posting))
                .filter(|(distance, _)| is_within(*distance, query.radius_km))
                .collect();
            let mut items = self.views_of_board(tx, actor, near, query.with_obstacles).await?;
            let is_long = items.len() > PAGE;
            items.truncate(PAGE);
            let next = match (is_long, is_cut) {
                (true, _) => items.last().map(|job| job.visit.uuid()),
                (false, true) => last,
                (false, false) => None,
            };
            Ok(Page { items, next })
        })
        .await
    }

    async fn views_of_board(
        &self,
        tx: &Tx,
        actor: &Actor,
        postings: Vec<(Option<f64>, Posting)>,
        with_obstacles: bool,
    ) -> Result<Vec<JobView>, Error> {
        let agency = actor.agency;
        let ids: Vec<_> = postings.iter().map(|(_, posting)| posting.visit).collect();
        let places: BTreeSet<_> = postings.iter().map(|(_, posting)| posting.location).collect();
        let places: Vec<_> = places.into_iter().collect();
        let mut rounds = BTreeMap::new();
        for (_, posting) in &postings {
            if let Entry::Vacant(place) = rounds.entry(posting.round) {
                place.insert(self.board_round(tx, actor, posting.round).await?);
            }
        }
        let all = visits::list_by_ids(tx, agency, &ids).await?;
        let mut planned = BTreeMap::new();
        for (id, round) in &rounds {
            let of_round: Vec<_> = all.iter().filter(|visit| visit.round == *id).cloned().collect();
            planned.extend(round.facts.visits(tx, agency, &of_round, self.now()).await?);
        }
        let wanted = distinct(planned.values().filter_map(|visit| visit.plan.scenario));
        let scenarios = scenarios::list_by_ids(tx, agency, &wanted).await?;
        let locations = clients::list_locations_by_ids(tx, agency, &places).await?;
        let invited: BTreeSet<_> = job_invitations::list_open_of(tx, agency, actor.user, &ids)
            .await?
            .into_iter()
            .collect();
        let applied: BTreeSet<_> = assignments::list_applied(tx, agency, actor.user)
            .await?
            .into_iter()
            .collect();
        let view = |(distance_km, posting): (Option<f64>, Posting)| {
            let round = rounds.get(&posting.round)?;
            let visit = planned.get(&posting.visit)?;
            if !round.facts.programme.state.takes_visits() {
                return None;
            }
            let on = |date| round.facts.obstacles(&round.candidate, None, visit, date);
            let first_date = first_date(&visit.open, visit.today, |date| !on(date).is_empty());
            if first_date.is_none() && !with_obstacles {
                return None;
            }
            Some(JobView {
                visit: posting.visit,
                programme: round.facts.programme.id,
                round: round.facts.round.name.clone(),
                location: locations.get(&posting.location)?.clone(),
                distance_km,
                board: visit.plan.board?,
                starts_on: visit.open.starts_on,
                visit_by: visit.open.visit_by,
                daypart: visit.open.daypart,
                scenario: visit.plan.scenario.and_then(|id| scenarios.get(&id).cloned()),
                fees: round.fees.clone(),
                is_invited: invited.contains(&posting.visit),
                has_applied: applied.contains(&posting.visit),
                obstacles: first_date.map_or_else(|| without_date(visit, on), |_| Vec::new()),
                first_date,
            })
        };
        // One more than a page tells that there are more.
        Ok(postings.into_iter().filter_map(view).take(PAGE + 1).collect())
    }

    async fn board_round(&self, tx: &Tx, actor: &Actor, round: RoundId) -> Result<BoardRound, Error> {
        let facts = RoundFacts::load(tx, actor, round).await?;
        let users = [actor.user];
        let mut candidates = facts
            .candidates(tx, actor.agency, &users, None, self.now())
            .await?;
        let fees = find_part::<Fees>(tx, actor, facts.programme.id).await?;
        Ok(BoardRound {
            candidate: candidates.remove(&actor.user).unwrap_or_default(),
            fees: fees.map(|view| view.part),
            facts,
        })
    }

    /// The shopper asks for a visit on the board.
    ///
    /// # Errors
    /// There is no such visit on the board, it is taken, rules stand in the way, or they declared no independence.
    pub async fn apply_for_job(&self, actor: &Actor, id: VisitId, input: &JobInput) -> Result<(), Error> {
        require_in_agency(actor, Verb::ApplyForJob)?;
        require_declared(input.is_independent)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let (visit, _) = lock_posted(tx, actor, id).await?;
            let offer = offer_input(actor, input);
            let (facts, planned) = self
                .lock_rules(tx, actor, &visit, actor.user, None, "shopper")
                .await?;
            require_companion(tx, agency, actor.user, input.companion).await?;
            let (obstacles, _) = self.find_obstacles(tx, agency, &facts, &planned, &offer).await?;
            if !obstacles.is_empty() {
                return Err(Error::not_eligible(obstacles));
            }
            let before = assignments::list_of_visits(tx, agency, &[id]).await?;
            let before = before
                .into_iter()
                .find(|one| one.shopper == actor.user && one.state == AssignmentState::Applied);
            let did = if before.is_some() { "changed" } else { "applied" };
            let assignment = match before {
                // Whoever asks again changes the terms of their application.
                Some(before) => before,
                None => {
                    let open = AssignmentState::Planned.after(AssignmentEvent::Open)?;
                    let new = Assignment {
                        id: AssignmentId::from_uuid(self.fresh_uuid()),
                        visit: id,
                        shopper: actor.user,
                        state: open.after(AssignmentEvent::Apply)?,
                        row_version: 1,
                    };
                    applications::insert(tx, agency, &new, visit.round, self.now()).await?;
                    new
                }
            };
            let terms = Terms {
                origin: Origin::Application,
                due_on: input.due_on,
                is_day_named: input.due_on.is_some(),
                companion: input.companion,
                independent_at: Some(self.now()),
                ..terms::load(tx, agency, assignment.id).await?
            };
            terms::put(tx, agency, &terms).await?;
            Ok(((), applied(id, did, assignment.id, input.due_on)))
        })
        .await
    }

    /// The shopper takes a visit that the board gives to the first who may.
    ///
    /// # Errors
    /// There is no such visit on the board, it is taken, or is to be asked for; rules stand in the way; or they
    /// declared no independence.
    pub async fn take_job(
        &self,
        actor: &Actor,
        id: VisitId,
        input: &JobInput,
    ) -> Result<AssignmentBrief, Error> {
        require_in_agency(actor, Verb::ApplyForJob)?;
        require_declared(input.is_independent)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut visit, board) = lock_posted(tx, actor, id).await?;
            if board != Board::SelfAssign {
                let detail = "A coordinator decides who gets this visit; apply for it.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let how = (Origin::SelfAssigned, Given::Taken);
            let offer = offer_input(actor, input);
            let taken = self.give(tx, actor, &mut visit, &offer, how, "shopper").await?;
            let brief = crate::visits::brief(tx, actor.agency, taken.id).await?;
            let brief = brief.ok_or_else(|| Error::not_found("assignment"))?;
            let event = applied(id, "took", taken.id, brief.due_on);
            Ok((brief, event))
        })
        .await
    }

    /// The shopper takes an application back.
    ///
    /// # Errors
    /// They have not applied for such a visit.
    pub async fn withdraw_application(&self, actor: &Actor, id: VisitId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ApplyForJob)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let visit = visits::lock(tx, actor.agency, id).await?;
            let mut visit = visit.ok_or_else(|| Error::not_found("application"))?;
            let all = assignments::list_of_visits(tx, actor.agency, &[id]).await?;
            let own = all
                .into_iter()
                .find(|one| one.shopper == actor.user && one.state == AssignmentState::Applied);
            let mut own = own.ok_or_else(|| Error::not_found("application"))?;
            let end = (AssignmentEvent::Cancel, EndReason::Withdrawn, None);
            self.end_assignment(tx, actor.agency, &mut visit, &mut own, end)
                .await?;
            Ok(((), applied(id, "withdrew", own.id, None)))
        })
        .await
    }
}

/// A visit that is on the board and that nobody has, locked.
async fn lock_posted(tx: &Tx, actor: &Actor, id: VisitId) -> Result<(Visit, Board), Error> {
    let visit = visits::lock(tx, actor.agency, id).await?;
    let visit = visit.ok_or_else(|| Error::not_found("visit"))?;
    let plan = plans::load(tx, actor.agency, id, visit.round).await?;
    let board = plan.board.filter(|_| plan.closed_reason.is_none());
    let board = board.ok_or_else(|| Error::not_found("visit"))?;
    let offers = assignments::list_of_visits(tx, actor.agency, &[id]).await?;
    if visit.state != VisitState::Planned || offers.iter().any(|offer| offer.state.is_live()) {
        return Err(Error::refused(Code::JobTaken));
    }
    Ok((visit, board))
}

/// What the log says of what a shopper did about a visit of the board.
fn applied(visit: VisitId, did: &str, assignment: AssignmentId, due_on: Option<LocalDate>) -> AuditEvent {
    let detail = json!({"did": did, "assignment": assignment, "due_on": due_on});
    AuditEvent::of(Verb::ApplyForJob, "visit", visit).with(detail)
}

/// Nobody visits a place to which they have a tie.
pub(crate) fn require_declared(is_independent: bool) -> Result<(), Error> {
    if is_independent {
        return Ok(());
    }
    let issue = Issue {
        path: "independent".to_owned(),
        code: "required".to_owned(),
        message: "declare that neither you nor anybody near to you works there".to_owned(),
    };
    Err(Error::with_issues(Code::ValidationFailed, vec![issue]))
}

const fn offer_input(actor: &Actor, input: &JobInput) -> OfferInput {
    OfferInput {
        shopper: actor.user,
        due_on: input.due_on,
        companion: input.companion,
    }
}

fn distance(points: &[Point], posting: &Posting) -> Option<f64> {
    let (latitude, longitude) = posting.latitude.as_deref().zip(posting.longitude.as_deref())?;
    nearest(points, Point::parse(latitude, longitude)?)
}

pub(super) fn nearest(points: &[Point], to: Point) -> Option<f64> {
    points
        .iter()
        .map(|point| point.distance_km(to))
        .min_by(f64::total_cmp)
}

/// Places whose position is not known, such as chats, are near to everybody.
fn is_within(distance: Option<f64>, radius_km: Option<u32>) -> bool {
    let pair = distance.zip(radius_km);
    pair.is_none_or(|(distance, radius)| distance <= f64::from(radius))
}
