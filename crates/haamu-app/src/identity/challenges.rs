//! Completing a sign-in with a second factor.

use haamu_domain::{AuditEvent, AuditId, Code};
use haamu_store::repo::audit;
use haamu_store::repo::identity::Membership;
use haamu_store::repo::pending::{self, Challenge};
use haamu_store::{Reach, Tx};
use serde_json::Value;

use crate::{App, Error};

use super::attempts::{Attempt, Origin};
use super::sessions::Issued;
use super::tokens::{Bearer, hash_secret};

/// A sign-in is given up after so many wrong second factors.
const MAX_ATTEMPTS: u32 = 5;

/// A second factor.
#[derive(Clone)]
pub enum Proof {
    /// A code of an authenticator app.
    Totp(String),
    /// A recovery code.
    RecoveryCode(String),
    /// What a passkey has signed.
    Passkey(Value),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// What came of a second factor; a refusal is committed too, for it counts.
enum Completion {
    Done(Bearer, String),
    Refused(Code),
}

impl App {
    /// Completes a sign-in with a second factor.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`] for the challenge, [`Code::SecondFactorWrong`], or [`Code::SignInLocked`].
    pub async fn complete_sign_in(
        &self,
        challenge: &str,
        proof: &Proof,
        origin: &Origin,
    ) -> Result<Issued, Error> {
        let hash = hash_secret(challenge);
        let hash = &hash;
        // The challenge tells the agency.
        let found = self
            .inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                Ok::<_, Error>(pending::lock_challenge(tx, hash).await?)
            })
            .await?;
        let found = found.filter(|found| self.now() < found.expires_at);
        let found = found.ok_or_else(|| Error::refused(Code::NoLongerGood))?;
        let attempt = self.begin_factor_attempt(found.user, origin).await?;
        let attempt = &attempt;
        let completion = self
            .inner
            .db
            .write(Reach::Agency(found.agency), |tx: Tx| async move {
                let tx = &tx;
                let person = self.hold_person(tx, found.agency, found.user).await?;
                let member = person.map(|(_, member)| member);
                self.settle_challenge(tx, hash, member.as_ref(), proof, attempt, origin)
                    .await
            })
            .await?;
        match completion {
            Completion::Done(bearer, token) => self.issued(&bearer, token).await,
            Completion::Refused(code) => Err(Error::refused(code)),
        }
    }

    async fn settle_challenge(
        &self,
        tx: &Tx,
        hash: &[u8],
        member: Option<&Membership>,
        proof: &Proof,
        attempt: &Attempt,
        origin: &Origin,
    ) -> Result<Completion, Error> {
        let refused = |code| Ok(Completion::Refused(code));
        let Some(challenge) = pending::lock_challenge(tx, hash).await? else {
            return refused(Code::NoLongerGood);
        };
        if self.now() >= challenge.expires_at {
            return refused(Code::NoLongerGood);
        }
        if !self.is_proven(tx, &challenge, proof).await? {
            pending::note_challenge_attempt(tx, &challenge).await?;
            if challenge.attempts + 1 >= MAX_ATTEMPTS {
                pending::delete_challenge(tx, challenge.id).await?;
            }
            self.note_wrong_factor(tx, &challenge).await?;
            return refused(Code::SecondFactorWrong);
        }
        pending::delete_challenge(tx, challenge.id).await?;
        self.end_attempt(tx, attempt).await?;
        let Some(member) = member else {
            return refused(Code::NoLongerGood);
        };
        let now = self.now();
        let started = self.start_session(tx, member, challenge.method, Some(now), origin);
        let ((bearer, token), event) = started.await?;
        let id = AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, challenge.agency, Some(&bearer.actor), &event, now).await?;
        Ok(Completion::Done(bearer, token))
    }

    async fn is_proven(&self, tx: &Tx, challenge: &Challenge, proof: &Proof) -> Result<bool, Error> {
        match proof {
            Proof::Totp(code) => self.use_totp(tx, challenge.user, code, true).await,
            Proof::RecoveryCode(code) => self.use_recovery_code(tx, challenge.user, code).await,
            Proof::Passkey(answer) => {
                let state = challenge.passkey_state.as_deref();
                self.use_passkey(tx, challenge.user, state, answer).await
            }
        }
    }

    async fn note_wrong_factor(&self, tx: &Tx, challenge: &Challenge) -> Result<(), Error> {
        let event = AuditEvent::named("session.second_factor_wrong", "user", challenge.user);
        let id = AuditId::from_uuid(self.fresh_uuid());
        Ok(audit::insert(tx, id, challenge.agency, None, &event, self.now()).await?)
    }
}
