//! What staff decide about registrations, and what becomes of old ones.

use std::collections::BTreeSet;
use std::time::Duration;

use haamu_domain::registration::{RegistrationEvent, RegistrationState};
use haamu_domain::{Actor, AgencyId, AuditEvent, AuditId, LocalDate, RegistrationId, Verb};
use haamu_report::Letter;
use haamu_store::repo::registrations::{self, Registration};
use haamu_store::repo::{agencies, audit};
use haamu_store::{Reach, Tx};
use serde_json::json;
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::jobs::Job;
use crate::{App, Error};

use super::Person;

/// A mail that tells of a decision is tried for so long.
const DECISION_LIFETIME: Duration = Duration::from_secs(3 * 24 * 3600);

/// A registration as staff see it.
#[derive(Clone, Debug)]
pub struct RegistrationView {
    /// The registration.
    pub registration: Registration,
    /// Who it is; none once it is decided.
    pub person: Option<RegisteredPerson>,
}

/// Somebody who has registered.
#[derive(Clone, Debug)]
pub struct RegisteredPerson {
    /// The e-mail address, which they have shown to be theirs.
    pub email: String,
    /// The name.
    pub display_name: String,
    /// The date of birth.
    pub born_on: LocalDate,
    /// Languages that they speak.
    pub languages: BTreeSet<String>,
}

impl App {
    /// Registrations of the agency in a state, the oldest first. Those whose address nobody has shown to be theirs
    /// are nobody's business.
    ///
    /// # Errors
    /// The role may not do this, or there is no such state.
    pub async fn list_registrations(
        &self,
        actor: &Actor,
        state: RegistrationState,
        after: Option<Uuid>,
    ) -> Result<Page<RegistrationView>, Error> {
        require_in_agency(actor, Verb::DecideRegistrations)?;
        if state == RegistrationState::Unverified {
            return Err(Error::issue(
                "state",
                "unknown_value",
                "waiting, approved or declined",
            ));
        }
        self.look(actor.agency, |tx: Tx| async move {
            let (rows, has_more) = registrations::list(&tx, actor.agency, state, after, PAGE_SIZE).await?;
            let mut views = Vec::with_capacity(rows.len());
            for row in rows {
                views.push(self.view_registration(row).await?);
            }
            Ok(Page::new(views, has_more, |view: &RegistrationView| {
                view.registration.id.uuid()
            }))
        })
        .await
    }

    async fn view_registration(&self, registration: Registration) -> Result<RegistrationView, Error> {
        let person = self.open_person(&registration).await?;
        let person = person.map(|person| RegisteredPerson {
            email: person.email,
            display_name: person.display_name,
            born_on: person.born_on,
            languages: person.languages,
        });
        Ok(RegistrationView { registration, person })
    }

    /// Lets somebody in who has registered.
    ///
    /// # Errors
    /// There is no such registration, or it does not wait for a decision.
    pub async fn approve_registration(
        &self,
        actor: &Actor,
        id: RegistrationId,
    ) -> Result<RegistrationView, Error> {
        require_in_agency(actor, Verb::DecideRegistrations)?;
        // An account that is handed over has sessions in all agencies that its person is of.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut found, person) = self
                .lock_waiting(tx, actor, id, RegistrationEvent::Approve)
                .await?;
            let member = self.make_shopper(tx, &found, &person).await?;
            let agency = agencies::load_name(tx, actor.agency).await?;
            let letter = Letter::RegistrationApproved { agency };
            self.tell_registered(tx, &found, &person, &letter).await?;
            self.decide(tx, actor, &mut found).await?;
            let event = AuditEvent::of(Verb::DecideRegistrations, "registration", id);
            let event = event.with(json!({"state": found.state.as_str(), "user": member.user}));
            Ok((self.view_registration(found).await?, event))
        })
        .await
    }

    /// Declines somebody who has registered; who they are is forgotten.
    ///
    /// # Errors
    /// There is no such registration, it does not wait for a decision, or no reason is given.
    pub async fn decline_registration(
        &self,
        actor: &Actor,
        id: RegistrationId,
        reason: &str,
    ) -> Result<RegistrationView, Error> {
        require_in_agency(actor, Verb::DecideRegistrations)?;
        let mut checks = Checks::default();
        let reason = &checks.text("reason", reason, 1_000);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (mut found, person) = self
                .lock_waiting(tx, actor, id, RegistrationEvent::Decline)
                .await?;
            let letter = Letter::RegistrationDeclined {
                agency: agencies::load_name(tx, actor.agency).await?,
                reason: reason.clone(),
            };
            self.tell_registered(tx, &found, &person, &letter).await?;
            found.reason = Some(reason.clone());
            self.decide(tx, actor, &mut found).await?;
            let event = AuditEvent::of(Verb::DecideRegistrations, "registration", id);
            let event = event.with(json!({"state": found.state.as_str()}));
            Ok((self.view_registration(found).await?, event))
        })
        .await
    }

    /// A registration that waits for a decision, locked and moved on.
    async fn lock_waiting(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: RegistrationId,
        event: RegistrationEvent,
    ) -> Result<(Registration, Person), Error> {
        let unknown = || Error::not_found("registration");
        let found = registrations::lock(tx, actor.agency, id).await?;
        let found = found.filter(|found| found.state != RegistrationState::Unverified);
        let mut found = found.ok_or_else(unknown)?;
        found.state = found.state.after(event)?;
        let person = self.open_person(&found).await?.ok_or_else(unknown)?;
        Ok((found, person))
    }

    async fn decide(&self, tx: &Tx, actor: &Actor, found: &mut Registration) -> Result<(), Error> {
        self.forget_person(found);
        found.decided_by = Some(actor.user);
        registrations::update(tx, found).await?;
        let job = Job::ExpireRegistration {
            registration: found.id,
        };
        self.enqueue(tx, found.agency, &job, found.expires_at).await
    }

    async fn tell_registered(
        &self,
        tx: &Tx,
        registration: &Registration,
        person: &Person,
        letter: &Letter,
    ) -> Result<(), Error> {
        let language = person.language().unwrap_or(self.settings().language);
        let (agency, email) = (registration.agency, &person.email);
        self.post(tx, agency, email, language, letter, DECISION_LIFETIME)
            .await
    }

    /// Removes a registration whose time is over, whatever has become of it: accounts and the audit trail hold what
    /// is to stay. One that has got more time since is looked at again then.
    pub(crate) async fn expire_registration(
        &self,
        agency: AgencyId,
        id: RegistrationId,
    ) -> Result<(), Error> {
        self.inner
            .db
            .write(Reach::Agency(agency), |tx: Tx| async move {
                let tx = &tx;
                let Some(found) = registrations::lock(tx, agency, id).await? else {
                    return Ok(());
                };
                let now = self.now();
                if now < found.expires_at {
                    let job = Job::ExpireRegistration { registration: id };
                    return self.enqueue(tx, agency, &job, found.expires_at).await;
                }
                registrations::delete(tx, id).await?;
                let event = AuditEvent::named("registration.expire", "registration", id);
                let event = event.with(json!({"state": found.state.as_str()}));
                let id = AuditId::from_uuid(self.fresh_uuid());
                Ok(audit::insert(tx, id, agency, None, &event, now).await?)
            })
            .await
    }
}
