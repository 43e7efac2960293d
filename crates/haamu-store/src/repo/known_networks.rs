//! Networks from which people have signed in. Which those are, the database does not tell: it has keyed hashes.

use haamu_domain::{Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::access::known_network;
use crate::{StoreError, Tx};

/// So many networks are remembered of one person.
const MOST: u64 = 20;

/// Whether a person has signed in from a network.
///
/// # Errors
/// The database failed.
pub async fn is_known(tx: &Tx, user: UserId, network_hash: &[u8]) -> Result<bool, StoreError> {
    let row = known_network::Entity::find_by_id((user.uuid(), network_hash.to_vec()));
    Ok(row.one(tx.connection()).await?.is_some())
}

/// Notes that a person has signed in from a network. Of many, those that were used last are remembered.
///
/// # Errors
/// The database failed.
pub async fn note(tx: &Tx, user: UserId, network_hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    let row = known_network::ActiveModel {
        user_id: Set(user.uuid()),
        network_hash: Set(network_hash.to_vec()),
        last_used_at: Set(now.millis()),
    };
    let key = [known_network::Column::UserId, known_network::Column::NetworkHash];
    let renew = OnConflict::columns(key)
        .update_column(known_network::Column::LastUsedAt)
        .to_owned();
    known_network::Entity::insert(row)
        .on_conflict(renew)
        .exec_without_returning(tx.connection())
        .await?;
    let surplus: Vec<Vec<u8>> = known_network::Entity::find()
        .select_only()
        .column(known_network::Column::NetworkHash)
        .filter(known_network::Column::UserId.eq(user.uuid()))
        .order_by_desc(known_network::Column::LastUsedAt)
        .order_by_asc(known_network::Column::NetworkHash)
        .offset(MOST)
        .limit(MOST)
        .into_tuple()
        .all(tx.connection())
        .await?;
    if !surplus.is_empty() {
        known_network::Entity::delete_many()
            .filter(known_network::Column::UserId.eq(user.uuid()))
            .filter(known_network::Column::NetworkHash.is_in(surplus))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// Forgets from where a person has signed in.
///
/// # Errors
/// The database failed.
pub async fn delete_all(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    known_network::Entity::delete_many()
        .filter(known_network::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}
