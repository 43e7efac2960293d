//! The operations that devices sent, kept whatever they are.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use haamu_domain::{AgencyId, SetAsideId, SubmissionId, Timestamp, UserId};
use haamu_sync::server::Incoming;
use haamu_sync::{ChainValue, ClockConfidence, DeviceId, Disposition, Exception, Hlc, OpId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entity::submissions::op;
use crate::{StoreError, Tx};

use super::{ROWS_AT_ONCE, in_list, registers::lane_name, signed, unsigned};

/// So many ids are looked up with one statement.
const IDS_AT_ONCE: usize = 1_024;

/// An operation with what the server decided about it.
#[derive(Clone, Debug)]
pub struct ReceivedOp<'a> {
    /// What arrived.
    pub incoming: Incoming<'a>,
    /// Where it was put.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub reason: &'static str,
    /// Its effective stamp.
    pub effective: Hlc,
    /// The submission it is about, if the server has it.
    pub submission: Option<SubmissionId>,
    /// The task that it belongs to, if it was set aside.
    pub set_aside: Option<SetAsideId>,
    /// What is kept in the place of its bytes, where what it says had been deleted before it came.
    pub redacted: Option<Vec<u8>>,
}

/// Keeps operations of a device.
///
/// # Errors
/// The database failed.
pub async fn insert_many(
    tx: &Tx,
    agency: AgencyId,
    device: DeviceId,
    ops: &[ReceivedOp<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    for chunk in ops.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|received| row(agency, device, received, now));
        op::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

fn row(agency: AgencyId, device: DeviceId, received: &ReceivedOp<'_>, now: Timestamp) -> op::ActiveModel {
    let incoming = &received.incoming;
    let content = incoming.op.as_ref().ok();
    op::ActiveModel {
        device: Set(device.as_bytes().to_vec()),
        seq: Set(signed(incoming.head.seq)),
        agency_id: Set(agency.uuid()),
        op_id: Set(incoming.id.as_bytes().to_vec()),
        chain: Set(incoming.head.chain.as_bytes().to_vec()),
        submission_id: Set(received.submission.map(SubmissionId::uuid)),
        lane: Set(content.map(|op| lane_name(op.lane).to_owned())),
        register: Set(content.map(|op| op.register.to_string())),
        hlc: Set(content.map(|op| op.hlc.bits().cast_signed())),
        effective: Set(received.effective.bits().cast_signed()),
        confidence: Set(content.map(|op| confidence_name(op.confidence).to_owned())),
        form_version: Set(content
            .and_then(|op| op.form_version)
            .map(|form| form.as_bytes().to_vec())),
        author: Set(content.map(|op| UserId::from_author(op.author).uuid())),
        disposition: Set(received.disposition.as_str().to_owned()),
        reason: Set(received.reason.to_owned()),
        received_at: Set(now.millis()),
        raw: Set(received.redacted.clone().unwrap_or_else(|| incoming.raw.to_vec())),
        set_aside_id: Set(received.set_aside.map(SetAsideId::uuid)),
        redacted_at: Set(received.redacted.as_ref().map(|_| now.millis())),
    }
}

const fn confidence_name(confidence: ClockConfidence) -> &'static str {
    match confidence {
        ClockConfidence::Anchored => "anchored",
        ClockConfidence::Offset => "offset",
        ClockConfidence::Wall => "wall",
    }
}

/// The chain values of a device's operations from one number to another, both included.
///
/// # Errors
/// The database failed.
pub async fn list_chains(
    tx: &Tx,
    agency: AgencyId,
    device: DeviceId,
    from: u64,
    to: u64,
) -> Result<BTreeMap<u64, ChainValue>, StoreError> {
    if from > to {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(i64, Vec<u8>)> = op::Entity::find()
        .select_only()
        .column(op::Column::Seq)
        .column(op::Column::Chain)
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(op::Column::Seq.between(signed(from), signed(to)))
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(seq, chain)| {
            let chain = ChainValue::from_slice(&chain).ok_or(StoreError::Corrupt("chain value"))?;
            Ok((unsigned(seq, "operation number")?, chain))
        })
        .collect()
}

/// Where a device's operations of some numbers were put, as far as they were not applied.
/// An operation that was here already under another number is where that one was put.
///
/// # Errors
/// The database failed.
pub async fn list_exceptions(
    tx: &Tx,
    agency: AgencyId,
    device: DeviceId,
    seqs: RangeInclusive<u64>,
) -> Result<Vec<Exception>, StoreError> {
    if seqs.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64, Vec<u8>, String, String)> = op::Entity::find()
        .select_only()
        .column(op::Column::Seq)
        .column(op::Column::OpId)
        .column(op::Column::Disposition)
        .column(op::Column::Reason)
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(op::Column::Seq.between(signed(*seqs.start()), signed(*seqs.end())))
        .filter(op::Column::Disposition.ne(Disposition::Applied.as_str()))
        .order_by_asc(op::Column::Seq)
        .into_tuple()
        .all(tx.connection())
        .await?;
    let mut exceptions = Vec::with_capacity(rows.len());
    let mut again = Vec::new();
    for (seq, id, disposition, code) in rows {
        let disposition = disposition_of(&disposition)?;
        if disposition == Disposition::Duplicate {
            let id = OpId::from_slice(&id).ok_or(StoreError::Corrupt("operation id"))?;
            again.push((exceptions.len(), id));
        }
        exceptions.push(Exception {
            seq: unsigned(seq, "operation number")?,
            disposition,
            code,
        });
    }
    let ids: Vec<OpId> = again.iter().map(|(_, id)| *id).collect();
    let known = list_known(tx, agency, &ids).await?;
    for (place, id) in again {
        if let Some(first) = known
            .get(&id)
            .filter(|first| first.disposition != Disposition::Applied)
        {
            exceptions[place].disposition = first.disposition;
            exceptions[place].code.clone_from(&first.reason);
        }
    }
    Ok(exceptions)
}

pub(super) fn disposition_of(name: &str) -> Result<Disposition, StoreError> {
    Disposition::from_name(name).ok_or(StoreError::Corrupt("disposition"))
}

/// An operation that is here, under whatever number.
#[derive(Clone, Debug)]
pub struct KnownOp {
    /// Its effective stamp.
    pub effective: Hlc,
    /// Where it was put when it came first.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub reason: String,
}

/// Those of these operations that are here, under whatever number.
///
/// # Errors
/// The database failed.
pub async fn list_known(
    tx: &Tx,
    agency: AgencyId,
    ids: &[OpId],
) -> Result<BTreeMap<OpId, KnownOp>, StoreError> {
    let mut known = BTreeMap::new();
    for chunk in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<(Vec<u8>, i64, String, String)> = op::Entity::find()
            .select_only()
            .column(op::Column::OpId)
            .column(op::Column::Effective)
            .column(op::Column::Disposition)
            .column(op::Column::Reason)
            .filter(op::Column::AgencyId.eq(agency.uuid()))
            .filter(op::Column::OpId.is_in(in_list(chunk.iter().map(|id| id.as_bytes().to_vec()))))
            // Word for word as in the index of names, which is not used otherwise.
            .filter(Expr::col(op::Column::Disposition).ne(Expr::cust("'duplicate'")))
            .into_tuple()
            .all(tx.connection())
            .await?;
        for (id, effective, disposition, reason) in rows {
            let id = OpId::from_slice(&id).ok_or(StoreError::Corrupt("operation id"))?;
            let one = KnownOp {
                effective: Hlc::from_bits(effective.cast_unsigned()),
                disposition: disposition_of(&disposition)?,
                reason,
            };
            known.insert(id, one);
        }
    }
    Ok(known)
}

/// Notes that an operation that was set aside has taken effect after all.
///
/// # Errors
/// The database failed.
pub async fn set_applied(
    tx: &Tx,
    agency: AgencyId,
    device: DeviceId,
    seq: u64,
    reason: &'static str,
) -> Result<(), StoreError> {
    op::Entity::update_many()
        .col_expr(
            op::Column::Disposition,
            Expr::value(Disposition::Applied.as_str()),
        )
        .col_expr(op::Column::Reason, Expr::value(reason))
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(op::Column::Seq.eq(signed(seq)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// How many operations of a device were set aside.
///
/// # Errors
/// The database failed.
pub async fn count_set_aside(tx: &Tx, agency: AgencyId, device: DeviceId) -> Result<u64, StoreError> {
    let count = op::Entity::find()
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::SetAsideId.is_not_null())
        .count(tx.connection())
        .await?;
    Ok(count)
}

/// The bytes of a device's log, by number: what the server has in custody.
///
/// # Errors
/// The database failed.
pub async fn list_raw(
    tx: &Tx,
    agency: AgencyId,
    device: DeviceId,
) -> Result<Vec<(u64, String, Vec<u8>)>, StoreError> {
    let rows: Vec<(i64, String, Vec<u8>)> = op::Entity::find()
        .select_only()
        .column(op::Column::Seq)
        .column(op::Column::Disposition)
        .column(op::Column::Raw)
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::Device.eq(device.as_bytes().to_vec()))
        .order_by_asc(op::Column::Seq)
        .into_tuple()
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|(seq, disposition, raw)| Ok((unsigned(seq, "operation number")?, disposition, raw)))
        .collect()
}
