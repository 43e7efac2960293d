//! What administrators and coordinators do about a member: end sessions, keep out, change the role, see devices.

use haamu_domain::{Actor, AuditEvent, ClientOrganisationId, Code, Role, UserId, Verb};
use haamu_report::Letter;
use haamu_store::Tx;
use haamu_store::repo::devices::{self, Device};
use haamu_store::repo::identity::{self, Membership};
use haamu_store::repo::sessions::{self, Session};
use haamu_store::repo::{agencies, factors, hierarchies, members, passkeys, pending};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::jobs::Job;
use crate::{App, Error};

use super::users::{MemberView, add_keys, check_role, is_staff, require_client, view};

impl App {
    /// The sessions of a member, the latest first.
    ///
    /// # Errors
    /// There is no such member.
    pub async fn list_sessions_of(&self, actor: &Actor, user: UserId) -> Result<Vec<Session>, Error> {
        require_in_agency(actor, Verb::EndSessions)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            member(tx, actor, user).await?;
            self.live_sessions(tx, actor, user).await
        })
        .await
    }

    /// Ends all sessions that a member has in the agency.
    ///
    /// # Errors
    /// There is no such member.
    pub async fn end_sessions_of(&self, actor: &Actor, user: UserId) -> Result<(), Error> {
        require_in_agency(actor, Verb::EndSessions)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            member(tx, actor, user).await?;
            let ended = self.end_all(tx, actor, user, "ended by an administrator").await?;
            let detail = serde_json::json!({"sessions": ended});
            let event = AuditEvent::of(Verb::EndSessions, "user", user).with(detail);
            Ok(((), event))
        })
        .await
    }

    /// Has what somebody had as a shopper taken care of, who is none any more. A job does it: visits are locked before
    /// people, and this has locked the person.
    async fn take_over_from(&self, tx: &Tx, actor: &Actor, before: &Membership) -> Result<(), Error> {
        if !before.works_as(Role::Shopper) {
            return Ok(());
        }
        let job = Job::TakeOver { shopper: before.user };
        self.enqueue(tx, actor.agency, &job, self.now()).await
    }

    async fn end_all(&self, tx: &Tx, actor: &Actor, user: UserId, why: &str) -> Result<u64, Error> {
        let agency = Some(actor.agency);
        pending::delete_challenges(tx, agency, user).await?;
        Ok(sessions::end_of_user(tx, agency, user, None, self.now(), why).await?)
    }

    /// Keeps a member out, or lets them in again. Who is kept out has no session; their devices stay enrolled, so
    /// that what is on them can be deposited. Visits that a shopper has not begun are theirs no longer. Doing so once
    /// more changes nothing.
    ///
    /// # Errors
    /// There is no such member, it is oneself, or [`Code::LastAdministrator`].
    pub async fn set_user_disabled(
        &self,
        actor: &Actor,
        user: UserId,
        is_disabled: bool,
    ) -> Result<MemberView, Error> {
        require_in_agency(actor, Verb::DisableUser)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            agencies::lock(tx, actor.agency).await?;
            let known = member(tx, actor, user).await?;
            let action = if is_disabled {
                "user.disable"
            } else {
                "user.enable"
            };
            let event = AuditEvent::named(action, "user", user);
            let disabled_at = match (is_disabled, known.disabled_at) {
                (true, None) => {
                    not_oneself(actor, user)?;
                    Some(self.now())
                }
                (_, before) => before.filter(|_| is_disabled),
            };
            members::set_disabled(tx, actor.agency, user, disabled_at).await?;
            if is_disabled && known.disabled_at.is_none() {
                require_an_administrator(tx, actor).await?;
                self.end_all(tx, actor, user, "disabled").await?;
                self.take_over_from(tx, actor, &known).await?;
            }
            let account = identity::load_user(tx, user).await?;
            let changed = Membership { disabled_at, ..known };
            Ok((with_key(tx, actor, (account, changed)).await?, event))
        })
        .await
    }

    /// Makes a member something else. Their sessions end, so that none goes on as what they were, and so does what they
    /// had to do as a shopper and have not begun.
    ///
    /// # Errors
    /// There is no such member, it is oneself, the client organisation does not go with the role,
    /// [`Code::LastAdministrator`], or somebody is to work for the agency who has not shown the address to be theirs.
    pub async fn change_role(
        &self,
        actor: &Actor,
        user: UserId,
        role: Role,
        client: Option<ClientOrganisationId>,
    ) -> Result<MemberView, Error> {
        require_in_agency(actor, Verb::ChangeRole)?;
        let mut checks = Checks::default();
        check_role(&mut checks, actor, role, client);
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            agencies::lock(tx, actor.agency).await?;
            let known = member(tx, actor, user).await?;
            require_client(tx, actor, Verb::ChangeRole, client).await?;
            let detail = serde_json::json!({"from": known.role.as_str(), "to": role.as_str()});
            let event = AuditEvent::of(Verb::ChangeRole, "user", user).with(detail);
            let account = identity::load_user(tx, user).await?;
            if known.role == role && known.client_organisation == client {
                return Ok((with_key(tx, actor, (account, known)).await?, event));
            }
            not_oneself(actor, user)?;
            require_proven(role, &account)?;
            members::set_role(tx, actor.agency, user, role, client).await?;
            if known.client_organisation != client {
                // Units are those of a client organisation; with another one, or none, they mean nothing.
                hierarchies::set_member_units(tx, actor.agency, user, &[]).await?;
            }
            require_an_administrator(tx, actor).await?;
            self.end_all(tx, actor, user, "role changed").await?;
            self.take_over_from(tx, actor, &known).await?;
            let changed = Membership {
                role,
                client_organisation: client,
                ..known
            };
            Ok((with_key(tx, actor, (account, changed)).await?, event))
        })
        .await
    }

    /// Takes all second factors from a member who has lost them, ends their sessions, and tells them.
    ///
    /// # Errors
    /// There is no such member, it is oneself, or they belong to another agency as well, whose people must not be
    /// weakened by this one's.
    pub async fn reset_factors(&self, actor: &Actor, user: UserId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ResetSecondFactors)?;
        // Whether the person belongs to other agencies is asked of those.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            member(tx, actor, user).await?;
            not_oneself(actor, user)?;
            let all = identity::list_memberships(tx, user).await?;
            if all.iter().any(|other| other.agency != actor.agency) {
                let detail = "The person belongs to another agency as well.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let account = identity::lock_user(tx, user).await?;
            factors::delete_totp(tx, user).await?;
            factors::delete_recovery_codes(tx, user).await?;
            passkeys::delete_all(tx, user).await?;
            self.end_all(tx, actor, user, "second factors removed").await?;
            self.notify(tx, actor.agency, &account, &Letter::SecondFactorsRemoved)
                .await?;
            Ok(((), AuditEvent::of(Verb::ResetSecondFactors, "user", user)))
        })
        .await
    }

    /// The devices of a member, the newest last.
    ///
    /// # Errors
    /// There is no such member.
    pub async fn list_devices_of(&self, actor: &Actor, user: UserId) -> Result<Vec<Device>, Error> {
        require_in_agency(actor, Verb::ListDevices)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            member(tx, actor, user).await?;
            let found = devices::list(tx, actor.agency, user).await?;
            // The log that the server writes itself is no device of anybody's.
            Ok(found
                .into_iter()
                .filter(|device| !device.public_key.is_empty())
                .collect())
        })
        .await
    }
}

/// A member, with the agency's own key of a shopper.
async fn with_key(tx: &Tx, actor: &Actor, of: (identity::User, Membership)) -> Result<MemberView, Error> {
    let mut found = [view(of)];
    add_keys(tx, actor, &mut found).await?;
    let [found] = found;
    Ok(found)
}

async fn member(tx: &Tx, actor: &Actor, user: UserId) -> Result<Membership, Error> {
    let found = identity::find_membership(tx, actor.agency, user).await?;
    found.ok_or_else(|| Error::not_found("person"))
}

/// Nobody shuts themselves out by mistake.
fn not_oneself(actor: &Actor, user: UserId) -> Result<(), Error> {
    if actor.user == user {
        let detail = "Somebody else has to do this to you.";
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok(())
}

/// Whoever made an account that nobody has proven may still be able to sign in to it, and must not come to review by
/// way of it.
fn require_proven(role: Role, account: &identity::User) -> Result<(), Error> {
    if is_staff(role) && account.email_verified_at.is_none() {
        let detail = "The person has not shown yet that the e-mail address is theirs.";
        return Err(Error::because(Code::NotPossibleInState, detail));
    }
    Ok(())
}

/// Refuses a change that leaves the agency without an administrator. The agency's row is locked.
async fn require_an_administrator(tx: &Tx, actor: &Actor) -> Result<(), Error> {
    if members::count_administrators(tx, actor.agency).await? == 0 {
        return Err(Error::refused(Code::LastAdministrator));
    }
    Ok(())
}
