//! What the database knows of files; their bytes are in the object store.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{AgencyId, SubmissionId, Timestamp, UserId};
use haamu_sync::BlobHash;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::entity::submissions::{blob, blob_owner, rendition};
use crate::{StoreError, Tx};

use super::{in_list, signed, unsigned};

/// A file that has arrived.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Its name.
    pub sha256: BlobHash,
    /// Its length in bytes.
    pub length: u64,
    /// What its bytes say that it is.
    pub media_type: String,
}

/// A photo re-encoded for readers.
#[derive(Clone, Copy, Debug)]
pub struct Rendition {
    /// The original's name.
    pub sha256: BlobHash,
    /// Whether the original could be read; if not, there is nothing to show.
    pub is_readable: bool,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its length in bytes.
    pub length: u64,
}

/// Notes a file that has arrived; one that is known already stays as it is. Returns true if its bytes had been
/// deleted before: they have to be written once more, while the row is locked.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Blob, now: Timestamp) -> Result<bool, StoreError> {
    let row = blob::ActiveModel {
        agency_id: Set(agency.uuid()),
        sha256: Set(new.sha256.as_bytes().to_vec()),
        length: Set(signed(new.length)),
        media_type: Set(new.media_type.clone()),
        verified_at: Set(now.millis()),
        purged_at: Set(None),
    };
    let keep = OnConflict::columns([blob::Column::AgencyId, blob::Column::Sha256])
        .do_nothing()
        .to_owned();
    blob::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    // Whoever deletes the bytes holds the lock meanwhile.
    let row = by_name(agency, new.sha256)
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let was_deleted = row.is_some_and(|row| row.purged_at.is_some());
    if was_deleted {
        let row = blob::ActiveModel {
            agency_id: Set(agency.uuid()),
            sha256: Set(new.sha256.as_bytes().to_vec()),
            purged_at: Set(None),
            verified_at: Set(now.millis()),
            ..Default::default()
        };
        blob::Entity::update(row).exec(tx.connection()).await?;
    }
    Ok(was_deleted)
}

/// A file of the agency that has arrived.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, sha256: BlobHash) -> Result<Option<Blob>, StoreError> {
    let row = by_name(agency, sha256).one(tx.connection()).await?;
    row.map(record).transpose()
}

/// A file of the agency whose bytes are not deleted; they will not be, as long as the transaction lasts.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, sha256: BlobHash) -> Result<Option<Blob>, StoreError> {
    let row = by_name(agency, sha256)
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.filter(|row| row.purged_at.is_none()).map(record).transpose()
}

fn by_name(agency: AgencyId, sha256: BlobHash) -> Select<blob::Entity> {
    blob::Entity::find_by_id((agency.uuid(), sha256.as_bytes().to_vec()))
}

fn record(row: blob::Model) -> Result<Blob, StoreError> {
    Ok(Blob {
        sha256: BlobHash::from_slice(&row.sha256).ok_or(StoreError::Corrupt("file hash"))?,
        length: unsigned(row.length, "file length")?,
        media_type: row.media_type,
    })
}

/// That a person sent a file for a submission.
#[derive(Clone, Debug)]
pub struct Custody {
    /// The submission.
    pub submission: SubmissionId,
    /// The person.
    pub user: UserId,
    /// The file.
    pub sha256: BlobHash,
    /// When the file was complete.
    pub received_at: Timestamp,
    /// The server's receipt, as JSON; files that arrived before there were receipts have none.
    pub receipt: Option<String>,
}

/// Notes that a person sent a file for a submission; what is known already stays as it is.
///
/// # Errors
/// The database failed.
pub async fn insert_owner(tx: &Tx, agency: AgencyId, new: &Custody) -> Result<(), StoreError> {
    let row = blob_owner::ActiveModel {
        submission_id: Set(new.submission.uuid()),
        sha256: Set(new.sha256.as_bytes().to_vec()),
        agency_id: Set(agency.uuid()),
        user_id: Set(new.user.uuid()),
        received_at: Set(new.received_at.millis()),
        receipt: Set(new.receipt.clone()),
        purged_at: Set(None),
    };
    let key = [blob_owner::Column::SubmissionId, blob_owner::Column::Sha256];
    let keep = OnConflict::columns(key).do_nothing().to_owned();
    blob_owner::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Who sent a file for a submission, and when.
///
/// # Errors
/// The database failed.
pub async fn find_custody(
    tx: &Tx,
    agency: AgencyId,
    submission: SubmissionId,
    sha256: BlobHash,
) -> Result<Option<Custody>, StoreError> {
    let key = (submission.uuid(), sha256.as_bytes().to_vec());
    let row = blob_owner::Entity::find_by_id(key)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| Custody {
        submission,
        user: UserId::from_uuid(row.user_id),
        sha256,
        received_at: Timestamp::from_millis(row.received_at),
        receipt: row.receipt,
    }))
}

/// Those of these files that a person has sent before, for whatever submission. Only they may be
/// referred to by a further submission without being sent again: a hash alone proves nothing.
///
/// # Errors
/// The database failed.
pub async fn list_sent(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    hashes: &[BlobHash],
) -> Result<BTreeSet<BlobHash>, StoreError> {
    let hashes = in_list(hashes.iter().map(|hash| hash.as_bytes().to_vec()));
    let rows: Vec<Vec<u8>> = blob_owner::Entity::find()
        .select_only()
        .column(blob_owner::Column::Sha256)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::UserId.eq(user.uuid()))
        .filter(blob_owner::Column::Sha256.is_in(hashes))
        .filter(blob_owner::Column::PurgedAt.is_null())
        .into_tuple()
        .all(tx.connection())
        .await?;
    let hash = |row: Vec<u8>| BlobHash::from_slice(&row).ok_or(StoreError::Corrupt("file hash"));
    rows.into_iter().map(hash).collect()
}

/// The files that were sent for submissions, and whether they are kept: others were deleted, as their time was over.
///
/// # Errors
/// The database failed.
pub async fn list_received_of(
    tx: &Tx,
    agency: AgencyId,
    submissions: &[SubmissionId],
) -> Result<BTreeMap<(SubmissionId, BlobHash), bool>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>, Option<i64>)> = blob_owner::Entity::find()
        .select_only()
        .column(blob_owner::Column::SubmissionId)
        .column(blob_owner::Column::Sha256)
        .column(blob_owner::Column::PurgedAt)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::SubmissionId.is_in(in_list(submissions.iter().map(|id| id.uuid()))))
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(id, sha256, purged_at)| Ok((file_of((id, sha256))?, purged_at.is_none())))
        .collect()
}

/// The submission and the name of a file, as they are stored.
pub(super) fn file_of((id, sha256): (Uuid, Vec<u8>)) -> Result<(SubmissionId, BlobHash), StoreError> {
    let sha256 = BlobHash::from_slice(&sha256).ok_or(StoreError::Corrupt("file hash"))?;
    Ok((SubmissionId::from_uuid(id), sha256))
}

/// The files that were sent for a submission; only those that were by then, if `until` is given.
///
/// # Errors
/// The database failed.
pub async fn list_received(
    tx: &Tx,
    agency: AgencyId,
    submission: SubmissionId,
    until: Option<Timestamp>,
) -> Result<BTreeSet<BlobHash>, StoreError> {
    let mut select = blob_owner::Entity::find()
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::SubmissionId.eq(submission.uuid()));
    if let Some(until) = until {
        select = select.filter(blob_owner::Column::ReceivedAt.lte(until.millis()));
    }
    let rows = select.all(tx.connection()).await?;
    let hash =
        |row: blob_owner::Model| BlobHash::from_slice(&row.sha256).ok_or(StoreError::Corrupt("file hash"));
    rows.into_iter().map(hash).collect()
}

/// Notes a re-encoded photo.
///
/// # Errors
/// The database failed.
pub async fn insert_rendition(
    tx: &Tx,
    agency: AgencyId,
    new: &Rendition,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = rendition::ActiveModel {
        agency_id: Set(agency.uuid()),
        sha256: Set(new.sha256.as_bytes().to_vec()),
        readable: Set(new.is_readable),
        width: Set(new.width.cast_signed()),
        height: Set(new.height.cast_signed()),
        length: Set(signed(new.length)),
        made_at: Set(now.millis()),
    };
    let keep = OnConflict::columns([rendition::Column::AgencyId, rendition::Column::Sha256])
        .do_nothing()
        .to_owned();
    rendition::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The re-encoded photos of these originals.
///
/// # Errors
/// The database failed.
pub async fn list_renditions(
    tx: &Tx,
    agency: AgencyId,
    originals: &[BlobHash],
) -> Result<Vec<Rendition>, StoreError> {
    let rows = rendition::Entity::find()
        .filter(rendition::Column::AgencyId.eq(agency.uuid()))
        .filter(rendition::Column::Sha256.is_in(originals.iter().map(|hash| hash.as_bytes().to_vec())))
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Rendition {
                sha256: BlobHash::from_slice(&row.sha256).ok_or(StoreError::Corrupt("file hash"))?,
                is_readable: row.readable,
                width: unsigned(row.width.into(), "photo width")?,
                height: unsigned(row.height.into(), "photo height")?,
                length: unsigned(row.length, "photo length")?,
            })
        })
        .collect()
}
