//! Signing in: a first factor, and where there is one, a second.

use haamu_domain::{AgencyId, AuditEvent, AuditId, Code, PendingId, SignInMethod, UserId};
use haamu_store::repo::identity::{Membership, User};
use haamu_store::repo::pending::{self, Challenge};
use haamu_store::repo::{audit, factors, identity, passkeys};
use haamu_store::{Reach, Tx};
use serde_json::Value;

use crate::{App, Error};

use super::attempts::{Attempt, Origin};
use super::sessions::Issued;
use super::tokens::{Bearer, fresh_secret};

/// How long a sign-in waits for its second factor, in seconds.
pub(super) const CHALLENGE_SECONDS: i64 = 5 * 60;

/// E-mail and password.
#[derive(Clone)]
pub struct SignInInput {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    /// The agency, for people who belong to several.
    pub agency: Option<AgencyId>,
}

impl std::fmt::Debug for SignInInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInInput").finish_non_exhaustive()
    }
}

/// A sign-in that is to be completed with a second factor.
#[derive(Clone)]
pub struct ChallengeView {
    /// Names the sign-in; good for a few minutes.
    pub challenge: String,
    /// How long it is good, in seconds.
    pub expires_in: u64,
    /// Whether a code of an authenticator app completes it.
    pub takes_totp: bool,
    /// Whether a recovery code completes it.
    pub takes_recovery_code: bool,
    /// What a passkey is to sign, if one completes it.
    pub passkey: Option<Value>,
}

impl std::fmt::Debug for ChallengeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChallengeView").finish_non_exhaustive()
    }
}

/// What came of a first factor.
#[derive(Clone, Debug)]
pub enum SignedIn {
    /// Nothing more is needed.
    Done(Box<Issued>),
    /// A second factor is.
    Challenged(Box<ChallengeView>),
}

/// What a transaction of a sign-in left behind.
enum Step {
    Session(Bearer, String),
    Challenge(Box<ChallengeView>),
}

/// Somebody who has shown a first factor.
pub(super) struct FirstFactor<'a> {
    pub(super) user: &'a User,
    pub(super) member: &'a Membership,
    pub(super) method: SignInMethod,
    /// Whether the first factor counts as a second one as well.
    pub(super) is_enough: bool,
    /// The attempt that it was, if it could have been a guess.
    pub(super) attempt: Option<&'a Attempt>,
    /// A better hash of the password.
    pub(super) password_hash: Option<&'a str>,
}

/// A password that was right when it was looked at.
pub struct ShownPassword {
    user: User,
    member: Membership,
    /// A better hash of it.
    better_hash: Option<String>,
    attempt: Attempt,
}

impl std::fmt::Debug for ShownPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShownPassword").finish_non_exhaustive()
    }
}

impl App {
    /// Signs a person in with their password. If they have a second factor, it is asked for.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`], whichever part is wrong, or [`Code::SignInLocked`].
    pub async fn sign_in(&self, input: &SignInInput, origin: &Origin) -> Result<SignedIn, Error> {
        let shown = self.show_password(input, origin).await?;
        match self.sign_in_with(&shown, origin).await {
            // The account has another hash by now. Whether that is of another password, only the password tells.
            Err(error) if error.code() == Code::Conflict => {
                let shown = self.check_password(input, shown.attempt).await?;
                let refused = |error: Error| match error.code() {
                    Code::Conflict => Error::refused(Code::InvalidCredentials),
                    _ => error,
                };
                self.sign_in_with(&shown, origin).await.map_err(refused)
            }
            done => done,
        }
    }

    /// The first half of [`App::sign_in`]: looks at the password, which takes its time.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`] or [`Code::SignInLocked`].
    pub async fn show_password(&self, input: &SignInInput, origin: &Origin) -> Result<ShownPassword, Error> {
        let email = input.email.trim().to_lowercase();
        let attempt = self.begin_password_attempt(&email, origin).await?;
        self.check_password(input, attempt).await
    }

    async fn check_password(&self, input: &SignInInput, attempt: Attempt) -> Result<ShownPassword, Error> {
        let email = &input.email.trim().to_lowercase();
        let user = self
            .inner
            .db
            .read(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                Ok::<_, Error>(identity::find_user_by_email(tx, email).await?)
            })
            .await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let is_right = self.verify_password(&input.password, hash).await?;
        let refused = || Error::refused(Code::InvalidCredentials);
        let user = user.filter(|_| is_right).ok_or_else(refused)?;
        let better_hash = match &user.password_hash {
            Some(hash) => self.better_hash(&input.password, hash).await?,
            None => None,
        };
        let member = self.choose_membership(&user, input.agency).await?;
        Ok(ShownPassword {
            member: member.ok_or_else(refused)?,
            user,
            better_hash,
            attempt,
        })
    }

    /// The second half of [`App::sign_in`]: lets in whoever has shown a password.
    ///
    /// # Errors
    /// [`Code::Conflict`] if the account has another password by now, or [`Code::InvalidCredentials`] if the person is
    /// kept out.
    pub async fn sign_in_with(&self, shown: &ShownPassword, origin: &Origin) -> Result<SignedIn, Error> {
        let first = FirstFactor {
            user: &shown.user,
            member: &shown.member,
            method: SignInMethod::Password,
            is_enough: false,
            attempt: Some(&shown.attempt),
            password_hash: shown.better_hash.as_deref(),
        };
        self.after_first_factor(&first, origin).await
    }

    /// The membership that somebody signs in to: that of the agency they name, or their first one.
    pub(super) async fn choose_membership(
        &self,
        user: &User,
        agency: Option<AgencyId>,
    ) -> Result<Option<Membership>, Error> {
        // The agency is what is looked for.
        let members = self
            .look_across(|tx: Tx| async move {
                let tx = &tx;
                Ok(identity::list_memberships(tx, user.id).await?)
            })
            .await?;
        let mut open = members.into_iter().filter(|member| member.disabled_at.is_none());
        Ok(open.find(|member| agency.is_none_or(|agency| agency == member.agency)))
    }

    /// Goes on after a first factor: starts a session, or asks for a second factor if the person has one.
    ///
    /// # Errors
    /// [`Code::Conflict`] if the account has another password than the one that was shown, or
    /// [`Code::InvalidCredentials`] if the person is kept out by now.
    pub(super) async fn after_first_factor(
        &self,
        first: &FirstFactor<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, Error> {
        let step = self
            .inner
            .db
            .write(Reach::Agency(first.member.agency), |tx: Tx| async move {
                self.take_first_factor(&tx, first, origin).await
            })
            .await?;
        match step {
            Step::Session(bearer, token) => {
                let issued = self.issued(&bearer, token).await?;
                Ok(SignedIn::Done(Box::new(issued)))
            }
            Step::Challenge(view) => Ok(SignedIn::Challenged(view)),
        }
    }

    async fn take_first_factor(
        &self,
        tx: &Tx,
        first: &FirstFactor<'_>,
        origin: &Origin,
    ) -> Result<Step, Error> {
        let member = self.still_let_in(tx, first).await?;
        if let Some(attempt) = first.attempt {
            self.end_attempt(tx, attempt).await?;
        }
        if let Some(better) = first.password_hash {
            identity::set_password(tx, first.user.id, better).await?;
        }
        let (step, event) = if !first.is_enough && factors::has_any(tx, first.user.id).await? {
            let view = self.challenge(tx, first).await?;
            let event = AuditEvent::named("session.challenge", "user", first.user.id);
            (Step::Challenge(Box::new(view)), event)
        } else {
            let factor_at = first.is_enough.then(|| self.now());
            let started = self.start_session(tx, &member, first.method, factor_at, origin);
            let ((bearer, token), event) = started.await?;
            (Step::Session(bearer, token), event)
        };
        let id = AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, member.agency, Some(&member.actor()), &event, self.now()).await?;
        Ok(step)
    }

    /// What the person is by now. Much may have happened while the first factor was looked at; from here on it waits
    /// until the session is there to be ended.
    async fn still_let_in(&self, tx: &Tx, first: &FirstFactor<'_>) -> Result<Membership, Error> {
        let (user, member) = self
            .hold_person(tx, first.member.agency, first.user.id)
            .await?
            .ok_or_else(|| Error::refused(Code::InvalidCredentials))?;
        let was_shown_password = first.method == SignInMethod::Password;
        if was_shown_password && user.password_hash != first.user.password_hash {
            return Err(Error::refused(Code::Conflict));
        }
        Ok(member)
    }

    /// A person of an agency who is let in, as they stay until the transaction ends. The membership is held before the
    /// account: whoever gives work to people holds the one, and refers to the other.
    pub(super) async fn hold_person(
        &self,
        tx: &Tx,
        agency: AgencyId,
        user: UserId,
    ) -> Result<Option<(User, Membership)>, Error> {
        let Some(member) = identity::hold_membership(tx, agency, user).await? else {
            return Ok(None);
        };
        let user = identity::lock_user(tx, user).await?;
        let is_open = member.disabled_at.is_none() && user.disabled_at.is_none();
        Ok(is_open.then_some((user, member)))
    }

    async fn challenge(&self, tx: &Tx, first: &FirstFactor<'_>) -> Result<ChallengeView, Error> {
        let user = first.user.id;
        let totp = factors::find_totp(tx, user).await?;
        let keys = passkeys::list(tx, user).await?;
        let (options, state) = self.begin_passkey_use(&keys)?.unzip();
        let (secret, hash) = fresh_secret();
        let now = self.now();
        let challenge = Challenge {
            id: PendingId::from_uuid(self.fresh_uuid()),
            agency: first.member.agency,
            user,
            method: first.method,
            attempts: 0,
            passkey_state: state,
            expires_at: now.plus_seconds(CHALLENGE_SECONDS),
        };
        pending::insert_challenge(tx, &challenge, &hash, now).await?;
        Ok(ChallengeView {
            challenge: secret,
            expires_in: CHALLENGE_SECONDS.unsigned_abs(),
            takes_totp: totp.is_some_and(|totp| totp.confirmed_at.is_some()),
            takes_recovery_code: factors::count_recovery_codes(tx, user).await? > 0,
            passkey: options,
        })
    }
}
