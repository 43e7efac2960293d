//! Files of submissions whose time is over.
//!
//! One file may belong to several submissions. Each of them gives it up on its own; the bytes go with the last.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, SubmissionId, Timestamp, VisitId};
use haamu_sync::BlobHash;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::submissions::{blob, blob_owner, rendition, submission};
use crate::{StoreError, Tx};

use super::in_list;

/// The files that were sent for a submission, and whether it has given them up.
///
/// # Errors
/// The database failed.
pub async fn list_owned(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
) -> Result<Vec<(BlobHash, bool)>, StoreError> {
    let rows: Vec<(Vec<u8>, Option<i64>)> = blob_owner::Entity::find()
        .select_only()
        .column(blob_owner::Column::Sha256)
        .column(blob_owner::Column::PurgedAt)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::SubmissionId.eq(id.uuid()))
        .into_tuple()
        .all(tx.connection())
        .await?;
    let file = |(sha256, purged_at): (Vec<u8>, Option<i64>)| {
        let sha256 = BlobHash::from_slice(&sha256).ok_or(StoreError::Corrupt("file hash"))?;
        Ok((sha256, purged_at.is_some()))
    };
    rows.into_iter().map(file).collect()
}

/// Lets a submission give files up. That they arrived stays known, so that no device sends them again; the
/// receipts go.
///
/// # Errors
/// The database failed.
pub async fn give_up(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    files: &[BlobHash],
    now: Timestamp,
) -> Result<u64, StoreError> {
    if files.is_empty() {
        return Ok(0);
    }
    let done = blob_owner::Entity::update_many()
        .col_expr(blob_owner::Column::PurgedAt, Expr::value(now.millis()))
        .col_expr(blob_owner::Column::Receipt, Expr::value(Option::<String>::None))
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::SubmissionId.eq(id.uuid()))
        .filter(blob_owner::Column::Sha256.is_in(keys(files)))
        .filter(blob_owner::Column::PurgedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// Lets the submissions of a visit keep the files that they have given up, if a purge has not come further: their
/// bytes are still there. Their receipts are made anew when somebody asks.
///
/// # Errors
/// The database failed.
pub async fn take_back(tx: &Tx, agency: AgencyId, visit: VisitId) -> Result<u64, StoreError> {
    let submissions = submission::Entity::find()
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .filter(submission::Column::VisitId.eq(visit.uuid()))
        .all(tx.connection())
        .await?;
    let deleted = Query::select()
        .column(blob::Column::Sha256)
        .from(blob::Entity)
        .and_where(blob::Column::AgencyId.eq(agency.uuid()))
        .and_where(blob::Column::PurgedAt.is_not_null())
        .and_where(
            Expr::col((blob::Entity, blob::Column::Sha256))
                .equals((blob_owner::Entity, blob_owner::Column::Sha256)),
        )
        .to_owned();
    let mut count = 0;
    for row in submissions {
        // What was given up before a class was done belongs to what is deleted.
        let done = Ord::max(row.photo_purged_at, row.narrative_purged_at);
        let taken_back = blob_owner::Entity::update_many()
            .col_expr(blob_owner::Column::PurgedAt, Expr::value(Option::<i64>::None))
            .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
            .filter(blob_owner::Column::SubmissionId.eq(row.id))
            .filter(blob_owner::Column::PurgedAt.gt(done.unwrap_or(i64::MIN)))
            .filter(Expr::exists(deleted.clone()).not())
            .exec(tx.connection())
            .await?;
        count += taken_back.rows_affected;
    }
    Ok(count)
}

/// Locks those of these files that no submission keeps any more and that are not deleted. Whoever receives one
/// of them anew waits until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn lock_unowned(
    tx: &Tx,
    agency: AgencyId,
    files: &[BlobHash],
) -> Result<Vec<BlobHash>, StoreError> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let rows = blob::Entity::find()
        .filter(blob::Column::AgencyId.eq(agency.uuid()))
        .filter(blob::Column::Sha256.is_in(keys(files)))
        .filter(blob::Column::PurgedAt.is_null())
        .order_by_asc(blob::Column::Sha256)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    // Asked for once the rows are locked: who keeps a file notes that under the same lock.
    let kept: Vec<Vec<u8>> = blob_owner::Entity::find()
        .select_only()
        .column(blob_owner::Column::Sha256)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::Sha256.is_in(keys(files)))
        .filter(blob_owner::Column::PurgedAt.is_null())
        .into_tuple()
        .all(tx.connection())
        .await?;
    let kept: BTreeSet<Vec<u8>> = kept.into_iter().collect();
    let unowned = rows.into_iter().filter(|row| !kept.contains(&row.sha256));
    unowned
        .map(|row| BlobHash::from_slice(&row.sha256).ok_or(StoreError::Corrupt("file hash")))
        .collect()
}

/// Notes that the bytes of files are deleted, and those that readers saw.
///
/// # Errors
/// The database failed.
pub async fn note_deleted(
    tx: &Tx,
    agency: AgencyId,
    files: &[BlobHash],
    now: Timestamp,
) -> Result<(), StoreError> {
    rendition::Entity::delete_many()
        .filter(rendition::Column::AgencyId.eq(agency.uuid()))
        .filter(rendition::Column::Sha256.is_in(keys(files)))
        .exec(tx.connection())
        .await?;
    blob::Entity::update_many()
        .col_expr(blob::Column::PurgedAt, Expr::value(now.millis()))
        .filter(blob::Column::AgencyId.eq(agency.uuid()))
        .filter(blob::Column::Sha256.is_in(keys(files)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether a submission has given a file up.
///
/// # Errors
/// The database failed.
pub async fn is_given_up(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    file: BlobHash,
) -> Result<bool, StoreError> {
    let key = (id.uuid(), file.as_bytes().to_vec());
    let select = blob_owner::Entity::find_by_id(key)
        .filter(blob_owner::Column::AgencyId.eq(agency.uuid()))
        .filter(blob_owner::Column::PurgedAt.is_not_null());
    super::exists(tx, select).await
}

fn keys(files: &[BlobHash]) -> Vec<Vec<u8>> {
    in_list(files.iter().map(|file| file.as_bytes().to_vec()))
}
