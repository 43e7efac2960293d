//! Agencies of an installation, which its operator adds. Each has its first administrator by an invitation, as anybody
//! else becomes a member of it.

use haamu_domain::{
    AgencyId, AuditEvent, Code, InvitationEvent, InvitationId, InvitationState, Role, UserId,
};
use haamu_form::Language;
use haamu_store::Tx;
use haamu_store::repo::agencies::{self, AgencyRecord};
use haamu_store::repo::invitations::{self, Invitation};
use haamu_store::repo::{identity, members};
use serde_json::json;
use uuid::Uuid;

use crate::error::Checks;
use crate::{App, Error};

use super::tokens::fresh_secret;

/// The account that stands for whoever runs the server, where something was not done by a member. Nobody can sign in
/// to it. Its id is the same in every installation.
const OPERATOR: UserId = UserId::from_uuid(Uuid::from_u128(0x5b0c_9d1e_71f4_4a66_9c43_0d2c_f0a8_3e17));

/// An agency to be added.
#[derive(Clone, Debug)]
pub struct AgencyInput {
    /// Its name.
    pub name: String,
    /// The e-mail address of its first administrator.
    pub email: String,
    /// The language of the invitation, and of later mails to the administrator.
    pub language: Option<Language>,
}

/// An agency of the installation.
#[derive(Clone, Debug)]
pub struct AgencyView {
    /// The agency.
    pub agency: AgencyRecord,
    /// How many administrators are let in.
    pub administrators: u64,
}

impl App {
    /// Adds an agency, and invites its first administrator by mail.
    ///
    /// # Errors
    /// Fields are missing or out of range, or [`Code::NotPossibleInState`]: the installation has no agency yet, and the
    /// first one is made with the set-up code.
    pub async fn add_agency(&self, input: &AgencyInput) -> Result<Invitation, Error> {
        let mut checks = Checks::default();
        let name = &checks.text("name", &input.name, 200);
        let email = &checks.email("email", &input.email);
        checks.finish()?;
        let agency = AgencyId::from_uuid(self.fresh_uuid());
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            if !agencies::is_set_up(tx).await? {
                let detail = "The installation has no agency yet: make the first one with the set-up code.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            agencies::insert(tx, agency, name, self.now()).await?;
            let made = self.invite_first(tx, agency, email, input.language).await?;
            self.plan_purge(tx, agency).await?;
            let event = AuditEvent::named("agency.add", "agency", agency);
            let detail = json!({"invitation": made.id.to_string()});
            Ok((made, event.with(detail)))
        })
        .await
    }

    /// Invites somebody to run an agency that nobody runs: its first administrator has not come, or its last one is
    /// gone. An invitation of theirs that is open is taken back, and its link with it.
    ///
    /// # Errors
    /// There is no such agency, the address is none or a member's, or [`Code::NotPossibleInState`]: the agency has an
    /// administrator, who invites others.
    pub async fn invite_administrator(
        &self,
        agency: AgencyId,
        email: &str,
        language: Option<Language>,
    ) -> Result<Invitation, Error> {
        let mut checks = Checks::default();
        let email = &checks.email("email", email);
        checks.finish()?;
        self.act_alone(agency, |tx: Tx| async move {
            let tx = &tx;
            agencies::find(tx, agency)
                .await?
                .ok_or_else(|| Error::not_found("agency"))?;
            agencies::lock(tx, agency).await?;
            if members::count_administrators(tx, agency).await? > 0 {
                let detail = "The agency has an administrator, who invites others.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            if let Some(user) = identity::find_user_by_email(tx, email).await?
                && identity::find_membership(tx, agency, user.id).await?.is_some()
            {
                return Err(Error::because(Code::AlreadyExists, "This address is a member's."));
            }
            let made = self.invite_first(tx, agency, email, language).await?;
            let event = AuditEvent::named("agency.invite_administrator", "invitation", made.id);
            Ok((made, event))
        })
        .await
    }

    /// All agencies of the installation, by id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_agencies(&self) -> Result<Vec<AgencyView>, Error> {
        self.look_across(|tx: Tx| async move {
            let tx = &tx;
            let mut views = Vec::new();
            for agency in agencies::list_records(tx).await? {
                views.push(AgencyView {
                    administrators: members::count_administrators(tx, agency.id).await?,
                    agency,
                });
            }
            Ok(views)
        })
        .await
    }

    async fn invite_first(
        &self,
        tx: &Tx,
        agency: AgencyId,
        email: &str,
        language: Option<Language>,
    ) -> Result<Invitation, Error> {
        let now = self.now();
        if identity::find_user(tx, OPERATOR).await?.is_none() {
            identity::insert_service(tx, OPERATOR, "Operator of the server", now).await?;
        }
        if let Some(open) = invitations::lock_open(tx, agency, email).await? {
            // It may be for something less than this.
            let state = open.state.after(InvitationEvent::Withdraw)?;
            invitations::end(tx, open.id, state, None, now).await?;
        }
        let invitation = Invitation {
            id: InvitationId::from_uuid(self.fresh_uuid()),
            agency,
            email: email.to_owned(),
            role: Role::Administrator,
            client_organisation: None,
            language: language.unwrap_or(self.settings().language),
            state: InvitationState::Open,
            created_by: OPERATOR,
            created_at: now,
            sent_at: now,
            expires_at: now.plus_seconds(self.invitation_seconds()),
        };
        let (secret, hash) = fresh_secret();
        invitations::insert(tx, &invitation, &hash).await?;
        self.post_invitation(tx, &invitation, secret).await?;
        Ok(invitation)
    }
}
