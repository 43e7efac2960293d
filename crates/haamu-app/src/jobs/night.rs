//! What is done for an agency every night.

use haamu_domain::{AgencyId, LocalDate};
use haamu_store::{Reach, Tx};

use crate::{App, Error};

use super::Job;

impl App {
    /// The job of a night. The next night is planned first, whatever becomes of this one. Deleting takes as many jobs as
    /// it needs; the rest is done with the first.
    pub(super) async fn work_through_night(
        &self,
        agency: AgencyId,
        day: LocalDate,
        goes_on: bool,
    ) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                self.plan_purge(tx, agency).await?;
                self.plan_reminders(tx, agency, day).await
            })
            .await?;
        if !goes_on {
            self.look_again(agency).await?;
        }
        if self.purge_night(agency, day).await? {
            return Ok(());
        }
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let rest = Job::Purge { day, goes_on: true };
                self.enqueue(tx, agency, &rest, self.now()).await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }
}
