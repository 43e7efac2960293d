//! Work after a commit: done by any server process, tried again when it fails.
//!
//! A process claims a job for a lease and renews the claim while it is at work, so that a job is done once. Only a
//! process that was away for longer than the lease, or whose clock is off by as much, does one beside another;
//! every job is written such that this changes nothing. It works in one transaction under a lock of what it is
//! about, or says in its own file why it may be done twice.

mod given_up;
mod night;
mod process_submission;
mod rendition;

pub(crate) use process_submission::load_zone;

use haamu_domain::{
    AssignmentId, ClientOrganisationId, LocalDate, LocationId, MailId, PendingId, ProposalId, RegistrationId,
    SubmissionId, Timestamp, UserId, VisitId,
};
use haamu_store::repo::jobs::{self, ClaimedJob};
use haamu_store::{Reach, Tx};
use haamu_sync::BlobHash;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::{App, Error};

/// A job is given up after so many attempts, and stays in the table for an operator.
const MAX_ATTEMPTS: u32 = 8;
/// The first delay after a failure; it doubles.
const FIRST_DELAY_SECONDS: i64 = 2;

/// What is to be done.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum Job {
    /// Validate and score a submission, and move its visit on if it is complete.
    ProcessSubmission {
        /// Which.
        submission: SubmissionId,
    },
    /// Re-encode a photo for readers, then look at its submission again.
    MakeRendition {
        /// Which.
        sha256: BlobHash,
        /// The submission that it arrived for.
        submission: SubmissionId,
    },
    /// Forget what has arrived of a file, if nothing more did for long.
    ExpireUpload {
        /// The submission that the file is sent for.
        submission: SubmissionId,
        /// Which file.
        sha256: BlobHash,
    },
    /// Take an offer back that nobody answered in time.
    ExpireOffer {
        /// Which.
        assignment: AssignmentId,
    },
    /// Remind whoever has accepted a visit and has not begun it, or take it back.
    WatchVisit {
        /// By which assignment they have it.
        assignment: AssignmentId,
    },
    /// Send a mail.
    SendMail {
        /// Which.
        mail: MailId,
    },
    /// Mail a link for a new password to whoever asked for one, if they have an account.
    ResetPassword {
        /// The request.
        request: PendingId,
    },
    /// Mail whoever has registered what comes next.
    AnswerRegistration {
        /// Which.
        registration: RegistrationId,
    },
    /// Remove a registration whose time is over.
    ExpireRegistration {
        /// Which.
        registration: RegistrationId,
    },
    /// Tell a shopper what has become of offers, in one mail.
    MailOffers {
        /// Whom.
        shopper: UserId,
    },
    /// Tell devices that briefs of a client organisation's visits read otherwise.
    TellOfClient {
        /// Of which.
        client: ClientOrganisationId,
        /// Of the visits after this one, by id.
        after: Option<VisitId>,
    },
    /// Take the visits of somebody back who is no shopper any more, as far as they have not begun them.
    TakeOver {
        /// Whose.
        shopper: UserId,
    },
    /// Let whoever has visits at locations know what has changed there.
    TellOfPlaces {
        /// Which.
        locations: Vec<LocationId>,
    },
    /// Remind shoppers of reports that are due on that date or on the next.
    RemindReports {
        /// The date.
        day: LocalDate,
    },
    /// Work out a proposed plan.
    ProposePlan {
        /// Which.
        proposal: ProposalId,
    },
    /// Offer the next visits of a plan that is being applied.
    ApplyProposal {
        /// Which.
        proposal: ProposalId,
    },
    /// What is done every night, above all deleting what the agency keeps no longer on that date.
    Purge {
        /// The date.
        day: LocalDate,
        /// Whether the night was begun by another job, and this one does what is left to delete.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        goes_on: bool,
    },
}

/// Every attempt so far ended with its process.
#[derive(Debug, thiserror::Error)]
#[error("the process ended each time while it was at work")]
struct WorkerLost;

impl Job {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::ProcessSubmission { .. } => "process_submission",
            Self::MakeRendition { .. } => "make_rendition",
            Self::ExpireUpload { .. } => "expire_upload",
            Self::ExpireOffer { .. } => "expire_offer",
            Self::WatchVisit { .. } => "watch_visit",
            Self::SendMail { .. } => "send_mail",
            Self::ResetPassword { .. } => "reset_password",
            Self::AnswerRegistration { .. } => "answer_registration",
            Self::ExpireRegistration { .. } => "expire_registration",
            Self::MailOffers { .. } => "mail_offers",
            Self::TellOfClient { .. } => "tell_of_client",
            Self::TakeOver { .. } => "take_over",
            Self::TellOfPlaces { .. } => "tell_of_places",
            Self::RemindReports { .. } => "remind_reports",
            Self::ProposePlan { .. } => "propose_plan",
            Self::ApplyProposal { .. } => "apply_proposal",
            Self::Purge { .. } => "purge",
        }
    }
}

impl App {
    /// Does the next job that is due. Returns false if there is none.
    ///
    /// # Errors
    /// The database failed; a failure of the job itself is noted with the job.
    pub async fn run_next_job(&self) -> Result<bool, Error> {
        let Some(claimed) = self.claim_job().await? else {
            return Ok(false);
        };
        self.do_job(&claimed).await?;
        Ok(true)
    }

    /// Claims the job that has been due longest, for as long as the operator's lease. Whoever takes longer over it
    /// renews the claim meanwhile.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim_job(&self) -> Result<Option<ClaimedJob>, Error> {
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let now = self.now();
                Ok::<_, Error>(jobs::claim(&tx, self.lease_end(now), now).await?)
            })
            .await
    }

    /// Lets a claim hold for another lease from now on. Returns false if it is lost: it had lapsed, and somebody
    /// else has claimed the job since.
    ///
    /// # Errors
    /// The database failed.
    pub async fn renew_claim(&self, claimed: &ClaimedJob) -> Result<bool, Error> {
        self.inner
            .db
            .write(Reach::Agency(claimed.agency), |tx: Tx| async move {
                Ok::<_, Error>(jobs::renew(&tx, claimed, self.lease_end(self.now())).await?)
            })
            .await
    }

    /// Does a job that was claimed, and notes how it ended, unless the claim was lost meanwhile: what became of the
    /// job is then for the process to say that has it now. Jobs are such that two of them at once do no harm.
    ///
    /// # Errors
    /// The database failed; a failure of the job itself is noted with the job.
    pub async fn do_job(&self, claimed: &ClaimedJob) -> Result<(), Error> {
        let outcome = if claimed.attempts > MAX_ATTEMPTS {
            Err(Error::internal("do a job", WorkerLost))
        } else {
            self.run_job(claimed).await
        };
        let outcome = &outcome;
        let is_noted = self
            .inner
            .db
            .write(Reach::Agency(claimed.agency), |tx: Tx| async move {
                let tx = &tx;
                match outcome {
                    Ok(()) => Ok::<_, Error>(jobs::finish(tx, claimed, self.now()).await?),
                    Err(error) => self.note_failure(tx, claimed, error).await,
                }
            })
            .await?;
        if !is_noted {
            tracing::warn!(job.id = %claimed.id, job.kind = claimed.kind, job.attempt = claimed.attempts,
                "the claim on a job was lost while it was done");
        }
        Ok(())
    }

    /// When a claim lapses that is made or renewed now.
    fn lease_end(&self, now: Timestamp) -> Timestamp {
        let lease = i64::try_from(self.settings().job_lease.as_secs()).unwrap_or(i64::MAX);
        now.plus_seconds(lease)
    }

    async fn run_job(&self, claimed: &ClaimedJob) -> Result<(), Error> {
        let job: Job =
            serde_json::from_str(&claimed.payload).map_err(|error| Error::internal("read a job", error))?;
        match job {
            Job::ProcessSubmission { submission } => {
                self.process_submission(claimed.agency, submission).await
            }
            Job::MakeRendition { sha256, submission } => {
                self.make_rendition(claimed.agency, sha256, submission).await
            }
            Job::ExpireOffer { assignment } => self.expire_offer(claimed.agency, assignment).await,
            Job::WatchVisit { assignment } => self.watch_visit(claimed.agency, assignment).await,
            Job::ProposePlan { proposal } => self.work_out_plan(claimed.agency, proposal).await,
            Job::ApplyProposal { proposal } => self.apply_next(claimed.agency, proposal).await,
            Job::ExpireUpload { submission, sha256 } => {
                self.expire_upload(claimed.agency, submission, sha256).await
            }
            Job::SendMail { mail } => self.send_mail(claimed.agency, mail).await,
            Job::ResetPassword { request } => self.mail_password_link(request).await,
            Job::AnswerRegistration { registration } => {
                self.answer_registration(claimed.agency, registration).await
            }
            Job::ExpireRegistration { registration } => {
                self.expire_registration(claimed.agency, registration).await
            }
            Job::MailOffers { shopper } => self.mail_offers(claimed.agency, shopper).await,
            Job::TellOfClient { client, after } => self.tell_of_client(claimed.agency, client, after).await,
            Job::TakeOver { shopper } => self.take_over(claimed.agency, shopper).await,
            Job::TellOfPlaces { locations } => self.tell_of_places(claimed.agency, &locations).await,
            Job::RemindReports { day } => self.remind_reports(claimed.agency, day).await,
            Job::Purge { day, goes_on } => self.work_through_night(claimed.agency, day, goes_on).await,
        }
    }

    /// Notes that a job failed, and tells whoever waits for it if it was the last time. Returns false if the claim
    /// is lost.
    async fn note_failure(&self, tx: &Tx, claimed: &ClaimedJob, error: &Error) -> Result<bool, Error> {
        let now = self.now();
        let is_last = claimed.attempts >= MAX_ATTEMPTS;
        let longest = FIRST_DELAY_SECONDS << claimed.attempts.min(16);
        let retry_at = (!is_last).then(|| now.plus_seconds(1 + rand::rng().random_range(0..longest)));
        let chain = error_chain(error);
        if !jobs::fail(tx, claimed, &chain, retry_at, now).await? {
            return Ok(false);
        }
        if is_last {
            self.give_up(tx, claimed).await?;
            tracing::error!(job.id = %claimed.id, job.kind = claimed.kind, error = chain, "job was given up");
        } else {
            tracing::warn!(job.id = %claimed.id, job.kind = claimed.kind, error = chain, "job failed and is tried again");
        }
        Ok(true)
    }

    /// Tells whoever waits for a job that it will not be done.
    async fn give_up(&self, tx: &Tx, claimed: &ClaimedJob) -> Result<(), Error> {
        match serde_json::from_str(&claimed.payload) {
            Ok(Job::ProposePlan { proposal } | Job::ApplyProposal { proposal }) => {
                // Those of all agencies.
                self.fail_proposal(tx, claimed.agency, proposal).await
            }
            _ => Ok(()),
        }
    }

    /// How many jobs are due now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count_due_jobs(&self) -> Result<u64, Error> {
        self.look_across(|tx: Tx| async move {
            let tx = &tx;
            Ok(jobs::count_waiting(tx, self.now()).await?)
        })
        .await
    }
}

/// An error with its causes, in one line.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
