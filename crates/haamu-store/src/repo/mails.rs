//! Mails: the outbox, and what became of what was in it.

use haamu_domain::{AgencyId, MailId, MailState, Timestamp};
use haamu_form::Language;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::access::mail;
use crate::{StoreError, Tx};

use super::{page_before, unsigned};

/// A mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// The agency on whose behalf it is sent.
    pub agency: AgencyId,
    /// The name of its template.
    pub template: String,
    /// Its language.
    pub language: Language,
    /// Whom it is sent to.
    pub recipient: String,
    /// What the template is filled with, sealed; none once the mail was sent or given up.
    pub content: Option<Vec<u8>>,
    /// What has become of it.
    pub state: MailState,
    /// How often it was tried to be sent.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it became necessary.
    pub created_at: Timestamp,
    /// When it is of no more use.
    pub give_up_at: Timestamp,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
}

/// Puts a mail into the outbox.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, new: &Mail) -> Result<(), StoreError> {
    let row = mail::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        template: Set(new.template.clone()),
        language: Set(new.language.tag().to_owned()),
        recipient: Set(new.recipient.clone()),
        content: Set(new.content.clone()),
        state: Set(new.state.as_str().to_owned()),
        attempts: Set(0),
        last_error: Set(None),
        created_at: Set(new.created_at.millis()),
        give_up_at: Set(new.give_up_at.millis()),
        ended_at: Set(None),
    };
    mail::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A mail of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: MailId) -> Result<Option<Mail>, StoreError> {
    let row = mail::Entity::find_by_id(id.uuid())
        .filter(mail::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A mail of the agency, locked: who notes an outcome sees the one before.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: MailId) -> Result<Option<Mail>, StoreError> {
    let row = mail::Entity::find_by_id(id.uuid())
        .filter(mail::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Notes what came of an attempt. A mail that was sent or given up forgets what it says.
///
/// # Errors
/// The database failed.
pub async fn note_attempt(
    tx: &Tx,
    mail: &Mail,
    state: MailState,
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut row = mail::ActiveModel {
        id: Set(mail.id.uuid()),
        state: Set(state.as_str().to_owned()),
        attempts: Set(i32::try_from(mail.attempts.saturating_add(1)).unwrap_or(i32::MAX)),
        last_error: Set(error.map(str::to_owned)),
        ..Default::default()
    };
    if state != MailState::Waiting {
        row.content = Set(None);
        row.ended_at = Set(Some(now.millis()));
    }
    mail::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Mails of an agency before one, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    before: Option<Uuid>,
    state: Option<MailState>,
    limit: u64,
) -> Result<(Vec<Mail>, bool), StoreError> {
    let mut select = mail::Entity::find().filter(mail::Column::AgencyId.eq(agency.uuid()));
    if let Some(state) = state {
        select = select.filter(mail::Column::State.eq(state.as_str()));
    }
    let (rows, has_more) = page_before(tx, select, mail::Column::Id, before, limit).await?;
    let mails = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok((mails, has_more))
}

fn record(row: mail::Model) -> Result<Mail, StoreError> {
    Ok(Mail {
        id: MailId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        template: row.template,
        language: Language::from_tag(&row.language).ok_or(StoreError::Corrupt("mail language"))?,
        recipient: row.recipient,
        content: row.content,
        state: MailState::from_name(&row.state).ok_or(StoreError::Corrupt("mail state"))?,
        attempts: unsigned(i64::from(row.attempts), "mail attempts")?,
        last_error: row.last_error,
        created_at: Timestamp::from_millis(row.created_at),
        give_up_at: Timestamp::from_millis(row.give_up_at),
        ended_at: row.ended_at.map(Timestamp::from_millis),
    })
}
