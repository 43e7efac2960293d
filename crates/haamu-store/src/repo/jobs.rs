//! Background jobs: rows that server processes claim.
//!
//! A claim is a row's columns, not a held lock, so that it works alike on both
//! databases. It holds until a moment that its process moves on while it is at
//! work; a claim whose process died lapses then. What a process says of a job
//! counts only as long as the claim is the one that it made: whoever was away
//! for too long changes nothing.

use std::collections::BTreeMap;

use haamu_domain::job::{JobEvent, JobState};
use haamu_domain::{AgencyId, JobId, Timestamp};
use sea_orm::sea_query::{Cond, LockBehavior, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::operations::job;
use crate::{StoreError, Tx};

use super::{ROWS_AT_ONCE, in_list, unsigned};

/// A job to be put into the queue.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Its agency.
    pub agency: AgencyId,
    /// What is to be done.
    pub kind: &'static str,
    /// A job of the same kind and key that waits already is enough.
    pub dedup_key: String,
    /// What it is to be done with, as JSON.
    pub payload: String,
    /// Not before.
    pub run_after: Timestamp,
}

/// A job that this process has claimed. Number and time of the attempt tell its claim from all others.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    /// Its id.
    pub id: JobId,
    /// Its agency.
    pub agency: AgencyId,
    /// What is to be done.
    pub kind: String,
    /// What it is to be done with.
    pub payload: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// When it was claimed.
    pub claimed_at: Timestamp,
}

/// Puts a job into the queue, unless one of the same kind and key waits; that one then runs at the earlier time.
///
/// The waiting job stays locked until the caller's transaction commits, so that
/// it is not claimed before it can see what the caller wrote.
///
/// # Errors
/// The database failed.
pub async fn enqueue(tx: &Tx, new: &NewJob, now: Timestamp) -> Result<(), StoreError> {
    enqueue_many(tx, std::slice::from_ref(new), now).await
}

/// The same for many jobs of one agency and kind with different keys.
///
/// # Errors
/// The database failed.
pub async fn enqueue_many(tx: &Tx, new: &[NewJob], now: Timestamp) -> Result<(), StoreError> {
    let Some(first) = new.first() else {
        return Ok(());
    };
    let keys = in_list(new.iter().map(|job| job.dedup_key.clone()));
    let waiting = job::Entity::find()
        .filter(job::Column::AgencyId.eq(first.agency.uuid()))
        .filter(job::Column::Kind.eq(first.kind))
        .filter(job::Column::DedupKey.is_in(keys))
        .filter(job::Column::FinishedAt.is_null())
        .filter(job::Column::FailedAt.is_null())
        .filter(job::Column::ClaimedAt.is_null())
        .order_by_asc(job::Column::Id)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    let waiting: BTreeMap<_, _> = waiting
        .into_iter()
        .map(|waiting| (waiting.dedup_key.clone(), waiting))
        .collect();
    let mut fresh = Vec::with_capacity(new.len());
    for job in new {
        match waiting.get(&job.dedup_key) {
            None => fresh.push(row(job, now)),
            Some(waiting) if job.run_after.millis() < waiting.run_after => {
                let row = job::ActiveModel {
                    id: Set(waiting.id),
                    run_after: Set(job.run_after.millis()),
                    ..Default::default()
                };
                job::Entity::update(row).exec(tx.connection()).await?;
            }
            Some(_) => {}
        }
    }
    for some in fresh.chunks(ROWS_AT_ONCE) {
        job::Entity::insert_many(some.iter().cloned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

fn row(new: &NewJob, now: Timestamp) -> job::ActiveModel {
    job::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        kind: Set(new.kind.to_owned()),
        dedup_key: Set(new.dedup_key.clone()),
        payload: Set(new.payload.clone()),
        run_after: Set(new.run_after.millis()),
        attempts: Set(0),
        claimed_at: Set(None),
        claimed_until: Set(None),
        finished_at: Set(None),
        failed_at: Set(None),
        last_error: Set(None),
        created_at: Set(now.millis()),
    }
}

/// Whether there is or was a job of this kind and key, whatever became of it.
///
/// # Errors
/// The database failed.
pub async fn is_known(tx: &Tx, agency: AgencyId, kind: &str, dedup_key: &str) -> Result<bool, StoreError> {
    let select = job::Entity::find()
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::DedupKey.eq(dedup_key));
    super::exists(tx, select).await
}

/// Whether a job of this kind and key waits or is being done.
///
/// # Errors
/// The database failed.
pub async fn is_open(tx: &Tx, agency: AgencyId, kind: &str, dedup_key: &str) -> Result<bool, StoreError> {
    let select = job::Entity::find()
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::DedupKey.eq(dedup_key))
        .filter(job::Column::FinishedAt.is_null())
        .filter(job::Column::FailedAt.is_null());
    super::exists(tx, select).await
}

/// Claims the job that has been due longest until a moment.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn claim(tx: &Tx, until: Timestamp, now: Timestamp) -> Result<Option<ClaimedJob>, StoreError> {
    tx.require_all_agencies("jobs")?;
    let is_free = Cond::any()
        .add(job::Column::ClaimedUntil.is_null())
        .add(job::Column::ClaimedUntil.lt(now.millis()));
    let due = job::Entity::find()
        .filter(job::Column::FinishedAt.is_null())
        .filter(job::Column::FailedAt.is_null())
        .filter(job::Column::RunAfter.lte(now.millis()))
        .filter(is_free)
        .order_by_asc(job::Column::RunAfter)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .one(tx.connection())
        .await?;
    let Some(due) = due else { return Ok(None) };
    let row = job::ActiveModel {
        id: Set(due.id),
        claimed_at: Set(Some(now.millis())),
        claimed_until: Set(Some(until.millis())),
        attempts: Set(due.attempts + 1),
        ..Default::default()
    };
    job::Entity::update(row).exec(tx.connection()).await?;
    Ok(Some(ClaimedJob {
        id: JobId::from_uuid(due.id),
        agency: AgencyId::from_uuid(due.agency_id),
        kind: due.kind,
        payload: due.payload,
        attempts: unsigned(i64::from(due.attempts) + 1, "job attempts")?,
        claimed_at: now,
    }))
}

fn state(row: &job::Model) -> JobState {
    JobState::of(
        row.claimed_at.is_some(),
        row.finished_at.is_some(),
        row.failed_at.is_some(),
    )
}

/// Lets a claim hold until a later moment. Returns false if it is lost.
///
/// # Errors
/// The database failed.
pub async fn renew(tx: &Tx, claim: &ClaimedJob, until: Timestamp) -> Result<bool, StoreError> {
    let row = job::ActiveModel {
        claimed_until: Set(Some(until.millis())),
        ..Default::default()
    };
    update_claimed(tx, claim, row).await
}

/// Notes that a job is done. Returns false if the claim is lost; then nothing is noted.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &Tx, claim: &ClaimedJob, now: Timestamp) -> Result<bool, StoreError> {
    let row = job::ActiveModel {
        claimed_until: Set(None),
        finished_at: Set(Some(now.millis())),
        ..Default::default()
    };
    update_claimed(tx, claim, row).await
}

/// Notes that a job failed: it is tried again at `retry_at`, or given up. Returns false if the claim is lost;
/// then nothing is noted.
///
/// # Errors
/// The database failed.
pub async fn fail(
    tx: &Tx,
    claim: &ClaimedJob,
    error: &str,
    retry_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut row = job::ActiveModel {
        claimed_at: Set(None),
        claimed_until: Set(None),
        last_error: Set(Some(error.to_owned())),
        ..Default::default()
    };
    match retry_at {
        Some(retry_at) => row.run_after = Set(retry_at.millis()),
        None => row.failed_at = Set(Some(now.millis())),
    }
    update_claimed(tx, claim, row).await
}

/// Changes a job whose claim is still this one.
async fn update_claimed(tx: &Tx, claim: &ClaimedJob, row: job::ActiveModel) -> Result<bool, StoreError> {
    let changed = job::Entity::update_many()
        .set(row)
        .filter(job::Column::Id.eq(claim.id.uuid()))
        .filter(job::Column::Attempts.eq(claim.attempts))
        .filter(job::Column::ClaimedAt.eq(claim.claimed_at.millis()))
        .filter(job::Column::FinishedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// A job that was given up.
#[derive(Clone, Debug)]
pub struct FailedJob {
    /// Its id.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed at last.
    pub error: String,
    /// When it was put into the queue.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Timestamp,
}

/// Jobs of the agency that were given up, the latest ids first, before one of them.
///
/// # Errors
/// The database failed.
pub async fn list_failed(
    tx: &Tx,
    agency: AgencyId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<FailedJob>, bool), StoreError> {
    let select = job::Entity::find()
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::FailedAt.is_not_null());
    let (rows, has_more) = super::page_before(tx, select, job::Column::Id, before, limit).await?;
    let jobs = rows.into_iter().map(|row| {
        Ok(FailedJob {
            id: JobId::from_uuid(row.id),
            kind: row.kind,
            attempts: unsigned(i64::from(row.attempts), "job attempts")?,
            error: row.last_error.unwrap_or_default(),
            created_at: Timestamp::from_millis(row.created_at),
            failed_at: Timestamp::from_millis(row.failed_at.unwrap_or_default()),
        })
    });
    Ok((jobs.collect::<Result<_, StoreError>>()?, has_more))
}

/// Lets a job of the agency that was given up be tried anew. Returns what it is to be done with; none if there is
/// no such job.
///
/// # Errors
/// The database failed.
pub async fn retry(
    tx: &Tx,
    agency: AgencyId,
    id: JobId,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    let found = job::Entity::find_by_id(id.uuid())
        .filter(job::Column::AgencyId.eq(agency.uuid()))
        .filter(job::Column::FailedAt.is_not_null())
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let can_be_tried = |row: &job::Model| state(row).after(JobEvent::Retry).is_ok();
    let Some(found) = found.filter(can_be_tried) else {
        return Ok(None);
    };
    let row = job::ActiveModel {
        id: Set(found.id),
        attempts: Set(0),
        claimed_at: Set(None),
        claimed_until: Set(None),
        failed_at: Set(None),
        run_after: Set(now.millis()),
        ..Default::default()
    };
    job::Entity::update(row).exec(tx.connection()).await?;
    Ok(Some(found.payload))
}

/// How many jobs are due or will be before `until`.
///
/// # Errors
/// The database failed.
pub async fn count_waiting(tx: &Tx, until: Timestamp) -> Result<u64, StoreError> {
    let select = job::Entity::find()
        .filter(job::Column::FinishedAt.is_null())
        .filter(job::Column::FailedAt.is_null())
        .filter(job::Column::RunAfter.lte(until.millis()));
    Ok(select.count(tx.connection()).await?)
}
