//! What shoppers are told about offers and visits of theirs by mail, and coordinators about what shoppers did with
//! visits: everything of some minutes in one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use haamu_domain::filling::NoticeKind;
use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, LocationId, Role, RoundId, ScenarioId, UserId, VisitId,
    VisitState, Zone,
};
use haamu_report::{Letter, OfferLine, OfferNews, StaffLine, StaffNews};
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::clients::Location;
use haamu_store::repo::offer_notices::{self, OfferNotice};
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::scenarios::ScenarioRecord;
use haamu_store::repo::terms::Terms;
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{agencies, clients, identity, plans, programmes, scenarios, terms};
use haamu_store::{Reach, Tx};
use uuid::Uuid;

use crate::jobs::Job;
use crate::programmes::home_zone;
use crate::visits::distinct;
use crate::{App, Error};

/// A mail with news is tried for so long.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What the news are about.
struct About {
    assignments: BTreeMap<AssignmentId, Assignment>,
    terms: BTreeMap<AssignmentId, Terms>,
    visits: BTreeMap<VisitId, Visit>,
    plans: BTreeMap<VisitId, VisitPlan>,
    rounds: BTreeMap<RoundId, Round>,
    locations: BTreeMap<LocationId, Location>,
    scenarios: BTreeMap<ScenarioId, ScenarioRecord>,
}

impl App {
    /// Mails somebody what is new of offers since the last mail, as far as it is for who they are by now.
    pub(crate) async fn mail_offers(&self, agency: AgencyId, shopper: UserId) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                // What cannot be told in this mail is told in the next one.
                let (notices, has_more) = offer_notices::take(tx, agency, shopper).await?;
                if has_more {
                    let job = Job::MailOffers { shopper };
                    self.enqueue(tx, agency, &job, self.now()).await?;
                }
                let member = identity::find_membership(tx, agency, shopper).await?;
                let user = identity::load_user(tx, shopper).await?;
                let member = member.filter(|member| member.disabled_at.is_none());
                let Some(member) = member.filter(|_| user.disabled_at.is_none()) else {
                    return Ok(());
                };
                let Some(letter) = self.letter(tx, agency, member.role, notices).await? else {
                    return Ok(());
                };
                let language = self.language_of(&user);
                self.post(tx, agency, &user.email, language, &letter, LIFETIME)
                    .await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    /// The letter with what is worth telling by now.
    async fn letter(
        &self,
        tx: &Tx,
        agency: AgencyId,
        role: Role,
        mut notices: Vec<OfferNotice>,
    ) -> Result<Option<Letter>, Error> {
        let is_staff = matches!(role, Role::Coordinator | Role::Administrator);
        if !is_staff && role != Role::Shopper {
            return Ok(None);
        }
        notices.retain(|notice| notice.kind.is_for_staff() == is_staff);
        let about = About::load(tx, agency, &notices).await?;
        if is_staff {
            let news = about.staff_news(tx, &notices).await?;
            if news.is_empty() {
                return Ok(None);
            }
            let agency = agencies::load_name(tx, agency).await?;
            return Ok(Some(Letter::Fieldwork { agency, news }));
        }
        let news = self.news(&about, &notices);
        if news.is_empty() {
            return Ok(None);
        }
        let agency = agencies::load_name(tx, agency).await?;
        Ok(Some(Letter::Offers { agency, news }))
    }

    /// What is worth telling a shopper by now: no offer that is gone again, no end of one that was never told of, and
    /// no change of a visit that is not theirs any more.
    fn news(&self, about: &About, notices: &[OfferNotice]) -> OfferNews {
        let told_now = notices.iter().filter(|it| it.kind == NoticeKind::Offered);
        let told_now: BTreeSet<_> = told_now.filter_map(|it| it.assignment).collect();
        let mut offered = BTreeSet::new();
        let mut told = BTreeSet::new();
        let mut news = OfferNews::default();
        for notice in notices {
            let Some(line) = about.line(notice) else { continue };
            let assignment = notice.assignment.and_then(|id| about.assignments.get(&id));
            let is_new = notice.assignment.is_some_and(|id| told_now.contains(&id));
            // An offer of the same mail tells the plan as it is by now.
            let is_changed = !is_new && assignment.is_some_and(|it| it.state.is_live());
            match notice.kind {
                NoticeKind::Offered => {
                    let until = notice.assignment.and_then(|id| about.terms.get(&id)?.respond_by);
                    let is_open = until.is_none_or(|until| self.now() < until);
                    let is_offered = assignment.is_some_and(|it| it.state == AssignmentState::Assigned);
                    if is_open && is_offered && offered.insert(notice.visit) {
                        news.offered.push(line);
                    }
                }
                NoticeKind::TakenBack if !is_new => news.taken_back.push(line),
                NoticeKind::Expired if !is_new => news.expired.push(line),
                NoticeKind::ReportDue if about.is_owed(notice) => news.report_due.push(line),
                NoticeKind::DueSoon if about.is_not_begun(notice, assignment) => news.due_soon.push(line),
                NoticeKind::Overdue => news.overdue.push(line),
                NoticeKind::CalledOff => news.called_off.push(line),
                NoticeKind::Refused => news.refused.push(line),
                NoticeKind::Extended if is_changed && told.insert((notice.kind, notice.visit)) => {
                    news.extended.push(line);
                }
                NoticeKind::Changed if is_changed && told.insert((notice.kind, notice.visit)) => {
                    news.changed.push(line);
                }
                // The rest depends on what else is told, or is for others.
                _ => {}
            }
        }
        let rest = |kind| {
            let of_kind = notices.iter().filter(move |it| it.kind == kind);
            of_kind.filter(|it| !offered.contains(&it.visit))
        };
        let invited = rest(NoticeKind::Invited).filter(|it| about.is_to_be_had(it.visit));
        news.invited = invited.filter_map(|notice| about.line(notice)).collect();
        let not_chosen = rest(NoticeKind::NotChosen);
        news.not_chosen = not_chosen.filter_map(|notice| about.line(notice)).collect();
        news
    }
}

impl About {
    async fn load(tx: &Tx, agency: AgencyId, notices: &[OfferNotice]) -> Result<Self, Error> {
        let ids = distinct(notices.iter().map(|notice| notice.visit));
        let of = distinct(notices.iter().filter_map(|notice| notice.assignment));
        let assignments = assignments::list_by_ids(tx, agency, &of).await?;
        let visits = visits::list_by_ids(tx, agency, &ids).await?;
        let rounds = distinct(visits.iter().map(|visit| visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let places = distinct(visits.iter().map(|visit| visit.location));
        let plans = plans::list(tx, agency, &ids).await?;
        let of_plans = distinct(plans.values().filter_map(|plan| plan.scenario));
        Ok(Self {
            scenarios: scenarios::list_by_ids(tx, agency, &of_plans).await?,
            plans,
            assignments: assignments.into_iter().map(|one| (one.id, one)).collect(),
            terms: terms::list(tx, agency, &of).await?,
            locations: clients::list_locations_by_ids(tx, agency, &places).await?,
            rounds: rounds.into_iter().map(|round| (round.id, round)).collect(),
            visits: visits.into_iter().map(|visit| (visit.id, visit)).collect(),
        })
    }

    /// Whether a visit is on the job board, and nobody has it.
    fn is_to_be_had(&self, id: VisitId) -> bool {
        let is_planned = |visit: &Visit| visit.state == VisitState::Planned;
        let is_posted = |plan: &VisitPlan| plan.board.is_some() && plan.closed_reason.is_none();
        self.visits.get(&id).is_some_and(is_planned) && self.plans.get(&id).is_some_and(is_posted)
    }

    /// Whether somebody has a visit still, and has not begun it.
    fn is_not_begun(&self, notice: &OfferNotice, assignment: Option<&Assignment>) -> bool {
        let is_theirs = assignment.is_some_and(|one| one.state == AssignmentState::Accepted);
        let visit = self.visits.get(&notice.visit);
        is_theirs && visit.is_some_and(|visit| visit.state == VisitState::Accepted)
    }

    /// The name of what is to be done at a visit: as it was promised, or as it is planned.
    fn scenario(&self, notice: &OfferNotice) -> Option<String> {
        let terms = notice.assignment.and_then(|id| self.terms.get(&id));
        if let Some(promised) = terms.and_then(|terms| terms.scenario.as_ref()) {
            return Some(promised.name.clone());
        }
        let planned = self.plans.get(&notice.visit)?.scenario?;
        Some(self.scenarios.get(&planned)?.name.clone())
    }

    /// What coordinators are told, each end of an assignment once.
    async fn staff_news(&self, tx: &Tx, notices: &[OfferNotice]) -> Result<StaffNews, Error> {
        let shoppers = self.assignments.values().map(|one| one.shopper.uuid()).collect();
        let names: BTreeMap<_, _> = identity::list_names(tx, shoppers).await?.into_iter().collect();
        let mut news = StaffNews::default();
        let mut told = BTreeSet::new();
        for notice in notices {
            let Some((visit, line)) = self.staff_line(notice, &names) else {
                continue;
            };
            match notice.kind {
                NoticeKind::Declined => news.declined.push(line),
                NoticeKind::GivenBack => news.given_back.push(line),
                NoticeKind::Lapsed => news.lapsed.push(line),
                // Whoever had the visit reopened has seen it.
                NoticeKind::PlaceClosed if self.is_closed(visit) => news.place_closed.push(line),
                NoticeKind::CannotDo => news.cannot_do.push(line),
                NoticeKind::Departed => news.departed.push(line.wordless()),
                NoticeKind::DepartedBegun if told.insert(visit) => news.departed_begun.push(line),
                NoticeKind::Suspended if self.is_held(notice) => news.suspended.push(line),
                _ => {}
            }
        }
        Ok(news)
    }

    /// Whether the shopper has the visit still.
    fn is_held(&self, notice: &OfferNotice) -> bool {
        let assignment = notice.assignment.and_then(|id| self.assignments.get(&id));
        assignment.is_some_and(|assignment| assignment.state.is_live())
    }

    fn is_closed(&self, visit: VisitId) -> bool {
        let plan = self.plans.get(&visit);
        plan.is_some_and(|plan| plan.closed_reason.is_some())
    }

    fn staff_line(
        &self,
        notice: &OfferNotice,
        names: &BTreeMap<Uuid, String>,
    ) -> Option<(VisitId, StaffLine)> {
        let visit = self.visits.get(&notice.visit)?;
        let assignment = self.assignments.get(&notice.assignment?)?;
        let end = self
            .terms
            .get(&assignment.id)
            .and_then(|terms| terms.end.as_ref());
        let line = StaffLine {
            place: place(self.locations.get(&visit.location)?),
            round: self.rounds.get(&visit.round)?.name.clone(),
            shopper: names.get(&assignment.shopper.uuid()).cloned().unwrap_or_default(),
            words: end.and_then(|end| end.detail.clone()),
        };
        Some((visit.id, line))
    }

    /// Whether the shopper has the visit still, and its report is not handed in.
    fn is_owed(&self, notice: &OfferNotice) -> bool {
        let assignment = notice.assignment.and_then(|id| self.assignments.get(&id));
        let has_it = assignment.is_some_and(|it| it.state == AssignmentState::Accepted);
        let visit = self.visits.get(&notice.visit);
        has_it && visit.is_some_and(|visit| visit.state.is_owed())
    }

    fn line(&self, notice: &OfferNotice) -> Option<OfferLine> {
        let visit = self.visits.get(&notice.visit)?;
        let round = self.rounds.get(&visit.round)?;
        let location = self.locations.get(&visit.location)?;
        let plan = self.plans.get(&visit.id);
        let terms = notice.assignment.and_then(|id| self.terms.get(&id));
        let until = terms.and_then(|terms| terms.respond_by);
        let until = until.filter(|_| notice.kind == NoticeKind::Offered);
        let is_changed = matches!(notice.kind, NoticeKind::Extended | NoticeKind::Changed);
        let report_by = plan.and_then(|plan| plan.report_by).unwrap_or(round.report_by);
        let zone = Zone::named(&location.time_zone).unwrap_or_else(home_zone);
        Some(OfferLine {
            place: place(location),
            due_on: terms.and_then(|terms| terms.due_on).filter(|_| is_changed),
            visit_by: plan.and_then(|plan| plan.visit_by).unwrap_or(round.visit_by),
            daypart: plan.and_then(|plan| plan.daypart),
            scenario: self.scenario(notice),
            answer_by: until.map(|until| {
                let local = zone.local_minute(until);
                (local.date, local.minute)
            }),
            report_by: (notice.kind == NoticeKind::ReportDue).then_some(report_by),
            words: terms
                .and_then(|terms| terms.end.as_ref()?.detail.clone())
                .filter(|_| notice.kind == NoticeKind::Refused),
        })
    }
}

/// The name of a place with its city.
fn place(of: &Location) -> String {
    match of.city.is_empty() {
        true => of.name.clone(),
        false => format!("{}, {}", of.name, of.city),
    }
}
