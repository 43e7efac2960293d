//! Registering, and the mail that answers it.

use std::collections::BTreeSet;

use haamu_domain::daily::Counted;
use haamu_domain::panel::Profile;
use haamu_domain::registration::RegistrationState;
use haamu_domain::{AgencyId, AgreementId, AuditEvent, Code, LocalDate, RegistrationId};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::repo::registrations::{self, Registration};
use haamu_store::repo::{agencies, daily_counts, identity};
use haamu_store::{Reach, Tx};

use crate::error::Checks;
use crate::jobs::Job;
use crate::{App, Error};

use super::super::attempts::{Origin, network_of};
use super::super::email::hours;
use super::super::passwords;
use super::super::tokens::fresh_secret;
use super::{GOOD_FOR_HOURS, Person, PublicConditions};

/// Somebody who wants to be a shopper.
#[derive(Clone)]
pub struct RegistrationInput {
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The date of birth.
    pub born_on: LocalDate,
    /// Languages that they speak, by their tags.
    pub languages: BTreeSet<String>,
    /// The language of mails.
    pub language: Option<Language>,
    /// The password.
    pub password: String,
    /// The words of the agreement that they accept.
    pub agreement: Option<AgreementId>,
}

impl std::fmt::Debug for RegistrationInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegistrationInput").finish_non_exhaustive()
    }
}

impl App {
    /// Registers somebody with an agency, which is named by its id or its name in addresses. What is done, and how
    /// long it takes, is the same whether the address has an account or not: a job looks for it later.
    ///
    /// # Errors
    /// There is no such agency, [`Code::RegistrationClosed`], fields are missing or do not meet the conditions, or
    /// [`Code::TooManyRequests`].
    pub async fn register(
        &self,
        agency: &str,
        input: &RegistrationInput,
        origin: &Origin,
    ) -> Result<(), Error> {
        let known = self.read_public_conditions(agency).await?;
        if !known.conditions.is_open {
            return Err(Error::refused(Code::RegistrationClosed));
        }
        let mut person = self.check_registration(&known, input)?;
        person.password_hash = self.hash_password(&input.password).await?;
        let id = RegistrationId::from_uuid(self.fresh_uuid());
        let sealed = &self.seal_person(id, &person)?;
        let email_hash = &self.hash_of_address(&person.email);
        let (agency, per_day) = (known.agency, known.conditions.per_day);
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            self.count_registration(tx, agency, per_day, origin).await?;
            let now = self.now();
            let registration = Registration {
                id,
                agency,
                state: RegistrationState::Unverified,
                email_hash: email_hash.clone(),
                content: Some(sealed.clone()),
                has_link: false,
                agreement: input.agreement,
                created_at: now,
                expires_at: now.plus_hours(GOOD_FOR_HOURS),
                verified_at: None,
                decided_by: None,
                decided_at: None,
                reason: None,
            };
            registrations::insert(tx, &registration).await?;
            let answer = Job::AnswerRegistration { registration: id };
            self.enqueue(tx, agency, &answer, now).await?;
            let expire = Job::ExpireRegistration { registration: id };
            self.enqueue(tx, agency, &expire, registration.expires_at).await?;
            Ok(((), AuditEvent::named("registration.create", "registration", id)))
        })
        .await
    }

    /// What somebody says of themselves, if it meets the conditions; the password is not hashed yet.
    fn check_registration(
        &self,
        known: &PublicConditions,
        input: &RegistrationInput,
    ) -> Result<Person, Error> {
        let mut checks = Checks::default();
        let email = checks.email("email", &input.email);
        let display_name = checks.text("display_name", &input.display_name, 200);
        passwords::check(&mut checks, "password", &input.password, &[&email, &display_name]);
        let today = self.today();
        let profile = Profile {
            born_on: Some(input.born_on),
            languages: input.languages.clone(),
            ..Profile::unknown()
        };
        match profile.problem(today) {
            Some((path, code, message)) => checks.issue(path, code, message),
            None => {
                let objections = known
                    .conditions
                    .objections(input.born_on, &input.languages, today);
                for (path, code, message) in objections {
                    checks.issue(path, code, message);
                }
            }
        }
        let in_force = |id| known.agreements.iter().any(|it| it.id == id);
        match input.agreement {
            None if !known.agreements.is_empty() => {
                checks.issue("agreement", "required", "the agreement is to be accepted");
            }
            Some(id) if !in_force(id) => {
                checks.issue("agreement", "not_found", "there is no such agreement in force");
            }
            _ => {}
        }
        checks.finish()?;
        Ok(Person {
            email,
            display_name,
            born_on: input.born_on,
            languages: input.languages.clone(),
            language: input.language.map(|language| language.tag().to_owned()),
            password_hash: String::new(),
            account: None,
        })
    }

    async fn count_registration(
        &self,
        tx: &Tx,
        agency: AgencyId,
        per_day: u32,
        origin: &Origin,
    ) -> Result<(), Error> {
        let code = Code::TooManyRequests;
        if let Some(address) = origin.address {
            let limit = self.settings().identity.daily.registrations_of_network;
            let text = format!("registration from {}", network_of(address));
            let key = self.keyed_hash(&text);
            let counted = (Counted::RegistrationsOfNetwork, key.as_slice());
            self.count_daily(tx, agency, counted, 1, (limit, code)).await?;
        }
        let counted = (Counted::Registrations, [].as_slice());
        self.count_daily(tx, agency, counted, 1, (per_day, code)).await
    }

    pub(super) fn hash_of_address(&self, email: &str) -> Vec<u8> {
        self.keyed_hash(&format!("registration {email}"))
    }

    /// Mails whoever has registered what comes next. Where nothing does, the registration is removed.
    pub(crate) async fn answer_registration(
        &self,
        agency: AgencyId,
        id: RegistrationId,
    ) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let found = registrations::lock(tx, agency, id).await?;
                let is_due = |found: &Registration| {
                    found.state == RegistrationState::Unverified
                        && !found.has_link
                        && self.now() < found.expires_at
                };
                let Some(found) = found.filter(is_due) else {
                    return Ok(());
                };
                let Some(person) = self.open_person(&found).await? else {
                    return Ok(());
                };
                if !self.invite_registered(tx, &found, &person).await? {
                    registrations::delete(tx, id).await?;
                }
                Ok::<(), Error>(())
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    /// Mails a link, if one is of any use; says whether it did.
    async fn invite_registered(
        &self,
        tx: &Tx,
        registration: &Registration,
        person: &Person,
    ) -> Result<bool, Error> {
        let Registration { id, agency, .. } = *registration;
        let hash = registration.email_hash.as_slice();
        if registrations::is_waiting(tx, agency, hash).await? {
            return Ok(false);
        }
        // Nobody can have an address flooded.
        let counted = Counted::RegistrationMails;
        let mails = daily_counts::add(tx, agency, counted, hash, 1, self.now()).await?;
        if mails > u64::from(self.settings().identity.daily.registration_mails) {
            return Ok(false);
        }
        let account = identity::find_user_by_email(tx, &person.email).await?;
        if account.as_ref().is_some_and(|known| known.disabled_at.is_some()) {
            return Ok(false);
        }
        let named = account.as_ref().and_then(|known| known.language);
        let language = named.or(person.language()).unwrap_or(self.settings().language);
        let agency_name = agencies::load_name(tx, agency).await?;
        let lifetime = hours(GOOD_FOR_HOURS);
        if let Some(known) = &account
            && identity::find_membership(tx, agency, known.id).await?.is_some()
        {
            let letter = Letter::AlreadyMember { agency: agency_name };
            self.post(tx, agency, &person.email, language, &letter, lifetime)
                .await?;
            return Ok(false);
        }
        let (secret, secret_hash) = fresh_secret();
        registrations::set_secret(tx, id, &secret_hash).await?;
        let good_for_hours = GOOD_FOR_HOURS;
        // An account that nobody has proven is theirs once they have: its password is not asked for.
        let letter = match account.filter(|known| known.email_verified_at.is_some()) {
            Some(_) => Letter::JoinAgency {
                agency: agency_name,
                secret,
                good_for_hours,
            },
            None => Letter::ConfirmRegistration {
                agency: agency_name,
                secret,
                good_for_hours,
            },
        };
        self.post(tx, agency, &person.email, language, &letter, lifetime)
            .await?;
        Ok(true)
    }
}
