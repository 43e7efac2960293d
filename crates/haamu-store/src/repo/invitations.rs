//! Invitations into an agency.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, ClientOrganisationId, InvitationId, InvitationState, Role, Timestamp, UserId};
use haamu_form::Language;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::access::invitation;
use crate::{StoreError, Tx};

use super::page_before;

/// That somebody was asked to become a member.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The agency.
    pub agency: AgencyId,
    /// The e-mail address, in lower case.
    pub email: String,
    /// What the person is to be.
    pub role: Role,
    /// The client organisation of a client's person.
    pub client_organisation: Option<ClientOrganisationId>,
    /// The language of the mail.
    pub language: Language,
    /// What has become of it.
    pub state: InvitationState,
    /// Who invited.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When its mail was put into the outbox last.
    pub sent_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// Adds an invitation.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the address has an open one of the agency.
pub async fn insert(tx: &Tx, new: &Invitation, hash: &[u8]) -> Result<(), StoreError> {
    let row = invitation::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        email: Set(new.email.clone()),
        role: Set(new.role.as_str().to_owned()),
        client_organisation_id: Set(new.client_organisation.map(ClientOrganisationId::uuid)),
        language: Set(new.language.tag().to_owned()),
        secret_hash: Set(Some(hash.to_vec())),
        state: Set(new.state.as_str().to_owned()),
        created_by: Set(new.created_by.uuid()),
        created_at: Set(new.created_at.millis()),
        sent_at: Set(new.sent_at.millis()),
        expires_at: Set(new.expires_at.millis()),
        accepted_by: Set(None),
        ended_at: Set(None),
    };
    invitation::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Which of these e-mail addresses, in lower case, have an open invitation of the agency.
///
/// # Errors
/// The database failed.
pub async fn list_open(tx: &Tx, agency: AgencyId, emails: &[&str]) -> Result<BTreeSet<String>, StoreError> {
    let mut found = BTreeSet::new();
    for emails in emails.chunks(super::MAX_IDS) {
        let open: Vec<String> = invitation::Entity::find()
            .select_only()
            .column(invitation::Column::Email)
            .filter(invitation::Column::AgencyId.eq(agency.uuid()))
            .filter(invitation::Column::State.eq(InvitationState::Open.as_str()))
            .filter(invitation::Column::Email.is_in(emails.iter().copied()))
            .into_tuple()
            .all(tx.connection())
            .await?;
        found.extend(open);
    }
    Ok(found)
}

/// An invitation of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
    let row = invitation::Entity::find_by_id(id.uuid())
        .filter(invitation::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The open invitation of an e-mail address, in lower case, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_open(tx: &Tx, agency: AgencyId, email: &str) -> Result<Option<Invitation>, StoreError> {
    let row = invitation::Entity::find()
        .filter(invitation::Column::AgencyId.eq(agency.uuid()))
        .filter(invitation::Column::Email.eq(email))
        .filter(invitation::Column::State.eq(InvitationState::Open.as_str()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The invitation whose link has this hash.
///
/// # Errors
/// The database failed.
pub async fn find_by_secret(tx: &Tx, hash: &[u8]) -> Result<Option<Invitation>, StoreError> {
    let row = invitation::Entity::find()
        .filter(invitation::Column::SecretHash.eq(hash.to_vec()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Gives an invitation another link; the earlier one is worthless.
///
/// # Errors
/// The database failed.
pub async fn renew(
    tx: &Tx,
    id: InvitationId,
    hash: &[u8],
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = invitation::ActiveModel {
        id: Set(id.uuid()),
        secret_hash: Set(Some(hash.to_vec())),
        sent_at: Set(now.millis()),
        expires_at: Set(expires_at.millis()),
        ..Default::default()
    };
    invitation::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Ends an invitation; its link is worthless.
///
/// # Errors
/// The database failed.
pub async fn end(
    tx: &Tx,
    id: InvitationId,
    state: InvitationState,
    accepted_by: Option<UserId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = invitation::ActiveModel {
        id: Set(id.uuid()),
        secret_hash: Set(None),
        state: Set(state.as_str().to_owned()),
        accepted_by: Set(accepted_by.map(UserId::uuid)),
        ended_at: Set(Some(now.millis())),
        ..Default::default()
    };
    invitation::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Invitations of an agency before one, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Invitation>, bool), StoreError> {
    let select = invitation::Entity::find().filter(invitation::Column::AgencyId.eq(agency.uuid()));
    let (rows, has_more) = page_before(tx, select, invitation::Column::Id, before, limit).await?;
    let found = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok((found, has_more))
}

fn record(row: invitation::Model) -> Result<Invitation, StoreError> {
    Ok(Invitation {
        id: InvitationId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        email: row.email,
        role: Role::from_name(&row.role).ok_or(StoreError::Corrupt("role"))?,
        client_organisation: row.client_organisation_id.map(ClientOrganisationId::from_uuid),
        language: Language::from_tag(&row.language).ok_or(StoreError::Corrupt("language"))?,
        state: InvitationState::from_name(&row.state).ok_or(StoreError::Corrupt("invitation state"))?,
        created_by: UserId::from_uuid(row.created_by),
        created_at: Timestamp::from_millis(row.created_at),
        sent_at: Timestamp::from_millis(row.sent_at),
        expires_at: Timestamp::from_millis(row.expires_at),
    })
}
