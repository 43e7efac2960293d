//! Invitations: a mail with a link, by which somebody becomes a member of an agency.

use std::time::Duration;

use haamu_domain::daily::Counted;
use haamu_domain::{
    Actor, AuditEvent, AuditId, ClientOrganisationId, Code, InvitationEvent, InvitationId, InvitationState,
    Role, UserId, Verb,
};
use haamu_form::Language;
use haamu_report::Letter;
use haamu_store::repo::invitations::{self, Invitation};
use haamu_store::repo::{agencies, audit, identity};
use haamu_store::{Reach, Tx};
use uuid::Uuid;

use crate::context::{PAGE_SIZE, Page, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::attempts::Origin;
use super::first_proof::is_same;
use super::passwords;
use super::tokens::{fresh_secret, hash_secret};
use super::users::{check_role, require_client};

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct InvitationInput {
    /// The e-mail address.
    pub email: String,
    /// What the person is to be.
    pub role: Role,
    /// The client organisation of a client's person.
    pub client_organisation: Option<ClientOrganisationId>,
    /// The language of the mail, and of later ones.
    pub language: Option<Language>,
}

/// What the link of an invitation leads to.
#[derive(Clone, Debug)]
pub struct InvitationView {
    /// The name of the agency.
    pub agency_name: String,
    /// The e-mail address that was invited.
    pub email: String,
    /// What the person is to be.
    pub role: Role,
    /// Whether the address has an account already that is its person's, whose password is asked for then.
    pub has_account: bool,
}

/// What somebody says who accepts an invitation.
#[derive(Clone)]
pub struct JoinInput {
    /// The secret of the link.
    pub secret: String,
    /// The name; not needed by who has an account.
    pub display_name: Option<String>,
    /// The password: a new one, or that of the account.
    pub password: String,
}

impl std::fmt::Debug for JoinInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinInput").finish_non_exhaustive()
    }
}

impl App {
    /// Invites somebody.
    ///
    /// # Errors
    /// The role may not be given, [`Code::DailyLimit`], or [`Code::AlreadyExists`]: the address is a member's, or
    /// was invited already.
    pub async fn invite(&self, actor: &Actor, input: &InvitationInput) -> Result<Invitation, Error> {
        require_in_agency(actor, Verb::Invite)?;
        let mut checks = Checks::default();
        let email = checks.email("email", &input.email);
        check_role(&mut checks, actor, input.role, input.client_organisation);
        checks.finish()?;
        let email = &email;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            require_client(tx, actor, Verb::Invite, input.client_organisation).await?;
            if let Some(user) = identity::find_user_by_email(tx, email).await?
                && identity::find_membership(tx, actor.agency, user.id)
                    .await?
                    .is_some()
            {
                let detail = "This address is a member's.";
                return Err(Error::because(Code::AlreadyExists, detail));
            }
            let invitation = self.make_invitation(tx, actor, email, input).await?;
            let detail = serde_json::json!({"role": input.role.as_str()});
            let event = AuditEvent::named("invitation.create", "invitation", invitation.id).with(detail);
            Ok((invitation, event))
        })
        .await
    }

    /// Makes an invitation of somebody who is not a member, and mails it.
    pub(crate) async fn make_invitation(
        &self,
        tx: &Tx,
        actor: &Actor,
        email: &str,
        input: &InvitationInput,
    ) -> Result<Invitation, Error> {
        self.count_invitation(tx, actor).await?;
        let now = self.now();
        let invitation = Invitation {
            id: InvitationId::from_uuid(self.fresh_uuid()),
            agency: actor.agency,
            email: email.to_owned(),
            role: input.role,
            client_organisation: input.client_organisation,
            language: input.language.unwrap_or(self.settings().language),
            state: InvitationState::Open,
            created_by: actor.user,
            created_at: now,
            sent_at: now,
            expires_at: now.plus_seconds(self.invitation_seconds()),
        };
        let (secret, hash) = fresh_secret();
        invitations::insert(tx, &invitation, &hash).await?;
        self.post_invitation(tx, &invitation, secret).await?;
        Ok(invitation)
    }

    pub(super) async fn count_invitation(&self, tx: &Tx, actor: &Actor) -> Result<(), Error> {
        let limit = self.settings().identity.daily.invitations;
        self.count_caused(tx, actor, Counted::Invitations, 1, limit).await
    }

    pub(super) fn invitation_seconds(&self) -> i64 {
        i64::try_from(self.settings().identity.invitation.as_secs()).unwrap_or(i64::MAX)
    }

    pub(super) async fn post_invitation(
        &self,
        tx: &Tx,
        invitation: &Invitation,
        secret: String,
    ) -> Result<(), Error> {
        let lifetime: Duration = self.settings().identity.invitation;
        let letter = Letter::Invitation {
            agency: agencies::load_name(tx, invitation.agency).await?,
            role: invitation.role,
            secret,
            good_for_hours: u32::try_from(lifetime.as_secs() / 3_600).unwrap_or(u32::MAX),
        };
        let Invitation {
            agency,
            email,
            language,
            ..
        } = invitation;
        self.post(tx, *agency, email, *language, &letter, lifetime).await
    }

    /// Invitations of the agency, the newest first.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn list_invitations(
        &self,
        actor: &Actor,
        before: Option<Uuid>,
    ) -> Result<Page<Invitation>, Error> {
        require_in_agency(actor, Verb::Invite)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let (rows, has_more) = invitations::list(tx, actor.agency, before, PAGE_SIZE).await?;
            Ok(Page::new(rows, has_more, |row: &Invitation| row.id.uuid()))
        })
        .await
    }

    /// Sends an invitation again, with another link; the earlier one is worthless. It can be accepted for as long
    /// as a new one.
    ///
    /// # Errors
    /// There is none, the role may not be given, it was accepted or withdrawn, or [`Code::DailyLimit`].
    pub async fn resend_invitation(&self, actor: &Actor, id: InvitationId) -> Result<Invitation, Error> {
        require_in_agency(actor, Verb::Invite)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let (known, _) = self
                .own_invitation(tx, actor, id, InvitationEvent::Resend)
                .await?;
            self.count_invitation(tx, actor).await?;
            let now = self.now();
            let expires_at = now.plus_seconds(self.invitation_seconds());
            let (secret, hash) = fresh_secret();
            invitations::renew(tx, id, &hash, expires_at, now).await?;
            let renewed = Invitation {
                sent_at: now,
                expires_at,
                ..known
            };
            self.post_invitation(tx, &renewed, secret).await?;
            Ok((renewed, AuditEvent::named("invitation.resend", "invitation", id)))
        })
        .await
    }

    /// Takes an invitation back. Doing so once more changes nothing.
    ///
    /// # Errors
    /// There is none, the role may not be given, or it was accepted.
    pub async fn withdraw_invitation(&self, actor: &Actor, id: InvitationId) -> Result<Invitation, Error> {
        require_in_agency(actor, Verb::Invite)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let event = AuditEvent::named("invitation.withdraw", "invitation", id);
            let known = invitations::lock(tx, actor.agency, id).await?;
            if let Some(known) = known.filter(|known| known.state == InvitationState::Withdrawn) {
                return Ok((known, event));
            }
            let (known, state) = self
                .own_invitation(tx, actor, id, InvitationEvent::Withdraw)
                .await?;
            invitations::end(tx, id, state, None, self.now()).await?;
            Ok((Invitation { state, ..known }, event))
        })
        .await
    }

    /// An invitation that the actor could have made, and its state after what is to happen to it.
    async fn own_invitation(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: InvitationId,
        event: InvitationEvent,
    ) -> Result<(Invitation, InvitationState), Error> {
        let known = invitations::lock(tx, actor.agency, id).await?;
        let known = known.ok_or_else(|| Error::not_found("invitation"))?;
        let mut checks = Checks::default();
        check_role(&mut checks, actor, known.role, known.client_organisation);
        checks.finish()?;
        let state = known.state.after(event)?;
        Ok((known, state))
    }

    /// What the link of an invitation leads to.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`].
    pub async fn read_invitation(&self, secret: &str) -> Result<InvitationView, Error> {
        let hash = hash_secret(secret);
        let hash = &hash;
        // The secret tells the agency.
        self.look_across(|tx: Tx| async move {
            let tx = &tx;
            let invitation = self.good_invitation(tx, hash).await?;
            let user = identity::find_user_by_email(tx, &invitation.email).await?;
            Ok(InvitationView {
                agency_name: agencies::load_name(tx, invitation.agency).await?,
                email: invitation.email,
                role: invitation.role,
                has_account: user.is_some_and(|user| user.email_verified_at.is_some()),
            })
        })
        .await
    }

    async fn good_invitation(&self, tx: &Tx, hash: &[u8]) -> Result<Invitation, Error> {
        let found = invitations::find_by_secret(tx, hash).await?;
        let found =
            found.filter(|found| found.state == InvitationState::Open && self.now() < found.expires_at);
        found.ok_or_else(|| Error::refused(Code::NoLongerGood))
    }

    /// Accepts an invitation: whoever has no account gets one, with a verified address. An account whose address
    /// nobody has shown to be theirs becomes theirs, with the name and the password that they choose. Signing in is a
    /// step of its own.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`], [`Code::InvalidCredentials`] for the password of an account that is there,
    /// [`Code::SignInLocked`], fields that are missing or not good enough, or the person is a member already.
    pub async fn accept_invitation(&self, input: &JoinInput, origin: &Origin) -> Result<(), Error> {
        let hash = hash_secret(&input.secret);
        let hash = &hash;
        // The secret tells the agency.
        let (invitation, account) = self
            .look_across(|tx: Tx| async move {
                let tx = &tx;
                let invitation = self.good_invitation(tx, hash).await?;
                let account = identity::find_user_by_email(tx, &invitation.email).await?;
                Ok((invitation, account))
            })
            .await?;
        let newcomer = match account.as_ref().filter(|known| known.email_verified_at.is_some()) {
            Some(known) => {
                self.require_account(known, &input.password, origin).await?;
                None
            }
            None => Some(self.newcomer(&invitation, input).await?),
        };
        let (newcomer, expected) = (&newcomer, account.as_ref());
        // An account that is handed over has sessions in all agencies that its person is of.
        self.inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                // Of two who accept at once, the second finds it accepted.
                let invitation = self.good_invitation(tx, hash).await?;
                let locked = invitations::lock(tx, invitation.agency, invitation.id).await?;
                let can_accept = |locked: Invitation| locked.state.after(InvitationEvent::Accept).is_ok();
                let is_open = locked.is_some_and(can_accept);
                let account = self.lock_account(tx, &invitation.email).await?;
                if !is_open || !is_same(account.as_ref(), expected) {
                    return Err(Error::refused(Code::NoLongerGood));
                }
                self.become_member(tx, &invitation, account, newcomer.as_ref())
                    .await
            })
            .await?;
        self.jobs_added();
        Ok(())
    }

    async fn newcomer(&self, invitation: &Invitation, input: &JoinInput) -> Result<identity::User, Error> {
        let mut checks = Checks::default();
        let given = input.display_name.as_deref().unwrap_or_default();
        let display_name = checks.text("display_name", given, 200);
        let personal = [invitation.email.as_str(), display_name.as_str()];
        passwords::check(&mut checks, "password", &input.password, &personal);
        checks.finish()?;
        Ok(identity::User {
            id: UserId::from_uuid(self.fresh_uuid()),
            email: invitation.email.clone(),
            display_name,
            password_hash: Some(self.hash_password(&input.password).await?),
            disabled_at: None,
            email_verified_at: Some(self.now()),
            language: Some(invitation.language),
        })
    }

    async fn become_member(
        &self,
        tx: &Tx,
        invitation: &Invitation,
        account: Option<identity::User>,
        newcomer: Option<&identity::User>,
    ) -> Result<(), Error> {
        let now = self.now();
        let user = match (account, newcomer) {
            (Some(account), None) => account.id,
            (Some(account), Some(_)) if account.disabled_at.is_some() => {
                return Err(Error::refused(Code::InvalidCredentials));
            }
            (Some(account), Some(newcomer)) => {
                // The link came by mail, so the address is theirs.
                let hash = newcomer.password_hash.as_deref().unwrap_or_default();
                let chosen = (newcomer.display_name.as_str(), hash);
                // An invitation for which nobody chose a language has that of the server.
                let is_chosen = account.language.is_none() || invitation.language != self.settings().language;
                let language = Some(invitation.language).filter(|_| is_chosen);
                self.hand_over(tx, invitation.agency, &account, chosen, language)
                    .await?;
                account.id
            }
            (None, Some(newcomer)) => {
                identity::insert_user(tx, newcomer, now).await?;
                newcomer.id
            }
            (None, None) => return Err(Error::refused(Code::NoLongerGood)),
        };
        let member = identity::Membership {
            agency: invitation.agency,
            user,
            role: invitation.role,
            client_organisation: invitation.client_organisation,
            disabled_at: None,
        };
        identity::insert_membership(tx, &member, now).await?;
        invitations::end(tx, invitation.id, InvitationState::Accepted, Some(user), now).await?;
        let event = AuditEvent::named("invitation.accept", "invitation", invitation.id);
        let id = AuditId::from_uuid(self.fresh_uuid());
        Ok(audit::insert(tx, id, invitation.agency, Some(&member.actor()), &event, now).await?)
    }
}
