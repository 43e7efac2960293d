//! Shoppers are reminded once of a report that they owe, on the morning before its last day.

use haamu_domain::filling::NoticeKind;
use haamu_domain::{AgencyId, AuditEvent, LocalDate};
use haamu_store::Tx;
use haamu_store::repo::{agencies, jobs, report_reminders};
use serde_json::json;

use crate::jobs::Job;
use crate::programmes::home_zone;
use crate::{App, Error};

/// The minute of the day at which people are reminded.
const MINUTE: u16 = 9 * 60;
/// Of so many reports people are reminded in one transaction.
const AT_ONCE: u64 = 100;

impl App {
    /// Plans the reminders of a day, unless that is done.
    pub(crate) async fn plan_reminders(
        &self,
        tx: &Tx,
        agency: AgencyId,
        day: LocalDate,
    ) -> Result<(), Error> {
        let at = home_zone().moment_at(day, MINUTE);
        let new = self.new_job(agency, &Job::RemindReports { day }, at)?;
        if !jobs::is_known(tx, agency, new.kind, &new.dedup_key).await? {
            jobs::enqueue(tx, &new, self.now()).await?;
        }
        Ok(())
    }

    /// Has shoppers told of reports that are due on that day or on the next. Whoever was told is not told again,
    /// unless the report was given another day since.
    pub(crate) async fn remind_reports(&self, agency: AgencyId, day: LocalDate) -> Result<(), Error> {
        while self.remind_some(agency, day).await? == AT_ONCE {}
        self.jobs_added();
        Ok(())
    }

    /// Reminds of some reports, so that nobody who hands one in waits for all others. Returns of how many.
    async fn remind_some(&self, agency: AgencyId, day: LocalDate) -> Result<u64, Error> {
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            // Of two processes that do this at once the second finds what the first has left.
            agencies::lock(tx, agency).await?;
            let due = report_reminders::list_due(tx, agency, day, day.plus_days(1), AT_ONCE).await?;
            report_reminders::insert(tx, agency, &due, self.now()).await?;
            for report in &due {
                let about = (report.visit, Some(report.assignment));
                self.tell_of_offers(tx, agency, &[report.shopper], about, NoticeKind::ReportDue)
                    .await?;
            }
            let event = AuditEvent::named("report.remind", "agency", agency);
            let count = due.len() as u64;
            Ok((count, event.with(json!({"reports": count}))))
        })
        .await
    }
}
