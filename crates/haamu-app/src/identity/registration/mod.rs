//! Shoppers who register by themselves.
//!
//! A registration is no account. Who somebody is, their password's hash
//! included, stands sealed in it until they have shown that the address is
//! theirs and, where the agency wants that, its staff have let them in. Then an
//! account and a membership are made of it, or a membership alone where the
//! address has an account. What comes to nothing is removed. Whatever is known
//! of an address shows in a mail to that address and nowhere else.

mod conditions;
mod confirm;
mod decide;
mod register;

use std::collections::BTreeSet;

use haamu_domain::{LocalDate, RegistrationId, UserId};
use haamu_form::Language;
use haamu_store::repo::registrations::Registration;
use serde::{Deserialize, Serialize};

use crate::{App, Error};

pub use conditions::PublicConditions;
pub use decide::{RegisteredPerson, RegistrationView};
pub use register::RegistrationInput;

/// How long a link is good, in hours.
const GOOD_FOR_HOURS: u32 = 48;
/// How long staff have to decide, in days.
const WAITING_DAYS: i64 = 60;
/// How long it can be read what was decided, in days.
const DECIDED_DAYS: i64 = 30;

/// Who somebody is who has registered.
#[derive(Clone, Deserialize, Serialize)]
struct Person {
    email: String,
    display_name: String,
    born_on: LocalDate,
    languages: BTreeSet<String>,
    /// The tag of the language of mails, where they named one.
    language: Option<String>,
    password_hash: String,
    /// The account whose password they confirmed with, where the address had one that was its person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<UserId>,
}

impl Person {
    fn language(&self) -> Option<Language> {
        self.language.as_deref().and_then(Language::from_tag)
    }
}

/// The place that a registration's content is sealed for.
fn place(id: RegistrationId) -> String {
    format!("registration:{id}")
}

impl App {
    fn seal_person(&self, id: RegistrationId, person: &Person) -> Result<Vec<u8>, Error> {
        let content =
            serde_json::to_vec(person).map_err(|error| Error::internal("write a registration", error))?;
        self.seal(&place(id), &content)
    }

    /// Who has registered; none once it is decided.
    async fn open_person(&self, registration: &Registration) -> Result<Option<Person>, Error> {
        let Some(sealed) = registration.content.as_deref() else {
            return Ok(None);
        };
        let content = self.unseal(&place(registration.id), sealed).await?;
        let person = serde_json::from_slice(&content);
        person
            .map(Some)
            .map_err(|error| Error::internal("read a registration", error))
    }
}
