//! The installation and its agencies.

use haamu_domain::{AgencyId, Timestamp};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder, QuerySelect};

use crate::entity::identity::{agency, installation};
use crate::{StoreError, Tx};

/// Whether the installation has its first administrator.
///
/// # Errors
/// The database failed.
pub async fn is_set_up(tx: &Tx) -> Result<bool, StoreError> {
    let row = installation::Entity::find_by_id(1).one(tx.connection()).await?;
    Ok(row.is_some_and(|row| row.set_up_at.is_some()))
}

/// Sets the hash of the one-time code, in place of an earlier one.
///
/// # Errors
/// The database failed.
pub async fn set_setup_code(tx: &Tx, hash: &[u8]) -> Result<(), StoreError> {
    let row = installation::ActiveModel {
        id: Set(1),
        setup_code_hash: Set(Some(hash.to_vec())),
        set_up_at: Set(None),
    };
    let replace = OnConflict::column(installation::Column::Id)
        .update_column(installation::Column::SetupCodeHash)
        .to_owned();
    installation::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The hash of the one-time code, while the installation has no administrator. The row stays locked.
///
/// # Errors
/// The database failed.
pub async fn lock_setup_code(tx: &Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let row = installation::Entity::find_by_id(1)
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    Ok(row
        .filter(|row| row.set_up_at.is_none())
        .and_then(|row| row.setup_code_hash))
}

/// Notes that the installation is set up, and forgets the code.
///
/// # Errors
/// The database failed.
pub async fn finish_setup(tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
    let row = installation::ActiveModel {
        id: Set(1),
        setup_code_hash: Set(None),
        set_up_at: Set(Some(now.millis())),
    };
    installation::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Adds an agency.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, id: AgencyId, name: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = agency::ActiveModel {
        id: Set(id.uuid()),
        name: Set(name.to_owned()),
        created_at: Set(now.millis()),
    };
    agency::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// An agency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyRecord {
    /// Its id.
    pub id: AgencyId,
    /// Its name.
    pub name: String,
    /// Since when it is there.
    pub created_at: Timestamp,
}

/// An agency, if it is there.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, id: AgencyId) -> Result<Option<AgencyRecord>, StoreError> {
    let row = agency::Entity::find_by_id(id.uuid()).one(tx.connection()).await?;
    Ok(row.map(record))
}

/// All agencies of the installation, the oldest first.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn list_records(tx: &Tx) -> Result<Vec<AgencyRecord>, StoreError> {
    tx.require_all_agencies("agencies")?;
    let rows = agency::Entity::find()
        .order_by_asc(agency::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

fn record(row: agency::Model) -> AgencyRecord {
    AgencyRecord {
        id: AgencyId::from_uuid(row.id),
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
    }
}

/// Since when an agency is there.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn load_start(tx: &Tx, id: AgencyId) -> Result<Timestamp, StoreError> {
    let row = agency::Entity::find_by_id(id.uuid()).one(tx.connection()).await?;
    let row = row.ok_or(StoreError::Missing("agency"))?;
    Ok(Timestamp::from_millis(row.created_at))
}

/// The name of an agency.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn load_name(tx: &Tx, id: AgencyId) -> Result<String, StoreError> {
    let row = agency::Entity::find_by_id(id.uuid()).one(tx.connection()).await?;
    row.map(|row| row.name).ok_or(StoreError::Missing("agency"))
}

/// Locks an agency: two who number something of it do so one after the other. Whoever refers to it meanwhile is
/// not kept waiting.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, id: AgencyId) -> Result<(), StoreError> {
    agency::Entity::find_by_id(id.uuid())
        .lock(LockType::NoKeyUpdate)
        .one(tx.connection())
        .await?;
    Ok(())
}

/// The agency that was first: something has to stand for the installation.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn find_first(tx: &Tx) -> Result<Option<AgencyId>, StoreError> {
    tx.require_all_agencies("agencies")?;
    let row = agency::Entity::find()
        .order_by_asc(agency::Column::Id)
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| AgencyId::from_uuid(row.id)))
}

/// All agencies of the installation.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx) -> Result<Vec<AgencyId>, StoreError> {
    let rows = agency::Entity::find()
        .order_by_asc(agency::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| AgencyId::from_uuid(row.id)).collect())
}
