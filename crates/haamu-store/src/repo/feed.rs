//! Feeds: for each scope, every entity once at its latest position.

use std::collections::BTreeMap;

use haamu_domain::AgencyId;
use haamu_sync::server::FeedHead;
use haamu_sync::{Entity, Incarnation};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::submissions::{feed_entry, feed_head, feed_incarnation};
use crate::{StoreError, Tx};

use super::{ROWS_AT_ONCE, in_list, timelines};

/// Something that happened to an entity of a feed.
#[derive(Clone, Debug)]
pub struct FeedChange {
    /// Which entity.
    pub entity: Entity,
    /// The reason, if it is no longer for this scope.
    pub revoked: Option<String>,
}

/// An entry of a feed.
#[derive(Clone, Debug)]
pub struct FeedRow {
    /// Its position.
    pub pos: u64,
    /// Which entity.
    pub entity: Entity,
    /// The reason, if it is no longer for this scope.
    pub revoked: Option<String>,
}

/// Puts changes at the end of a scope's feed; returns the position of the first. The scope stays
/// locked until the transaction ends, so positions become visible in their order.
///
/// # Errors
/// The database failed.
pub async fn append(
    tx: &Tx,
    agency: AgencyId,
    scope: &str,
    changes: &[FeedChange],
) -> Result<u64, StoreError> {
    if changes.is_empty() {
        return Ok(0);
    }
    let current = timelines::current_for_writing(tx).await?;
    let head = lock(tx, agency, scope).await?;
    if head.incarnation != current.as_bytes() {
        let row = feed_incarnation::ActiveModel {
            scope: Set(scope.to_owned()),
            start_pos: Set(head.pos),
            agency_id: Set(agency.uuid()),
            incarnation: Set(current.as_bytes().to_vec()),
        };
        feed_incarnation::Entity::insert(row)
            .exec_without_returning(tx.connection())
            .await?;
    }
    let first = head.pos + 1;
    let mut pos = head.pos;
    // Of an entity that is named twice the last counts.
    let mut rows = BTreeMap::new();
    for change in changes {
        pos += 1;
        rows.insert(&change.entity, entry_row(agency, scope, change, pos));
    }
    let key = [
        feed_entry::Column::Scope,
        feed_entry::Column::Kind,
        feed_entry::Column::Entity,
    ];
    let replace = OnConflict::columns(key)
        .update_columns([feed_entry::Column::Pos, feed_entry::Column::Revoked])
        .to_owned();
    let rows: Vec<_> = rows.into_values().collect();
    for some in rows.chunks(ROWS_AT_ONCE) {
        feed_entry::Entity::insert_many(some.iter().cloned())
            .on_conflict(replace.clone())
            .exec_without_returning(tx.connection())
            .await?;
    }
    let head = feed_head::ActiveModel {
        scope: Set(scope.to_owned()),
        pos: Set(pos),
        incarnation: Set(current.as_bytes().to_vec()),
        ..Default::default()
    };
    feed_head::Entity::update(head).exec(tx.connection()).await?;
    position(first)
}

/// Locks a scope's feed until the transaction ends: what is read of it meanwhile stays as it is.
async fn lock(tx: &Tx, agency: AgencyId, scope: &str) -> Result<feed_head::Model, StoreError> {
    let empty = feed_head::ActiveModel {
        scope: Set(scope.to_owned()),
        agency_id: Set(agency.uuid()),
        pos: Set(0),
        incarnation: Set(Vec::new()),
    };
    let keep = OnConflict::column(feed_head::Column::Scope)
        .do_nothing()
        .to_owned();
    feed_head::Entity::insert(empty)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    let head = feed_head::Entity::find_by_id(scope)
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    head.ok_or(StoreError::Missing("feed head"))
}

/// Puts an entity at the end of a scope's feed once more, if it is there and not revoked. Returns whether it was.
///
/// # Errors
/// The database failed.
pub async fn touch(tx: &Tx, agency: AgencyId, scope: &str, entity: Entity) -> Result<bool, StoreError> {
    // Asked for under the lock: it may be revoked at this moment.
    lock(tx, agency, scope).await?;
    let is_there = find(tx, scope, &entity)
        .await?
        .is_some_and(|row| row.revoked.is_none());
    if is_there {
        let change = FeedChange {
            entity,
            revoked: None,
        };
        append(tx, agency, scope, &[change]).await?;
    }
    Ok(is_there)
}

fn entry_row(agency: AgencyId, scope: &str, change: &FeedChange, pos: i64) -> feed_entry::ActiveModel {
    feed_entry::ActiveModel {
        scope: Set(scope.to_owned()),
        kind: Set(change.entity.kind.clone()),
        entity: Set(change.entity.id.clone()),
        agency_id: Set(agency.uuid()),
        pos: Set(pos),
        revoked: Set(change.revoked.clone()),
    }
}

/// Where entities of one kind stand in a scope's feed, by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_positions(
    tx: &Tx,
    scope: &str,
    kind: &str,
    ids: &[String],
) -> Result<BTreeMap<String, u64>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, i64)> = feed_entry::Entity::find()
        .select_only()
        .column(feed_entry::Column::Entity)
        .column(feed_entry::Column::Pos)
        .filter(feed_entry::Column::Scope.eq(scope))
        .filter(feed_entry::Column::Kind.eq(kind))
        .filter(feed_entry::Column::Entity.is_in(in_list(ids.iter().cloned())))
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(id, pos)| Ok((id, position(pos)?)))
        .collect()
}

/// The end of a scope's feed. A feed that nothing was put into yet ends at 0.
///
/// # Errors
/// The database failed.
pub async fn head(tx: &Tx, scope: &str) -> Result<FeedHead, StoreError> {
    let head = feed_head::Entity::find_by_id(scope).one(tx.connection()).await?;
    let Some(head) = head else {
        return Ok(FeedHead {
            pos: 0,
            incarnation: timelines::current(tx).await?,
        });
    };
    let incarnation = Incarnation::from_slice(&head.incarnation).ok_or(StoreError::Corrupt("feed head"))?;
    Ok(FeedHead {
        pos: position(head.pos)?,
        incarnation,
    })
}

/// The timeline in which a position of a scope was reached.
///
/// # Errors
/// The database failed.
pub async fn incarnation_at(tx: &Tx, scope: &str, pos: u64) -> Result<Option<Incarnation>, StoreError> {
    let pos = i64::try_from(pos).unwrap_or(i64::MAX);
    let row = feed_incarnation::Entity::find()
        .filter(feed_incarnation::Column::Scope.eq(scope))
        .filter(feed_incarnation::Column::StartPos.lt(pos))
        .order_by_desc(feed_incarnation::Column::StartPos)
        .one(tx.connection())
        .await?;
    Ok(row.and_then(|row| Incarnation::from_slice(&row.incarnation)))
}

/// The entry of one entity.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, scope: &str, entity: &Entity) -> Result<Option<FeedRow>, StoreError> {
    let key = (scope.to_owned(), entity.kind.clone(), entity.id.clone());
    let row = feed_entry::Entity::find_by_id(key).one(tx.connection()).await?;
    row.map(record).transpose()
}

/// Entries after a position, in order.
///
/// # Errors
/// The database failed.
pub async fn list_after(tx: &Tx, scope: &str, after: u64, limit: u64) -> Result<Vec<FeedRow>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let rows = feed_entry::Entity::find()
        .filter(feed_entry::Column::Scope.eq(scope))
        .filter(feed_entry::Column::Pos.gt(after))
        .order_by_asc(feed_entry::Column::Pos)
        .limit(limit)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

fn record(row: feed_entry::Model) -> Result<FeedRow, StoreError> {
    let entity = Entity {
        kind: row.kind,
        id: row.entity,
    };
    Ok(FeedRow {
        pos: position(row.pos)?,
        entity,
        revoked: row.revoked,
    })
}

fn position(pos: i64) -> Result<u64, StoreError> {
    u64::try_from(pos).map_err(|_| StoreError::Corrupt("feed position"))
}
