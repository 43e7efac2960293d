//! The job that sends a mail.

use haamu_domain::{AgencyId, MailEvent, MailId, MailState, Timestamp};
use haamu_report::{Letter, render_mail};
use haamu_store::repo::mails::{self, Mail};
use haamu_store::{Reach, Tx};

use crate::jobs::{Job, error_chain};
use crate::ports::{MailFailure, OutgoingMail};
use crate::{App, Error};

use super::place;

/// The pause after the first failure; it grows fourfold.
const FIRST_PAUSE_SECONDS: i64 = 60;
/// The longest pause.
const LONGEST_PAUSE_SECONDS: i64 = 6 * 3600;
/// The longest reason that is kept.
const LONGEST_REASON: usize = 500;

impl App {
    /// Sends a mail, unless that was done or given up. A process that dies after the mail server has taken the
    /// mail and before that is noted makes it go out twice, with the same message id; so do two that send it at once.
    /// No transaction spans both, and a mail that comes twice is better than one that never comes.
    pub(crate) async fn send_mail(&self, agency: AgencyId, id: MailId) -> Result<(), Error> {
        let mail = self
            .look(agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(mails::find(tx, agency, id).await?)
            })
            .await?;
        let Some(mail) = mail.filter(|mail| mail.state == MailState::Waiting) else {
            return Ok(());
        };
        let outcome = if self.now() >= mail.give_up_at {
            Err(MailFailure {
                is_final: true,
                reason: "it could not be sent while it was of use".to_owned(),
            })
        } else {
            match self.outgoing(&mail).await {
                Ok(outgoing) => self.inner.mail.send(&outgoing).await,
                // The keys could not be read: the job is tried again.
                Err(error @ Error::Store(_)) => return Err(error),
                // What cannot be read now never can.
                Err(error) => Err(MailFailure {
                    is_final: true,
                    reason: error_chain(&error),
                }),
            }
        };
        let (mail, outcome) = (&mail, &outcome);
        self.inner
            .db
            .write(Reach::Agency(mail.agency), |tx: Tx| async move {
                let tx = &tx;
                self.note_outcome(tx, mail, outcome).await
            })
            .await
    }

    async fn outgoing(&self, mail: &Mail) -> Result<OutgoingMail, Error> {
        let sealed = mail.content.as_deref().unwrap_or_default();
        let content = self.unseal(&place(mail.id), sealed).await?;
        let letter: Letter =
            serde_json::from_slice(&content).map_err(|error| Error::internal("read a mail", error))?;
        let rendered = render_mail(&letter, mail.language, &self.settings().public_url);
        Ok(OutgoingMail {
            id: mail.id,
            recipient: mail.recipient.clone(),
            created_at: mail.created_at,
            content: rendered.map_err(|error| Error::internal("render a mail", error))?,
        })
    }

    async fn note_outcome(
        &self,
        tx: &Tx,
        mail: &Mail,
        outcome: &Result<(), MailFailure>,
    ) -> Result<(), Error> {
        let now = self.now();
        let known = mails::lock(tx, mail.agency, mail.id).await?;
        let Some(known) = known.filter(|known| known.state == MailState::Waiting) else {
            return Ok(());
        };
        let failure = match outcome {
            Ok(()) => {
                let sent = known.state.after(MailEvent::Send)?;
                return Ok(mails::note_attempt(tx, &known, sent, None, now).await?);
            }
            Err(failure) => failure,
        };
        let reason: String = failure.reason.chars().take(LONGEST_REASON).collect();
        let retry_at = retry_at(&known, now);
        let state = if failure.is_final || retry_at >= known.give_up_at {
            known.state.after(MailEvent::GiveUp)?
        } else {
            let job = Job::SendMail { mail: known.id };
            self.enqueue(tx, known.agency, &job, retry_at).await?;
            known.state.after(MailEvent::TryAgain)?
        };
        // Addresses and what servers say about them do not belong into logs.
        tracing::warn!(mail.id = %known.id, mail.state = state.as_str(), "mail was not taken");
        Ok(mails::note_attempt(tx, &known, state, Some(&reason), now).await?)
    }
}

/// When a mail is tried again whose present attempt has failed.
fn retry_at(mail: &Mail, now: Timestamp) -> Timestamp {
    let pause = FIRST_PAUSE_SECONDS << (2 * mail.attempts.min(8));
    now.plus_seconds(pause.min(LONGEST_PAUSE_SECONDS))
}

#[cfg(test)]
mod tests {
    use haamu_form::Language;
    use uuid::Uuid;

    use super::*;

    fn mail(attempts: u32) -> Mail {
        Mail {
            id: MailId::from_uuid(Uuid::nil()),
            agency: AgencyId::from_uuid(Uuid::nil()),
            template: String::new(),
            language: Language::English,
            recipient: String::new(),
            content: None,
            state: MailState::Waiting,
            attempts,
            last_error: None,
            created_at: Timestamp::from_millis(0),
            give_up_at: Timestamp::from_millis(0),
            ended_at: None,
        }
    }

    #[test]
    fn pauses_grow_up_to_some_hours() {
        let pauses = [0, 1, 2, 3, 4, 5, 100].map(|attempts| {
            let at = retry_at(&mail(attempts), Timestamp::from_millis(0));
            at.millis() / 60_000
        });
        assert_eq!(pauses, [1, 4, 16, 64, 256, 360, 360]);
    }
}
