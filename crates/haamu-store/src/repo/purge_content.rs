//! What a purge finds of submissions whose time is over, and what it leaves of them.

use haamu_domain::retention::PurgeClass;
use haamu_domain::{AgencyId, AssignmentState, SubmissionId, Timestamp, VisitId, VisitState};
use haamu_sync::{DeviceId, Hlc, OpId};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef, UpdateMany,
};
use uuid::Uuid;

use crate::entity::filling::assignment_term;
use crate::entity::programmes::{assignment, visit};
use crate::entity::retention::legal_hold;
use crate::entity::review::{critical_confirmation, score};
use crate::entity::submissions::{
    follow_up, op, set_aside, set_aside_decision, submission, submission_stage,
};
use crate::{StoreError, Tx};

use super::submissions::{Submission, record};
use super::{signed, unsigned};

/// Where a list of submissions that are due goes on: after the one that was begun then, with this id.
pub type After = (i64, Uuid);

/// The column that says when a class of a submission was deleted; none for classes of other things.
pub(super) const fn column(class: PurgeClass) -> Option<submission::Column> {
    match class {
        PurgeClass::Photo => Some(submission::Column::PhotoPurgedAt),
        PurgeClass::Narrative => Some(submission::Column::NarrativePurgedAt),
        PurgeClass::StaffData => Some(submission::Column::StaffDataPurgedAt),
        PurgeClass::ShopperData => Some(submission::Column::ShopperDataPurgedAt),
        PurgeClass::Voucher => Some(submission::Column::VoucherPurgedAt),
        _ => None,
    }
}

/// Submissions of which a class is due and not deleted yet, the oldest first, without those of visits that are
/// held. Old is what was visited before `kept_from`; of an assignment that was ended, what ended and fell silent
/// before: work that came since waits for somebody to decide on it.
///
/// # Errors
/// The database failed.
pub async fn list_due(
    tx: &Tx,
    agency: AgencyId,
    class: PurgeClass,
    kept_from: Timestamp,
    after: Option<After>,
    limit: u64,
) -> Result<Vec<(After, Submission)>, StoreError> {
    let Some(column) = column(class) else {
        return Ok(Vec::new());
    };
    let mut select = submission::Entity::find()
        .join(JoinType::InnerJoin, visits())
        .join(JoinType::InnerJoin, assignments())
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .filter(submission::Column::CreatedAt.lt(kept_from.millis()))
        .filter(column.is_null())
        .filter(submission::Column::VisitId.not_in_subquery(held(agency)))
        .filter(is_old(kept_from))
        .order_by_asc(submission::Column::CreatedAt)
        .order_by_asc(submission::Column::Id)
        .limit(limit);
    if let Some((created_at, id)) = after {
        let later = Cond::any().add(submission::Column::CreatedAt.gt(created_at)).add(
            Cond::all()
                .add(submission::Column::CreatedAt.eq(created_at))
                .add(submission::Column::Id.gt(id)),
        );
        select = select
            .filter(submission::Column::CreatedAt.gte(created_at))
            .filter(later);
    }
    let rows = select.all(tx.connection()).await?;
    rows.into_iter()
        .map(|row| Ok(((row.created_at, row.id), record(row)?)))
        .collect()
}

fn is_old(kept_from: Timestamp) -> Cond {
    let dead = AssignmentState::ALL.iter().filter(|state| !state.is_live());
    let dead: Vec<&str> = dead.map(|state| state.as_str()).collect();
    let never_visited = Cond::all()
        .add(visit::Column::VisitedAt.is_null())
        .add(visit::Column::State.eq(VisitState::Voided.as_str()));
    let ended_since = Query::select()
        .column(assignment_term::Column::AssignmentId)
        .from(assignment_term::Entity)
        .and_where(
            Expr::col((assignment_term::Entity, assignment_term::Column::AssignmentId))
                .equals((submission::Entity, submission::Column::AssignmentId)),
        )
        .and_where(assignment_term::Column::EndedAt.gte(kept_from.millis()))
        .to_owned();
    let come_since = Query::select()
        .column(op::Column::Seq)
        .from(op::Entity)
        .and_where(
            Expr::col((op::Entity, op::Column::SubmissionId))
                .equals((submission::Entity, submission::Column::Id)),
        )
        .and_where(op::Column::ReceivedAt.gte(kept_from.millis()))
        .to_owned();
    Cond::any()
        .add(
            Cond::all()
                .add(assignment::Column::State.is_not_in(dead.clone()))
                .add(
                    Cond::any()
                        .add(visit::Column::VisitedAt.lt(kept_from.millis()))
                        .add(never_visited),
                ),
        )
        .add(
            Cond::all()
                .add(assignment::Column::State.is_in(dead))
                .add(Expr::exists(ended_since).not())
                .add(Expr::exists(come_since).not()),
        )
}

/// The visits of an agency that are held.
pub(super) fn held(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(legal_hold::Column::VisitId)
        .from(legal_hold::Entity)
        .and_where(legal_hold::Column::AgencyId.eq(agency.uuid()))
        .to_owned()
}

fn visits() -> RelationDef {
    submission::Entity::belongs_to(visit::Entity)
        .from(submission::Column::VisitId)
        .to(visit::Column::Id)
        .into()
}

fn assignments() -> RelationDef {
    submission::Entity::belongs_to(assignment::Entity)
        .from(submission::Column::AssignmentId)
        .to(assignment::Column::Id)
        .into()
}

/// Notes that a class of a submission was deleted.
///
/// # Errors
/// The database failed.
pub async fn mark(tx: &Tx, id: SubmissionId, class: PurgeClass, now: Timestamp) -> Result<(), StoreError> {
    let Some(column) = column(class) else {
        return Ok(());
    };
    submission::Entity::update_many()
        .col_expr(column, Expr::value(now.millis()))
        .filter(submission::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Notes that something of a class has come since it was deleted, so that the next night looks again.
///
/// # Errors
/// The database failed.
pub async fn unmark(tx: &Tx, id: SubmissionId, class: PurgeClass) -> Result<(), StoreError> {
    let Some(column) = column(class) else {
        return Ok(());
    };
    submission::Entity::update_many()
        .col_expr(column, Expr::value(Option::<i64>::None))
        .filter(submission::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// An operation as it is kept.
#[derive(Clone, Debug)]
pub struct KeptOp {
    /// The device that sent it.
    pub device: DeviceId,
    /// Its number there.
    pub seq: u64,
    /// Its name, which its bytes do not tell any more once something of it was deleted.
    pub id: OpId,
    /// Its bytes.
    pub raw: Vec<u8>,
    /// Its effective stamp.
    pub effective: Hlc,
    /// When it arrived.
    pub received_at: Timestamp,
}

/// All operations about a submission, wherever they were put.
///
/// # Errors
/// The database failed.
pub async fn list_ops(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Vec<KeptOp>, StoreError> {
    let rows = op::Entity::find()
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::SubmissionId.eq(id.uuid()))
        .order_by_asc(op::Column::Device)
        .order_by_asc(op::Column::Seq)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(kept).collect()
}

/// Operations about no submission that arrived before a moment and are whole: nobody can read them, or they name
/// what is not their author's.
///
/// # Errors
/// The database failed.
pub async fn list_homeless(
    tx: &Tx,
    agency: AgencyId,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<KeptOp>, StoreError> {
    let rows = op::Entity::find()
        .filter(op::Column::AgencyId.eq(agency.uuid()))
        .filter(op::Column::SubmissionId.is_null())
        .filter(op::Column::RedactedAt.is_null())
        .filter(op::Column::ReceivedAt.lt(before.millis()))
        .order_by_asc(op::Column::ReceivedAt)
        .limit(limit)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(kept).collect()
}

fn kept(row: op::Model) -> Result<KeptOp, StoreError> {
    Ok(KeptOp {
        device: DeviceId::from_slice(&row.device).ok_or(StoreError::Corrupt("device id"))?,
        seq: unsigned(row.seq, "operation number")?,
        id: OpId::from_slice(&row.op_id).ok_or(StoreError::Corrupt("operation id"))?,
        raw: row.raw,
        effective: Hlc::from_bits(row.effective.cast_unsigned()),
        received_at: Timestamp::from_millis(row.received_at),
    })
}

/// Keeps what is left of an operation in the place of its bytes. Its name and its chain value stay.
///
/// # Errors
/// The database failed.
pub async fn redact_op(tx: &Tx, left: &KeptOp, hlc: Option<Hlc>, now: Timestamp) -> Result<(), StoreError> {
    let mut update: UpdateMany<op::Entity> = op::Entity::update_many()
        .col_expr(op::Column::Raw, Expr::value(left.raw.clone()))
        .col_expr(
            op::Column::Effective,
            Expr::value(left.effective.bits().cast_signed()),
        )
        .col_expr(op::Column::ReceivedAt, Expr::value(left.received_at.millis()))
        .col_expr(op::Column::RedactedAt, Expr::value(now.millis()));
    if let Some(hlc) = hlc {
        update = update.col_expr(op::Column::Hlc, Expr::value(hlc.bits().cast_signed()));
    }
    update
        .filter(op::Column::Device.eq(left.device.as_bytes().to_vec()))
        .filter(op::Column::Seq.eq(signed(left.seq)))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Deletes the words about a submission that are not in its operations: why it was returned, what critical
/// answers rest on, why it was given up, what was said of work that was set aside, and what validation found.
///
/// # Errors
/// The database failed.
pub async fn clear_words(tx: &Tx, agency: AgencyId, of: &Submission) -> Result<(), StoreError> {
    let nothing = || Expr::value(Option::<String>::None);
    submission::Entity::update_many()
        .col_expr(submission::Column::ReturnReason, nothing())
        .filter(submission::Column::Id.eq(of.id.uuid()))
        .exec(tx.connection())
        .await?;
    critical_confirmation::Entity::update_many()
        .col_expr(critical_confirmation::Column::Evidence, Expr::value(""))
        .filter(critical_confirmation::Column::AgencyId.eq(agency.uuid()))
        .filter(critical_confirmation::Column::VisitId.eq(of.visit.uuid()))
        .exec(tx.connection())
        .await?;
    assignment_term::Entity::update_many()
        .col_expr(assignment_term::Column::EndDetail, nothing())
        .filter(assignment_term::Column::AssignmentId.eq(of.assignment.uuid()))
        .exec(tx.connection())
        .await?;
    let tasks = Query::select()
        .column(set_aside::Column::Id)
        .from(set_aside::Entity)
        .and_where(set_aside::Column::SubmissionId.eq(of.id.uuid()))
        .to_owned();
    set_aside_decision::Entity::update_many()
        .col_expr(set_aside_decision::Column::Note, nothing())
        .filter(set_aside_decision::Column::AgencyId.eq(agency.uuid()))
        .filter(set_aside_decision::Column::SetAsideId.in_subquery(tasks))
        .exec(tx.connection())
        .await?;
    score::Entity::update_many()
        .col_expr(score::Column::Findings, Expr::value("[]"))
        .filter(score::Column::AgencyId.eq(agency.uuid()))
        .filter(score::Column::VisitId.eq(of.visit.uuid()))
        .filter(score::Column::SubmissionId.eq(of.id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Makes the times at which stages of a submission were handed in, and its follow-ups open, coarse.
///
/// # Errors
/// The database failed.
pub async fn coarsen_times(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    coarse: impl Fn(Timestamp) -> Timestamp,
) -> Result<(), StoreError> {
    let coarse = |millis: i64| Expr::value(coarse(Timestamp::from_millis(millis)).millis());
    let stages = submission_stage::Entity::find()
        .filter(submission_stage::Column::AgencyId.eq(agency.uuid()))
        .filter(submission_stage::Column::SubmissionId.eq(id.uuid()))
        .all(tx.connection())
        .await?;
    for row in stages {
        submission_stage::Entity::update_many()
            .col_expr(submission_stage::Column::SubmittedAt, coarse(row.submitted_at))
            .col_expr(submission_stage::Column::ReceivedAt, coarse(row.received_at))
            .filter(submission_stage::Column::SubmissionId.eq(id.uuid()))
            .filter(submission_stage::Column::Stage.eq(row.stage))
            .filter(submission_stage::Column::Cycle.eq(row.cycle))
            .exec(tx.connection())
            .await?;
    }
    let follow_ups = follow_up::Entity::find()
        .filter(follow_up::Column::AgencyId.eq(agency.uuid()))
        .filter(follow_up::Column::SubmissionId.eq(id.uuid()))
        .all(tx.connection())
        .await?;
    for row in follow_ups {
        follow_up::Entity::update_many()
            .col_expr(follow_up::Column::OpensAt, coarse(row.opens_at))
            .col_expr(follow_up::Column::ClosesAt, coarse(row.closes_at))
            .filter(follow_up::Column::SubmissionId.eq(id.uuid()))
            .filter(follow_up::Column::Stage.eq(row.stage))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// When a visit took place, made coarse. The visit counts no change by it.
///
/// # Errors
/// The database failed.
pub async fn set_visited_at(tx: &Tx, id: VisitId, coarse: Timestamp) -> Result<(), StoreError> {
    visit::Entity::update_many()
        .col_expr(visit::Column::VisitedAt, Expr::value(coarse.millis()))
        .filter(visit::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}
