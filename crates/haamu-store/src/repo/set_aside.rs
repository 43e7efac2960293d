//! Operations that were set aside, and what was decided about them.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, SetAsideId, SubmissionId, Timestamp, UserId};
use haamu_sync::{DeviceId, Disposition, Hlc, OpId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
};

use crate::entity::submissions::{op, set_aside, set_aside_decision};
use crate::{StoreError, Tx};

use super::ops::disposition_of;
use super::{page, signed, unsigned};

/// Whose work was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A submission's.
    Submission(SubmissionId),
    /// A device's, where no submission is known.
    Device(DeviceId),
}

impl Subject {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Submission(id) => id.uuid().as_bytes().to_vec(),
            Self::Device(id) => id.as_bytes().to_vec(),
        }
    }
}

/// A task: operations of one subject that were set aside for one reason.
#[derive(Clone, Debug)]
pub struct SetAside {
    /// Its id.
    pub id: SetAsideId,
    /// Whose work it is.
    pub subject: Subject,
    /// Where it was put.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub reason: String,
    /// How many operations.
    pub operations: u32,
    /// About how many of them nothing is decided.
    pub undecided: u32,
    /// When the first of them arrived.
    pub first_received_at: Timestamp,
    /// When the last of them arrived.
    pub last_received_at: Timestamp,
}

/// Operations that are to be added to a task.
#[derive(Clone, Debug)]
pub struct NewSetAside {
    /// The task's id, if there is none yet.
    pub id: SetAsideId,
    /// Whose work it is.
    pub subject: Subject,
    /// Where it was put.
    pub disposition: Disposition,
    /// Why, a stable word.
    pub reason: &'static str,
    /// How many operations.
    pub operations: u32,
}

/// What was decided about an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A value of the review lane cites it.
    Adopted,
    /// It took effect where its author wrote it.
    Replayed,
    /// It is of no use.
    Discarded,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Adopted, Self::Replayed, Self::Discarded];

    /// The name in storage and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

/// A decision about one operation.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What was decided.
    pub outcome: Outcome,
    /// The operation of the server's log that cites it, if one does.
    pub cited_by: Option<OpId>,
    /// In the words of whoever decided.
    pub note: Option<String>,
    /// By whom.
    pub decided_by: UserId,
    /// When.
    pub decided_at: Timestamp,
}

/// An operation that was set aside.
#[derive(Clone, Debug)]
pub struct SetAsideOp {
    /// The device that sent it.
    pub device: DeviceId,
    /// Its number there.
    pub seq: u64,
    /// Its name.
    pub id: OpId,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Its effective stamp.
    pub effective: Hlc,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What was decided about it.
    pub decision: Option<Decision>,
}

/// Which tasks are meant.
#[derive(Clone, Copy, Debug)]
pub struct SetAsideFilter<'a> {
    /// Put in one of these places.
    pub dispositions: &'a [Disposition],
    /// Of one of these submissions; of any and of devices, if none is named.
    pub submissions: Option<&'a [SubmissionId]>,
    /// Also those about which all is decided.
    pub with_decided: bool,
}

fn select(agency: AgencyId, filter: SetAsideFilter<'_>) -> Select<set_aside::Entity> {
    let names = filter.dispositions.iter().map(|one| one.as_str());
    let mut select = set_aside::Entity::find()
        .filter(set_aside::Column::AgencyId.eq(agency.uuid()))
        .filter(set_aside::Column::Disposition.is_in(names));
    if let Some(submissions) = filter.submissions {
        let ids = submissions.iter().map(|id| id.uuid());
        select = select.filter(set_aside::Column::SubmissionId.is_in(ids));
    }
    if !filter.with_decided {
        select = select.filter(set_aside::Column::Undecided.gt(0));
    }
    select
}

/// Notes that operations were set aside; the task that they belong to.
///
/// # Errors
/// The database failed.
pub async fn add(
    tx: &Tx,
    agency: AgencyId,
    new: &NewSetAside,
    now: Timestamp,
) -> Result<SetAsideId, StoreError> {
    let found = set_aside::Entity::find()
        .filter(set_aside::Column::AgencyId.eq(agency.uuid()))
        .filter(set_aside::Column::Subject.eq(new.subject.bytes()))
        .filter(set_aside::Column::Disposition.eq(new.disposition.as_str()))
        .filter(set_aside::Column::Reason.eq(new.reason))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    let count = i32::try_from(new.operations).unwrap_or(i32::MAX);
    if let Some(found) = found {
        set_aside::Entity::update_many()
            .col_expr(
                set_aside::Column::Operations,
                Expr::value(found.operations.saturating_add(count)),
            )
            .col_expr(
                set_aside::Column::Undecided,
                Expr::value(found.undecided.saturating_add(count)),
            )
            .col_expr(set_aside::Column::LastReceivedAt, Expr::value(now.millis()))
            .filter(set_aside::Column::Id.eq(found.id))
            .exec(tx.connection())
            .await?;
        return Ok(SetAsideId::from_uuid(found.id));
    }
    let (submission, device) = match new.subject {
        Subject::Submission(id) => (Some(id.uuid()), None),
        Subject::Device(id) => (None, Some(id.as_bytes().to_vec())),
    };
    let row = set_aside::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        subject: Set(new.subject.bytes()),
        submission_id: Set(submission),
        device: Set(device),
        disposition: Set(new.disposition.as_str().to_owned()),
        reason: Set(new.reason.to_owned()),
        operations: Set(count),
        undecided: Set(count),
        first_received_at: Set(now.millis()),
        last_received_at: Set(now.millis()),
    };
    set_aside::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(new.id)
}

/// Tasks, those with the latest work first; `after` is the last one of the page before.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    filter: SetAsideFilter<'_>,
    after: Option<&SetAside>,
    limit: u64,
) -> Result<(Vec<SetAside>, bool), StoreError> {
    let mut select = select(agency, filter)
        .order_by_desc(set_aside::Column::LastReceivedAt)
        .order_by_desc(set_aside::Column::Id);
    if let Some(after) = after {
        let at = after.last_received_at.millis();
        let same = Condition::all()
            .add(set_aside::Column::LastReceivedAt.eq(at))
            .add(set_aside::Column::Id.lt(after.id.uuid()));
        let earlier = Condition::any()
            .add(set_aside::Column::LastReceivedAt.lt(at))
            .add(same);
        select = select.filter(earlier);
    }
    let (rows, has_more) = page(tx, select, limit).await?;
    let found: Result<Vec<_>, _> = rows.into_iter().map(record).collect();
    Ok((found?, has_more))
}

/// How many tasks there are, and how many of their operations are undecided.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &Tx, agency: AgencyId, filter: SetAsideFilter<'_>) -> Result<(u64, u64), StoreError> {
    let tasks = select(agency, filter).count(tx.connection()).await?;
    let undecided: Vec<i32> = select(agency, filter)
        .select_only()
        .column(set_aside::Column::Undecided)
        .into_tuple()
        .all(tx.connection())
        .await?;
    let operations = undecided
        .into_iter()
        .map(|count| u64::try_from(count).unwrap_or(0));
    Ok((tasks, operations.sum()))
}

/// A task of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: SetAsideId) -> Result<Option<SetAside>, StoreError> {
    let row = set_aside::Entity::find_by_id(id.uuid())
        .filter(set_aside::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A task of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: SetAsideId) -> Result<Option<SetAside>, StoreError> {
    let row = set_aside::Entity::find_by_id(id.uuid())
        .filter(set_aside::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The operations of a task in the order of their arrival, `limit` of them after the first `skip`.
///
/// # Errors
/// The database failed.
pub async fn list_ops(
    tx: &Tx,
    agency: AgencyId,
    id: SetAsideId,
    skip: u64,
    limit: u64,
) -> Result<Vec<SetAsideOp>, StoreError> {
    let rows = op::Entity::find()
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::SetAsideId.eq(id.uuid()))
        .order_by_asc(op::Column::ReceivedAt)
        .order_by_asc(op::Column::Device)
        .order_by_asc(op::Column::Seq)
        .offset(skip)
        .limit(limit)
        .all(tx.connection())
        .await?;
    let mut decisions = list_decisions(tx, agency, id).await?;
    rows.into_iter()
        .map(|row| {
            let decision = decisions.remove(&(row.device.clone(), row.seq));
            Ok(SetAsideOp {
                device: DeviceId::from_slice(&row.device).ok_or(StoreError::Corrupt("device id"))?,
                seq: unsigned(row.seq, "operation number")?,
                id: OpId::from_slice(&row.op_id).ok_or(StoreError::Corrupt("operation id"))?,
                raw: row.raw,
                effective: Hlc::from_bits(row.effective.cast_unsigned()),
                received_at: Timestamp::from_millis(row.received_at),
                decision,
            })
        })
        .collect()
}

async fn list_decisions(
    tx: &Tx,
    agency: AgencyId,
    id: SetAsideId,
) -> Result<BTreeMap<(Vec<u8>, i64), Decision>, StoreError> {
    let rows = set_aside_decision::Entity::find()
        .filter(set_aside_decision::Column::AgencyId.eq(agency.uuid()))
        .filter(set_aside_decision::Column::SetAsideId.eq(id.uuid()))
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let outcome = Outcome::ALL.into_iter().find(|one| one.as_str() == row.outcome);
            let cited_by = row
                .cited_by
                .map(|bytes| OpId::from_slice(&bytes).ok_or(StoreError::Corrupt("operation id")))
                .transpose()?;
            let decision = Decision {
                outcome: outcome.ok_or(StoreError::Corrupt("decision"))?,
                cited_by,
                note: row.note,
                decided_by: UserId::from_uuid(row.decided_by),
                decided_at: Timestamp::from_millis(row.decided_at),
            };
            Ok(((row.device, row.seq), decision))
        })
        .collect()
}

/// Notes what was decided about an operation of a task that is locked.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if something was decided before.
pub async fn decide(
    tx: &Tx,
    agency: AgencyId,
    task: SetAsideId,
    op: &SetAsideOp,
    decision: &Decision,
) -> Result<(), StoreError> {
    let row = set_aside_decision::ActiveModel {
        device: Set(op.device.as_bytes().to_vec()),
        seq: Set(signed(op.seq)),
        agency_id: Set(agency.uuid()),
        set_aside_id: Set(task.uuid()),
        outcome: Set(decision.outcome.as_str().to_owned()),
        cited_by: Set(decision.cited_by.map(|id| id.as_bytes().to_vec())),
        note: Set(decision.note.clone()),
        decided_by: Set(decision.decided_by.uuid()),
        decided_at: Set(decision.decided_at.millis()),
    };
    set_aside_decision::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    set_aside::Entity::update_many()
        .col_expr(
            set_aside::Column::Undecided,
            Expr::col(set_aside::Column::Undecided).sub(1),
        )
        .filter(set_aside::Column::Id.eq(task.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn record(row: set_aside::Model) -> Result<SetAside, StoreError> {
    let subject = match (row.submission_id, &row.device) {
        (Some(id), _) => Subject::Submission(SubmissionId::from_uuid(id)),
        (None, Some(device)) => {
            Subject::Device(DeviceId::from_slice(device).ok_or(StoreError::Corrupt("device id"))?)
        }
        (None, None) => return Err(StoreError::Corrupt("set-aside subject")),
    };
    Ok(SetAside {
        id: SetAsideId::from_uuid(row.id),
        subject,
        disposition: disposition_of(&row.disposition)?,
        reason: row.reason,
        operations: unsigned(row.operations.into(), "count")?,
        undecided: unsigned(row.undecided.into(), "count")?,
        first_received_at: Timestamp::from_millis(row.first_received_at),
        last_received_at: Timestamp::from_millis(row.last_received_at),
    })
}
