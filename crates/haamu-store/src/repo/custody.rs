//! How much of the devices' logs a backup has. It is the operator who compares, across all agencies.

use haamu_domain::AgencyId;
use haamu_sync::{ChainHead, ChainValue, DeviceId, OpId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::submissions::{device, op};
use crate::{StoreError, Tx};

use super::{signed, unsigned};

/// The log of a device as a database has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLog {
    /// The device.
    pub device: DeviceId,
    /// The agency that it works for.
    pub agency: AgencyId,
    /// The end of its log.
    pub head: ChainHead,
}

/// The logs of all devices, by agency.
///
/// # Errors
/// The transaction does not reach all agencies, or the database failed.
pub async fn list_logs(tx: &Tx) -> Result<Vec<DeviceLog>, StoreError> {
    tx.require_all_agencies("devices")?;
    let rows: Vec<(Vec<u8>, uuid::Uuid, i64, Vec<u8>)> = device::Entity::find()
        .select_only()
        .column(device::Column::Id)
        .column(device::Column::AgencyId)
        .column(device::Column::HeadSeq)
        .column(device::Column::HeadChain)
        .order_by_asc(device::Column::AgencyId)
        .order_by_asc(device::Column::Id)
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(id, agency, seq, chain)| {
            Ok(DeviceLog {
                device: DeviceId::from_slice(&id).ok_or(StoreError::Corrupt("device id"))?,
                agency: AgencyId::from_uuid(agency),
                head: ChainHead {
                    seq: unsigned(seq, "device head")?,
                    chain: ChainValue::from_slice(&chain).ok_or(StoreError::Corrupt("device chain"))?,
                },
            })
        })
        .collect()
}

/// Number, bytes, name, and when something was deleted.
type RawRow = (i64, Vec<u8>, Vec<u8>, Option<i64>);

/// The bytes of a device's operations after a number, by number; where something of them was deleted, the name
/// that they had.
///
/// # Errors
/// The database failed.
pub async fn list_raw(
    tx: &Tx,
    device: DeviceId,
    after: u64,
    limit: u64,
) -> Result<Vec<(u64, Result<Vec<u8>, OpId>)>, StoreError> {
    let rows: Vec<RawRow> = op::Entity::find()
        .select_only()
        .column(op::Column::Seq)
        .column(op::Column::Raw)
        .column(op::Column::OpId)
        .column(op::Column::RedactedAt)
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(op::Column::Seq.gt(signed(after)))
        .order_by_asc(op::Column::Seq)
        .limit(limit)
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(seq, raw, id, redacted_at)| {
            let seq = unsigned(seq, "operation number")?;
            let id = OpId::from_slice(&id).ok_or(StoreError::Corrupt("operation id"))?;
            Ok((seq, redacted_at.map_or(Ok(raw), |_| Err(id))))
        })
        .collect()
}

/// Notes that a verified backup has a device's log up to a number. It never goes back.
///
/// # Errors
/// The database failed.
pub async fn confirm(tx: &Tx, agency: AgencyId, device: DeviceId, upto: u64) -> Result<(), StoreError> {
    device::Entity::update_many()
        .col_expr(device::Column::CustodySeq, Expr::value(signed(upto)))
        .filter(device::Column::AgencyId.eq(agency.uuid()))
        .filter(device::Column::Id.eq(device.as_bytes().to_vec()))
        .filter(device::Column::CustodySeq.lt(signed(upto)))
        .exec(tx.connection())
        .await?;
    Ok(())
}
