//! Sessions and their refresh tokens.

use haamu_domain::{AgencyId, RefreshTokenId, SessionId, Timestamp, UserId};
use haamu_sync::DeviceId;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entity::identity::{refresh_token, session};
use crate::{StoreError, Tx};

use super::exists;

/// One sign-in: a family of refresh tokens.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The agency that was signed in to.
    pub agency: AgencyId,
    /// Who signed in.
    pub user: UserId,
    /// The device that the session is bound to.
    pub device: Option<DeviceId>,
    /// When it ended, if it did.
    pub ended_at: Option<Timestamp>,
}

/// A refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshToken {
    /// Its id.
    pub id: RefreshTokenId,
    /// Its session.
    pub session: SessionId,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was used, if it was.
    pub used_at: Option<Timestamp>,
    /// Whether another token was given out in its place, because its answer was lost.
    pub is_superseded: bool,
}

/// Starts a session.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, new: &Session, now: Timestamp) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        user_id: Set(new.user.uuid()),
        device: Set(new.device.map(|device| device.as_bytes().to_vec())),
        created_at: Set(now.millis()),
        ended_at: Set(None),
        end_reason: Set(None),
    };
    session::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A session, locked so that its tokens are used one after the other.
///
/// # Errors
/// It is not there, or the database failed.
pub async fn lock(tx: &Tx, id: SessionId) -> Result<Session, StoreError> {
    let row = session::Entity::find_by_id(id.uuid())
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    record(row.ok_or(StoreError::Missing("session"))?)
}

/// A session.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, id: SessionId) -> Result<Option<Session>, StoreError> {
    let row = session::Entity::find_by_id(id.uuid())
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Binds a session to a device.
///
/// # Errors
/// The database failed.
pub async fn bind_device(tx: &Tx, id: SessionId, device: DeviceId) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(id.uuid()),
        device: Set(Some(device.as_bytes().to_vec())),
        ..Default::default()
    };
    session::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Ends a session: none of its tokens is good any more.
///
/// # Errors
/// The database failed.
pub async fn end(tx: &Tx, id: SessionId, now: Timestamp, reason: &str) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(id.uuid()),
        ended_at: Set(Some(now.millis())),
        end_reason: Set(Some(reason.to_owned())),
        ..Default::default()
    };
    session::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Ends all sessions that are bound to a device.
///
/// # Errors
/// The database failed.
pub async fn end_of_device(
    tx: &Tx,
    device: DeviceId,
    now: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now.millis()))
        .col_expr(session::Column::EndReason, Expr::value(reason))
        .filter(session::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Adds a refresh token, of which only the hash is kept.
///
/// # Errors
/// The database failed.
pub async fn insert_token(
    tx: &Tx,
    of: &Session,
    id: RefreshTokenId,
    hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let row = refresh_token::ActiveModel {
        id: Set(id.uuid()),
        agency_id: Set(of.agency.uuid()),
        session_id: Set(of.id.uuid()),
        token_hash: Set(hash.to_vec()),
        issued_at: Set(now.millis()),
        expires_at: Set(expires_at.millis()),
        used_at: Set(None),
        superseded: Set(false),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The token with this hash, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_token(tx: &Tx, hash: &[u8]) -> Result<Option<RefreshToken>, StoreError> {
    let row = refresh_token::Entity::find()
        .filter(refresh_token::Column::TokenHash.eq(hash.to_vec()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| RefreshToken {
        id: RefreshTokenId::from_uuid(row.id),
        session: SessionId::from_uuid(row.session_id),
        expires_at: Timestamp::from_millis(row.expires_at),
        used_at: row.used_at.map(Timestamp::from_millis),
        is_superseded: row.superseded,
    }))
}

/// Whether a token that was issued after this one has been used.
///
/// # Errors
/// The database failed.
pub async fn has_used_successor(tx: &Tx, of: &RefreshToken) -> Result<bool, StoreError> {
    let select = refresh_token::Entity::find()
        .filter(refresh_token::Column::SessionId.eq(of.session.uuid()))
        .filter(refresh_token::Column::Id.gt(of.id.uuid()))
        .filter(refresh_token::Column::UsedAt.is_not_null());
    exists(tx, select).await
}

/// Makes the unused successors of a token worthless.
///
/// # Errors
/// The database failed.
pub async fn supersede_successors(tx: &Tx, of: &RefreshToken) -> Result<(), StoreError> {
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::Superseded, Expr::value(true))
        .filter(refresh_token::Column::SessionId.eq(of.session.uuid()))
        .filter(refresh_token::Column::Id.ne(of.id.uuid()))
        .filter(refresh_token::Column::UsedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Notes that a token was used.
///
/// # Errors
/// The database failed.
pub async fn use_token(tx: &Tx, id: RefreshTokenId, now: Timestamp) -> Result<(), StoreError> {
    let row = refresh_token::ActiveModel {
        id: Set(id.uuid()),
        used_at: Set(Some(now.millis())),
        ..Default::default()
    };
    refresh_token::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

fn record(row: session::Model) -> Result<Session, StoreError> {
    let device = match row.device {
        Some(bytes) => Some(DeviceId::from_slice(&bytes).ok_or(StoreError::Corrupt("session device"))?),
        None => None,
    };
    Ok(Session {
        id: SessionId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        user: UserId::from_uuid(row.user_id),
        device,
        ended_at: row.ended_at.map(Timestamp::from_millis),
    })
}
