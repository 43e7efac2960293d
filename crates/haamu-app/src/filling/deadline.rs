//! Visits that somebody has accepted and has not begun: they are reminded, and in the end the visit is taken back.

use haamu_domain::deadline::{Step, is_past_reminder, next_step};
use haamu_domain::eligibility::FieldRules;
use haamu_domain::filling::{EndReason, NoticeKind};
use haamu_domain::{
    AgencyId, AssignmentEvent, AssignmentId, AssignmentState, AuditEvent, LocalDate, Timestamp, VisitState,
};
use haamu_store::Tx;
use haamu_store::repo::assignments::{self, Assignment};
use haamu_store::repo::terms::{self, Terms};
use haamu_store::repo::visits::{self, Visit};
use haamu_store::repo::{jobs, plans, programmes};
use serde_json::json;

use crate::jobs::{Job, load_zone};
use crate::programmes::find_part_in;
use crate::{App, Error};

use super::facts::PlannedVisit;

/// So many jobs are planned in one go.
const WATCHES_AT_ONCE: usize = 500;

impl App {
    /// Has a visit watched that somebody accepts now; its terms are not saved yet.
    pub(crate) async fn begin_watch(
        &self,
        tx: &Tx,
        agency: AgencyId,
        rules: &FieldRules,
        planned: &PlannedVisit,
        terms: &mut Terms,
    ) -> Result<(), Error> {
        let (now, ends_at) = (self.now(), planned.ends_at);
        let is_late = is_past_reminder(rules, ends_at, now);
        terms.reminded_for = is_late.then_some(planned.open.visit_by);
        match next_step(rules, ends_at, now, is_late) {
            Step::Wait(at) => self.watch(tx, agency, terms.assignment, at).await,
            Step::Remind | Step::TakeBack | Step::Nothing => Ok(()),
        }
    }

    /// Looks at a visit then, if somebody has it and has not begun it. Once too often does no harm.
    pub(super) async fn watch(
        &self,
        tx: &Tx,
        agency: AgencyId,
        assignment: AssignmentId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let job = Job::WatchVisit { assignment };
        self.enqueue(tx, agency, &job, at).await
    }

    /// Looks at many of them at once.
    pub(super) async fn watch_all(
        &self,
        tx: &Tx,
        agency: AgencyId,
        all: &[AssignmentId],
    ) -> Result<(), Error> {
        let job = |id: &AssignmentId| self.new_job(agency, &Job::WatchVisit { assignment: *id }, self.now());
        let new = all.iter().map(job).collect::<Result<Vec<_>, _>>()?;
        for some in new.chunks(WATCHES_AT_ONCE) {
            jobs::enqueue_many(tx, some, self.now()).await?;
        }
        Ok(())
    }

    /// Does what is due now about a visit that somebody has accepted and has not begun.
    pub(crate) async fn watch_visit(&self, agency: AgencyId, id: AssignmentId) -> Result<(), Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("assignment.watch", "assignment", id);
            let Some((mut visit, mut assignment)) = lock_not_begun(tx, agency, id).await? else {
                return Ok(((), event));
            };
            // Whoever changes the days of the round, or closes its programme, waits for the end of this, or this for
            // the end of that.
            programmes::lock_round(tx, agency, visit.round).await?;
            let (rules, ends_at, visit_by) = deadline_of(tx, agency, &visit).await?;
            let mut terms = terms::load(tx, agency, id).await?;
            let now = self.now();
            let is_reminded = terms.reminded_for == Some(visit_by);
            let mut step = next_step(&rules, ends_at, now, is_reminded);
            let mut did = "nothing";
            if step == Step::Remind {
                did = "remind";
                let about = (visit.id, Some(id));
                self.tell_of_offers(tx, agency, &[assignment.shopper], about, NoticeKind::DueSoon)
                    .await?;
                terms.reminded_for = Some(visit_by);
                terms::put(tx, agency, &terms).await?;
                step = next_step(&rules, ends_at, now, true);
            }
            match step {
                Step::Wait(at) => self.watch(tx, agency, id, at).await?,
                Step::TakeBack => {
                    did = "take_back";
                    let end = (AssignmentEvent::Cancel, EndReason::Overdue, None);
                    self.end_assignment(tx, agency, &mut visit, &mut assignment, end)
                        .await?;
                }
                Step::Remind | Step::Nothing => {}
            }
            let detail =
                json!({"did": did, "visit": visit.id, "shopper": assignment.shopper, "visit_by": visit_by});
            Ok(((), event.with(detail)))
        })
        .await
    }
}

/// A visit that somebody has accepted and has not begun, with their assignment, locked.
async fn lock_not_begun(
    tx: &Tx,
    agency: AgencyId,
    id: AssignmentId,
) -> Result<Option<(Visit, Assignment)>, Error> {
    let Some(found) = assignments::find(tx, agency, id).await? else {
        return Ok(None);
    };
    let visit = visits::lock(tx, agency, found.visit).await?;
    // Read again under the visit's lock: the shopper may have begun meanwhile, or given it back.
    let assignment = assignments::find(tx, agency, id).await?;
    let pair = visit.zip(assignment);
    let is_due = |(visit, assignment): &(Visit, Assignment)| {
        visit.state == VisitState::Accepted && assignment.state == AssignmentState::Accepted
    };
    Ok(pair.filter(is_due))
}

/// The rules of a visit's programme, and when its days are over.
pub(super) async fn deadline_of(
    tx: &Tx,
    agency: AgencyId,
    visit: &Visit,
) -> Result<(FieldRules, Timestamp, LocalDate), Error> {
    let round = programmes::find_round(tx, agency, visit.round).await?;
    let round = round.ok_or_else(|| Error::not_found("round"))?;
    let plan = plans::load(tx, agency, visit.id, visit.round).await?;
    let visit_by = plan.visit_by.unwrap_or(round.visit_by);
    let rules = find_part_in::<FieldRules>(tx, agency, round.programme).await?;
    let rules = rules.map(|view| view.part).unwrap_or_default();
    let zone = load_zone(tx, agency, visit).await?;
    Ok((rules, zone.end_of_business_date(visit_by), visit_by))
}
