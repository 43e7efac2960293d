//! Signing in: a first factor, and where there is one, a second.

use haamu_domain::{AgencyId, AuditEvent, Code, PendingId, SignInMethod};
use haamu_store::repo::identity::{Membership, User};
use haamu_store::repo::pending::{self, Challenge};
use haamu_store::repo::{factors, identity, passkeys};
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

impl App {
    /// Signs a person in with their password. If they have a second factor, it is asked for.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`], whichever part is wrong, or [`Code::SignInLocked`].
    pub async fn sign_in(&self, input: &SignInInput, origin: &Origin) -> Result<SignedIn, Error> {
        let email = input.email.trim().to_lowercase();
        let email = &email;
        let attempt = self.begin_password_attempt(email, origin).await?;
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
        let better = match &user.password_hash {
            Some(hash) => self.better_hash(&input.password, hash).await?,
            None => None,
        };
        let member = self
            .choose_membership(&user, input.agency)
            .await?
            .ok_or_else(refused)?;
        let first = FirstFactor {
            user: &user,
            member: &member,
            method: SignInMethod::Password,
            is_enough: false,
            attempt: Some(&attempt),
            password_hash: better.as_deref(),
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
    pub(super) async fn after_first_factor(
        &self,
        first: &FirstFactor<'_>,
        origin: &Origin,
    ) -> Result<SignedIn, Error> {
        let step = self
            .act(&first.member.actor(), |tx: Tx| async move {
                let tx = &tx;
                if let Some(attempt) = first.attempt {
                    self.end_attempt(tx, attempt).await?;
                }
                self.keep_better_hash(tx, first).await?;
                if !first.is_enough && factors::has_any(tx, first.user.id).await? {
                    let view = self.challenge(tx, first).await?;
                    let event = AuditEvent::named("session.challenge", "user", first.user.id);
                    return Ok((Step::Challenge(Box::new(view)), event));
                }
                let factor_at = first.is_enough.then(|| self.now());
                let started = self.start_session(tx, first.member, first.method, factor_at, origin);
                let ((bearer, token), event) = started.await?;
                Ok((Step::Session(bearer, token), event))
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

    /// Keeps a hash that was made with more, unless the password was changed meanwhile.
    async fn keep_better_hash(&self, tx: &Tx, first: &FirstFactor<'_>) -> Result<(), Error> {
        let Some(better) = first.password_hash else {
            return Ok(());
        };
        let known = identity::lock_user(tx, first.user.id).await?;
        if known.password_hash == first.user.password_hash {
            identity::set_password(tx, known.id, better).await?;
        }
        Ok(())
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
