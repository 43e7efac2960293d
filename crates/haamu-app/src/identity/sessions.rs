//! Signing in, renewing a session and signing out.

use haamu_domain::{Actor, AgencyId, AuditEvent, Code, RefreshTokenId, SessionId, Verb};
use haamu_store::Tx;
use haamu_store::repo::{audit, identity, sessions};

use crate::{App, Error};

use super::tokens::{Bearer, fresh_secret, hash_secret};
use super::users::Me;

/// A refresh token may be sent a second time within this many seconds, as long
/// as its successor was not used: the answer to the first time may have been lost.
const REUSE_GRACE_SECONDS: i64 = 60;

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

/// A refresh token.
#[derive(Clone)]
pub struct RefreshInput {
    /// The token.
    pub refresh_token: String,
}

impl std::fmt::Debug for RefreshInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshInput").finish_non_exhaustive()
    }
}

/// Tokens for one who signed in.
#[derive(Clone)]
pub struct Issued {
    /// Good for [`AppSettings::access_token`](crate::AppSettings::access_token).
    pub access_token: String,
    /// Good for one use.
    pub refresh_token: String,
    /// Who.
    pub me: Me,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

/// What became of a refresh token.
enum Renewal {
    Done(Bearer, String),
    Refused,
}

impl App {
    /// Signs a person in.
    ///
    /// # Errors
    /// [`Code::InvalidCredentials`], whichever part is wrong.
    pub async fn sign_in(&self, input: &SignInInput) -> Result<Issued, Error> {
        let email = input.email.trim().to_lowercase();
        let email = &email;
        let user = self
            .look(|tx: Tx| async move {
                let tx = &tx;
                Ok(identity::find_user_by_email(tx, email).await?)
            })
            .await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let is_right = self.verify_password(&input.password, hash).await?;
        let refused = || Error::refused(Code::InvalidCredentials);
        let user = user.filter(|_| is_right).ok_or_else(refused)?;
        let members = self
            .look(|tx: Tx| async move {
                let tx = &tx;
                Ok(identity::list_memberships(tx, user.id).await?)
            })
            .await?;
        let member = members
            .iter()
            .find(|member| input.agency.is_none_or(|agency| agency == member.agency));
        let member = member.ok_or_else(refused)?;
        let actor = Actor {
            user: user.id,
            agency: member.agency,
            role: member.role,
            client_organisation: member.client_organisation,
            device: None,
        };
        let (bearer, refresh_token) = self
            .act(&actor, |tx: Tx| async move {
                let tx = &tx;
                let session = sessions::Session {
                    id: SessionId::from_uuid(self.fresh_uuid()),
                    agency: actor.agency,
                    user: actor.user,
                    device: None,
                    ended_at: None,
                };
                sessions::insert(tx, &session, self.now()).await?;
                let token = self.issue_refresh_token(tx, &session).await?;
                let event = AuditEvent::named("session.start", "session", session.id);
                Ok((
                    (
                        Bearer {
                            actor,
                            session: session.id,
                            expires_at: self.token_expiry(),
                        },
                        token,
                    ),
                    event,
                ))
            })
            .await?;
        self.issued(&bearer, refresh_token).await
    }

    async fn issue_refresh_token(&self, tx: &Tx, session: &sessions::Session) -> Result<String, Error> {
        let (token, hash) = fresh_secret();
        let now = self.now();
        let lifetime = i64::try_from(self.settings().refresh_token.as_secs()).unwrap_or(i64::MAX);
        let id = RefreshTokenId::from_uuid(self.fresh_uuid());
        sessions::insert_token(tx, session, id, &hash, now, now.plus_seconds(lifetime)).await?;
        Ok(token)
    }

    async fn issued(&self, bearer: &Bearer, refresh_token: String) -> Result<Issued, Error> {
        let access_token = self.sign(bearer)?;
        let me = self.me(&bearer.actor).await?;
        Ok(Issued {
            access_token,
            refresh_token,
            me,
        })
    }

    /// Renews a session. The token is used up; using it again ends the session.
    ///
    /// # Errors
    /// [`Code::InvalidRefreshToken`].
    pub async fn refresh(&self, input: &RefreshInput) -> Result<Issued, Error> {
        let hash = hash_secret(&input.refresh_token);
        // A refusal must be committed too: it may end the session.
        let hash = &hash;
        let renewal = self
            .inner
            .db
            .write(|tx: Tx| async move {
                let tx = &tx;
                self.renew(tx, hash).await
            })
            .await?;
        match renewal {
            Renewal::Done(bearer, token) => self.issued(&bearer, token).await,
            Renewal::Refused => Err(Error::refused(Code::InvalidRefreshToken)),
        }
    }

    async fn renew(&self, tx: &Tx, hash: &[u8]) -> Result<Renewal, Error> {
        let now = self.now();
        let Some(token) = sessions::lock_token(tx, hash).await? else {
            return Ok(Renewal::Refused);
        };
        let session = sessions::lock(tx, token.session).await?;
        if session.ended_at.is_some() || token.expires_at <= now {
            return Ok(Renewal::Refused);
        }
        if token.is_superseded {
            // Two who hold tokens of one session: one of them has stolen it.
            return self.end_after_reuse(tx, &session).await;
        }
        if let Some(used_at) = token.used_at {
            let is_lost_answer = now <= used_at.plus_seconds(REUSE_GRACE_SECONDS)
                && !sessions::has_used_successor(tx, &token).await?;
            if !is_lost_answer {
                return self.end_after_reuse(tx, &session).await;
            }
            // The answer with the successor was lost; whoever has it all the same may not use it.
            sessions::supersede_successors(tx, &token).await?;
        }
        let user = identity::load_user(tx, session.user).await?;
        let member = identity::find_membership(tx, session.agency, session.user).await?;
        let Some(member) = member.filter(|_| user.disabled_at.is_none()) else {
            return Ok(Renewal::Refused);
        };
        if token.used_at.is_none() {
            sessions::use_token(tx, token.id, now).await?;
        }
        let next = self.issue_refresh_token(tx, &session).await?;
        let actor = Actor {
            user: session.user,
            agency: session.agency,
            role: member.role,
            client_organisation: member.client_organisation,
            device: session.device,
        };
        Ok(Renewal::Done(
            Bearer {
                actor,
                session: session.id,
                expires_at: self.token_expiry(),
            },
            next,
        ))
    }

    async fn end_after_reuse(&self, tx: &Tx, session: &sessions::Session) -> Result<Renewal, Error> {
        let now = self.now();
        sessions::end(tx, session.id, now, "refresh token used twice").await?;
        let event = AuditEvent::named("session.end_after_reuse", "session", session.id);
        let id = haamu_domain::AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, session.agency, None, &event, now).await?;
        Ok(Renewal::Refused)
    }

    /// Ends the session that a token belongs to.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] if there is no such session any more.
    pub async fn sign_out(&self, bearer: &Bearer) -> Result<(), Error> {
        crate::context::require_in_agency(&bearer.actor, Verb::ReadMe)?;
        self.act(&bearer.actor, |tx: Tx| async move {
            let tx = &tx;
            // A server that was restored does not have the sessions that were begun after its backup.
            if sessions::find(tx, bearer.session).await?.is_none() {
                return Err(Error::refused(Code::Unauthenticated));
            }
            sessions::end(tx, bearer.session, self.now(), "signed out").await?;
            Ok(((), AuditEvent::named("session.end", "session", bearer.session)))
        })
        .await
    }
}
