//! Shoppers who register by themselves, and the conditions of their agencies.

use haamu_domain::registration::{Approval, Conditions, RegistrationState};
use haamu_domain::{AgencyId, AgreementId, RegistrationId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::registration::{registration, registration_condition};
use crate::{StoreError, Tx};

use super::{page_after, unsigned};

/// The conditions of an agency; none if it never took registrations.
///
/// # Errors
/// The database failed.
pub async fn find_conditions(tx: &Tx, agency: AgencyId) -> Result<Option<Conditions>, StoreError> {
    let row = registration_condition::Entity::find_by_id(agency.uuid())
        .one(tx.connection())
        .await?;
    row.map(conditions).transpose()
}

/// The agency that goes by this name in addresses.
///
/// # Errors
/// The database failed.
pub async fn find_agency_by_slug(tx: &Tx, slug: &str) -> Result<Option<AgencyId>, StoreError> {
    let row = registration_condition::Entity::find()
        .filter(registration_condition::Column::Slug.eq(slug))
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| AgencyId::from_uuid(row.agency_id)))
}

/// Sets the conditions of an agency.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if another agency goes by that name.
pub async fn put_conditions(
    tx: &Tx,
    agency: AgencyId,
    new: &Conditions,
    now: Timestamp,
) -> Result<(), StoreError> {
    let json = |of: serde_json::Result<String>| of.expect("names and texts are JSON");
    let row = registration_condition::ActiveModel {
        agency_id: Set(agency.uuid()),
        is_open: Set(new.is_open),
        slug: Set(new.slug.clone()),
        approval: Set(new.approval.as_str().to_owned()),
        least_age: Set(new.least_age.into()),
        languages: Set(json(serde_json::to_string(&new.languages))),
        words: Set(json(serde_json::to_string(&new.words))),
        per_day: Set(i32::try_from(new.per_day).unwrap_or(i32::MAX)),
        updated_at: Set(now.millis()),
    };
    let changed = [
        registration_condition::Column::IsOpen,
        registration_condition::Column::Slug,
        registration_condition::Column::Approval,
        registration_condition::Column::LeastAge,
        registration_condition::Column::Languages,
        registration_condition::Column::Words,
        registration_condition::Column::PerDay,
        registration_condition::Column::UpdatedAt,
    ];
    registration_condition::Entity::insert(row)
        .on_conflict(
            OnConflict::column(registration_condition::Column::AgencyId)
                .update_columns(changed)
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn conditions(row: registration_condition::Model) -> Result<Conditions, StoreError> {
    let corrupt = || StoreError::Corrupt("conditions of registration");
    Ok(Conditions {
        is_open: row.is_open,
        slug: row.slug,
        approval: Approval::from_name(&row.approval).ok_or_else(corrupt)?,
        least_age: unsigned(row.least_age.into(), "least age")?,
        languages: serde_json::from_str(&row.languages).map_err(|_| corrupt())?,
        words: serde_json::from_str(&row.words).map_err(|_| corrupt())?,
        per_day: unsigned(row.per_day.into(), "registrations of a day")?,
    })
}

/// That somebody asked to become a shopper.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    /// Of which agency.
    pub agency: AgencyId,
    /// What has become of it.
    pub state: RegistrationState,
    /// The keyed hash of the e-mail address.
    pub email_hash: Vec<u8>,
    /// Who they are, sealed; none once it is decided.
    pub content: Option<Vec<u8>>,
    /// Whether it has a link that was mailed.
    pub has_link: bool,
    /// The words of the agreement that they accepted.
    pub agreement: Option<AgreementId>,
    /// When they asked.
    pub created_at: Timestamp,
    /// When it is removed, unless something happens to it.
    pub expires_at: Timestamp,
    /// When they showed that the address is theirs.
    pub verified_at: Option<Timestamp>,
    /// Who decided; none for conditions that were met.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why it was declined.
    pub reason: Option<String>,
}

/// Adds a registration without a link.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, new: &Registration) -> Result<(), StoreError> {
    registration::Entity::insert(active(new))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Writes what has become of a registration that is locked. Its link is worthless once it is verified.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if another one of the address waits for a decision.
pub async fn update(tx: &Tx, changed: &Registration) -> Result<(), StoreError> {
    let mut row = active(changed);
    if changed.state != RegistrationState::Unverified {
        row.secret_hash = Set(None);
    }
    registration::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Gives a registration its link.
///
/// # Errors
/// The database failed.
pub async fn set_secret(tx: &Tx, id: RegistrationId, hash: &[u8]) -> Result<(), StoreError> {
    let row = registration::ActiveModel {
        id: Set(id.uuid()),
        secret_hash: Set(Some(hash.to_vec())),
        ..Default::default()
    };
    registration::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// A registration of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: RegistrationId) -> Result<Option<Registration>, StoreError> {
    let row = registration::Entity::find_by_id(id.uuid())
        .filter(registration::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The registration whose link has this hash.
///
/// # Errors
/// The database failed.
pub async fn find_by_secret(tx: &Tx, hash: &[u8]) -> Result<Option<Registration>, StoreError> {
    let row = registration::Entity::find()
        .filter(registration::Column::SecretHash.eq(hash.to_vec()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Whether a registration of the address waits for a decision.
///
/// # Errors
/// The database failed.
pub async fn is_waiting(tx: &Tx, agency: AgencyId, email_hash: &[u8]) -> Result<bool, StoreError> {
    let waiting = registration::Entity::find()
        .filter(registration::Column::AgencyId.eq(agency.uuid()))
        .filter(registration::Column::EmailHash.eq(email_hash.to_vec()))
        .filter(registration::Column::State.eq(RegistrationState::Waiting.as_str()));
    super::exists(tx, waiting).await
}

/// Registrations of an agency in a state after one, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    state: RegistrationState,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Registration>, bool), StoreError> {
    let select = registration::Entity::find()
        .filter(registration::Column::AgencyId.eq(agency.uuid()))
        .filter(registration::Column::State.eq(state.as_str()));
    let (rows, has_more) = page_after(tx, select, registration::Column::Id, after, limit).await?;
    let found = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok((found, has_more))
}

/// Removes a registration.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, id: RegistrationId) -> Result<(), StoreError> {
    registration::Entity::delete_by_id(id.uuid())
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn active(of: &Registration) -> registration::ActiveModel {
    registration::ActiveModel {
        id: Set(of.id.uuid()),
        agency_id: Set(of.agency.uuid()),
        state: Set(of.state.as_str().to_owned()),
        email_hash: Set(of.email_hash.clone()),
        content: Set(of.content.clone()),
        agreement_id: Set(of.agreement.map(AgreementId::uuid)),
        created_at: Set(of.created_at.millis()),
        expires_at: Set(of.expires_at.millis()),
        verified_at: Set(of.verified_at.map(Timestamp::millis)),
        decided_by: Set(of.decided_by.map(UserId::uuid)),
        decided_at: Set(of.decided_at.map(Timestamp::millis)),
        reason: Set(of.reason.clone()),
        ..Default::default()
    }
}

fn record(row: registration::Model) -> Result<Registration, StoreError> {
    let state = RegistrationState::from_name(&row.state);
    Ok(Registration {
        id: RegistrationId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        state: state.ok_or(StoreError::Corrupt("state of a registration"))?,
        email_hash: row.email_hash,
        content: row.content,
        has_link: row.secret_hash.is_some(),
        agreement: row.agreement_id.map(AgreementId::from_uuid),
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        verified_at: row.verified_at.map(Timestamp::from_millis),
        decided_by: row.decided_by.map(UserId::from_uuid),
        decided_at: row.decided_at.map(Timestamp::from_millis),
        reason: row.reason,
    })
}
