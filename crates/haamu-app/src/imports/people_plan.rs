//! What an import of people comes to.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::panel::Profile;
use haamu_domain::{AgencyId, Role, Timestamp, UserId};
use haamu_form::Language;
use haamu_store::Tx;
use haamu_store::repo::identity::{Membership, User};
use haamu_store::repo::panel::ProfileRecord;
use haamu_store::repo::{imports, invitations, panel};

use crate::{App, Error};

use super::people::PersonRow;
use super::{ImportReport, Numbered, RowError};

/// What is to be written, and what cannot be.
#[derive(Debug, Default)]
pub(super) struct Plan {
    users: Vec<User>,
    profiles: Vec<ProfileRecord>,
    changed_users: Vec<User>,
    changed_profiles: Vec<ProfileRecord>,
    /// Addresses of people of other agencies, who are asked whether they want to join.
    pub(super) invited: Vec<Stranger>,
    pub(super) report: ImportReport,
    pub(super) errors: Vec<RowError>,
}

/// Somebody of other agencies who is asked.
#[derive(Debug)]
pub(super) struct Stranger {
    pub(super) email: String,
    /// The language of the mail.
    pub(super) language: Option<Language>,
}

impl Stranger {
    fn of(row: &PersonRow) -> Self {
        Self {
            email: row.email.clone(),
            language: row.language,
        }
    }
}

/// Whom the rows may mean.
struct Known {
    by_key: BTreeMap<String, UserId>,
    by_email: BTreeMap<String, UserId>,
    users: BTreeMap<UserId, User>,
    /// What they are in the agency; whoever is missing is of other agencies only, or of none.
    roles: BTreeMap<UserId, Role>,
    profiles: BTreeMap<UserId, ProfileRecord>,
    /// Addresses that have an invitation of the agency.
    invited: BTreeSet<String>,
}

/// What stands against a row: the column, a code, and why.
type Against = (&'static str, &'static str, &'static str);

impl Known {
    async fn load(tx: &Tx, agency: AgencyId, rows: &[Numbered<PersonRow>]) -> Result<Self, Error> {
        let keys: Vec<_> = rows.iter().map(|row| row.row.external_id.as_str()).collect();
        let emails: Vec<_> = rows.iter().map(|row| row.row.email.as_str()).collect();
        let keyed = imports::list_profiles_by_external_id(tx, agency, &keys).await?;
        let addressed = imports::list_users_by_email(tx, &emails).await?;
        let by_key: BTreeMap<_, _> = keyed
            .iter()
            .filter_map(|record| Some((record.external_id.clone()?, record.user)))
            .collect();
        let by_email = addressed
            .iter()
            .map(|user| (user.email.clone(), user.id))
            .collect();
        let others: Vec<_> = by_key.values().copied().collect();
        let mut users: BTreeMap<_, _> = addressed.into_iter().map(|user| (user.id, user)).collect();
        users.extend(
            imports::list_users(tx, &others)
                .await?
                .into_iter()
                .map(|user| (user.id, user)),
        );
        let ids: Vec<_> = users.keys().copied().collect();
        let members = imports::list_members(tx, agency, &ids).await?;
        let profiles = panel::list_profiles(tx, agency, &ids).await?;
        let invited = invitations::list_open(tx, agency, &emails).await?;
        Ok(Self {
            invited,
            by_key,
            by_email,
            users,
            roles: members
                .into_iter()
                .map(|member| (member.user, member.role))
                .collect(),
            profiles: profiles.into_iter().map(|record| (record.user, record)).collect(),
        })
    }

    /// Whether the row has an address that its shopper, who signs in, has changed since: only they change it.
    fn has_own_address(&self, row: &PersonRow) -> bool {
        let user = self.by_key.get(&row.external_id);
        let is_theirs = user
            .and_then(|user| self.users.get(user))
            .is_some_and(User::is_claimed);
        let taken = self.by_email.get(&row.email);
        is_theirs && taken.is_none_or(|user| !self.roles.contains_key(user))
    }

    /// Whom a row means.
    fn find(&self, row: &PersonRow) -> Result<Whom, Against> {
        let by_key = self.by_key.get(&row.external_id).copied();
        let addressed = self.by_email.get(&row.email).copied();
        // Whether somebody of other agencies has the address is nobody's business here: it looks free.
        let by_email = addressed.filter(|user| self.roles.contains_key(user));
        let address = match addressed {
            Some(_) if by_email.is_none() => Address::OfStranger,
            _ => Address::Free,
        };
        let found = match (by_key, by_email) {
            (Some(user), Some(other)) if user != other => {
                return Err(("email", "already_exists", "this address is another person's"));
            }
            (Some(user), _) | (None, Some(user)) => user,
            (None, None) => return Ok(Whom::New(address)),
        };
        match self.roles.get(&found) {
            None => Err(("email", "already_exists", "this address is another person's")),
            Some(Role::Shopper) => {
                let key = self
                    .profiles
                    .get(&found)
                    .and_then(|record| record.external_id.as_ref());
                if key.is_some_and(|key| *key != row.external_id) {
                    let why = "the shopper with this address has another external_id";
                    return Err(("external_id", "other_key", why));
                }
                Ok(Whom::Shopper(found, address))
            }
            Some(_) => Err((
                "email",
                "not_a_shopper",
                "this is somebody of the agency or of a client",
            )),
        }
    }
}

/// Whom a row means, and whether the address of the row can be theirs.
enum Whom {
    New(Address),
    Shopper(UserId, Address),
}

/// Whose the address of a row is, as far as other agencies go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Address {
    /// Nobody's, or of whom the row means.
    Free,
    /// Somebody of other agencies has it. They join when they accept an invitation.
    OfStranger,
}

impl Plan {
    pub(super) async fn make(
        app: &App,
        tx: &Tx,
        agency: AgencyId,
        rows: &[Numbered<PersonRow>],
    ) -> Result<Self, Error> {
        let known = Known::load(tx, agency, rows).await?;
        let mut plan = Self::default();
        let mut addresses = BTreeSet::new();
        for Numbered { number, row } in rows {
            let found = match known.find(row) {
                _ if !addresses.insert(&row.email) => {
                    Err(("email", "repeated", "this address stands in a row before"))
                }
                found => found,
            };
            match found {
                Err((column, code, why)) => plan.errors.push(RowError::new(*number, column, code, why)),
                Ok(Whom::Shopper(..)) if known.has_own_address(row) => {
                    let why = "whoever signs in has another address, which only they change; the row is left";
                    plan.report
                        .left
                        .push(RowError::new(*number, "email", "own_address", why));
                    plan.report.unchanged += 1;
                }
                Ok(Whom::New(Address::Free)) => plan.create(UserId::from_uuid(app.fresh_uuid()), row),
                Ok(Whom::New(Address::OfStranger)) => plan.invite(&known, row),
                Ok(Whom::Shopper(user, address)) => plan.change(&known, user, address, row),
            }
        }
        Ok(plan)
    }

    fn create(&mut self, id: UserId, row: &PersonRow) {
        self.users.push(User {
            id,
            email: row.email.clone(),
            display_name: row.name.clone(),
            password_hash: None,
            email_verified_at: None,
            language: row.language,
            disabled_at: None,
        });
        self.profiles.push(ProfileRecord {
            user: id,
            external_id: Some(row.external_id.clone()),
            profile: row.profile(&Profile::unknown()),
            row_version: 0,
        });
        self.report.created += 1;
    }

    /// Of the row nothing is kept: whoever accepts is found by their address the next time.
    fn invite(&mut self, known: &Known, row: &PersonRow) {
        if known.invited.contains(&row.email) {
            self.report.unchanged += 1;
        } else {
            self.invited.push(Stranger::of(row));
            self.report.created += 1;
        }
    }

    fn change(&mut self, known: &Known, id: UserId, address: Address, row: &PersonRow) {
        let before = known.profiles.get(&id);
        let unknown = Profile::unknown();
        let after = ProfileRecord {
            user: id,
            external_id: Some(row.external_id.clone()),
            profile: row.profile(before.map_or(&unknown, |record| &record.profile)),
            row_version: before.map_or(0, |record| record.row_version),
        };
        let has_new_profile = before != Some(&after);
        if has_new_profile {
            self.changed_profiles.push(after);
        }
        // Whoever has a password goes by the name that they signed up with, in all their agencies.
        let account = known.users.get(&id).filter(|user| !user.is_claimed());
        let language = |user: &User| row.language.or(user.language);
        let account = account.filter(|user| {
            user.email != row.email || user.display_name != row.name || user.language != language(user)
        });
        if account.is_some() && address == Address::OfStranger {
            // The account stays as it is; whether the address is another name for the same person, they will tell.
            if !known.invited.contains(&row.email) {
                self.invited.push(Stranger::of(row));
            }
        } else if let Some(user) = account {
            self.changed_users.push(User {
                email: row.email.clone(),
                display_name: row.name.clone(),
                language: language(user),
                ..user.clone()
            });
        }
        if has_new_profile || account.is_some() {
            self.report.updated += 1;
        } else {
            self.report.unchanged += 1;
        }
    }

    /// Writes all of it.
    pub(super) async fn write(&self, tx: &Tx, agency: AgencyId, now: Timestamp) -> Result<(), Error> {
        let members: Vec<_> = self
            .users
            .iter()
            .map(|user| Membership {
                agency,
                user: user.id,
                role: Role::Shopper,
                client_organisation: None,
                disabled_at: None,
            })
            .collect();
        imports::insert_users(tx, &self.users, now).await?;
        imports::insert_members(tx, &members, now).await?;
        imports::insert_profiles(tx, agency, &self.profiles, now).await?;
        for user in &self.changed_users {
            imports::update_unclaimed(tx, user).await?;
        }
        for record in &self.changed_profiles {
            panel::put_profile(tx, agency, record, now).await?;
        }
        Ok(())
    }
}
