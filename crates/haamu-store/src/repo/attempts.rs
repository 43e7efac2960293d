//! Failed attempts to guess a secret, which all server processes count together.

use haamu_domain::Timestamp;
use haamu_domain::lockout::{Attempts, Locked, Patience};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::access::sign_in_attempt;
use crate::{StoreError, Tx};

use super::unsigned;

/// Whose attempts are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Passwords tried for an e-mail address, whether it has an account or not.
    Account,
    /// Passwords tried for an e-mail address from a network from which its person has signed in.
    KnownNetwork,
    /// Anything tried from a network address.
    Address,
    /// Second factors tried for a person.
    Factor,
}

impl Counted {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::KnownNetwork => "known_network",
            Self::Address => "address",
            Self::Factor => "factor",
        }
    }
}

/// Begins an attempt, which counts as failed until it is forgotten or taken back. Of two that begin at once,
/// the second sees the first.
///
/// # Errors
/// The database failed.
pub async fn begin(
    tx: &Tx,
    of: Counted,
    key: &[u8],
    patience: Patience,
    now: Timestamp,
) -> Result<Result<(), Locked>, StoreError> {
    let is_new = insert_empty(tx, of, key, now).await?;
    let known = match lock(tx, of, key).await? {
        Some(known) => known,
        None => {
            // It was forgotten between the two; a row of this transaction stays.
            insert_empty(tx, of, key, now).await?;
            let own = lock(tx, of, key).await?;
            own.ok_or(StoreError::Missing("count of failed attempts"))?
        }
    };
    let begun = match known.begin(patience, now) {
        Ok(begun) => begun,
        Err(locked) => return Ok(Err(locked)),
    };
    if is_new {
        forget_old(tx, patience, now).await?;
    }
    save(tx, of, key, begun).await?;
    Ok(Ok(()))
}

/// Forgets all failures.
///
/// # Errors
/// The database failed.
pub async fn forget(tx: &Tx, of: Counted, key: &[u8]) -> Result<(), StoreError> {
    let Some(known) = lock(tx, of, key).await? else {
        return Ok(());
    };
    save(tx, of, key, Attempts { failures: 0, ..known }).await
}

/// Takes back one attempt that succeeded; others may have failed meanwhile.
///
/// # Errors
/// The database failed.
pub async fn take_back(tx: &Tx, of: Counted, key: &[u8]) -> Result<(), StoreError> {
    let Some(known) = lock(tx, of, key).await? else {
        return Ok(());
    };
    save(tx, of, key, known.taken_back()).await
}

/// Makes a row without failures, if there is none, so that there is one to be locked.
async fn insert_empty(tx: &Tx, of: Counted, key: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let row = sign_in_attempt::ActiveModel {
        kind: Set(of.as_str().to_owned()),
        key: Set(key.to_vec()),
        failures: Set(0),
        last_at: Set(now.millis()),
    };
    let keep = OnConflict::columns([sign_in_attempt::Column::Kind, sign_in_attempt::Column::Key])
        .do_nothing()
        .to_owned();
    let inserted = sign_in_attempt::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(inserted > 0)
}

async fn lock(tx: &Tx, of: Counted, key: &[u8]) -> Result<Option<Attempts>, StoreError> {
    let row = sign_in_attempt::Entity::find_by_id((of.as_str().to_owned(), key.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let attempts = |row: sign_in_attempt::Model| {
        Ok::<_, StoreError>(Attempts {
            failures: unsigned(i64::from(row.failures), "failed attempts")?,
            last_at: Timestamp::from_millis(row.last_at),
        })
    };
    row.map(attempts).transpose()
}

async fn save(tx: &Tx, of: Counted, key: &[u8], attempts: Attempts) -> Result<(), StoreError> {
    let row = sign_in_attempt::ActiveModel {
        kind: Set(of.as_str().to_owned()),
        key: Set(key.to_vec()),
        failures: Set(i32::try_from(attempts.failures).unwrap_or(i32::MAX)),
        last_at: Set(attempts.last_at.millis()),
    };
    sign_in_attempt::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

async fn forget_old(tx: &Tx, patience: Patience, now: Timestamp) -> Result<(), StoreError> {
    let before = now.plus_seconds(-patience.forget_seconds);
    sign_in_attempt::Entity::delete_many()
        .filter(sign_in_attempt::Column::LastAt.lt(before.millis()))
        .exec(tx.connection())
        .await?;
    Ok(())
}
