//! Passkeys and the ceremonies that make and use them.

use haamu_domain::{PasskeyId, PendingId, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::access::{passkey, passkey_ceremony};
use crate::{StoreError, Tx};

/// A passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRecord {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user: UserId,
    /// The id by which the authenticator knows it.
    pub credential_id: Vec<u8>,
    /// Its public key and counter, as JSON.
    pub content: String,
    /// What its person calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
}

/// Adds a passkey.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if anybody has registered it.
pub async fn insert(tx: &Tx, new: &PasskeyRecord) -> Result<(), StoreError> {
    let row = passkey::ActiveModel {
        id: Set(new.id.uuid()),
        user_id: Set(new.user.uuid()),
        credential_id: Set(new.credential_id.clone()),
        content: Set(new.content.clone()),
        name: Set(new.name.clone()),
        created_at: Set(new.created_at.millis()),
        last_used_at: Set(None),
    };
    passkey::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A person's passkeys, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, user: UserId) -> Result<Vec<PasskeyRecord>, StoreError> {
    let rows = passkey::Entity::find()
        .filter(passkey::Column::UserId.eq(user.uuid()))
        .order_by_asc(passkey::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

/// Whose passkey it is that an authenticator knows by this id.
///
/// # Errors
/// The database failed.
pub async fn find_owner(tx: &Tx, credential_id: &[u8]) -> Result<Option<UserId>, StoreError> {
    let row = passkey::Entity::find()
        .filter(passkey::Column::CredentialId.eq(credential_id.to_vec()))
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| UserId::from_uuid(row.user_id)))
}

/// The passkey that an authenticator knows by this id, locked: its counter goes up by one use at a time.
///
/// # Errors
/// The database failed.
pub async fn lock_by_credential(tx: &Tx, credential_id: &[u8]) -> Result<Option<PasskeyRecord>, StoreError> {
    let row = passkey::Entity::find()
        .filter(passkey::Column::CredentialId.eq(credential_id.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    Ok(row.map(record))
}

/// Notes that a passkey was used.
///
/// # Errors
/// The database failed.
pub async fn note_use(tx: &Tx, id: PasskeyId, content: &str, now: Timestamp) -> Result<(), StoreError> {
    let row = passkey::ActiveModel {
        id: Set(id.uuid()),
        content: Set(content.to_owned()),
        last_used_at: Set(Some(now.millis())),
        ..Default::default()
    };
    passkey::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Removes a passkey of a person. Returns false if they have no such one.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, user: UserId, id: PasskeyId) -> Result<bool, StoreError> {
    let done = passkey::Entity::delete_many()
        .filter(passkey::Column::Id.eq(id.uuid()))
        .filter(passkey::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Removes all passkeys of a person.
///
/// # Errors
/// The database failed.
pub async fn delete_all(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    passkey::Entity::delete_many()
        .filter(passkey::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// A ceremony under way.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// Its id.
    pub id: PendingId,
    /// Whose passkey is made; none where somebody signs in.
    pub user: Option<UserId>,
    /// What the authenticator's answer is checked against, as JSON.
    pub state: String,
    /// Until when it can be completed.
    pub expires_at: Timestamp,
}

/// Begins a ceremony, and removes those that have run out.
///
/// # Errors
/// The database failed.
pub async fn insert_ceremony(tx: &Tx, new: &Ceremony, hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    passkey_ceremony::Entity::delete_many()
        .filter(passkey_ceremony::Column::ExpiresAt.lt(now.millis()))
        .exec(tx.connection())
        .await?;
    let row = passkey_ceremony::ActiveModel {
        id: Set(new.id.uuid()),
        user_id: Set(new.user.map(UserId::uuid)),
        secret_hash: Set(hash.to_vec()),
        state: Set(new.state.clone()),
        expires_at: Set(new.expires_at.millis()),
    };
    passkey_ceremony::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes a ceremony: it is there once.
///
/// # Errors
/// The database failed.
pub async fn take_ceremony(tx: &Tx, hash: &[u8]) -> Result<Option<Ceremony>, StoreError> {
    let row = passkey_ceremony::Entity::find()
        .filter(passkey_ceremony::Column::SecretHash.eq(hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(None) };
    passkey_ceremony::Entity::delete_by_id(row.id)
        .exec(tx.connection())
        .await?;
    Ok(Some(Ceremony {
        id: PendingId::from_uuid(row.id),
        user: row.user_id.map(UserId::from_uuid),
        state: row.state,
        expires_at: Timestamp::from_millis(row.expires_at),
    }))
}

fn record(row: passkey::Model) -> PasskeyRecord {
    PasskeyRecord {
        id: PasskeyId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        credential_id: row.credential_id,
        content: row.content,
        name: row.name,
        created_at: Timestamp::from_millis(row.created_at),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
    }
}
