//! Briefings of programmes, and who has read them.

use std::collections::BTreeMap;

use haamu_domain::{Actor, AuditEvent, BriefingId, Code, ProgrammeId, Role, Target, Timestamp, UserId, Verb};
use haamu_store::Tx;
use haamu_store::repo::briefings::{self, Briefing};
use haamu_store::repo::{assignments, identity, plans, programmes, trainees};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::context::{require, require_in_agency};
use crate::error::Checks;
use crate::{App, Error};

use super::certified::Training;
use super::load;
use super::training::require_rest;

/// Instructions to be given.
#[derive(Clone, Debug)]
pub struct BriefingInput {
    /// Their name whatever the language; the title if absent. Translations of the same briefing share it, and words
    /// with the key and the language of a briefing that is there take its place.
    pub key: Option<String>,
    /// Their title.
    pub title: String,
    /// Their language.
    pub language: String,
    /// Their words.
    pub body: String,
}

/// A briefing, and whether whoever asks has read it.
#[derive(Clone, Debug)]
pub struct BriefingView {
    /// The briefing.
    pub briefing: Briefing,
    /// Whether whoever asks has confirmed it.
    pub is_read: bool,
}

/// That somebody has read a briefing.
#[derive(Clone, Debug)]
pub struct ReceiptView {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub display_name: String,
    /// When.
    pub read_at: Timestamp,
}

impl App {
    /// Gives instructions. Those with the same key and language are withdrawn: everybody reads the new ones.
    ///
    /// # Errors
    /// There is no such programme, or fields are missing or out of range.
    pub async fn create_briefing(
        &self,
        actor: &Actor,
        of: ProgrammeId,
        input: &BriefingInput,
    ) -> Result<Briefing, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        let mut checks = Checks::default();
        let title = &checks.text("title", &input.title, 200);
        let key = match &input.key {
            Some(key) => &checks.text("key", key, 200),
            None => title,
        };
        let body = &checks.text("body", &input.body, 100_000);
        if !matches!(input.language.as_str(), "fi" | "sv" | "en") {
            checks.issue("language", "unknown_value", "fi, sv or en");
        }
        checks.finish()?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            // Two who write it at a time do so one after the other.
            let locked = programmes::lock(tx, actor.agency, of).await?;
            locked.ok_or_else(|| Error::not_found("programme"))?;
            let earlier = briefings::list(tx, actor.agency, of, false).await?;
            // Of another briefing that was called the same they are told apart by their numbers.
            let same = earlier
                .iter()
                .filter(|it| it.language == input.language && (it.key == *key || it.title == *title));
            let new = Briefing {
                id: BriefingId::from_uuid(self.fresh_uuid()),
                programme: of,
                key: key.clone(),
                title: title.clone(),
                language: input.language.clone(),
                body: body.clone(),
                body_hash: Sha256::digest(body).to_vec(),
                version: same.map(|it| it.version).max().unwrap_or(0) + 1,
                withdrawn_at: None,
            };
            briefings::insert(tx, actor.agency, &new, actor.user, self.now()).await?;
            let event = AuditEvent::of(Verb::DesignProgramme, "briefing", new.id);
            let event = event.with(json!({"programme": of, "version": new.version}));
            Ok((new, event))
        })
        .await
    }

    /// Takes a briefing out of use, in its language. Nobody has to have read it any more.
    ///
    /// # Errors
    /// There is no such briefing, it is withdrawn already, or its programme is active, asks for certification, and has
    /// nothing else to pass.
    pub async fn withdraw_briefing(&self, actor: &Actor, id: BriefingId) -> Result<Briefing, Error> {
        require_in_agency(actor, Verb::DesignProgramme)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let missing = || Error::not_found("briefing");
            let found = briefings::find(tx, actor.agency, id).await?;
            let of = found.ok_or_else(missing)?.programme;
            // Of two who take the last two things to pass away at a time, the second finds that one is gone.
            let programme = programmes::lock(tx, actor.agency, of).await?;
            let programme = programme.ok_or_else(missing)?;
            let found = briefings::find(tx, actor.agency, id).await?;
            let mut briefing = found.ok_or_else(missing)?;
            if briefing.withdrawn_at.is_some() {
                let detail = "The briefing is withdrawn already.";
                return Err(Error::because(Code::NotPossibleInState, detail));
            }
            let rest = Training::load(tx, actor.agency, of).await?.without(id);
            require_rest(tx, actor, &programme, &rest).await?;
            briefings::withdraw(tx, id, self.now()).await?;
            briefing.withdrawn_at = Some(self.now());
            let event = AuditEvent::named("briefing.withdraw", "briefing", id);
            let event = event.with(json!({"programme": of, "version": briefing.version}));
            Ok((briefing, event))
        })
        .await
    }

    /// The briefings of a programme: for a shopper those in use.
    ///
    /// # Errors
    /// There is no such programme, or the shopper has nothing to do with it.
    pub async fn list_briefings(&self, actor: &Actor, of: ProgrammeId) -> Result<Vec<BriefingView>, Error> {
        require_in_agency(actor, Verb::ReadBriefings)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            load_for_fieldwork(tx, actor, Verb::ReadBriefings, of).await?;
            let is_shopper = actor.role == Role::Shopper;
            let found = briefings::list(tx, actor.agency, of, is_shopper).await?;
            let ids: Vec<_> = found.iter().map(|briefing| briefing.id).collect();
            let read = briefings::list_read(tx, actor.agency, actor.user, &ids).await?;
            let view = |briefing: Briefing| BriefingView {
                is_read: read.contains(&briefing.id),
                briefing,
            };
            Ok(found.into_iter().map(view).collect())
        })
        .await
    }

    /// The shopper confirms that they have read a briefing.
    ///
    /// # Errors
    /// There is no such briefing in use, or the shopper has nothing to do with its programme.
    pub async fn confirm_briefing(&self, actor: &Actor, id: BriefingId) -> Result<(), Error> {
        require_in_agency(actor, Verb::ConfirmBriefing)?;
        self.act(actor, |tx: Tx| async move {
            let tx = &tx;
            let found = briefings::find(tx, actor.agency, id).await?;
            let found = found.filter(|briefing| briefing.withdrawn_at.is_none());
            let found = found.ok_or_else(|| Error::not_found("briefing"))?;
            load_for_fieldwork(tx, actor, Verb::ConfirmBriefing, found.programme)
                .await
                .map_err(|error| hide(error, "briefing"))?;
            briefings::insert_receipt(tx, actor.agency, &found, actor.user, self.now()).await?;
            Ok(((), AuditEvent::of(Verb::ConfirmBriefing, "briefing", id)))
        })
        .await
    }

    /// Who has read a briefing.
    ///
    /// # Errors
    /// There is no such briefing.
    pub async fn list_briefing_receipts(
        &self,
        actor: &Actor,
        id: BriefingId,
    ) -> Result<Vec<ReceiptView>, Error> {
        require_in_agency(actor, Verb::ReadProgrammes)?;
        self.look(actor.agency, |tx: Tx| async move {
            let tx = &tx;
            let found = briefings::find(tx, actor.agency, id).await?;
            let found = found.ok_or_else(|| Error::not_found("briefing"))?;
            load(tx, actor, Verb::ReadProgrammes, found.programme)
                .await
                .map_err(|error| hide(error, "briefing"))?;
            let receipts = briefings::list_receipts(tx, actor.agency, id).await?;
            let users = receipts.iter().map(|(user, _)| user.uuid()).collect();
            let names = identity::list_names(tx, users).await?;
            let names: BTreeMap<_, _> = names.into_iter().collect();
            let view = |(user, read_at): (UserId, Timestamp)| ReceiptView {
                user,
                display_name: names.get(&user.uuid()).cloned().unwrap_or_default(),
                read_at,
            };
            Ok(receipts.into_iter().map(view).collect())
        })
        .await
    }
}

/// What is said of a thing that hangs on another one that is out of reach.
fn hide(error: Error, what: &'static str) -> Error {
    match error.code() {
        Code::NotFound => Error::not_found(what),
        _ => error,
    }
}

/// A programme that the actor has to do with: a shopper has an offer or a job of it, was asked about one, finds one on
/// the board, or was let in by staff.
pub(super) async fn load_for_fieldwork(
    tx: &Tx,
    actor: &Actor,
    verb: Verb,
    id: ProgrammeId,
) -> Result<programmes::Programme, Error> {
    require_in_agency(actor, verb)?;
    let found = programmes::find(tx, actor.agency, id).await?;
    let programme = found.ok_or_else(|| Error::not_found("programme"))?;
    let target = Target::of_client(actor.agency, programme.client_organisation);
    require(actor, verb, &target, "programme")?;
    if actor.role == Role::Shopper {
        let (agency, user) = (actor.agency, actor.user);
        let is_own = assignments::list_programmes_of_shopper(tx, agency, user)
            .await?
            .contains(&id);
        let is_open = is_own || trainees::list_programmes(tx, agency, user).await?.contains(&id);
        if !is_open && !plans::is_posted(tx, agency, id).await? {
            return Err(Error::not_found("programme"));
        }
    }
    Ok(programme)
}
