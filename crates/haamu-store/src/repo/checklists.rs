//! Checklists and their versions.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ChecklistId, ChecklistState, ChecklistVersionId, Timestamp};
use haamu_sync::FormVersion;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::programmes::{checklist, checklist_version};
use crate::{StoreError, Tx};

use super::{in_list, page_after, unsigned};

/// One version of a checklist.
#[derive(Clone, Debug)]
pub struct ChecklistVersion {
    /// Its id.
    pub id: ChecklistVersionId,
    /// The checklist.
    pub checklist: ChecklistId,
    /// The version number in the document.
    pub version: u32,
    /// Where it is in its life.
    pub state: ChecklistState,
    /// The content hash that names it.
    pub form: FormVersion,
    /// The canonical document, without a status.
    pub document: String,
    /// The title in the default language.
    pub title: String,
}

/// The checklist of a key, added if the agency has none.
///
/// # Errors
/// The database failed.
pub async fn find_or_insert(
    tx: &Tx,
    agency: AgencyId,
    key: &str,
    new_id: ChecklistId,
    now: Timestamp,
) -> Result<ChecklistId, StoreError> {
    let found = checklist::Entity::find()
        .filter(checklist::Column::AgencyId.eq(agency.uuid()))
        .filter(checklist::Column::Key.eq(key))
        .one(tx.connection())
        .await?;
    if let Some(found) = found {
        return Ok(ChecklistId::from_uuid(found.id));
    }
    let row = checklist::ActiveModel {
        id: Set(new_id.uuid()),
        agency_id: Set(agency.uuid()),
        key: Set(key.to_owned()),
        created_at: Set(now.millis()),
    };
    checklist::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(new_id)
}

/// The keys of checklists, by id.
///
/// # Errors
/// The database failed.
pub async fn list_keys(
    tx: &Tx,
    agency: AgencyId,
    ids: Vec<ChecklistId>,
) -> Result<BTreeMap<ChecklistId, String>, StoreError> {
    let rows = checklist::Entity::find()
        .filter(checklist::Column::AgencyId.eq(agency.uuid()))
        .filter(checklist::Column::Id.is_in(ids.into_iter().map(ChecklistId::uuid)))
        .all(tx.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (ChecklistId::from_uuid(row.id), row.key))
        .collect())
}

/// Adds a version.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the checklist has this version number, or the agency this content.
pub async fn insert_version(
    tx: &Tx,
    agency: AgencyId,
    new: &ChecklistVersion,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = checklist_version::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        checklist_id: Set(new.checklist.uuid()),
        version: Set(new.version.cast_signed()),
        state: Set(new.state.as_str().to_owned()),
        content_hash: Set(new.form.as_bytes().to_vec()),
        document: Set(new.document.clone()),
        title: Set(new.title.clone()),
        created_at: Set(now.millis()),
        published_at: Set(None),
    };
    checklist_version::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A version of the agency.
///
/// # Errors
/// The database failed.
pub async fn find_version(
    tx: &Tx,
    agency: AgencyId,
    id: ChecklistVersionId,
) -> Result<Option<ChecklistVersion>, StoreError> {
    let row = checklist_version::Entity::find_by_id(id.uuid())
        .filter(checklist_version::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A version of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_version(
    tx: &Tx,
    agency: AgencyId,
    id: ChecklistVersionId,
) -> Result<Option<ChecklistVersion>, StoreError> {
    let row = checklist_version::Entity::find_by_id(id.uuid())
        .filter(checklist_version::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The version that the content hash names.
///
/// # Errors
/// The database failed.
pub async fn find_by_hash(
    tx: &Tx,
    agency: AgencyId,
    form: &FormVersion,
) -> Result<Option<ChecklistVersion>, StoreError> {
    let row = checklist_version::Entity::find()
        .filter(checklist_version::Column::AgencyId.eq(agency.uuid()))
        .filter(checklist_version::Column::ContentHash.eq(form.as_bytes().to_vec()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The names of versions, by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_forms(
    tx: &Tx,
    agency: AgencyId,
    ids: &[ChecklistVersionId],
) -> Result<BTreeMap<ChecklistVersionId, FormVersion>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>)> = checklist_version::Entity::find()
        .select_only()
        .column(checklist_version::Column::Id)
        .column(checklist_version::Column::ContentHash)
        .filter(checklist_version::Column::AgencyId.eq(agency.uuid()))
        .filter(checklist_version::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(id, hash)| {
            let form = FormVersion::from_slice(&hash).ok_or(StoreError::Corrupt("content hash"))?;
            Ok((ChecklistVersionId::from_uuid(id), form))
        })
        .collect()
}

/// Moves a version on in its life.
///
/// # Errors
/// The database failed.
pub async fn set_state(
    tx: &Tx,
    id: ChecklistVersionId,
    state: ChecklistState,
    published_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let mut row = checklist_version::ActiveModel {
        id: Set(id.uuid()),
        state: Set(state.as_str().to_owned()),
        ..Default::default()
    };
    if let Some(published_at) = published_at {
        row.published_at = Set(Some(published_at.millis()));
    }
    checklist_version::Entity::update(row)
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Versions of the agency after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list_versions(
    tx: &Tx,
    agency: AgencyId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<ChecklistVersion>, bool), StoreError> {
    let select =
        checklist_version::Entity::find().filter(checklist_version::Column::AgencyId.eq(agency.uuid()));
    let (rows, has_more) = page_after(tx, select, checklist_version::Column::Id, after, limit).await?;
    let versions: Result<Vec<_>, _> = rows.into_iter().map(record).collect();
    Ok((versions?, has_more))
}

fn record(row: checklist_version::Model) -> Result<ChecklistVersion, StoreError> {
    Ok(ChecklistVersion {
        id: ChecklistVersionId::from_uuid(row.id),
        checklist: ChecklistId::from_uuid(row.checklist_id),
        version: unsigned(row.version.into(), "checklist version")?,
        state: ChecklistState::from_name(&row.state).ok_or(StoreError::Corrupt("checklist state"))?,
        form: FormVersion::from_slice(&row.content_hash).ok_or(StoreError::Corrupt("content hash"))?,
        document: row.document,
        title: row.title,
    })
}
