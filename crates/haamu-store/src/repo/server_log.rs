//! The log that the server itself writes for an agency: a device's log like any other, with its chain.

use haamu_domain::{AgencyId, Timestamp, UserId};
use haamu_sync::{ChainHead, DeviceId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::entity::submissions::server_log;
use crate::{StoreError, Tx};

use super::devices::{self, Device};

/// The platform of a device that is the server itself.
const SERVER: &str = "server";

/// The device under whose name the server writes operations of an agency, locked. The first time, `fresh`
/// becomes it; no app can ever send under its name.
///
/// # Errors
/// The database failed.
pub async fn lock_or_begin(
    tx: &Tx,
    agency: AgencyId,
    fresh: DeviceId,
    begun_by: UserId,
    now: Timestamp,
) -> Result<Device, StoreError> {
    let row = server_log::ActiveModel {
        agency_id: Set(agency.uuid()),
        device: Set(fresh.as_bytes().to_vec()),
    };
    let keep = OnConflict::column(server_log::Column::AgencyId)
        .do_nothing()
        .to_owned();
    let inserted = server_log::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    if inserted > 0 {
        let device = Device {
            id: fresh,
            agency,
            user: begun_by,
            public_key: Vec::new(),
            platform: SERVER.to_owned(),
            build: env!("CARGO_PKG_VERSION").to_owned(),
            cloned_from: None,
            head: ChainHead::default(),
            head_effective: None,
            enrolled_at: now,
            revoked_at: Some(now),
            custody_seq: 0,
        };
        devices::insert(tx, &device).await?;
    }
    let id = find(tx, agency).await?;
    let id = id.ok_or(StoreError::Missing("server log"))?;
    let device = devices::lock(tx, id).await?;
    device.ok_or(StoreError::Missing("server log"))
}

/// The device under whose name the server writes operations of an agency, if it has written any.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId) -> Result<Option<DeviceId>, StoreError> {
    let row = server_log::Entity::find_by_id(agency.uuid())
        .one(tx.connection())
        .await?;
    row.map(|row| DeviceId::from_slice(&row.device).ok_or(StoreError::Corrupt("device id")))
        .transpose()
}
