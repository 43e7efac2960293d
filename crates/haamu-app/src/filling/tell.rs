//! Noting what people are to be told about visits: their next mail says it.

use haamu_domain::filling::{EndReason, NoticeKind};
use haamu_domain::{AgencyId, AssignmentId, Role, UserId, VisitId};
use haamu_store::Tx;
use haamu_store::repo::offer_notices::{self, OfferNotice};
use haamu_store::repo::{identity, jobs};

use crate::jobs::Job;
use crate::visits::distinct;
use crate::{App, Error};

/// News for shoppers wait so long for others that come after them, in seconds.
const GATHER_SECONDS: i64 = 3 * 60;
/// Coordinators hear of all shoppers: their news wait longer.
const GATHER_FOR_STAFF_SECONDS: i64 = 15 * 60;

impl App {
    /// Has people told something about a visit in their next mail, in the transaction in which it happens.
    pub(super) async fn tell_of_offers(
        &self,
        tx: &Tx,
        agency: AgencyId,
        people: &[UserId],
        (visit, assignment): (VisitId, Option<AssignmentId>),
        kind: NoticeKind,
    ) -> Result<(), Error> {
        self.tell_people(tx, agency, people, &[(visit, assignment)], kind)
            .await
    }

    /// The same about many visits.
    async fn tell_people(
        &self,
        tx: &Tx,
        agency: AgencyId,
        people: &[UserId],
        about: &[(VisitId, Option<AssignmentId>)],
        kind: NoticeKind,
    ) -> Result<(), Error> {
        let now = self.now();
        let pairs = people
            .iter()
            .flat_map(|person| about.iter().map(move |it| (*person, *it)));
        let notices = pairs.map(|(person, (visit, assignment))| OfferNotice {
            id: self.fresh_uuid(),
            person,
            visit,
            assignment,
            kind,
        });
        let notices: Vec<_> = notices.collect();
        offer_notices::insert(tx, agency, &notices, now).await?;
        let run_after = now.plus_seconds(match kind.is_for_staff() {
            true => GATHER_FOR_STAFF_SECONDS,
            false => GATHER_SECONDS,
        });
        let mails = distinct(notices.iter().map(|notice| notice.person)).into_iter();
        let mails = mails.map(|shopper| self.new_job(agency, &Job::MailOffers { shopper }, run_after));
        let mails = mails.collect::<Result<Vec<_>, _>>()?;
        Ok(jobs::enqueue_many(tx, &mails, now).await?)
    }

    /// Has somebody told how their application ended; nothing of what they did themselves.
    pub(super) async fn tell_applicant(
        &self,
        tx: &Tx,
        agency: AgencyId,
        shopper: UserId,
        (visit, assignment): (VisitId, AssignmentId),
        reason: EndReason,
    ) -> Result<(), Error> {
        let Some(kind) = reason.applicant_notice() else {
            return Ok(());
        };
        let about = (visit, Some(assignment));
        self.tell_of_offers(tx, agency, &[shopper], about, kind).await
    }

    /// Has the coordinators told what a shopper did with a visit.
    pub(super) async fn tell_staff(
        &self,
        tx: &Tx,
        agency: AgencyId,
        about: (VisitId, AssignmentId),
        reason: EndReason,
    ) -> Result<(), Error> {
        match reason.staff_notice() {
            Some(kind) => self.tell_coordinators(tx, agency, &[about], kind).await,
            None => Ok(()),
        }
    }

    /// Has the coordinators told something about visits; the administrators, where there are none.
    pub(super) async fn tell_coordinators(
        &self,
        tx: &Tx,
        agency: AgencyId,
        about: &[(VisitId, AssignmentId)],
        kind: NoticeKind,
    ) -> Result<(), Error> {
        if about.is_empty() {
            return Ok(());
        }
        let mut staff = identity::list_working(tx, agency, Role::Coordinator).await?;
        if staff.is_empty() {
            staff = identity::list_working(tx, agency, Role::Administrator).await?;
        }
        let about: Vec<_> = about
            .iter()
            .map(|(visit, assignment)| (*visit, Some(*assignment)))
            .collect();
        self.tell_people(tx, agency, &staff, &about, kind).await
    }
}
