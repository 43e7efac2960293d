//! Loading and saving, one module for each aggregate.
//!
//! All functions take the transaction first, then the agency where the row has
//! one. `find` gives an `Option`, `load` an error for what must be there,
//! `list` a page, `lock` a row that stays locked to the end of the
//! transaction (a no-op on SQLite, which has one writer).

pub mod agencies;
pub mod agreements;
pub mod applications;
pub mod assignments;
pub mod attempts;
pub mod audit;
pub mod blobs;
pub mod briefings;
pub mod calendar;
pub mod certifications;
pub mod checklists;
pub mod clients;
pub mod custody;
pub mod daily_counts;
pub mod devices;
pub mod factors;
pub mod feed;
pub mod hierarchies;
pub mod holders;
pub mod identity;
pub mod imports;
pub mod invitations;
pub mod job_invitations;
pub mod jobs;
pub mod known_networks;
pub mod mails;
pub mod members;
pub mod offer_notices;
pub mod oidc;
pub mod ops;
pub mod overdue;
pub mod panel;
pub mod passkeys;
pub mod past_visits;
pub mod pending;
pub mod plans;
pub mod programme_parts;
pub mod programmes;
pub mod progress;
pub mod proposals;
pub mod purge_content;
pub mod purge_files;
pub mod purge_log;
pub mod purge_people;
pub mod purge_rows;
pub mod registers;
pub mod registrations;
pub mod report_reminders;
pub mod retention;
pub mod round_days;
pub mod rounds;
pub mod scenarios;
pub mod scores;
pub mod security;
pub mod server_log;
pub mod service_tokens;
pub mod sessions;
pub mod set_aside;
pub mod staff_notices;
pub mod submissions;
pub mod terms;
pub mod ties;
pub(crate) mod timelines;
pub mod trainees;
pub mod uploads;
pub mod visit_search;
pub mod visits;

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::{StoreError, Tx};

/// So many ids are asked for at once: databases limit the parameters of a statement.
const MAX_IDS: usize = 1_000;

/// Loads one row more than a page has, which tells whether there is a next page.
async fn page<E>(tx: &Tx, select: Select<E>, limit: u64) -> Result<(Vec<E::Model>, bool), StoreError>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let mut rows = select.limit(limit + 1).all(tx.connection()).await?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    Ok((rows, has_more))
}

/// A page of rows in the order of a column, behind one of its values.
async fn page_after<E>(
    tx: &Tx,
    select: Select<E>,
    by: E::Column,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<E::Model>, bool), StoreError>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let select = match after {
        Some(after) => select.filter(by.gt(after)),
        None => select,
    };
    page(tx, select.order_by_asc(by), limit).await
}

/// A page of rows against the order of a column, before one of its values. Ids sort by time: the newest come first.
async fn page_before<E>(
    tx: &Tx,
    select: Select<E>,
    by: E::Column,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<E::Model>, bool), StoreError>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    let select = match before {
        Some(before) => select.filter(by.lt(before)),
        None => select,
    };
    page(tx, select.order_by_desc(by), limit).await
}

/// A statement that writes many rows has at most so many: databases limit the number of parameters.
const ROWS_AT_ONCE: usize = 256;

/// Keys for an `IN` list, some of them repeated so that their number is a power of two: the
/// statement is prepared for few lengths, and the database knows it again.
fn in_list<T: Clone>(keys: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut keys: Vec<T> = keys.into_iter().collect();
    if let Some(last) = keys.last().cloned() {
        keys.resize(keys.len().next_power_of_two(), last);
    }
    keys
}

/// Whether a query finds anything.
async fn exists<E>(tx: &Tx, select: Select<E>) -> Result<bool, StoreError>
where
    E: EntityTrait,
    E::Model: Send + Sync,
{
    Ok(select.limit(1).count(tx.connection()).await? > 0)
}

/// A number that the schema keeps signed.
fn unsigned<T: TryFrom<i64>>(value: i64, what: &'static str) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt(what))
}

/// A number for the schema, which has no unsigned ones. What does not fit is cut; no length or count comes near.
fn signed<T: TryInto<i64>>(value: T) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
