//! Showing that the address of a registration is one's own, and becoming a shopper.

use haamu_domain::panel::Profile;
use haamu_domain::registration::{Approval, RegistrationEvent, RegistrationState};
use haamu_domain::{Actor, AgencyId, AuditEvent, AuditId, Code, Role, UserId};
use haamu_store::repo::panel::ProfileRecord;
use haamu_store::repo::registrations::{self, Registration};
use haamu_store::repo::{agreements, audit, identity, panel};
use haamu_store::{Reach, Tx};

use crate::jobs::Job;
use crate::{App, Error};

use super::super::attempts::Origin;
use super::super::first_proof::is_same;
use super::super::tokens::hash_secret;
use super::{DECIDED_DAYS, Person, WAITING_DAYS};

impl App {
    /// Takes the link of a mail about a registration, with the password: that of the registration, or that of the
    /// account that the address has and that is its person's. Who follows a link that somebody else caused does not
    /// know it, and makes no account with a stranger's password. Says whether the person is in; if not, staff decide.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`], [`Code::InvalidCredentials`], [`Code::SignInLocked`], or [`Code::AlreadyExists`] if
    /// another registration of the address waits for a decision.
    pub async fn confirm_registration(
        &self,
        secret: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<RegistrationState, Error> {
        let hash = hash_secret(secret);
        let hash = &hash;
        let (person, account) = self
            .look_across(|tx: Tx| async move {
                let tx = &tx;
                let (_, person) = self.good_registration(tx, hash).await?;
                let account = identity::find_user_by_email(tx, &person.email).await?;
                Ok((person, account))
            })
            .await?;
        let account = account.filter(|known| known.email_verified_at.is_some());
        match &account {
            Some(account) => self.require_account(account, password, origin).await?,
            None => self.require_registered(&person, password, origin).await?,
        }
        let expected = account.as_ref();
        let state = self
            .inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                self.verify_registration(&tx, hash, expected).await
            })
            .await?;
        self.jobs_added();
        Ok(state)
    }

    async fn good_registration(&self, tx: &Tx, hash: &[u8]) -> Result<(Registration, Person), Error> {
        let over = || Error::refused(Code::NoLongerGood);
        let found = registrations::find_by_secret(tx, hash).await?;
        let is_good = |found: &Registration| {
            found.state == RegistrationState::Unverified && self.now() < found.expires_at
        };
        let found = found.filter(is_good).ok_or_else(over)?;
        let person = self.open_person(&found).await?.ok_or_else(over)?;
        Ok((found, person))
    }

    async fn require_registered(
        &self,
        person: &Person,
        password: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let attempt = self.begin_password_attempt(&person.email, origin).await?;
        if !self
            .verify_password(password, Some(&person.password_hash))
            .await?
        {
            return Err(Error::refused(Code::InvalidCredentials));
        }
        let attempt = &attempt;
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                self.end_attempt(&tx, attempt).await
            })
            .await
    }

    async fn verify_registration(
        &self,
        tx: &Tx,
        hash: &[u8],
        expected: Option<&identity::User>,
    ) -> Result<RegistrationState, Error> {
        let over = || Error::refused(Code::NoLongerGood);
        let (found, _) = self.good_registration(tx, hash).await?;
        registrations::lock(tx, found.agency, found.id).await?;
        // Of two who follow the link at once, the second finds it used up.
        let (mut found, mut person) = self.good_registration(tx, hash).await?;
        let account = self.lock_account(tx, &person.email).await?;
        let account = account.filter(|known| known.email_verified_at.is_some());
        if !is_same(account.as_ref(), expected) {
            return Err(over());
        }
        person.account = account.map(|known| known.id);
        let now = self.now();
        found.verified_at = Some(now);
        let conditions = registrations::find_conditions(tx, found.agency).await?;
        let conditions = conditions.ok_or_else(over)?;
        let member = match conditions.approval {
            Approval::ByStaff => {
                found.state = found.state.after(RegistrationEvent::Verify)?;
                found.expires_at = now.plus_days(WAITING_DAYS);
                found.content = Some(self.seal_person(found.id, &person)?);
                None
            }
            Approval::Automatic => {
                found.state = found.state.after(RegistrationEvent::Admit)?;
                let member = self.make_shopper(tx, &found, &person).await?;
                self.forget_person(&mut found);
                Some(member)
            }
        };
        registrations::update(tx, &found).await?;
        let job = Job::ExpireRegistration {
            registration: found.id,
        };
        self.enqueue(tx, found.agency, &job, found.expires_at).await?;
        let event = AuditEvent::named("registration.confirm", "registration", found.id);
        let event = event.with(serde_json::json!({"state": found.state.as_str()}));
        let id = AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, found.agency, member.as_ref(), &event, now).await?;
        Ok(found.state)
    }

    /// What is left of a registration that is decided: nothing that tells who it was.
    pub(super) fn forget_person(&self, registration: &mut Registration) {
        let now = self.now();
        registration.content = None;
        registration.decided_at = Some(now);
        registration.expires_at = now.plus_days(DECIDED_DAYS);
    }

    /// Makes somebody a shopper of the agency who has shown that the address is theirs. What the person is in the agency
    /// already stays as it is.
    pub(super) async fn make_shopper(
        &self,
        tx: &Tx,
        registration: &Registration,
        person: &Person,
    ) -> Result<Actor, Error> {
        let (agency, now) = (registration.agency, self.now());
        let user = self.account_of(tx, agency, person).await?;
        let known = identity::find_membership(tx, agency, user).await?;
        let is_new = known.is_none();
        let member = known.unwrap_or(identity::Membership {
            agency,
            user,
            role: Role::Shopper,
            client_organisation: None,
            disabled_at: None,
        });
        if is_new {
            identity::insert_membership(tx, &member, now).await?;
            let profile = ProfileRecord {
                user,
                external_id: None,
                profile: Profile {
                    born_on: Some(person.born_on),
                    languages: person.languages.clone(),
                    ..Profile::unknown()
                },
                row_version: 0,
            };
            panel::put_profile(tx, agency, &profile, now).await?;
        }
        if let Some(id) = registration.agreement {
            let all = agreements::list(tx, agency).await?;
            if let Some(accepted) = all.iter().find(|it| it.id == id) {
                let at = registration.created_at;
                agreements::insert_acceptance(tx, agency, accepted, user, at).await?;
            }
        }
        Ok(member.actor())
    }

    /// The account of somebody who has registered. Staff may take weeks to decide, and meanwhile anybody may have made
    /// an account for the address: whose it is, what was shown at the confirmation tells.
    async fn account_of(&self, tx: &Tx, agency: AgencyId, person: &Person) -> Result<UserId, Error> {
        if let Some(id) = person.account {
            // They confirmed with the password of this account, whatever its address is by now. If it is gone, nobody
            // has ever shown the password of the registration.
            let known = identity::find_user(tx, id).await?;
            let known = known.filter(|known| known.disabled_at.is_none());
            let gone = || {
                let detail = "The account that the person confirmed with is gone.";
                Error::because(Code::NotPossibleInState, detail)
            };
            return known.map(|known| known.id).ok_or_else(gone);
        }
        match self.lock_account(tx, &person.email).await? {
            Some(known) if known.email_verified_at.is_none() => {
                let chosen = (person.display_name.as_str(), person.password_hash.as_str());
                self.hand_over(tx, agency, &known, chosen, person.language())
                    .await?;
                Ok(known.id)
            }
            // Whoever the address belongs to has made this account theirs since.
            Some(known) => Ok(known.id),
            None => self.insert_registered(tx, person).await,
        }
    }

    async fn insert_registered(&self, tx: &Tx, person: &Person) -> Result<UserId, Error> {
        let now = self.now();
        let user = identity::User {
            id: UserId::from_uuid(self.fresh_uuid()),
            email: person.email.clone(),
            display_name: person.display_name.clone(),
            password_hash: Some(person.password_hash.clone()),
            disabled_at: None,
            email_verified_at: Some(now),
            language: person.language(),
        };
        identity::insert_user(tx, &user, now).await?;
        Ok(user.id)
    }
}
