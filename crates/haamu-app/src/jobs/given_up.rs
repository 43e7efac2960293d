//! Jobs that were given up: an administrator sees why, and lets them be tried anew.

use haamu_domain::filling::ProposalEvent;
use haamu_domain::{Actor, AuditEvent, JobId, Verb};
use haamu_store::Tx;
use haamu_store::repo::jobs::{self, FailedJob};
use serde_json::json;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::{App, Error};

use super::Job;

impl App {
    /// Jobs of the agency that were given up, the latest first.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_failed_jobs(
        &self,
        actor: &Actor,
        after: Option<Uuid>,
    ) -> Result<Page<FailedJob>, Error> {
        require_in_agency(actor, Verb::ManageFailedJobs)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (found, has_more) = jobs::list_failed(tx, actor.agency, after, PAGE_SIZE).await?;
            Ok(Page::new(found, has_more, |job: &FailedJob| job.id.uuid()))
        })
        .await
    }

    /// Lets a job that was given up be tried anew, as often as a new one.
    ///
    /// # Errors
    /// There is no such job, or it was not given up.
    pub async fn retry_job(&self, actor: &Actor, id: JobId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ManageFailedJobs)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let payload = jobs::retry(tx, actor.agency, id, self.now()).await?;
            let payload = payload.ok_or_else(|| Error::not_found("failed job"))?;
            // A plan whose job was given up has failed; with the job it goes on where it was.
            match serde_json::from_str(&payload) {
                Ok(Job::ProposePlan { proposal }) => {
                    self.revive_proposal(tx, actor.agency, proposal, ProposalEvent::PlanAnew)
                        .await?;
                }
                Ok(Job::ApplyProposal { proposal }) => {
                    self.revive_proposal(tx, actor.agency, proposal, ProposalEvent::ApplyAnew)
                        .await?;
                }
                _ => {}
            }
            let event = AuditEvent::of(Verb::ManageFailedJobs, "job", id);
            Ok(((), event.with(json!({"retried": true}))))
        })
        .await
    }
}
