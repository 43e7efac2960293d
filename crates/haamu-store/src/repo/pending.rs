//! One-time secrets that somebody holds, of which only hashes are kept: links of mails, sign-ins that wait for
//! a second factor, and requests for a new password.

use haamu_domain::{AgencyId, PendingId, SecretPurpose, SignInMethod, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::access::{account_secret, password_reset_request, sign_in_challenge};
use crate::{StoreError, Tx};

use super::unsigned;

/// A link that was mailed to a person about their account.
#[derive(Clone, Debug)]
pub struct AccountSecret {
    /// Its id.
    pub id: PendingId,
    /// Whose account it is about.
    pub user: UserId,
    /// What it is for.
    pub purpose: SecretPurpose,
    /// The address that it was sent to.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// Adds a link, in place of an earlier one for the same purpose.
///
/// # Errors
/// The database failed.
pub async fn replace_secret(tx: &Tx, new: &AccountSecret, hash: &[u8]) -> Result<(), StoreError> {
    delete_secrets(tx, new.user, new.purpose).await?;
    let row = account_secret::ActiveModel {
        id: Set(new.id.uuid()),
        user_id: Set(new.user.uuid()),
        purpose: Set(new.purpose.as_str().to_owned()),
        secret_hash: Set(hash.to_vec()),
        email: Set(new.email.clone()),
        created_at: Set(new.created_at.millis()),
        expires_at: Set(new.expires_at.millis()),
    };
    account_secret::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The link with this hash, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_secret(tx: &Tx, hash: &[u8]) -> Result<Option<AccountSecret>, StoreError> {
    let row = account_secret::Entity::find()
        .filter(account_secret::Column::SecretHash.eq(hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(secret).transpose()
}

/// The link that a person has for a purpose.
///
/// # Errors
/// The database failed.
pub async fn find_secret(
    tx: &Tx,
    user: UserId,
    purpose: SecretPurpose,
) -> Result<Option<AccountSecret>, StoreError> {
    let row = account_secret::Entity::find()
        .filter(account_secret::Column::UserId.eq(user.uuid()))
        .filter(account_secret::Column::Purpose.eq(purpose.as_str()))
        .one(tx.connection())
        .await?;
    row.map(secret).transpose()
}

/// Makes the links of a person for a purpose worthless.
///
/// # Errors
/// The database failed.
pub async fn delete_secrets(tx: &Tx, user: UserId, purpose: SecretPurpose) -> Result<(), StoreError> {
    account_secret::Entity::delete_many()
        .filter(account_secret::Column::UserId.eq(user.uuid()))
        .filter(account_secret::Column::Purpose.eq(purpose.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn secret(row: account_secret::Model) -> Result<AccountSecret, StoreError> {
    Ok(AccountSecret {
        id: PendingId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        purpose: SecretPurpose::from_name(&row.purpose).ok_or(StoreError::Corrupt("purpose"))?,
        email: row.email,
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
    })
}

/// Notes that somebody asked for a new password.
///
/// # Errors
/// The database failed.
pub async fn insert_reset_request(
    tx: &Tx,
    id: PendingId,
    agency: AgencyId,
    content: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = password_reset_request::ActiveModel {
        id: Set(id.uuid()),
        agency_id: Set(agency.uuid()),
        content: Set(content.to_vec()),
        created_at: Set(now.millis()),
    };
    password_reset_request::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes a request for a new password: its sealed content, the first time.
///
/// # Errors
/// The database failed.
pub async fn take_reset_request(tx: &Tx, id: PendingId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = password_reset_request::Entity::find_by_id(id.uuid())
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    if row.is_some() {
        password_reset_request::Entity::delete_by_id(id.uuid())
            .exec(tx.connection())
            .await?;
    }
    Ok(row.map(|row| row.content))
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its id.
    pub id: PendingId,
    /// The agency that is signed in to.
    pub agency: AgencyId,
    /// Who signs in.
    pub user: UserId,
    /// By what the first factor was.
    pub method: SignInMethod,
    /// How often the second factor was tried.
    pub attempts: u32,
    /// What a passkey's answer is checked against, as JSON.
    pub passkey_state: Option<String>,
    /// Until when it can be completed.
    pub expires_at: Timestamp,
}

/// Adds a challenge, and removes those of its agency that have run out.
///
/// # Errors
/// The database failed.
pub async fn insert_challenge(
    tx: &Tx,
    new: &Challenge,
    hash: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    sign_in_challenge::Entity::delete_many()
        .filter(sign_in_challenge::Column::AgencyId.eq(new.agency.uuid()))
        .filter(sign_in_challenge::Column::ExpiresAt.lt(now.millis()))
        .exec(tx.connection())
        .await?;
    let row = sign_in_challenge::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        user_id: Set(new.user.uuid()),
        secret_hash: Set(hash.to_vec()),
        method: Set(new.method.as_str().to_owned()),
        attempts: Set(0),
        passkey_state: Set(new.passkey_state.clone()),
        created_at: Set(now.millis()),
        expires_at: Set(new.expires_at.millis()),
    };
    sign_in_challenge::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The challenge with this hash, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_challenge(tx: &Tx, hash: &[u8]) -> Result<Option<Challenge>, StoreError> {
    let row = sign_in_challenge::Entity::find()
        .filter(sign_in_challenge::Column::SecretHash.eq(hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let challenge = |row: sign_in_challenge::Model| {
        Ok(Challenge {
            id: PendingId::from_uuid(row.id),
            agency: AgencyId::from_uuid(row.agency_id),
            user: UserId::from_uuid(row.user_id),
            method: SignInMethod::from_name(&row.method).ok_or(StoreError::Corrupt("sign-in method"))?,
            attempts: unsigned(i64::from(row.attempts), "attempts")?,
            passkey_state: row.passkey_state,
            expires_at: Timestamp::from_millis(row.expires_at),
        })
    };
    row.map(challenge).transpose()
}

/// Notes that the second factor was tried.
///
/// # Errors
/// The database failed.
pub async fn note_challenge_attempt(tx: &Tx, challenge: &Challenge) -> Result<(), StoreError> {
    let row = sign_in_challenge::ActiveModel {
        id: Set(challenge.id.uuid()),
        attempts: Set(i32::try_from(challenge.attempts.saturating_add(1)).unwrap_or(i32::MAX)),
        ..Default::default()
    };
    sign_in_challenge::Entity::update(row)
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Makes a challenge worthless.
///
/// # Errors
/// The database failed.
pub async fn delete_challenge(tx: &Tx, id: PendingId) -> Result<(), StoreError> {
    sign_in_challenge::Entity::delete_by_id(id.uuid())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Makes all challenges of a person worthless, in one agency or in all.
///
/// # Errors
/// The transaction does not reach all agencies that are meant, or the database failed.
pub async fn delete_challenges(tx: &Tx, agency: Option<AgencyId>, user: UserId) -> Result<(), StoreError> {
    let mut theirs =
        sign_in_challenge::Entity::delete_many().filter(sign_in_challenge::Column::UserId.eq(user.uuid()));
    if let Some(agency) = agency {
        theirs = theirs.filter(sign_in_challenge::Column::AgencyId.eq(agency.uuid()));
    } else {
        tx.require_all_agencies("sign-ins")?;
    }
    theirs.exec(tx.connection()).await?;
    Ok(())
}
