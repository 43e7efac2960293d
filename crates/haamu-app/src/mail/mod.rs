//! Mails: an outbox row in the transaction that makes the mail necessary, and a job that sends it.

mod read;
mod send;

use std::time::Duration;

use haamu_domain::{AgencyId, MailId, MailState};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::Tx;
use haamu_store::repo::identity::User;
use haamu_store::repo::mails::{self, Mail};

use crate::jobs::Job;
use crate::{App, Error};

pub use read::MailQuery;

/// A mail that tells of something that has happened is tried for so long.
const NOTICE_LIFETIME: Duration = Duration::from_secs(3 * 24 * 3600);

/// The place that a mail's content is sealed for.
fn place(id: MailId) -> String {
    format!("mail:{id}")
}

impl App {
    /// Puts a mail into the outbox, in the transaction that makes it necessary. It is tried until it would be
    /// of no more use.
    pub(crate) async fn post(
        &self,
        tx: &Tx,
        agency: AgencyId,
        recipient: &str,
        language: Language,
        letter: &Letter,
        useful_for: Duration,
    ) -> Result<(), Error> {
        let id = MailId::from_uuid(self.fresh_uuid());
        let now = self.now();
        let content = serde_json::to_vec(letter).map_err(|error| Error::internal("write a mail", error))?;
        let lifetime = i64::try_from(useful_for.as_secs()).unwrap_or(i64::MAX);
        let mail = Mail {
            id,
            agency,
            template: letter.template().to_owned(),
            language,
            recipient: recipient.to_owned(),
            // Links hold secrets, of which nothing but hashes is to be found in the database.
            content: Some(self.seal(&place(id), &content)?),
            state: MailState::Waiting,
            attempts: 0,
            last_error: None,
            created_at: now,
            give_up_at: now.plus_seconds(lifetime),
            ended_at: None,
        };
        mails::insert(tx, &mail).await?;
        self.enqueue(tx, agency, &Job::SendMail { mail: id }, now).await
    }

    /// Tells a person of something that has happened to their account.
    pub(crate) async fn notify(
        &self,
        tx: &Tx,
        agency: AgencyId,
        user: &User,
        letter: &Letter,
    ) -> Result<(), Error> {
        let language = self.language_of(user);
        self.post(tx, agency, &user.email, language, letter, NOTICE_LIFETIME)
            .await
    }

    /// The language of mails to a person.
    pub(crate) fn language_of(&self, user: &User) -> Language {
        user.language.unwrap_or(self.settings().language)
    }
}
