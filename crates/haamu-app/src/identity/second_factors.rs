//! Setting up, using and taking away authenticator apps and recovery codes.

use haamu_domain::{AuditEvent, Code, SessionId, SignInMethod, Timestamp, UserId, Verb};
use haamu_report::Letter;
use haamu_store::repo::identity::User;
use haamu_store::repo::passkeys::{self, PasskeyRecord};
use haamu_store::repo::{agencies, factors, identity, security, sessions};
use haamu_store::{StoreError, Tx};
use rand::RngExt;

use crate::context::require_in_agency;
use crate::{App, Error};

use super::attempts::Origin;
use super::tokens::{Bearer, hash_secret};
use super::totp;

/// What concerns the account itself needs a session that began at most so long ago.
const FRESH_SECONDS: i64 = 15 * 60;
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// The characters of recovery codes: none is taken for another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// The length of a recovery code: 80 bits, in groups of four.
const RECOVERY_LENGTH: usize = 16;

/// What an authenticator app has to know. It is shown once.
#[derive(Clone)]
pub struct TotpEnrolment {
    /// The secret, for typing.
    pub secret: String,
    /// The same as an address, for scanning.
    pub otpauth_url: String,
}

impl std::fmt::Debug for TotpEnrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TotpEnrolment").finish_non_exhaustive()
    }
}

/// A person's second factors.
#[derive(Clone, Debug)]
pub struct FactorsView {
    /// Whether the person's role needs one.
    pub is_required: bool,
    /// Since when there is an authenticator app.
    pub totp_since: Option<Timestamp>,
    /// The passkeys.
    pub passkeys: Vec<PasskeyRecord>,
    /// How many recovery codes are left.
    pub recovery_codes: u64,
}

impl App {
    /// The second factors of a token's person.
    ///
    /// # Errors
    /// The token is an integration's.
    pub async fn read_factors(&self, bearer: &Bearer) -> Result<FactorsView, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let roles = security::load_second_factor_roles(tx, actor.agency).await?;
            let totp = factors::find_totp(tx, actor.user).await?;
            Ok(FactorsView {
                is_required: roles.contains(&actor.role),
                totp_since: totp.and_then(|totp| totp.confirmed_at),
                passkeys: passkeys::list(tx, actor.user).await?,
                recovery_codes: factors::count_recovery_codes(tx, actor.user).await?,
            })
        })
        .await
    }

    /// Begins to set an authenticator app up. It counts once one of its codes was shown.
    ///
    /// # Errors
    /// [`Code::SignInAgain`], or there is an app already.
    pub async fn enrol_totp(&self, bearer: &Bearer) -> Result<TotpEnrolment, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        let secret: [u8; totp::SECRET_BYTES] = rand::rng().random();
        let sealed = self.seal(&place(actor.user), &secret)?;
        let sealed = &sealed;
        // Whether the person belongs to other agencies as well may decide about it.
        let (user, agency) = self
            .act_across(actor, |tx: Tx| async move {
                let tx = &tx;
                let user = self.require_fresh(tx, bearer).await?;
                let known = factors::lock_totp(tx, user.id).await?;
                if known.is_some_and(|known| known.confirmed_at.is_some()) {
                    let detail = "There is an authenticator app already; take it away first.";
                    return Err(Error::because(Code::NotPossibleInState, detail));
                }
                factors::replace_totp(tx, user.id, sealed, self.now()).await?;
                let agency = agencies::load_name(tx, actor.agency).await?;
                let event = AuditEvent::named("second_factor.begin", "user", user.id);
                Ok(((user, agency), event))
            })
            .await?;
        let (secret, otpauth_url) = totp::enrolment(&secret, &agency, &user.email)?;
        Ok(TotpEnrolment { secret, otpauth_url })
    }

    /// Confirms an authenticator app with one of its codes. With the person's first factor come recovery codes,
    /// which are shown once.
    ///
    /// # Errors
    /// [`Code::SecondFactorWrong`], [`Code::SignInLocked`], or [`Code::SignInAgain`].
    pub async fn confirm_totp(
        &self,
        bearer: &Bearer,
        code: &str,
        origin: &Origin,
    ) -> Result<Vec<String>, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        let attempt = self.begin_factor_attempt(actor.user, origin).await?;
        let attempt = &attempt;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            let had_factor = factors::has_any(tx, user.id).await?;
            if !self.use_totp(tx, user.id, code, false).await? {
                return Err(Error::refused(Code::SecondFactorWrong));
            }
            self.end_attempt(tx, attempt).await?;
            let codes = self.factor_added(tx, bearer, &user, had_factor).await?;
            Ok((codes, AuditEvent::named("second_factor.add", "user", user.id)))
        })
        .await
    }

    /// What follows when a factor was added: the session counts as one that has shown it, the person is told,
    /// and the first one brings recovery codes.
    pub(super) async fn factor_added(
        &self,
        tx: &Tx,
        bearer: &Bearer,
        user: &User,
        had_factor: bool,
    ) -> Result<Vec<String>, Error> {
        sessions::note_factor(tx, bearer.require_session()?, self.now()).await?;
        self.notify(tx, bearer.actor.agency, user, &Letter::SecondFactorAdded)
            .await?;
        if had_factor {
            return Ok(Vec::new());
        }
        self.fresh_recovery_codes(tx, user.id).await
    }

    /// Takes the authenticator app away.
    ///
    /// # Errors
    /// [`Code::SignInAgain`], or it is the last factor of a role that needs one.
    pub async fn remove_totp(&self, bearer: &Bearer) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            factors::delete_totp(tx, user.id).await?;
            self.factor_removed(tx, bearer, &user).await?;
            Ok(((), AuditEvent::named("second_factor.remove", "user", user.id)))
        })
        .await
    }

    /// Refuses to take away the last factor that a role needs; without any factor, recovery codes are of no use.
    pub(super) async fn factor_removed(&self, tx: &Tx, bearer: &Bearer, user: &User) -> Result<(), Error> {
        if factors::has_any(tx, user.id).await? {
            return Ok(());
        }
        let roles = security::load_second_factor_roles(tx, bearer.actor.agency).await?;
        if roles.contains(&bearer.actor.role) {
            let detail = "Your role needs a second factor, and this is the last one.";
            return Err(Error::because(Code::NotPossibleInState, detail));
        }
        Ok(factors::delete_recovery_codes(tx, user.id).await?)
    }

    /// Makes new recovery codes; earlier ones are worthless.
    ///
    /// # Errors
    /// [`Code::SignInAgain`], or there is no second factor that they could stand in for.
    pub async fn renew_recovery_codes(&self, bearer: &Bearer) -> Result<Vec<String>, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            if !factors::has_any(tx, user.id).await? {
                let detail = "There is no second factor that they could stand in for.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let codes = self.fresh_recovery_codes(tx, user.id).await?;
            Ok((
                codes,
                AuditEvent::named("second_factor.renew_codes", "user", user.id),
            ))
        })
        .await
    }

    async fn fresh_recovery_codes(&self, tx: &Tx, user: UserId) -> Result<Vec<String>, Error> {
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<Vec<u8>> = codes.iter().map(|code| recovery_hash(user, code)).collect();
        factors::replace_recovery_codes(tx, user, &hashes, self.now()).await?;
        Ok(codes)
    }

    /// Takes a code of an authenticator app, if it is right and none of its step was taken before.
    pub(super) async fn use_totp(
        &self,
        tx: &Tx,
        user: UserId,
        code: &str,
        is_confirmed: bool,
    ) -> Result<bool, Error> {
        let known = factors::lock_totp(tx, user).await?;
        let known = known.filter(|known| known.confirmed_at.is_some() == is_confirmed);
        let Some(known) = known else { return Ok(false) };
        let secret = self.unseal(&place(user), &known.secret).await?;
        let now = self.now();
        let seconds = u64::try_from(now.millis() / 1_000).unwrap_or(0);
        let Some(step) = totp::matching_step(&secret, code, seconds, known.last_step)? else {
            return Ok(false);
        };
        factors::use_totp(tx, user, &known, step, now).await?;
        Ok(true)
    }

    /// Uses a recovery code up.
    pub(super) async fn use_recovery_code(&self, tx: &Tx, user: UserId, code: &str) -> Result<bool, Error> {
        let hash = recovery_hash(user, code);
        Ok(factors::use_recovery_code(tx, user, &hash, self.now()).await?)
    }

    /// The person of a session that may change what concerns the account itself: they signed in a moment ago,
    /// with their second factor if they have one. A provider that one agency chose may not do so for a person
    /// who belongs to others as well.
    pub(super) async fn require_fresh(&self, tx: &Tx, bearer: &Bearer) -> Result<User, Error> {
        let again = || Error::refused(Code::SignInAgain);
        let session = self
            .require_live_session(tx, bearer, bearer.require_session()?)
            .await?;
        if self.now() > session.created_at.plus_seconds(FRESH_SECONDS) {
            return Err(again());
        }
        let user = identity::lock_user(tx, session.user).await?;
        if factors::has_any(tx, user.id).await? && session.factor_at.is_none() {
            return Err(again());
        }
        if session.method == SignInMethod::IdentityProvider {
            let members = identity::list_memberships(tx, user.id).await?;
            if members.iter().any(|member| member.agency != session.agency) {
                let detail =
                    "You belong to several agencies: sign in with your password or passkey to do this.";
                return Err(Error::because(Code::SignInAgain, detail));
            }
        }
        Ok(user)
    }

    pub(super) async fn require_live_session(
        &self,
        tx: &Tx,
        bearer: &Bearer,
        id: SessionId,
    ) -> Result<sessions::Session, Error> {
        let session = match sessions::lock(tx, id).await {
            // A server that was restored does not have the sessions that were begun after its backup.
            Err(StoreError::Missing(_)) => return Err(Error::refused(Code::Unauthenticated)),
            session => session?,
        };
        if session.ended_at.is_some() || session.user != bearer.actor.user {
            return Err(Error::refused(Code::Unauthenticated));
        }
        Ok(session)
    }
}

/// The place that an authenticator's secret is sealed for.
fn place(user: UserId) -> String {
    format!("totp:{user}")
}

fn recovery_code() -> String {
    let mut code = String::with_capacity(RECOVERY_LENGTH + 3);
    for index in 0..RECOVERY_LENGTH {
        if index > 0 && index % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[rand::rng().random_range(0..ALPHABET.len())]));
    }
    code
}

/// The hash of a recovery code, however it is typed. It is random enough to need no slow hash.
fn recovery_hash(user: UserId, code: &str) -> Vec<u8> {
    let plain: String = code
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    hash_secret(&format!("{user} {plain}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;

    #[test]
    fn recovery_codes_are_long_and_can_be_typed_in_any_way() {
        let user = UserId::from_uuid(Uuid::from_u128(1));
        let codes: BTreeSet<String> = (0..100).map(|_| recovery_code()).collect();
        assert_eq!(codes.len(), 100);
        for code in codes {
            assert_eq!(code.len(), RECOVERY_LENGTH + 3);
            let typed = code.replace('-', " ").to_uppercase();
            assert_eq!(recovery_hash(user, &code), recovery_hash(user, &typed));
            let other = UserId::from_uuid(Uuid::from_u128(2));
            assert_ne!(recovery_hash(user, &code), recovery_hash(other, &code));
        }
    }
}
