//! Changing one's password, and setting a new one by mail.

use haamu_domain::{AuditEvent, AuditId, Code, PendingId, SecretPurpose, Verb};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::repo::{agencies, audit, identity, known_networks, pending, sessions};
use haamu_store::{Reach, Tx};
use serde::{Deserialize, Serialize};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::jobs::Job;
use crate::{App, Error};

use super::attempts::Origin;
use super::email::hours;
use super::first_proof::forget_what_is_under_way;
use super::passwords;
use super::tokens::{Bearer, hash_secret};

/// How long a link for a new password is good, in hours.
const GOOD_FOR_HOURS: u32 = 1;
/// A person is not mailed a link for a new password more often than this, in seconds.
const PAUSE_SECONDS: i64 = 5 * 60;

/// A request for a new password, as it is kept.
#[derive(Deserialize, Serialize)]
struct ResetRequest {
    email: String,
    language: Option<String>,
}

fn place(id: PendingId) -> String {
    format!("password-reset-request:{id}")
}

impl App {
    /// Refuses whoever does not know the password of their own account. Wrong ones count as those of sign-in do.
    pub(super) async fn require_own_password(
        &self,
        bearer: &Bearer,
        path: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let id = bearer.actor.user;
        let user = self
            .look(bearer.actor.agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(identity::load_user(tx, id).await?)
            })
            .await?;
        let attempt = self.begin_password_attempt(&user.email, origin).await?;
        let hash = user.password_hash.as_deref();
        if !self.verify_password(password, hash).await? {
            return Err(Error::issue(path, "wrong", "this is not your password"));
        }
        let attempt = &attempt;
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                self.end_attempt(tx, attempt).await
            })
            .await
    }

    /// Refuses whoever does not know the password of an account, or whose account is closed.
    pub(super) async fn require_account(
        &self,
        account: &identity::User,
        password: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let attempt = self.begin_password_attempt(&account.email, origin).await?;
        let hash = account.password_hash.as_deref();
        let is_right = self.verify_password(password, hash).await?;
        if !is_right || account.disabled_at.is_some() {
            return Err(Error::refused(Code::InvalidCredentials));
        }
        let attempt = &attempt;
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                self.end_attempt(tx, attempt).await
            })
            .await
    }

    /// Changes a person's password, and ends their other sessions.
    ///
    /// # Errors
    /// The present password is wrong, the new one is not good enough, or [`Code::SignInLocked`].
    pub async fn change_password(
        &self,
        bearer: &Bearer,
        present: &str,
        new: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageAccount)?;
        let me = self.me(actor).await?;
        let mut checks = Checks::default();
        passwords::check(&mut checks, "password", new, &[&me.email, &me.display_name]);
        checks.finish()?;
        self.require_own_password(bearer, "current_password", present, origin)
            .await?;
        let hash = self.hash_password(new).await?;
        let hash = &hash;
        // The person's sessions end in all their agencies.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let session = bearer.require_session()?;
            self.require_live_session(tx, bearer, session).await?;
            let user = identity::lock_user(tx, actor.user).await?;
            identity::set_password(tx, user.id, hash).await?;
            let now = self.now();
            sessions::end_of_user(tx, None, user.id, Some(session), now, "password changed").await?;
            forget_what_is_under_way(tx, user.id).await?;
            self.notify(tx, actor.agency, &user, &Letter::PasswordChanged)
                .await?;
            Ok(((), AuditEvent::named("account.change_password", "user", user.id)))
        })
        .await
    }

    /// Asks for a link for a new password. What is done, and how long it takes, is the same whether the address has
    /// an account or not: a job looks for it later.
    ///
    /// # Errors
    /// The text is no address.
    pub async fn request_password_reset(&self, email: &str, language: Option<Language>) -> Result<(), Error> {
        let mut checks = Checks::default();
        let email = checks.email("email", email);
        checks.finish()?;
        let request = ResetRequest {
            email,
            language: language.map(|language| language.tag().to_owned()),
        };
        let request =
            serde_json::to_vec(&request).map_err(|error| Error::internal("write a request", error))?;
        let request = &request;
        // No agency is known yet.
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                // An address without an account belongs to no agency; the first one stands for the installation.
                let Some(agency) = agencies::find_first(tx).await? else {
                    return Ok(());
                };
                let id = PendingId::from_uuid(self.fresh_uuid());
                let sealed = self.seal(&place(id), request)?;
                let now = self.now();
                pending::insert_reset_request(tx, id, agency, &sealed, now).await?;
                self.enqueue(tx, agency, &Job::ResetPassword { request: id }, now)
                    .await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    /// Mails a link for a new password, if there is somebody to mail it to.
    pub(crate) async fn mail_password_link(&self, id: PendingId) -> Result<(), Error> {
        // The person's memberships tell by which agency they are answered.
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                let Some(sealed) = pending::take_reset_request(tx, id).await? else {
                    return Ok(());
                };
                let request = self.unseal(&place(id), &sealed).await?;
                let request: ResetRequest = serde_json::from_slice(&request)
                    .map_err(|error| Error::internal("read a request", error))?;
                self.answer_reset_request(tx, &request).await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    async fn answer_reset_request(&self, tx: &Tx, request: &ResetRequest) -> Result<(), Error> {
        let user = identity::find_user_by_email(tx, &request.email).await?;
        let Some(user) = user.filter(|user| user.disabled_at.is_none()) else {
            return Ok(());
        };
        let members = identity::list_memberships(tx, user.id).await?;
        let Some(member) = members.iter().find(|member| member.disabled_at.is_none()) else {
            return Ok(());
        };
        let purpose = SecretPurpose::ResetPassword;
        let earlier = pending::find_secret(tx, user.id, purpose).await?;
        if earlier.is_some_and(|earlier| self.now() < earlier.created_at.plus_seconds(PAUSE_SECONDS)) {
            return Ok(());
        }
        let secret = self
            .fresh_link(tx, &user, purpose, &user.email, GOOD_FOR_HOURS)
            .await?;
        let letter = Letter::ResetPassword {
            secret,
            good_for_hours: GOOD_FOR_HOURS,
        };
        let asked = request.language.as_deref().and_then(Language::from_tag);
        let language = user.language.or(asked).unwrap_or(self.settings().language);
        self.post(
            tx,
            member.agency,
            &user.email,
            language,
            &letter,
            hours(GOOD_FOR_HOURS),
        )
        .await?;
        let event = AuditEvent::named("account.mail_password_link", "user", user.id);
        let id = AuditId::from_uuid(self.fresh_uuid());
        Ok(audit::insert(tx, id, member.agency, None, &event, self.now()).await?)
    }

    /// Sets a new password with the link of a mail, which also shows that the address is the person's. All
    /// sessions end; second factors stay, unless nobody had shown the address to be theirs before.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`], or the password is not good enough; the link stays good then.
    pub async fn reset_password(&self, secret: &str, password: &str) -> Result<(), Error> {
        let hash = hash_secret(secret);
        let hash = &hash;
        let over = || Error::refused(Code::NoLongerGood);
        let user = self
            .inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                let link = pending::lock_secret(tx, hash).await?;
                let link = link.filter(|link| {
                    link.purpose == SecretPurpose::ResetPassword && self.now() < link.expires_at
                });
                let link = link.ok_or_else(over)?;
                Ok::<_, Error>(identity::load_user(tx, link.user).await?)
            })
            .await?;
        let mut checks = Checks::default();
        passwords::check(
            &mut checks,
            "password",
            password,
            &[&user.email, &user.display_name],
        );
        checks.finish()?;
        let password_hash = self.hash_password(password).await?;
        let password_hash = &password_hash;
        // The person's sessions end in all their agencies.
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                let link = self.take_link(tx, hash).await?;
                let link = link.filter(|link| link.purpose == SecretPurpose::ResetPassword);
                let link = link.ok_or_else(over)?;
                let user = identity::lock_user(tx, link.user).await?;
                if user.email != link.email || user.disabled_at.is_some() {
                    return Err(over());
                }
                self.set_new_password(tx, &user, password_hash).await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    async fn set_new_password(&self, tx: &Tx, user: &identity::User, hash: &str) -> Result<(), Error> {
        let now = self.now();
        let members = identity::list_memberships(tx, user.id).await?;
        if let Some(member) = members.first() {
            self.clear_unproven(tx, member.agency, user).await?;
        }
        identity::set_password(tx, user.id, hash).await?;
        identity::set_verified_email(tx, user.id, &user.email, now).await?;
        sessions::end_of_user(tx, None, user.id, None, now, "password reset").await?;
        forget_what_is_under_way(tx, user.id).await?;
        known_networks::delete_all(tx, user.id).await?;
        self.forgive(tx, &user.email).await?;
        let Some(member) = members.first() else {
            return Ok(());
        };
        self.notify(tx, member.agency, user, &Letter::PasswordChanged)
            .await?;
        let event = AuditEvent::named("account.reset_password", "user", user.id);
        let id = AuditId::from_uuid(self.fresh_uuid());
        Ok(audit::insert(tx, id, member.agency, Some(&member.actor()), &event, now).await?)
    }
}
