//! Sessions: starting, renewing, listing and ending them.

use haamu_domain::renewal::{self, ShownToken, judge};
use haamu_domain::{
    Actor, AuditEvent, Code, RefreshTokenId, SessionId, SignInMethod, Timestamp, Verb, VerbSet,
};
use haamu_store::repo::identity::Membership;
use haamu_store::repo::sessions::{self, Session};
use haamu_store::repo::{audit, identity, security};
use haamu_store::{Reach, Tx};

use crate::context::{require_in_agency, require_permitted};
use crate::{App, Error};

use super::attempts::Origin;
use super::tokens::{Bearer, fresh_secret, hash_secret};
use super::users::Me;

/// The longest name of a browser or app that is kept.
const LONGEST_USER_AGENT: usize = 200;

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

/// One of a person's sessions.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// What became of a refresh token.
enum Renewal {
    Done(Bearer, String),
    Refused,
}

impl App {
    /// Starts a session of a member who has shown who they are. `factor_at` is when they showed a second factor.
    pub(super) async fn start_session(
        &self,
        tx: &Tx,
        member: &Membership,
        method: SignInMethod,
        factor_at: Option<Timestamp>,
        origin: &Origin,
    ) -> Result<((Bearer, String), AuditEvent), Error> {
        let now = self.now();
        let user_agent = origin.user_agent.as_deref().map(|text| {
            let printable = text.chars().filter(|c| !c.is_control());
            printable.take(LONGEST_USER_AGENT).collect()
        });
        let session = Session {
            id: SessionId::from_uuid(self.fresh_uuid()),
            agency: member.agency,
            user: member.user,
            device: None,
            created_at: now,
            last_used_at: now,
            user_agent,
            method,
            factor_at,
            ended_at: None,
        };
        sessions::insert(tx, &session).await?;
        // Where a provider says that somebody is, only the provider knows.
        if method != SignInMethod::IdentityProvider {
            self.note_network(tx, member.user, origin).await?;
        }
        let token = self.issue_refresh_token(tx, &session).await?;
        let bearer = self.bearer(tx, &session, member).await?;
        let detail = serde_json::json!({"method": method.as_str(), "second_factor": factor_at.is_some()});
        let event = AuditEvent::named("session.start", "session", session.id).with(detail);
        Ok(((bearer, token), event))
    }

    /// What a token of a session says: who its person is now, and what they lack.
    async fn bearer(&self, tx: &Tx, session: &Session, member: &Membership) -> Result<Bearer, Error> {
        let needing = security::load_second_factor_roles(tx, session.agency).await?;
        let lacks_factor = needing.contains(&member.role) && session.factor_at.is_none();
        Ok(Bearer {
            actor: Actor {
                device: session.device,
                only: lacks_factor.then_some(VerbSet::FACTORLESS),
                ..member.actor()
            },
            session: Some(session.id),
            expires_at: self.token_expiry(),
        })
    }

    async fn issue_refresh_token(&self, tx: &Tx, session: &Session) -> Result<String, Error> {
        let (token, hash) = fresh_secret();
        let now = self.now();
        let lifetime = self.refresh_token_seconds();
        let id = RefreshTokenId::from_uuid(self.fresh_uuid());
        sessions::insert_token(tx, session, id, &hash, now, now.plus_seconds(lifetime)).await?;
        Ok(token)
    }

    fn refresh_token_seconds(&self) -> i64 {
        i64::try_from(self.settings().refresh_token.as_secs()).unwrap_or(i64::MAX)
    }

    pub(super) async fn issued(&self, bearer: &Bearer, refresh_token: String) -> Result<Issued, Error> {
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
        // The token tells the agency.
        let renewal = self
            .inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
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
        let shown = ShownToken {
            has_session_ended: session.ended_at.is_some(),
            expires_at: token.expires_at,
            used_at: token.used_at,
            is_superseded: token.is_superseded,
            has_used_successor: token.used_at.is_some() && sessions::has_used_successor(tx, &token).await?,
        };
        match judge(&shown, now) {
            renewal::Renewal::Refuse => return Ok(Renewal::Refused),
            renewal::Renewal::End => return self.end_after_reuse(tx, &session).await,
            // The answer with the successor was lost; whoever has it all the same may not use it.
            renewal::Renewal::RenewAgain => sessions::supersede_successors(tx, &token).await?,
            renewal::Renewal::Renew => {}
        }
        let user = identity::load_user(tx, session.user).await?;
        let member = identity::find_membership(tx, session.agency, session.user).await?;
        let member = member.filter(|member| member.disabled_at.is_none());
        let Some(member) = member.filter(|_| user.disabled_at.is_none()) else {
            return Ok(Renewal::Refused);
        };
        if token.used_at.is_none() {
            sessions::use_token(tx, token.id, now).await?;
        }
        sessions::note_use(tx, session.id, now).await?;
        let next = self.issue_refresh_token(tx, &session).await?;
        Ok(Renewal::Done(self.bearer(tx, &session, &member).await?, next))
    }

    async fn end_after_reuse(&self, tx: &Tx, session: &Session) -> Result<Renewal, Error> {
        let now = self.now();
        sessions::end(tx, session.id, now, "refresh token used twice").await?;
        let event = AuditEvent::named("session.end_after_reuse", "session", session.id);
        let id = haamu_domain::AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, session.agency, None, &event, now).await?;
        Ok(Renewal::Refused)
    }

    /// Refuses what a token may not do to anything at all, and what gives out access once its session has ended.
    ///
    /// # Errors
    /// [`Code::Forbidden`], [`Code::SecondFactorRequired`], [`Code::ScopeMissing`] or [`Code::Unauthenticated`].
    pub async fn admit(&self, bearer: &Bearer, verb: Verb) -> Result<(), Error> {
        require_permitted(&bearer.actor, verb)?;
        let Some(id) = bearer.session.filter(|_| verb.gives_access()) else {
            return Ok(());
        };
        let session = self
            .look(bearer.actor.agency, |tx: Tx| async move {
                let tx = &tx;
                Ok(sessions::find(tx, id).await?)
            })
            .await?;
        let live = session.filter(|session| session.ended_at.is_none());
        live.map(drop)
            .ok_or_else(|| Error::refused(Code::Unauthenticated))
    }

    /// Ends the session that a token belongs to.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] if there is no such session any more.
    pub async fn sign_out(&self, bearer: &Bearer) -> Result<(), Error> {
        require_in_agency(&bearer.actor, Verb::ManageSessions)?;
        let ended = self.end_session(bearer, bearer.require_session()?).await;
        match ended {
            // A server that was restored does not have the sessions that were begun after its backup.
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                Err(Error::refused(Code::Unauthenticated))
            }
            ended => ended,
        }
    }

    /// The sessions of a token's person in its agency, the latest first.
    ///
    /// # Errors
    /// The token is an integration's.
    pub async fn list_sessions(&self, bearer: &Bearer) -> Result<Vec<SessionView>, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSessions)?;
        let current = bearer.require_session()?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let live = self.live_sessions(tx, actor, actor.user).await?;
            Ok(live
                .into_iter()
                .map(|session| SessionView {
                    is_current: session.id == current,
                    session,
                })
                .collect())
        })
        .await
    }

    /// Sessions of a person that could still be renewed.
    pub(super) async fn live_sessions(
        &self,
        tx: &Tx,
        actor: &Actor,
        user: haamu_domain::UserId,
    ) -> Result<Vec<Session>, Error> {
        let since = self.now().plus_seconds(-self.refresh_token_seconds());
        Ok(sessions::list_live(tx, actor.agency, user, since).await?)
    }

    /// Ends one of the sessions of a token's person. Ending it once more changes nothing.
    ///
    /// # Errors
    /// The person has no such session in this agency, or [`Code::Unauthenticated`] if it is another one than the token's
    /// and the token's has ended.
    pub async fn end_session(&self, bearer: &Bearer, id: SessionId) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSessions)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let session = sessions::find(tx, id).await?;
            let session =
                session.filter(|session| session.user == actor.user && session.agency == actor.agency);
            let session = session.ok_or_else(|| Error::not_found("session"))?;
            let own = bearer.require_session()?;
            if own != id {
                self.require_live_session(tx, bearer, own).await?;
            }
            if session.ended_at.is_none() {
                sessions::end(tx, id, self.now(), "signed out").await?;
            }
            Ok(((), AuditEvent::named("session.end", "session", id)))
        })
        .await
    }

    /// Signs a token's person out everywhere, in all agencies and the present session as well. Whoever was let in by the
    /// word of an agency's identity provider is signed out of that agency alone.
    ///
    /// # Errors
    /// The token is an integration's, or [`Code::Unauthenticated`] if its session has ended.
    pub async fn sign_out_everywhere(&self, bearer: &Bearer) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSessions)?;
        // The person's sessions end in all their agencies.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let own = bearer.require_session()?;
            let session = self.require_live_session(tx, bearer, own).await?;
            // Whom the agency chose to vouch for its people may be no friend of the person's.
            let is_vouched_for = session.method == SignInMethod::IdentityProvider;
            let only = is_vouched_for.then_some(session.agency);
            let (now, why) = (self.now(), "signed out everywhere");
            let ended = sessions::end_of_user(tx, only, actor.user, None, now, why).await?;
            let detail = serde_json::json!({"sessions": ended});
            let event = AuditEvent::named("session.end_all", "user", actor.user).with(detail);
            Ok(((), event))
        })
        .await
    }
}
