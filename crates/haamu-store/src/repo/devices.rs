//! Devices and the ends of their logs.

use haamu_domain::{AgencyId, Timestamp, UserId};
use haamu_sync::{ChainHead, ChainValue, DeviceId, Hlc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::submissions::device;
use crate::{StoreError, Tx};

use super::{signed, unsigned};

/// An installation of the app.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// The agency that it works for.
    pub agency: AgencyId,
    /// Whose it is.
    pub user: UserId,
    /// Its Ed25519 public key.
    pub public_key: Vec<u8>,
    /// Its platform.
    pub platform: String,
    /// The build of the app when it was enrolled.
    pub build: String,
    /// The device that it was a clone of.
    pub cloned_from: Option<DeviceId>,
    /// The end of its log.
    pub head: ChainHead,
    /// The effective stamp of its last operation.
    pub head_effective: Option<Hlc>,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it was shut out.
    pub revoked_at: Option<Timestamp>,
    /// How much of its log a verified backup has.
    pub custody_seq: u64,
}

/// Enrols a device.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if there is one of this id.
pub async fn insert(tx: &Tx, new: &Device) -> Result<(), StoreError> {
    let row = device::ActiveModel {
        id: Set(new.id.as_bytes().to_vec()),
        agency_id: Set(new.agency.uuid()),
        user_id: Set(new.user.uuid()),
        public_key: Set(new.public_key.clone()),
        platform: Set(new.platform.clone()),
        build: Set(new.build.clone()),
        cloned_from: Set(new.cloned_from.map(|id| id.as_bytes().to_vec())),
        head_seq: Set(signed(new.head.seq)),
        head_chain: Set(new.head.chain.as_bytes().to_vec()),
        head_effective: Set(None),
        enrolled_at: Set(new.enrolled_at.millis()),
        revoked_at: Set(new.revoked_at.map(Timestamp::millis)),
        custody_seq: Set(signed(new.custody_seq)),
    };
    device::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A device, whosever it is.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, id: DeviceId) -> Result<Option<Device>, StoreError> {
    let row = device::Entity::find_by_id(id.as_bytes().to_vec())
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Devices of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(tx: &Tx, agency: AgencyId, ids: &[DeviceId]) -> Result<Vec<Device>, StoreError> {
    let rows = device::Entity::find()
        .filter(device::Column::AgencyId.eq(agency.uuid()))
        .filter(device::Column::Id.is_in(ids.iter().map(|id| id.as_bytes().to_vec())))
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// A device, locked: its pushes are taken in one after the other.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, id: DeviceId) -> Result<Option<Device>, StoreError> {
    let row = device::Entity::find_by_id(id.as_bytes().to_vec())
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Moves the end of a device's log.
///
/// # Errors
/// The database failed.
pub async fn set_head(
    tx: &Tx,
    id: DeviceId,
    head: ChainHead,
    effective: Option<Hlc>,
) -> Result<(), StoreError> {
    let row = device::ActiveModel {
        id: Set(id.as_bytes().to_vec()),
        head_seq: Set(signed(head.seq)),
        head_chain: Set(head.chain.as_bytes().to_vec()),
        head_effective: Set(effective.map(|stamp| stamp.bits().cast_signed())),
        ..Default::default()
    };
    device::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Shuts a device out.
///
/// # Errors
/// The database failed.
pub async fn revoke(tx: &Tx, id: DeviceId, now: Timestamp) -> Result<(), StoreError> {
    let row = device::ActiveModel {
        id: Set(id.as_bytes().to_vec()),
        revoked_at: Set(Some(now.millis())),
        ..Default::default()
    };
    device::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// A person's devices, the newest last.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, agency: AgencyId, user: UserId) -> Result<Vec<Device>, StoreError> {
    let rows = device::Entity::find()
        .filter(device::Column::AgencyId.eq(agency.uuid()))
        .filter(device::Column::UserId.eq(user.uuid()))
        .order_by_asc(device::Column::EnrolledAt)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

fn record(row: device::Model) -> Result<Device, StoreError> {
    let id = |bytes: &[u8]| DeviceId::from_slice(bytes).ok_or(StoreError::Corrupt("device id"));
    Ok(Device {
        id: id(&row.id)?,
        agency: AgencyId::from_uuid(row.agency_id),
        user: UserId::from_uuid(row.user_id),
        public_key: row.public_key,
        platform: row.platform,
        build: row.build,
        cloned_from: row.cloned_from.as_deref().map(id).transpose()?,
        head: ChainHead {
            seq: unsigned(row.head_seq, "device head")?,
            chain: ChainValue::from_slice(&row.head_chain).ok_or(StoreError::Corrupt("device chain"))?,
        },
        head_effective: row
            .head_effective
            .map(|bits| Hlc::from_bits(bits.cast_unsigned())),
        enrolled_at: Timestamp::from_millis(row.enrolled_at),
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
        custody_seq: unsigned(row.custody_seq, "custody watermark")?,
    })
}
