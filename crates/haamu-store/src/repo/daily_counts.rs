//! What is counted by days.

use haamu_domain::daily::{Counted, day_of};
use haamu_domain::{AgencyId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::registration::daily_count;
use crate::{StoreError, Tx};

/// Counts so many more on the day of a moment, and says how many it comes to. Of two that count at once, the second
/// waits until the first has committed. Days before the one before are forgotten.
///
/// # Errors
/// The database failed.
pub async fn add(
    tx: &Tx,
    agency: AgencyId,
    of: Counted,
    key: &[u8],
    more: u32,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let day = day_of(now);
    let row = daily_count::ActiveModel {
        agency_id: Set(agency.uuid()),
        kind: Set(of.as_str().to_owned()),
        key: Set(key.to_vec()),
        day: Set(day),
        count: Set(i64::from(more)),
    };
    let known = Expr::col((daily_count::Entity, daily_count::Column::Count));
    let add = OnConflict::columns([
        daily_count::Column::AgencyId,
        daily_count::Column::Kind,
        daily_count::Column::Key,
        daily_count::Column::Day,
    ])
    .value(daily_count::Column::Count, known.add(i64::from(more)))
    .to_owned();
    daily_count::Entity::insert(row)
        .on_conflict(add)
        .exec_without_returning(tx.connection())
        .await?;
    let key = (agency.uuid(), of.as_str().to_owned(), key.to_vec(), day);
    let found = daily_count::Entity::find_by_id(key).one(tx.connection()).await?;
    let count = found.ok_or(StoreError::Missing("count of a day"))?.count;
    if count == i64::from(more) {
        forget(tx, agency, of, day - 1).await?;
    }
    super::unsigned(count, "count of a day")
}

async fn forget(tx: &Tx, agency: AgencyId, of: Counted, before: i64) -> Result<(), StoreError> {
    daily_count::Entity::delete_many()
        .filter(daily_count::Column::AgencyId.eq(agency.uuid()))
        .filter(daily_count::Column::Kind.eq(of.as_str()))
        .filter(daily_count::Column::Day.lt(before))
        .exec(tx.connection())
        .await?;
    Ok(())
}
