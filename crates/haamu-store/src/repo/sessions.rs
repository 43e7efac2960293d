//! Sessions and their refresh tokens.

use haamu_domain::{AgencyId, RefreshTokenId, SessionId, SignInMethod, Timestamp, UserId};
use haamu_sync::DeviceId;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::identity::{refresh_token, session};
use crate::{StoreError, Tx};

use super::exists;

/// One sign-in: a family of refresh tokens.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The agency that was signed in to.
    pub agency: AgencyId,
    /// Who signed in.
    pub user: UserId,
    /// The device that the session is bound to.
    pub device: Option<DeviceId>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was renewed last.
    pub last_used_at: Timestamp,
    /// What the browser or app called itself.
    pub user_agent: Option<String>,
    /// By what its person signed in.
    pub method: SignInMethod,
    /// When its person showed a second factor.
    pub factor_at: Option<Timestamp>,
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
pub async fn insert(tx: &Tx, new: &Session) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        user_id: Set(new.user.uuid()),
        device: Set(new.device.map(|device| device.as_bytes().to_vec())),
        created_at: Set(new.created_at.millis()),
        ended_at: Set(None),
        end_reason: Set(None),
        last_used_at: Set(Some(new.last_used_at.millis())),
        user_agent: Set(new.user_agent.clone()),
        method: Set(Some(new.method.as_str().to_owned())),
        factor_at: Set(new.factor_at.map(Timestamp::millis)),
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

/// Notes that a session was renewed.
///
/// # Errors
/// The database failed.
pub async fn note_use(tx: &Tx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(id.uuid()),
        last_used_at: Set(Some(now.millis())),
        ..Default::default()
    };
    session::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Notes that the person of a session has shown a second factor.
///
/// # Errors
/// The database failed.
pub async fn note_factor(tx: &Tx, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let row = session::ActiveModel {
        id: Set(id.uuid()),
        factor_at: Set(Some(now.millis())),
        ..Default::default()
    };
    session::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// A person's sessions in an agency that have not ended and were used since a moment, the latest first.
///
/// # Errors
/// The database failed.
pub async fn list_live(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    since: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    let rows = session::Entity::find()
        .filter(session::Column::UserId.eq(user.uuid()))
        .filter(session::Column::AgencyId.eq(agency.uuid()))
        .filter(session::Column::EndedAt.is_null())
        .order_by_desc(session::Column::Id)
        .all(tx.connection())
        .await?;
    let sessions = rows.into_iter().map(record).collect::<Result<Vec<_>, _>>()?;
    Ok(sessions
        .into_iter()
        .filter(|session| session.last_used_at >= since)
        .collect())
}

/// Ends a person's sessions: in one agency or in all, but for one that may go on. Returns how many ended.
///
/// # Errors
/// The transaction does not reach all agencies that are meant, or the database failed.
pub async fn end_of_user(
    tx: &Tx,
    agency: Option<AgencyId>,
    user: UserId,
    but: Option<SessionId>,
    now: Timestamp,
    reason: &str,
) -> Result<u64, StoreError> {
    let mut update = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now.millis()))
        .col_expr(session::Column::EndReason, Expr::value(reason))
        .filter(session::Column::UserId.eq(user.uuid()))
        .filter(session::Column::EndedAt.is_null());
    if let Some(agency) = agency {
        update = update.filter(session::Column::AgencyId.eq(agency.uuid()));
    } else {
        tx.require_all_agencies("sessions")?;
    }
    if let Some(but) = but {
        update = update.filter(session::Column::Id.ne(but.uuid()));
    }
    Ok(update.exec(tx.connection()).await?.rows_affected)
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
        created_at: Timestamp::from_millis(row.created_at),
        // Sessions of the first schema have none of what follows.
        last_used_at: Timestamp::from_millis(row.last_used_at.unwrap_or(row.created_at)),
        user_agent: row.user_agent,
        method: row
            .method
            .as_deref()
            .and_then(SignInMethod::from_name)
            .unwrap_or(SignInMethod::Password),
        factor_at: row.factor_at.map(Timestamp::from_millis),
        ended_at: row.ended_at.map(Timestamp::from_millis),
    })
}
