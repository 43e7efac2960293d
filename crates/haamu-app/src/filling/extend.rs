//! More time for one visit that somebody has.

use haamu_domain::filling::NoticeKind;
use haamu_domain::{Actor, AgencyId, AssignmentId, AssignmentState, AuditEvent, Code, LocalDate, Verb};
use haamu_store::Tx;
use haamu_store::repo::plans::{self, VisitPlan};
use haamu_store::repo::programmes::Round;
use haamu_store::repo::visits::Visit;
use haamu_store::repo::{assignments, terms};
use serde_json::json;

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

use super::deadline::deadline_of;
use super::plan::{lock_open, lock_round};

/// No report is due more than so many days after those of its round.
const MOST_DAYS_BEYOND: u32 = 366;

/// New dates of a visit.
#[derive(Clone, Debug)]
pub struct ExtendInput {
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// The last day of its report; as it was, if absent.
    pub report_by: Option<LocalDate>,
    /// The day of the visit; the one that was fixed, if absent and not over yet, or else the last free one.
    pub due_on: Option<LocalDate>,
    /// Why.
    pub reason: String,
}

impl App {
    /// Gives a shopper more time for a visit, within the time of the round or beyond it. Rules are judged for the
    /// new dates.
    ///
    /// # Errors
    /// There is no such assignment, it is not live, its evaluation has been handed in, dates are out of order, or
    /// [`Code::NotEligible`].
    pub async fn extend_assignment(
        &self,
        actor: &Actor,
        id: AssignmentId,
        input: &ExtendInput,
    ) -> Result<VisitPlan, Error> {
        require_in_agency(actor, Verb::AssignVisit)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", &input.reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let agency = actor.agency;
            let unknown = || Error::not_found("assignment");
            let found = assignments::find(tx, agency, id).await?.ok_or_else(unknown)?;
            let visit = lock_open(tx, actor, Verb::AssignVisit, found.visit).await?;
            // Read again under the visit's lock: the shopper may have given it back meanwhile.
            let found = assignments::find(tx, agency, id).await?.ok_or_else(unknown)?;
            if !found.state.is_live() {
                let detail = format!("The assignment is {}.", found.state);
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let round = lock_round(tx, agency, &visit).await?;
            let before = plans::load(tx, agency, visit.id, visit.round).await?;
            check(&before, &round, input)?;
            let mut plan = VisitPlan {
                visit_by: Some(input.visit_by),
                report_by: input.report_by.or(before.report_by),
                extension_reason: Some(reason.clone()),
                ..before
            };
            // Rules are asked of what is written.
            plans::put(tx, agency, &plan).await?;
            plan.row_version += 1;
            let due_on = self.settle_day(tx, actor, &visit, &found, input.due_on).await?;
            if found.state == AssignmentState::Assigned {
                self.lengthen_answer(tx, agency, &visit, id).await?;
            }
            self.tell_of_plan(tx, agency, visit.id).await?;
            let about = (visit.id, Some(id));
            self.tell_of_offers(tx, agency, &[found.shopper], about, NoticeKind::Extended)
                .await?;
            let detail = json!({"visit_by": plan.visit_by, "report_by": plan.report_by, "due_on": due_on});
            let event = AuditEvent::of(Verb::AssignVisit, "assignment", id).with(detail);
            Ok((plan, event))
        })
        .await
    }
}

impl App {
    /// Whoever has not answered yet has more time for that too: as long as from a new offer, or what they have.
    async fn lengthen_answer(
        &self,
        tx: &Tx,
        agency: AgencyId,
        visit: &Visit,
        id: AssignmentId,
    ) -> Result<(), Error> {
        let (rules, ends_at, _) = deadline_of(tx, agency, visit).await?;
        let later = self.now().plus_hours(rules.respond_hours).min(ends_at);
        let mut terms = terms::load(tx, agency, id).await?;
        // The job that takes the offer back looks at this when it wakes.
        if terms.respond_by.is_some_and(|until| until < later) {
            terms.respond_by = Some(later);
            terms::put(tx, agency, &terms).await?;
        }
        Ok(())
    }
}

fn check(before: &VisitPlan, round: &Round, input: &ExtendInput) -> Result<(), Error> {
    let mut checks = Checks::default();
    let was = before.visit_by.unwrap_or(round.visit_by);
    let report_was = before.report_by.unwrap_or(round.report_by);
    let report_by = input.report_by.unwrap_or(report_was);
    if input.visit_by < was {
        checks.issue(
            "visit_by",
            "out_of_order",
            format!("the visit has time until {was} already"),
        );
    }
    if report_by < report_was {
        let message = format!("the report has time until {report_was} already");
        checks.issue("report_by", "out_of_order", message);
    }
    if report_by < input.visit_by {
        let message = "the report is due before the visit ends";
        checks.issue("report_by", "out_of_order", message);
    }
    if report_by > round.report_by.plus_days(MOST_DAYS_BEYOND) {
        let message = format!("at most {MOST_DAYS_BEYOND} days after the reports of the round");
        checks.issue("report_by", "out_of_range", message);
    }
    if input.due_on.is_some_and(|day| day > input.visit_by) {
        checks.issue(
            "due_on",
            "out_of_order",
            "the day lies after the last one of the visit",
        );
    }
    checks.finish()
}
