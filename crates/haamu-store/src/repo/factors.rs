//! Second factors: authenticator apps and recovery codes. Passkeys are in [`super::passkeys`].

use haamu_domain::{Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::entity::access::{passkey, recovery_code, totp};
use crate::{StoreError, Tx};

use super::{exists, signed, unsigned};

/// A person's authenticator app.
#[derive(Clone, Debug)]
pub struct Totp {
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was shown to work; before, it counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// The last time step whose code was taken; no earlier one is.
    pub last_step: u64,
}

/// Sets an authenticator app up, in place of an earlier one.
///
/// # Errors
/// The database failed.
pub async fn replace_totp(tx: &Tx, user: UserId, secret: &[u8], now: Timestamp) -> Result<(), StoreError> {
    delete_totp(tx, user).await?;
    let row = totp::ActiveModel {
        user_id: Set(user.uuid()),
        secret: Set(secret.to_vec()),
        created_at: Set(now.millis()),
        confirmed_at: Set(None),
        last_step: Set(0),
    };
    totp::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A person's authenticator app, locked: of two uses of one code, the second sees the first.
///
/// # Errors
/// The database failed.
pub async fn lock_totp(tx: &Tx, user: UserId) -> Result<Option<Totp>, StoreError> {
    let row = totp::Entity::find_by_id(user.uuid())
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A person's authenticator app.
///
/// # Errors
/// The database failed.
pub async fn find_totp(tx: &Tx, user: UserId) -> Result<Option<Totp>, StoreError> {
    let row = totp::Entity::find_by_id(user.uuid()).one(tx.connection()).await?;
    row.map(record).transpose()
}

/// Notes that a code was taken, which also shows that the app works.
///
/// # Errors
/// The database failed.
pub async fn use_totp(tx: &Tx, user: UserId, of: &Totp, step: u64, now: Timestamp) -> Result<(), StoreError> {
    let row = totp::ActiveModel {
        user_id: Set(user.uuid()),
        confirmed_at: Set(Some(of.confirmed_at.unwrap_or(now).millis())),
        last_step: Set(signed(step)),
        ..Default::default()
    };
    totp::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Removes an authenticator app.
///
/// # Errors
/// The database failed.
pub async fn delete_totp(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    totp::Entity::delete_by_id(user.uuid())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Whether a person has a second factor that works.
///
/// # Errors
/// The database failed.
pub async fn has_any(tx: &Tx, user: UserId) -> Result<bool, StoreError> {
    if find_totp(tx, user)
        .await?
        .is_some_and(|totp| totp.confirmed_at.is_some())
    {
        return Ok(true);
    }
    let passkeys = passkey::Entity::find().filter(passkey::Column::UserId.eq(user.uuid()));
    exists(tx, passkeys).await
}

/// Sets a person's recovery codes, in place of all earlier ones.
///
/// # Errors
/// The database failed.
pub async fn replace_recovery_codes(
    tx: &Tx,
    user: UserId,
    hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<(), StoreError> {
    delete_recovery_codes(tx, user).await?;
    let rows = hashes.iter().map(|hash| recovery_code::ActiveModel {
        user_id: Set(user.uuid()),
        code_hash: Set(hash.clone()),
        created_at: Set(now.millis()),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Uses a recovery code up. Returns false if it is none, or was used before.
///
/// # Errors
/// The database failed.
pub async fn use_recovery_code(
    tx: &Tx,
    user: UserId,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = recovery_code::Entity::find_by_id((user.uuid(), hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    if row.is_none_or(|row| row.used_at.is_some()) {
        return Ok(false);
    }
    let row = recovery_code::ActiveModel {
        user_id: Set(user.uuid()),
        code_hash: Set(hash.to_vec()),
        used_at: Set(Some(now.millis())),
        ..Default::default()
    };
    recovery_code::Entity::update(row).exec(tx.connection()).await?;
    Ok(true)
}

/// How many recovery codes a person has left.
///
/// # Errors
/// The database failed.
pub async fn count_recovery_codes(tx: &Tx, user: UserId) -> Result<u64, StoreError> {
    let select = recovery_code::Entity::find()
        .filter(recovery_code::Column::UserId.eq(user.uuid()))
        .filter(recovery_code::Column::UsedAt.is_null());
    Ok(select.count(tx.connection()).await?)
}

/// Removes all recovery codes of a person.
///
/// # Errors
/// The database failed.
pub async fn delete_recovery_codes(tx: &Tx, user: UserId) -> Result<(), StoreError> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn record(row: totp::Model) -> Result<Totp, StoreError> {
    Ok(Totp {
        secret: row.secret,
        created_at: Timestamp::from_millis(row.created_at),
        confirmed_at: row.confirmed_at.map(Timestamp::from_millis),
        last_step: unsigned(row.last_step, "time step")?,
    })
}
