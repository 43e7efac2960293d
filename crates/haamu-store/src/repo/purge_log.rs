//! What each night deleted.

use haamu_domain::retention::PurgeClass;
use haamu_domain::{AgencyId, LocalDate, PurgeId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::retention::purge_log;
use crate::{StoreError, Tx};

use super::{page_before, signed, unsigned};

/// What a night deleted of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Its id.
    pub id: PurgeId,
    /// The night's date.
    pub day: LocalDate,
    /// The class.
    pub class: PurgeClass,
    /// What happened before was deleted.
    pub kept_from: Timestamp,
    /// So many rows were deleted, or lost what was in them.
    pub rows: u64,
    /// So many files were deleted.
    pub objects: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When all of it was done.
    pub finished_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
}

/// Begins the purge of a class, or goes on with one that was begun: its entry, as it is in the log.
///
/// # Errors
/// The database failed.
pub async fn begin(tx: &Tx, agency: AgencyId, new: &Purge) -> Result<Purge, StoreError> {
    let row = purge_log::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        day: Set(new.day.to_string()),
        class: Set(new.class.as_str().to_owned()),
        kept_from: Set(new.kept_from.millis()),
        rows_purged: Set(0),
        objects_purged: Set(0),
        started_at: Set(new.started_at.millis()),
        finished_at: Set(None),
        failure: Set(None),
    };
    let key = [
        purge_log::Column::AgencyId,
        purge_log::Column::Day,
        purge_log::Column::Class,
    ];
    let keep = OnConflict::columns(key).do_nothing().to_owned();
    purge_log::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    let found = purge_log::Entity::find()
        .filter(purge_log::Column::AgencyId.eq(agency.uuid()))
        .filter(purge_log::Column::Day.eq(new.day.to_string()))
        .filter(purge_log::Column::Class.eq(new.class.as_str()))
        .one(tx.connection())
        .await?;
    record(found.ok_or(StoreError::Missing("purge"))?)
}

/// Opens an entry that is done once more, for what has become due since.
///
/// # Errors
/// The database failed.
pub async fn reopen(tx: &Tx, id: PurgeId, kept_from: Timestamp) -> Result<(), StoreError> {
    purge_log::Entity::update_many()
        .col_expr(purge_log::Column::FinishedAt, Expr::value(Option::<i64>::None))
        .col_expr(purge_log::Column::KeptFrom, Expr::value(kept_from.millis()))
        .filter(purge_log::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Adds what a batch deleted.
///
/// # Errors
/// The database failed.
pub async fn add(tx: &Tx, id: PurgeId, rows: u64, objects: u64) -> Result<(), StoreError> {
    let plus = |column: purge_log::Column, more: u64| Expr::col(column).add(signed(more));
    purge_log::Entity::update_many()
        .col_expr(
            purge_log::Column::RowsPurged,
            plus(purge_log::Column::RowsPurged, rows),
        )
        .col_expr(
            purge_log::Column::ObjectsPurged,
            plus(purge_log::Column::ObjectsPurged, objects),
        )
        .filter(purge_log::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Notes that all of it is done, or why it is not.
///
/// # Errors
/// The database failed.
pub async fn end(
    tx: &Tx,
    id: PurgeId,
    outcome: Result<(), String>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (finished_at, failure) = match outcome {
        Ok(()) => (Some(now.millis()), None),
        Err(failure) => (None, Some(failure)),
    };
    purge_log::Entity::update_many()
        .col_expr(purge_log::Column::FinishedAt, Expr::value(finished_at))
        .col_expr(purge_log::Column::Failure, Expr::value(failure))
        .filter(purge_log::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The date of the last night that was begun before that of a date.
///
/// # Errors
/// The database failed.
pub async fn last_day(tx: &Tx, agency: AgencyId, before: LocalDate) -> Result<Option<LocalDate>, StoreError> {
    let day: Option<String> = purge_log::Entity::find()
        .select_only()
        .column(purge_log::Column::Day)
        .filter(purge_log::Column::AgencyId.eq(agency.uuid()))
        .filter(purge_log::Column::Day.lt(before.to_string()))
        .order_by_desc(purge_log::Column::Day)
        .into_tuple()
        .one(tx.connection())
        .await?;
    day.map(|day| LocalDate::parse(&day).ok_or(StoreError::Corrupt("purge day")))
        .transpose()
}

/// Notes that nothing is deleted in a night, and why, unless it is done already.
///
/// # Errors
/// The database failed.
pub async fn skip(tx: &Tx, id: PurgeId, why: &str, now: Timestamp) -> Result<(), StoreError> {
    purge_log::Entity::update_many()
        .col_expr(purge_log::Column::FinishedAt, Expr::value(now.millis()))
        .col_expr(purge_log::Column::Failure, Expr::value(why))
        .filter(purge_log::Column::Id.eq(id.uuid()))
        .filter(purge_log::Column::FinishedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Entries of the log before one, the newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Purge>, bool), StoreError> {
    let select = purge_log::Entity::find().filter(purge_log::Column::AgencyId.eq(agency.uuid()));
    let (rows, has_more) = page_before(tx, select, purge_log::Column::Id, before, limit).await?;
    let purges = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok((purges, has_more))
}

fn record(row: purge_log::Model) -> Result<Purge, StoreError> {
    Ok(Purge {
        id: PurgeId::from_uuid(row.id),
        day: LocalDate::parse(&row.day).ok_or(StoreError::Corrupt("purge day"))?,
        class: PurgeClass::from_name(&row.class).ok_or(StoreError::Corrupt("purge class"))?,
        kept_from: Timestamp::from_millis(row.kept_from),
        rows: unsigned(row.rows_purged, "purged rows")?,
        objects: unsigned(row.objects_purged, "purged objects")?,
        started_at: Timestamp::from_millis(row.started_at),
        finished_at: row.finished_at.map(Timestamp::from_millis),
        failure: row.failure,
    })
}
