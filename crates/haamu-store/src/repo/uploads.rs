//! Uploads under way: what quotas count, and what expires.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, SubmissionId, Timestamp};
use haamu_sync::BlobHash;
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

use crate::entity::identity::agency;
use crate::entity::submissions::{blob, blob_owner, upload};
use crate::{Staging, StoreError, Tx};

use super::blobs::file_of;
use super::{in_list, signed, unsigned};

/// A file that is arriving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its submission.
    pub submission: SubmissionId,
    /// Its name.
    pub sha256: BlobHash,
    /// So many bytes count against the quotas.
    pub reserved: u64,
    /// The length that was declared, if one was.
    pub length: Option<u64>,
    /// What a tus client said about the file, word by word.
    pub metadata: Option<String>,
    /// When something was done for it last.
    pub touched_at: Timestamp,
}

/// How many bytes are kept and staged, but for one upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Staged for the agency.
    pub agency_staged: u64,
    /// Kept for the agency.
    pub agency_kept: u64,
    /// Staged or kept for the submission.
    pub submission: u64,
}

/// An upload under way.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, of: &Staging) -> Result<Option<Upload>, StoreError> {
    let row = select(of).one(tx.connection()).await?;
    row.map(upload_of).transpose()
}

/// Which files of submissions have begun to arrive.
///
/// # Errors
/// The database failed.
pub async fn list_begun(
    tx: &Tx,
    agency: AgencyId,
    submissions: &[SubmissionId],
) -> Result<BTreeSet<(SubmissionId, BlobHash)>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>)> = upload::Entity::find()
        .select_only()
        .column(upload::Column::SubmissionId)
        .column(upload::Column::Sha256)
        .filter(upload::Column::AgencyId.eq(agency.uuid()))
        .filter(upload::Column::SubmissionId.is_in(in_list(submissions.iter().map(|id| id.uuid()))))
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter().map(file_of).collect()
}

/// Locks an upload under way.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, of: &Staging) -> Result<Option<Upload>, StoreError> {
    let row = select(of).lock_exclusive().one(tx.connection()).await?;
    row.map(upload_of).transpose()
}

/// Begins an upload, or notes what has become of one.
///
/// # Errors
/// The database failed.
pub async fn save(tx: &Tx, agency: AgencyId, new: &Upload) -> Result<(), StoreError> {
    let row = upload::ActiveModel {
        submission_id: Set(new.submission.uuid()),
        sha256: Set(new.sha256.as_bytes().to_vec()),
        agency_id: Set(agency.uuid()),
        reserved: Set(signed(new.reserved)),
        length: Set(new.length.map(signed)),
        metadata: Set(new.metadata.clone()),
        started_at: Set(new.touched_at.millis()),
        touched_at: Set(new.touched_at.millis()),
    };
    let key = [upload::Column::SubmissionId, upload::Column::Sha256];
    let mut overwrite = OnConflict::columns(key);
    overwrite.update_columns([
        upload::Column::Reserved,
        upload::Column::Length,
        upload::Column::Metadata,
        upload::Column::TouchedAt,
    ]);
    upload::Entity::insert(row)
        .on_conflict(overwrite)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Forgets an upload: it is complete, or was given up.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, of: &Staging) -> Result<(), StoreError> {
    upload::Entity::delete_by_id((of.submission.uuid(), of.sha256.as_bytes().to_vec()))
        .filter(upload::Column::AgencyId.eq(of.agency.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// How many bytes the agency and the submission use, without what is staged of
/// this upload. The agency's uploads wait for each other until the
/// transaction ends, so that two of them do not take the same room.
///
/// # Errors
/// The database failed.
pub async fn usage(tx: &Tx, of: &Staging) -> Result<Usage, StoreError> {
    agency::Entity::find_by_id(of.agency.uuid())
        .lock(LockType::NoKeyUpdate)
        .one(tx.connection())
        .await?;
    let others = Expr::col(upload::Column::SubmissionId)
        .ne(of.submission.uuid())
        .or(Expr::col(upload::Column::Sha256).ne(of.sha256.as_bytes().to_vec()));
    let staged = upload::Entity::find()
        .filter(upload::Column::AgencyId.eq(of.agency.uuid()))
        .filter(others);
    let staged_for = staged
        .clone()
        .filter(upload::Column::SubmissionId.eq(of.submission.uuid()));
    let kept = blob::Entity::find()
        .filter(blob::Column::AgencyId.eq(of.agency.uuid()))
        .filter(blob::Column::PurgedAt.is_null());
    let kept_for = kept
        .clone()
        .join(JoinType::InnerJoin, owners())
        .filter(blob_owner::Column::SubmissionId.eq(of.submission.uuid()));
    Ok(Usage {
        agency_staged: sum(tx, staged, upload::Column::Reserved).await?,
        agency_kept: sum(tx, kept, blob::Column::Length).await?,
        submission: sum(tx, staged_for, upload::Column::Reserved).await?
            + sum(tx, kept_for, blob::Column::Length).await?,
    })
}

fn owners() -> RelationDef {
    blob::Entity::belongs_to(blob_owner::Entity)
        .from((blob::Column::AgencyId, blob::Column::Sha256))
        .to((blob_owner::Column::AgencyId, blob_owner::Column::Sha256))
        .into()
}

async fn sum<E: EntityTrait>(
    tx: &Tx,
    select: Select<E>,
    column: impl ColumnTrait,
) -> Result<u64, StoreError> {
    // PostgreSQL sums 64-bit numbers to a longer kind.
    let total = Expr::col((column.entity_name(), column)).sum().cast_as("bigint");
    let total: Option<Option<i64>> = select
        .select_only()
        .column_as(total, "total")
        .into_tuple()
        .one(tx.connection())
        .await?;
    unsigned(total.flatten().unwrap_or_default(), "sum of lengths")
}

fn select(of: &Staging) -> Select<upload::Entity> {
    upload::Entity::find_by_id((of.submission.uuid(), of.sha256.as_bytes().to_vec()))
        .filter(upload::Column::AgencyId.eq(of.agency.uuid()))
}

fn upload_of(row: upload::Model) -> Result<Upload, StoreError> {
    Ok(Upload {
        submission: SubmissionId::from_uuid(row.submission_id),
        sha256: BlobHash::from_slice(&row.sha256).ok_or(StoreError::Corrupt("file hash"))?,
        reserved: unsigned(row.reserved, "upload length")?,
        length: row
            .length
            .map(|length| unsigned(length, "upload length"))
            .transpose()?,
        metadata: row.metadata,
        touched_at: Timestamp::from_millis(row.touched_at),
    })
}
