//! Showing that an e-mail address is one's own, and moving an account to another one.

use std::time::Duration;

use haamu_domain::daily::Counted;
use haamu_domain::{Actor, AuditEvent, AuditId, Code, PendingId, SecretPurpose, Verb};
use haamu_report::Letter;
use haamu_store::repo::identity::User;
use haamu_store::repo::pending::{self, AccountSecret};
use haamu_store::repo::{audit, identity};
use haamu_store::{Reach, Tx};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

use super::attempts::Origin;
use super::first_proof::is_same;
use super::tokens::{Bearer, fresh_secret, hash_secret};

/// How long a link about an address is good, in hours.
const GOOD_FOR_HOURS: u32 = 24;

/// How long a link is good, as a duration.
pub(super) const fn hours(hours: u32) -> Duration {
    Duration::from_secs(hours as u64 * 3_600)
}

impl App {
    /// Mails a person a link by which they show that the address of their account is theirs. An earlier link is
    /// worthless.
    ///
    /// # Errors
    /// The address is verified already, or [`Code::DailyLimit`].
    pub async fn request_email_verification(&self, bearer: &Bearer) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageAccount)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = identity::lock_user(tx, actor.user).await?;
            if user.email_verified_at.is_some() {
                let detail = "The address is verified already.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            self.count_address_link(tx, actor).await?;
            let purpose = SecretPurpose::VerifyEmail;
            let secret = self
                .fresh_link(tx, &user, purpose, &user.email, GOOD_FOR_HOURS)
                .await?;
            let letter = Letter::VerifyEmail {
                secret,
                good_for_hours: GOOD_FOR_HOURS,
            };
            self.post_link(tx, actor, &user, &user.email, &letter, GOOD_FOR_HOURS)
                .await?;
            Ok(((), AuditEvent::named("account.ask_to_verify", "user", user.id)))
        })
        .await
    }

    /// Mails a link to a new address, by which the person shows that it is theirs; the account moves there then.
    /// The answer does not tell whether the address has an account; its owner is told instead.
    ///
    /// # Errors
    /// The address is none, the password is wrong, [`Code::SignInLocked`], [`Code::SignInAgain`] or
    /// [`Code::DailyLimit`].
    pub async fn request_email_change(
        &self,
        bearer: &Bearer,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageAccount)?;
        let mut checks = Checks::default();
        let email = checks.email("email", email);
        checks.finish()?;
        self.require_own_password(bearer, "password", password, origin)
            .await?;
        let email = &email;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            self.count_address_link(tx, actor).await?;
            let event = AuditEvent::named("account.ask_to_change_email", "user", user.id);
            if identity::find_user_by_email(tx, email).await?.is_some() {
                let language = self.language_of(&user);
                let lifetime = hours(GOOD_FOR_HOURS);
                self.post(tx, actor.agency, email, language, &Letter::EmailInUse, lifetime)
                    .await?;
                return Ok(((), event));
            }
            let purpose = SecretPurpose::ChangeEmail;
            let secret = self.fresh_link(tx, &user, purpose, email, GOOD_FOR_HOURS).await?;
            let letter = Letter::ChangeEmail {
                secret,
                good_for_hours: GOOD_FOR_HOURS,
            };
            self.post_link(tx, actor, &user, email, &letter, GOOD_FOR_HOURS)
                .await?;
            Ok(((), event))
        })
        .await
    }

    /// Takes the link of a mail about an address, with the password of the account. Who follows a link that somebody
    /// else caused does not know it, and vouches for no stranger's account.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`], [`Code::InvalidCredentials`], [`Code::SignInLocked`], or [`Code::AlreadyExists`] if the
    /// address has another account by now.
    pub async fn confirm_email(&self, secret: &str, password: &str, origin: &Origin) -> Result<(), Error> {
        let hash = hash_secret(secret);
        let hash = &hash;
        let account = self.account_of_link(hash).await?;
        self.require_account(&account, password, origin).await?;
        let account = &account;
        // The agency is one of the person's, which their memberships tell.
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                let over = || Error::refused(Code::NoLongerGood);
                let link = self.take_link(tx, hash).await?;
                let link = link.filter(|link| link.purpose != SecretPurpose::ResetPassword);
                let link = link.ok_or_else(over)?;
                let user = identity::lock_user(tx, link.user).await?;
                if !is_same(Some(&user), Some(account)) {
                    return Err(Error::refused(Code::InvalidCredentials));
                }
                // A link to an address that the account has left proves nothing any more.
                if link.purpose == SecretPurpose::VerifyEmail && link.email != user.email {
                    return Err(over());
                }
                let now = self.now();
                let members = identity::list_memberships(tx, user.id).await?;
                let member = members.first().ok_or_else(over)?;
                self.clear_unproven(tx, member.agency, &user).await?;
                identity::set_verified_email(tx, user.id, &link.email, now).await?;
                if link.email != user.email {
                    for purpose in [SecretPurpose::VerifyEmail, SecretPurpose::ResetPassword] {
                        pending::delete_secrets(tx, user.id, purpose).await?;
                    }
                    self.notify(tx, member.agency, &user, &Letter::EmailChanged)
                        .await?;
                }
                let event = AuditEvent::named(link.purpose.as_str(), "user", user.id);
                let id = AuditId::from_uuid(self.fresh_uuid());
                audit::insert(tx, id, member.agency, Some(&member.actor()), &event, now).await?;
                Ok::<(), Error>(())
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    /// Whose account the link with this hash is about, which stays good.
    async fn account_of_link(&self, hash: &[u8]) -> Result<User, Error> {
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                let link = pending::lock_secret(tx, hash).await?;
                let is_good = |link: &AccountSecret| {
                    link.purpose != SecretPurpose::ResetPassword && self.now() < link.expires_at
                };
                let link = link.filter(is_good);
                let link = link.ok_or_else(|| Error::refused(Code::NoLongerGood))?;
                Ok(identity::load_user(tx, link.user).await?)
            })
            .await
    }

    /// A link for a person; only the hash of its secret is kept.
    pub(super) async fn fresh_link(
        &self,
        tx: &Tx,
        user: &User,
        purpose: SecretPurpose,
        email: &str,
        good_for_hours: u32,
    ) -> Result<String, Error> {
        let (secret, hash) = fresh_secret();
        let now = self.now();
        let link = AccountSecret {
            id: PendingId::from_uuid(self.fresh_uuid()),
            user: user.id,
            purpose,
            email: email.to_owned(),
            created_at: now,
            expires_at: now.plus_hours(good_for_hours),
        };
        pending::replace_secret(tx, &link, &hash).await?;
        Ok(secret)
    }

    /// The link with this hash, which is used up; none if it has run out.
    pub(super) async fn take_link(&self, tx: &Tx, hash: &[u8]) -> Result<Option<AccountSecret>, Error> {
        let link = pending::lock_secret(tx, hash).await?;
        let Some(link) = link.filter(|link| self.now() < link.expires_at) else {
            return Ok(None);
        };
        pending::delete_secrets(tx, link.user, link.purpose).await?;
        Ok(Some(link))
    }

    async fn count_address_link(&self, tx: &Tx, actor: &Actor) -> Result<(), Error> {
        let limit = self.settings().identity.daily.address_links;
        self.count_caused(tx, actor, Counted::AddressLinks, 1, limit)
            .await
    }

    async fn post_link(
        &self,
        tx: &Tx,
        actor: &Actor,
        user: &User,
        email: &str,
        letter: &Letter,
        good_for_hours: u32,
    ) -> Result<(), Error> {
        let language = self.language_of(user);
        self.post(tx, actor.agency, email, language, letter, hours(good_for_hours))
            .await
    }
}
