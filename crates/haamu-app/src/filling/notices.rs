//! What shoppers are told about offers by mail: everything of some minutes in one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use haamu_domain::filling::NoticeKind;
use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, LocationId, Role, RoundId, UserId, VisitId, VisitState, Zone,
};
use haamu_report::{Letter, OfferLine, OfferNews};
use haamu_store::repo::clients::Location;
use haamu_store::repo::offer_notices::{self, OfferNotice};
use haamu_store::repo::plans::VisitPlan;
use haamu_store::repo::programmes::Round;
use haamu_store::repo::terms::Terms;
use haamu_store::repo::visits::{self, Assignment, Visit};
use haamu_store::repo::{clients, identity, jobs, plans, programmes, terms};
use haamu_store::{Reach, Tx};

use crate::jobs::Job;
use crate::programmes::home_zone;
use crate::visits::distinct;
use crate::{App, Error};

/// News wait so long for others that come after them, in seconds.
const GATHER_SECONDS: i64 = 3 * 60;
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
}

impl App {
    /// Has shoppers told something about a visit in their next mail, in the transaction in which it happens.
    pub(super) async fn tell_of_offers(
        &self,
        tx: &Tx,
        agency: AgencyId,
        shoppers: &[UserId],
        (visit, assignment): (VisitId, Option<AssignmentId>),
        kind: NoticeKind,
    ) -> Result<(), Error> {
        let now = self.now();
        let notices = shoppers.iter().map(|shopper| OfferNotice {
            id: self.fresh_uuid(),
            shopper: *shopper,
            visit,
            assignment,
            kind,
        });
        let notices: Vec<_> = notices.collect();
        offer_notices::insert(tx, agency, &notices, now).await?;
        let run_after = now.plus_seconds(GATHER_SECONDS);
        let mails = distinct(shoppers.iter().copied()).into_iter();
        let mails = mails.map(|shopper| self.new_job(agency, &Job::MailOffers { shopper }, run_after));
        let mails = mails.collect::<Result<Vec<_>, _>>()?;
        Ok(jobs::enqueue_many(tx, &mails, now).await?)
    }

    /// Mails a shopper what has become of offers since the last mail.
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
                let works = member.is_some_and(|member| member.works_as(Role::Shopper));
                if !works || user.disabled_at.is_some() {
                    return Ok(());
                }
                let about = About::load(tx, agency, &notices).await?;
                let news = self.news(&about, &notices);
                if news.is_empty() {
                    return Ok(());
                }
                let letter = Letter::Offers {
                    agency: identity::load_agency_name(tx, agency).await?,
                    news,
                };
                let language = self.language_of(&user);
                self.post(tx, agency, &user.email, language, &letter, LIFETIME)
                    .await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    /// What is worth telling by now: no offer that is gone again, and no end of one that was never told of.
    fn news(&self, about: &About, notices: &[OfferNotice]) -> OfferNews {
        let told_now = notices.iter().filter(|it| it.kind == NoticeKind::Offered);
        let told_now: BTreeSet<_> = told_now.filter_map(|it| it.assignment).collect();
        let mut offered = BTreeSet::new();
        let mut news = OfferNews::default();
        for notice in notices {
            let Some(line) = about.line(notice) else { continue };
            let assignment = notice.assignment.and_then(|id| about.assignments.get(&id));
            let is_new = notice.assignment.is_some_and(|id| told_now.contains(&id));
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
                NoticeKind::ReportDue => {}
                NoticeKind::Invited | NoticeKind::TakenBack | NoticeKind::Expired => {}
            }
        }
        let invited = notices.iter().filter(|it| it.kind == NoticeKind::Invited);
        let invited = invited.filter(|it| !offered.contains(&it.visit) && about.is_to_be_had(it.visit));
        news.invited = invited.filter_map(|notice| about.line(notice)).collect();
        news
    }
}

impl About {
    async fn load(tx: &Tx, agency: AgencyId, notices: &[OfferNotice]) -> Result<Self, Error> {
        let ids = distinct(notices.iter().map(|notice| notice.visit));
        let of = distinct(notices.iter().filter_map(|notice| notice.assignment));
        let assignments = visits::list_assignments_by_ids(tx, agency, &of).await?;
        let visits = visits::list_by_ids(tx, agency, &ids).await?;
        let rounds = distinct(visits.iter().map(|visit| visit.round));
        let rounds = programmes::list_rounds_by_ids(tx, agency, &rounds).await?;
        let places = distinct(visits.iter().map(|visit| visit.location));
        Ok(Self {
            assignments: assignments.into_iter().map(|one| (one.id, one)).collect(),
            terms: terms::list(tx, agency, &of).await?,
            plans: plans::list(tx, agency, &ids).await?,
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

    /// Whether the shopper has the visit still, and its report is not handed in.
    fn is_owed(&self, notice: &OfferNotice) -> bool {
        let assignment = notice.assignment.and_then(|id| self.assignments.get(&id));
        let has_it = assignment.is_some_and(|it| it.state == AssignmentState::Accepted);
        let to_do = [VisitState::Accepted, VisitState::InProgress];
        let visit = self.visits.get(&notice.visit);
        has_it && visit.is_some_and(|visit| to_do.contains(&visit.state))
    }

    fn line(&self, notice: &OfferNotice) -> Option<OfferLine> {
        let visit = self.visits.get(&notice.visit)?;
        let round = self.rounds.get(&visit.round)?;
        let location = self.locations.get(&visit.location)?;
        let plan = self.plans.get(&visit.id);
        let until = notice.assignment.and_then(|id| self.terms.get(&id)?.respond_by);
        let until = until.filter(|_| notice.kind == NoticeKind::Offered);
        let report_by = plan.and_then(|plan| plan.report_by).unwrap_or(round.report_by);
        let zone = Zone::named(&location.time_zone).unwrap_or_else(home_zone);
        let city = Some(&location.city).filter(|city| !city.is_empty());
        Some(OfferLine {
            place: match city {
                Some(city) => format!("{}, {city}", location.name),
                None => location.name.clone(),
            },
            visit_by: plan.and_then(|plan| plan.visit_by).unwrap_or(round.visit_by),
            answer_by: until.map(|until| {
                let local = zone.local_minute(until);
                (local.date, local.minute)
            }),
            report_by: (notice.kind == NoticeKind::ReportDue).then_some(report_by),
        })
    }
}
