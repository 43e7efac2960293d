//! Passkeys: making them, and signing in with them, as a second factor or instead of a password.

use haamu_domain::{AuditEvent, AuditId, Code, PasskeyId, PendingId, SignInMethod, UserId, Verb};
use haamu_store::repo::identity::Membership;
use haamu_store::repo::passkeys::{self, Ceremony, PasskeyRecord};
use haamu_store::repo::{audit, factors, identity};
use haamu_store::{Reach, Tx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};
use webauthn_rs::WebauthnBuilder;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
};

use crate::context::require_in_agency;
use crate::error::Checks;
use crate::{App, Error};

use super::attempts::Origin;
use super::sessions::Issued;
use super::tokens::{Bearer, fresh_secret, hash_secret};

pub(crate) use webauthn_rs::Webauthn;

/// How long a ceremony can be completed, in seconds.
const CEREMONY_SECONDS: i64 = 5 * 60;
/// More passkeys than this are of no use to anybody.
const MAX_PASSKEYS: usize = 20;

/// A ceremony that an authenticator is to complete.
#[derive(Clone)]
pub struct CeremonyView {
    /// Names the ceremony; good for a few minutes.
    pub ceremony: String,
    /// How long it is good, in seconds.
    pub expires_in: u64,
    /// The options for `navigator.credentials`, as WebAuthn has them.
    pub options: Value,
}

impl std::fmt::Debug for CeremonyView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CeremonyView").finish_non_exhaustive()
    }
}

/// A passkey as it is kept.
#[derive(Deserialize, Serialize)]
struct StoredPasskey {
    passkey: Passkey,
    /// How often it had signed when it was used last; 0 where the authenticator does not count.
    counter: u32,
}

/// The rules of passkeys at the server's address; none where it has no name.
pub(crate) fn webauthn(public_url: &str) -> Option<Webauthn> {
    let url = Url::parse(public_url).ok()?;
    let Some(Host::Domain(name)) = url.host() else {
        return None;
    };
    let builder = WebauthnBuilder::new(name, &url).ok()?;
    builder.rp_name("Haamu").build().ok()
}

fn to_json<T: Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::internal("write a passkey", error))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::internal("read a passkey", error))
}

/// An authenticator's answer; one that cannot be read proves nothing.
fn answer<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

impl App {
    fn webauthn(&self) -> Result<&Webauthn, Error> {
        let webauthn = self.inner.webauthn.as_ref();
        webauthn.ok_or_else(|| Error::refused(Code::PasskeysUnavailable))
    }

    /// Begins to make a passkey.
    ///
    /// # Errors
    /// [`Code::SignInAgain`], [`Code::PasskeysUnavailable`], or there are too many.
    pub async fn begin_passkey(&self, bearer: &Bearer) -> Result<CeremonyView, Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        let webauthn = self.webauthn()?;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            let known = passkeys::list(tx, user.id).await?;
            if known.len() >= MAX_PASSKEYS {
                let detail = format!("There are {MAX_PASSKEYS} passkeys already.");
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let known = known.into_iter().map(|known| known.credential_id).collect();
            let begun = webauthn.start_passkey_registration(
                user.id.uuid(),
                &user.email,
                &user.display_name,
                Some(known),
            );
            let (options, state) =
                begun.map_err(|error| Error::internal("begin to make a passkey", error))?;
            let view = self.begin_ceremony(tx, Some(user.id), &options, &state).await?;
            Ok((view, AuditEvent::named("second_factor.begin", "user", user.id)))
        })
        .await
    }

    async fn begin_ceremony(
        &self,
        tx: &Tx,
        user: Option<UserId>,
        options: &impl Serialize,
        state: &impl Serialize,
    ) -> Result<CeremonyView, Error> {
        let (secret, hash) = fresh_secret();
        let now = self.now();
        let ceremony = Ceremony {
            id: PendingId::from_uuid(self.fresh_uuid()),
            user,
            state: to_json(state)?.to_string(),
            expires_at: now.plus_seconds(CEREMONY_SECONDS),
        };
        passkeys::insert_ceremony(tx, &ceremony, &hash, now).await?;
        Ok(CeremonyView {
            ceremony: secret,
            expires_in: CEREMONY_SECONDS.unsigned_abs(),
            options: to_json(options)?,
        })
    }

    /// The ceremony of a name, which is used up.
    async fn take_ceremony(&self, tx: &Tx, secret: &str, user: Option<UserId>) -> Result<Ceremony, Error> {
        let ceremony = passkeys::take_ceremony(tx, &hash_secret(secret)).await?;
        let ceremony = ceremony.filter(|ceremony| ceremony.user == user && self.now() < ceremony.expires_at);
        ceremony.ok_or_else(|| Error::refused(Code::NoLongerGood))
    }

    /// Keeps the passkey that an authenticator has made. With the person's first factor come recovery codes, which
    /// are shown once.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`] for the ceremony, [`Code::SecondFactorWrong`] for the authenticator's answer,
    /// [`Code::AlreadyExists`] for a passkey that is registered, or [`Code::SignInAgain`].
    pub async fn add_passkey(
        &self,
        bearer: &Bearer,
        ceremony: &str,
        name: &str,
        credential: &Value,
    ) -> Result<(PasskeyRecord, Vec<String>), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        let webauthn = self.webauthn()?;
        let mut checks = Checks::default();
        let name = checks.text("name", name, 100);
        checks.finish()?;
        let name = &name;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            let user = self.require_fresh(tx, bearer).await?;
            let ceremony = self.take_ceremony(tx, ceremony, Some(user.id)).await?;
            let state: PasskeyRegistration = from_json(&ceremony.state)?;
            let made = answer::<RegisterPublicKeyCredential>(credential)
                .and_then(|answer| webauthn.finish_passkey_registration(&answer, &state).ok());
            let passkey = made.ok_or_else(|| Error::refused(Code::SecondFactorWrong))?;
            let credential_id = passkey.cred_id().to_vec();
            let had_factor = factors::has_any(tx, user.id).await?;
            let record = PasskeyRecord {
                id: PasskeyId::from_uuid(self.fresh_uuid()),
                user: user.id,
                credential_id,
                content: to_json(&StoredPasskey { passkey, counter: 0 })?.to_string(),
                name: name.clone(),
                created_at: self.now(),
                last_used_at: None,
            };
            passkeys::insert(tx, &record).await?;
            let codes = self.factor_added(tx, bearer, &user, had_factor).await?;
            let event = AuditEvent::named("second_factor.add", "passkey", record.id);
            Ok(((record, codes), event))
        })
        .await
    }

    /// Takes a passkey away.
    ///
    /// # Errors
    /// There is none of this id, [`Code::SignInAgain`], or it is the last factor of a role that needs one.
    pub async fn remove_passkey(&self, bearer: &Bearer, id: PasskeyId) -> Result<(), Error> {
        let actor = &bearer.actor;
        require_in_agency(actor, Verb::ManageSecondFactors)?;
        // Whether the person belongs to other agencies as well may decide about it.
        self.act_across(actor, |tx: Tx| async move {
            let tx = &tx;
            // Whether it is there is told first: somebody else's is none.
            if !passkeys::list(tx, actor.user)
                .await?
                .iter()
                .any(|known| known.id == id)
            {
                return Err(Error::not_found("passkey"));
            }
            let user = self.require_fresh(tx, bearer).await?;
            passkeys::delete(tx, user.id, id).await?;
            self.factor_removed(tx, bearer, &user).await?;
            Ok(((), AuditEvent::named("second_factor.remove", "passkey", id)))
        })
        .await
    }

    /// What a person's passkeys are to sign, and what the answer is checked against; none without passkeys.
    pub(super) fn begin_passkey_use(&self, keys: &[PasskeyRecord]) -> Result<Option<(Value, String)>, Error> {
        let Some(webauthn) = self.inner.webauthn.as_ref().filter(|_| !keys.is_empty()) else {
            return Ok(None);
        };
        let keys = keys
            .iter()
            .map(|key| from_json(&key.content).map(|stored: StoredPasskey| stored.passkey));
        let keys = keys.collect::<Result<Vec<Passkey>, _>>()?;
        let begun = webauthn.start_passkey_authentication(&keys);
        let (options, state) = begun.map_err(|error| Error::internal("ask for a passkey", error))?;
        Ok(Some((to_json(&options)?, to_json(&state)?.to_string())))
    }

    /// Takes what a passkey of a person has signed.
    pub(super) async fn use_passkey(
        &self,
        tx: &Tx,
        user: UserId,
        state: Option<&str>,
        given: &Value,
    ) -> Result<bool, Error> {
        let (Some(webauthn), Some(state)) = (&self.inner.webauthn, state) else {
            return Ok(false);
        };
        let state: PasskeyAuthentication = from_json(state)?;
        let Some(given) = answer::<PublicKeyCredential>(given) else {
            return Ok(false);
        };
        let Ok(result) = webauthn.finish_passkey_authentication(&given, &state) else {
            return Ok(false);
        };
        self.note_passkey_use(tx, user, &result).await
    }

    /// Keeps the counter of a passkey, which must not go back: a copy of the key would show by that.
    async fn note_passkey_use(
        &self,
        tx: &Tx,
        user: UserId,
        result: &AuthenticationResult,
    ) -> Result<bool, Error> {
        let known = passkeys::lock_by_credential(tx, result.cred_id()).await?;
        let Some(known) = known.filter(|known| known.user == user) else {
            return Ok(false);
        };
        let mut stored: StoredPasskey = from_json(&known.content)?;
        if stored.counter > 0 && result.counter() <= stored.counter {
            return Ok(false);
        }
        stored.passkey.update_credential(result);
        stored.counter = result.counter();
        let content = to_json(&stored)?.to_string();
        passkeys::note_use(tx, known.id, &content, self.now()).await?;
        Ok(true)
    }

    /// Begins to sign somebody in with a passkey alone.
    ///
    /// # Errors
    /// [`Code::PasskeysUnavailable`].
    pub async fn begin_passkey_sign_in(&self) -> Result<CeremonyView, Error> {
        let begun = self.webauthn()?.start_discoverable_authentication();
        let (options, state) = begun.map_err(|error| Error::internal("ask for a passkey", error))?;
        let (options, state) = (&options, &state);
        self.inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                self.begin_ceremony(tx, None, options, state).await
            })
            .await
    }

    /// Signs in whoever's passkey has signed. It verifies its person itself, and so counts as both factors.
    ///
    /// # Errors
    /// [`Code::NoLongerGood`] for the ceremony, or [`Code::InvalidCredentials`].
    pub async fn sign_in_with_passkey(
        &self,
        ceremony: &str,
        credential: &Value,
        agency: Option<haamu_domain::AgencyId>,
        origin: &Origin,
    ) -> Result<Issued, Error> {
        let webauthn = self.webauthn()?;
        // The ceremony is used up, whatever comes of it.
        let state: DiscoverableAuthentication = self
            .inner
            .db
            .write(Reach::Common, |tx: Tx| async move {
                let tx = &tx;
                let ceremony = self.take_ceremony(tx, ceremony, None).await?;
                from_json(&ceremony.state)
            })
            .await?;
        let refused = || Error::refused(Code::InvalidCredentials);
        let given = answer::<PublicKeyCredential>(credential).ok_or_else(refused)?;
        let (user, credential_id) = webauthn
            .identify_discoverable_authentication(&given)
            .map_err(|_| refused())?;
        let (given, state) = (&given, &state);
        // The person tells the agency, or their memberships do.
        let (bearer, token) = self
            .inner
            .db
            .write(Reach::Server, |tx: Tx| async move {
                let tx = &tx;
                let owner = passkeys::find_owner(tx, credential_id).await?;
                let owner = owner.filter(|owner| owner.uuid() == user).ok_or_else(refused)?;
                let member = self.hold_passkey_member(tx, owner, agency).await?;
                // Somebody may have taken the passkey away before the account was held.
                let known = passkeys::lock_by_credential(tx, credential_id).await?;
                let known = known.filter(|known| known.user == owner).ok_or_else(refused)?;
                let stored: StoredPasskey = from_json(&known.content)?;
                let key: DiscoverableKey = stored.passkey.into();
                let result = webauthn
                    .finish_discoverable_authentication_v2(given, state.clone(), &key)
                    .map_err(|_| refused())?;
                if !self.note_passkey_use(tx, known.user, &result).await? {
                    return Err(refused());
                }
                self.start_passkey_session(tx, &member, origin).await
            })
            .await?;
        self.issued(&bearer, token).await
    }

    /// The membership that somebody signs in to with a passkey, as it stays until the transaction ends.
    async fn hold_passkey_member(
        &self,
        tx: &Tx,
        user: UserId,
        agency: Option<haamu_domain::AgencyId>,
    ) -> Result<Membership, Error> {
        let refused = || Error::refused(Code::InvalidCredentials);
        let members = identity::list_memberships(tx, user).await?;
        let chosen = members
            .into_iter()
            .filter(|member| member.disabled_at.is_none())
            .find(|member| agency.is_none_or(|agency| agency == member.agency))
            .ok_or_else(refused)?;
        let held = self.hold_person(tx, chosen.agency, user).await?;
        held.map(|(_, member)| member).ok_or_else(refused)
    }

    async fn start_passkey_session(
        &self,
        tx: &Tx,
        member: &Membership,
        origin: &Origin,
    ) -> Result<(Bearer, String), Error> {
        let now = self.now();
        let started = self.start_session(tx, member, SignInMethod::Passkey, Some(now), origin);
        let ((bearer, token), event) = started.await?;
        let id = AuditId::from_uuid(self.fresh_uuid());
        audit::insert(tx, id, member.agency, Some(&bearer.actor), &event, now).await?;
        Ok((bearer, token))
    }
}
