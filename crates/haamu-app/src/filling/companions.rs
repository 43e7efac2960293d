//! Who comes along to visits: which records are of one person, and what rules see of them.

use std::collections::BTreeSet;

use haamu_domain::panel::is_same_name;
use haamu_domain::{
    Actor, AgencyId, AuditEvent, CompanionId, Role, Timestamp, UserId, Verb, VisitId, eligibility,
};
use haamu_store::Tx;
use haamu_store::repo::identity::{self, Membership};
use haamu_store::repo::panel::{self, Companion};
use haamu_store::repo::{calendar, imports};

use crate::context::require_in_agency;
use crate::error::{Checks, no_such};
use crate::{App, Error};

use super::facts::RoundFacts;
use super::panel::{own_or, require_shopper};

/// Nobody has more companions than this on the list.
const MAX_COMPANIONS: usize = 50;

/// A companion to be added.
#[derive(Clone, Debug)]
pub struct CompanionInput {
    /// Their name.
    pub name: String,
    /// Their own account, if they are a shopper of the agency themselves.
    pub user: Option<UserId>,
}

impl App {
    /// Adds somebody who comes along to visits. Whoever has the account, or else the name, of one whom the shopper has
    /// named before is that person.
    ///
    /// # Errors
    /// The name is missing, or the account is no shopper's of the agency.
    pub async fn create_companion(&self, actor: &Actor, input: &CompanionInput) -> Result<Companion, Error> {
        require_in_agency(actor, Verb::ManageOwnProfile)?;
        let mut checks = Checks::default();
        let name = &checks.text("name", &input.name, 200);
        if input.user == Some(actor.user) {
            checks.issue("user", "unknown_value", "nobody comes along with themselves");
        }
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            identity::lock_membership(tx, actor.agency, actor.user).await?;
            if let Some(user) = input.user {
                let member = identity::find_membership(tx, actor.agency, user).await?;
                if member.is_none_or(|member| !member.works_as(Role::Shopper)) {
                    return Err(no_such("user".to_owned(), "shopper of the agency"));
                }
            }
            let mut new = Companion {
                id: CompanionId::from_uuid(self.fresh_uuid()),
                shopper: actor.user,
                name: name.clone(),
                user: input.user,
            };
            let listed = panel::list_companions(tx, actor.agency, actor.user).await?;
            let known = imports::list_companions(tx, actor.agency, &[actor.user]).await?;
            // Whoever is named again has been where they were, also after they were taken off the list.
            let before = known.iter().filter(|one| is_same_person(one, &new));
            let before = before.max_by_key(|one| (one.user == new.user, listed.contains(one), one.id));
            let is_listed = before.is_some_and(|one| listed.contains(one));
            let mut checks = Checks::default();
            if !is_listed && listed.len() >= MAX_COMPANIONS {
                checks.issue("name", "too_many", format!("at most {MAX_COMPANIONS} companions"));
            }
            checks.finish()?;
            match before {
                Some(before) => {
                    new.id = before.id;
                    new.user = new.user.or(before.user);
                    panel::relist_companion(tx, actor.agency, &new).await?;
                }
                None => panel::insert_companion(tx, actor.agency, &new, self.now()).await?,
            }
            let event = AuditEvent::of(Verb::ManageOwnProfile, "companion", new.id);
            Ok((new, event))
        })
        .await
    }

    /// The companions of a shopper: one's own, or those of whom the agency says.
    ///
    /// # Errors
    /// There is no such shopper.
    pub async fn list_companions(&self, actor: &Actor, of: Option<UserId>) -> Result<Vec<Companion>, Error> {
        let user = own_or(actor, of)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            require_shopper(tx, actor, user).await?;
            Ok(panel::list_companions(tx, actor.agency, user).await?)
        })
        .await
    }

    /// Takes a companion off the list; visits that they came along to still count.
    ///
    /// # Errors
    /// There is no such companion of the shopper.
    pub async fn delete_companion(&self, actor: &Actor, id: CompanionId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ManageOwnProfile)?;
        self.act(actor, |tx: Tx| async move {
            let was_there = panel::remove_companion(&tx, actor.agency, actor.user, id, self.now()).await?;
            if !was_there {
                return Err(Error::not_found("companion"));
            }
            Ok(((), AuditEvent::of(Verb::ManageOwnProfile, "companion", id)))
        })
        .await
    }
}

impl RoundFacts {
    /// Whoever comes along with a shopper, as rules see them. What they do at `except` does not count: that is what
    /// is asked about.
    ///
    /// Records of the shopper that have the same name, or the same account, are of one person: whoever was taken off
    /// the list and put on it anew has been where they were.
    pub(crate) async fn companion(
        &self,
        tx: &Tx,
        agency: AgencyId,
        (shopper, id): (UserId, Option<CompanionId>),
        except: VisitId,
        now: Timestamp,
    ) -> Result<Option<eligibility::Companion>, Error> {
        let Some(id) = id else { return Ok(None) };
        let all = imports::list_companions(tx, agency, &[shopper]).await?;
        let named = all.iter().find(|one| one.id == id);
        let named = named.ok_or_else(|| no_such("companion".to_owned(), "companion of the shopper"))?;
        let same: Vec<_> = all.iter().filter(|one| is_same_person(one, named)).collect();
        let mut companion = eligibility::Companion::default();
        for record in &same {
            let entries = calendar::list_of_companion(tx, agency, record.id).await?;
            let others = entries.iter().filter(|entry| entry.visit != Some(except));
            companion
                .visits
                .extend(others.map(|entry| self.past(entry, true)));
        }
        if let Some(user) = same.iter().find_map(|record| record.user) {
            let mut accounts = self.candidates(tx, agency, &[user], Some(except), now).await?;
            companion.account = accounts.remove(&user);
            let visits = companion.account.iter().flat_map(|account| &account.visits);
            companion.visits.extend(visits);
        }
        Ok(Some(companion))
    }
}

/// Whether two records of a shopper are of one person, as far as anybody can tell.
fn is_same_person(one: &Companion, other: &Companion) -> bool {
    match (one.user, other.user) {
        _ if one.id == other.id => true,
        (Some(user), Some(also)) => user == also,
        _ => is_same_name(&one.name, &other.name),
    }
}

/// Locks the membership of a shopper, and those of all shoppers whom they have named as companions, in the order of
/// their ids: who comes along is judged as whoever goes, and nobody gets two visits at a time. Says what the shopper
/// is in the agency.
pub(super) async fn lock_people(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
) -> Result<Option<Membership>, Error> {
    let along = imports::list_companions(tx, agency, &[shopper]).await?;
    let accounts = along.iter().filter_map(|companion| companion.user);
    let users: BTreeSet<_> = accounts.chain([shopper]).collect();
    let mut own = None;
    for user in users {
        let member = identity::lock_membership(tx, agency, user).await?;
        if user == shopper {
            own = member;
        }
    }
    Ok(own)
}

/// Refuses terms that newly name a companion whom the shopper does not have, or has taken off the list.
pub(crate) async fn require_companion(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    id: Option<CompanionId>,
) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    if panel::has_companion(tx, agency, shopper, id).await? {
        return Ok(());
    }
    Err(no_such("companion".to_owned(), "companion of the shopper"))
}
