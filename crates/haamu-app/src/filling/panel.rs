//! The shopper panel: profiles, and the agreement.

use haamu_domain::panel::{OwnPlace, Profile};
use haamu_domain::{Actor, AgreementId, AuditEvent, Code, LocalDate, Role, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::agreements::{self, Agreement};
use haamu_store::repo::panel::{self, ProfileRecord};
use haamu_store::repo::{agencies, identity};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

/// What a shopper may change of their own profile.
#[derive(Clone, Debug, Default)]
pub struct OwnProfilePatch {
    /// Whether they take visits at present.
    pub is_active: Option<bool>,
    /// Their date of birth. Once it is there, only the agency changes it.
    pub born_on: Option<LocalDate>,
    /// Languages that they speak.
    pub languages: Option<BTreeSet<String>>,
    /// Places that they start from.
    pub places: Option<Vec<OwnPlace>>,
}

/// What the agency may change of a shopper's profile.
#[derive(Clone, Debug, Default)]
pub struct ProfilePatch {
    /// What shoppers may change as well.
    pub own: OwnProfilePatch,
    /// Whether the agency gives them no visits, whatever they say themselves.
    pub is_suspended: Option<bool>,
    /// Qualifications that the agency has checked.
    pub qualifications: Option<BTreeSet<String>>,
    /// The last day of each qualification that ends.
    pub qualification_ends: Option<BTreeMap<String, LocalDate>>,
    /// The mean grade of their reports, in tenths; an inner none takes it away.
    pub rating_tenths: Option<Option<u16>>,
}

/// The agreement as a shopper sees it.
#[derive(Clone, Debug)]
pub struct AgreementView {
    /// The words in force, in each language.
    pub agreements: Vec<Agreement>,
    /// Whether whoever asks has accepted them.
    pub is_accepted: bool,
}

impl App {
    /// The profile of a shopper: the shopper's own, or anybody's for the agency.
    ///
    /// # Errors
    /// There is no such shopper within reach.
    pub async fn read_profile(&self, actor: &Actor, user: Option<UserId>) -> Result<ProfileRecord, Error> {
        let user = own_or(actor, user)?;
        self.look(actor.agency, |tx: Tx| async move {
            load_profile(&tx, actor, user).await
        })
        .await
    }

    /// Changes a shopper's own profile.
    ///
    /// # Errors
    /// Fields are out of range, or the date of birth is there already.
    pub async fn update_own_profile(
        &self,
        actor: &Actor,
        patch: &OwnProfilePatch,
    ) -> Result<ProfileRecord, Error> {
        require_in_agency(actor, Verb::ManageOwnProfile)?;
        let patch = ProfilePatch {
            own: patch.clone(),
            ..ProfilePatch::default()
        };
        self.change_profile(actor, actor.user, &patch, Verb::ManageOwnProfile)
            .await
    }

    /// Changes the profile of a shopper of the panel. Of a suspended one nothing is taken; coordinators are told what
    /// they have.
    ///
    /// # Errors
    /// There is no such shopper, or fields are out of range.
    pub async fn update_profile(
        &self,
        actor: &Actor,
        user: UserId,
        patch: &ProfilePatch,
    ) -> Result<ProfileRecord, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        self.change_profile(actor, user, patch, Verb::ManagePanel).await
    }

    async fn change_profile(
        &self,
        actor: &Actor,
        user: UserId,
        patch: &ProfilePatch,
        verb: Verb,
    ) -> Result<ProfileRecord, Error> {
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            identity::lock_membership(tx, actor.agency, user).await?;
            let mut record = load_profile(tx, actor, user).await?;
            let is_second_birth = patch.own.born_on.is_some()
                && record.profile.born_on.is_some()
                && patch.own.born_on != record.profile.born_on;
            if verb == Verb::ManageOwnProfile && is_second_birth {
                let detail = "The agency has your date of birth; ask the coordinator to correct it.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let was_suspended = record.profile.is_suspended;
            apply(&mut record.profile, patch);
            if let Some((path, code, message)) = record.profile.problem(self.today()) {
                let mut checks = Checks::default();
                checks.issue(path, code, message);
                checks.finish()?;
            }
            panel::put_profile(tx, actor.agency, &record, self.now()).await?;
            record.row_version += 1;
            if record.profile.is_suspended && !was_suspended {
                self.tell_of_suspension(tx, actor.agency, user).await?;
            }
            let detail = match patch.is_suspended {
                Some(is_suspended) => json!({"profile": true, "suspended": is_suspended}),
                None => json!({"profile": true}),
            };
            Ok((record, AuditEvent::of(verb, "user", user).with(detail)))
        })
        .await
    }

    /// Writes a new version of the shopper agreement: its words in each language. Everybody accepts it anew.
    ///
    /// # Errors
    /// There are no words, or a language is not known.
    pub async fn create_agreement(
        &self,
        actor: &Actor,
        words: &[(String, String)],
    ) -> Result<Vec<Agreement>, Error> {
        require_in_agency(actor, Verb::ManagePanel)?;
        let mut checks = Checks::default();
        if words.is_empty() {
            checks.issue(
                "texts",
                "required",
                "an agreement has words in a language at least",
            );
        }
        for (language, body) in words {
            if !matches!(language.as_str(), "fi" | "sv" | "en") {
                checks.issue(format!("texts.{language}"), "unknown_value", "fi, sv or en");
            }
            checks.text(&format!("texts.{language}"), body, 100_000);
        }
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Of two who write at once, the second numbers after the first.
            agencies::lock(tx, actor.agency).await?;
            let newest = agreements::list(tx, actor.agency)
                .await?
                .first()
                .map(|it| it.version);
            let version = newest.unwrap_or(0) + 1;
            let mut written = Vec::new();
            for (language, body) in words {
                let body = body.trim();
                let new = Agreement {
                    id: AgreementId::from_uuid(self.fresh_uuid()),
                    version,
                    language: language.clone(),
                    body: body.to_owned(),
                    body_hash: Sha256::digest(body).to_vec(),
                };
                agreements::insert(tx, actor.agency, &new, actor.user, self.now()).await?;
                written.push(new);
            }
            let event = AuditEvent::of(Verb::ManagePanel, "agency", actor.agency);
            Ok((written, event.with(json!({"agreement": version}))))
        })
        .await
    }

    /// The agreement in force; empty where the agency has none.
    ///
    /// # Errors
    /// The role may not do this.
    pub async fn read_agreement(&self, actor: &Actor) -> Result<AgreementView, Error> {
        require_in_agency(actor, Verb::ReadAgreement)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let mut all = agreements::list(tx, actor.agency).await?;
            let newest = all.first().map(|it| it.version);
            all.retain(|it| Some(it.version) == newest);
            let accepted = agreements::list_accepted(tx, actor.agency, &[actor.user]).await?;
            Ok(AgreementView {
                agreements: all,
                is_accepted: accepted.is_none_or(|accepted| accepted.contains(&actor.user)),
            })
        })
        .await
    }

    /// The shopper accepts the agreement in force.
    ///
    /// # Errors
    /// There is no such agreement in force.
    pub async fn accept_agreement(&self, actor: &Actor, id: AgreementId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ManageOwnProfile)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let all = agreements::list(tx, actor.agency).await?;
            let newest = all.first().map(|it| it.version);
            let found = all
                .into_iter()
                .find(|it| it.id == id && Some(it.version) == newest);
            let found = found.ok_or_else(|| Error::not_found("agreement"))?;
            agreements::insert_acceptance(tx, actor.agency, &found, actor.user, self.now()).await?;
            let event = AuditEvent::of(Verb::ManageOwnProfile, "agreement", id);
            Ok(((), event))
        })
        .await
    }
}

/// Shoppers mean themselves; the agency says whom.
pub(super) fn own_or(actor: &Actor, user: Option<UserId>) -> Result<UserId, Error> {
    match user {
        None => {
            require_in_agency(actor, Verb::ManageOwnProfile)?;
            Ok(actor.user)
        }
        Some(user) => {
            require_in_agency(actor, Verb::ManagePanel)?;
            Ok(user)
        }
    }
}

/// Refuses whoever is no shopper of the agency.
pub(super) async fn require_shopper(tx: &Tx, actor: &Actor, user: UserId) -> Result<(), Error> {
    let member = identity::find_membership(tx, actor.agency, user).await?;
    if member.is_none_or(|member| member.role != Role::Shopper) {
        return Err(Error::not_found("shopper"));
    }
    Ok(())
}

async fn load_profile(tx: &Tx, actor: &Actor, user: UserId) -> Result<ProfileRecord, Error> {
    require_shopper(tx, actor, user).await?;
    let found = panel::find_profile(tx, actor.agency, user).await?;
    Ok(found.unwrap_or_else(|| ProfileRecord {
        user,
        external_id: None,
        profile: Profile::unknown(),
        row_version: 0,
    }))
}

fn apply(profile: &mut Profile, patch: &ProfilePatch) {
    let ProfilePatch {
        own,
        is_suspended,
        qualifications,
        qualification_ends,
        rating_tenths,
    } = patch;
    profile.is_active = own.is_active.unwrap_or(profile.is_active);
    profile.is_suspended = is_suspended.unwrap_or(profile.is_suspended);
    profile.born_on = own.born_on.or(profile.born_on);
    if let Some(languages) = &own.languages {
        profile.languages.clone_from(languages);
    }
    if let Some(places) = &own.places {
        profile.places.clone_from(places);
    }
    if let Some(qualifications) = qualifications {
        profile.qualifications.clone_from(qualifications);
        // What somebody does not have any more does not end either.
        profile
            .qualification_ends
            .retain(|name, _| qualifications.contains(name));
    }
    if let Some(ends) = qualification_ends {
        profile.qualification_ends.clone_from(ends);
    }
    profile.rating_tenths = rating_tenths.unwrap_or(profile.rating_tenths);
}
