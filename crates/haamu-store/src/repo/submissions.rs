//! Submissions: their stages, follow-ups and registers.

use haamu_domain::{
    AgencyId, AssignmentId, SubmissionId, Timestamp, UserId, VisitId, binding, stages::FollowUp,
};
use haamu_sync::{Cell, FormVersion, Lane, OpId, RegisterKey, cbor};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::submissions::{follow_up, register, submission, submission_stage};
use crate::{StoreError, Tx};

use super::unsigned;

/// The evaluation that one assignment leads to.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its id.
    pub id: SubmissionId,
    /// Its assignment.
    pub assignment: AssignmentId,
    /// The visit.
    pub visit: VisitId,
    /// Whose work it is.
    pub shopper: UserId,
    /// The checklist version, pinned when the first answer arrived.
    pub form: Option<FormVersion>,
    /// How often it was returned.
    pub cycle: u32,
    /// What the reviewer asked for when it was returned last.
    pub return_reason: Option<String>,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

/// That a stage was handed in.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Which stage.
    pub stage: String,
    /// In which cycle.
    pub cycle: u32,
    /// By which operation.
    pub op: OpId,
    /// When, by effective stamp.
    pub submitted_at: Timestamp,
}

/// Adds a submission.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Submission, now: Timestamp) -> Result<(), StoreError> {
    let row = submission::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        assignment_id: Set(new.assignment.uuid()),
        visit_id: Set(new.visit.uuid()),
        shopper_id: Set(new.shopper.uuid()),
        form_version: Set(None),
        cycle: Set(0),
        return_reason: Set(None),
        created_at: Set(now.millis()),
        row_version: Set(1),
    };
    submission::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A submission of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
    let row = submission::Entity::find_by_id(id.uuid())
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Submissions of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[SubmissionId],
) -> Result<Vec<Submission>, StoreError> {
    let rows = submission::Entity::find()
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .filter(submission::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// A submission of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
    let row = submission::Entity::find_by_id(id.uuid())
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The submissions of visits, the newest last.
///
/// # Errors
/// The database failed.
pub async fn list_of_visits(
    tx: &Tx,
    agency: AgencyId,
    visits: &[VisitId],
) -> Result<Vec<Submission>, StoreError> {
    let rows = submission::Entity::find()
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .filter(submission::Column::VisitId.is_in(visits.iter().map(|id| id.uuid())))
        .order_by_asc(submission::Column::Id)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// Saves a submission that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &Submission) -> Result<(), StoreError> {
    let form = changed.form.map(|form| form.as_bytes().to_vec());
    let result = submission::Entity::update_many()
        .col_expr(submission::Column::FormVersion, Expr::value(form))
        .col_expr(
            submission::Column::Cycle,
            Expr::value(changed.cycle.cast_signed()),
        )
        .col_expr(
            submission::Column::ReturnReason,
            Expr::value(changed.return_reason.clone()),
        )
        .col_expr(
            submission::Column::RowVersion,
            Expr::value(changed.row_version + 1),
        )
        .filter(submission::Column::Id.eq(changed.id.uuid()))
        .filter(submission::Column::RowVersion.eq(changed.row_version))
        .exec(tx.connection())
        .await?;
    if result.rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("submission"))
    }
}

/// Notes that a stage was handed in. Returns whether it is the first of its stage and cycle.
///
/// # Errors
/// The database failed.
pub async fn insert_stage(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    new: &Stage,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = submission_stage::ActiveModel {
        submission_id: Set(id.uuid()),
        stage: Set(new.stage.clone()),
        cycle: Set(new.cycle.cast_signed()),
        agency_id: Set(agency.uuid()),
        op_id: Set(new.op.as_bytes().to_vec()),
        submitted_at: Set(new.submitted_at.millis()),
        received_at: Set(now.millis()),
    };
    let key = [
        submission_stage::Column::SubmissionId,
        submission_stage::Column::Stage,
        submission_stage::Column::Cycle,
    ];
    let keep = OnConflict::columns(key).do_nothing().to_owned();
    let inserted = submission_stage::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(inserted > 0)
}

/// The stages that were handed in.
///
/// # Errors
/// The database failed.
pub async fn list_stages(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Vec<Stage>, StoreError> {
    let rows = submission_stage::Entity::find()
        .filter(submission_stage::Column::AgencyId.eq(agency.uuid()))
        .filter(submission_stage::Column::SubmissionId.eq(id.uuid()))
        .order_by_asc(submission_stage::Column::ReceivedAt)
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Stage {
                stage: row.stage,
                cycle: unsigned(row.cycle.into(), "stage cycle")?,
                op: OpId::from_slice(&row.op_id).ok_or(StoreError::Corrupt("stage operation"))?,
                submitted_at: Timestamp::from_millis(row.submitted_at),
            })
        })
        .collect()
}

/// Replaces the follow-up sections of a submission.
///
/// # Errors
/// The database failed.
pub async fn set_follow_ups(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    follow_ups: &[FollowUp],
) -> Result<(), StoreError> {
    follow_up::Entity::delete_many()
        .filter(follow_up::Column::SubmissionId.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    for section in follow_ups {
        let row = follow_up::ActiveModel {
            submission_id: Set(id.uuid()),
            stage: Set(section.stage.clone()),
            agency_id: Set(agency.uuid()),
            opens_at: Set(section.opens_at.millis()),
            closes_at: Set(section.closes_at.millis()),
        };
        follow_up::Entity::insert(row)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// The follow-up sections of a submission.
///
/// # Errors
/// The database failed.
pub async fn list_follow_ups(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
) -> Result<Vec<FollowUp>, StoreError> {
    let rows = follow_up::Entity::find()
        .filter(follow_up::Column::AgencyId.eq(agency.uuid()))
        .filter(follow_up::Column::SubmissionId.eq(id.uuid()))
        .order_by_asc(follow_up::Column::OpensAt)
        .all(tx.connection())
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| FollowUp {
            stage: row.stage,
            opens_at: Timestamp::from_millis(row.opens_at),
            closes_at: Timestamp::from_millis(row.closes_at),
        })
        .collect())
}

/// All registers of a submission.
///
/// # Errors
/// A cell cannot be read, or the database failed.
pub async fn load_cells(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
) -> Result<Vec<(RegisterKey, Cell)>, StoreError> {
    let rows = register::Entity::find()
        .filter(register::Column::AgencyId.eq(agency.uuid()))
        .filter(register::Column::SubmissionId.eq(id.uuid()))
        .order_by_asc(register::Column::Register)
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let lane = match row.lane.as_str() {
                "shopper" => Lane::Shopper,
                "review" => Lane::Review,
                _ => return Err(StoreError::Corrupt("lane")),
            };
            let instance = row
                .instance
                .chunks(OpId::LENGTH)
                .map(OpId::from_slice)
                .collect::<Option<_>>();
            let instance = instance.ok_or(StoreError::Corrupt("register instance"))?;
            let cell = cbor::from_slice(&row.cell).map_err(|_| StoreError::Corrupt("register cell"))?;
            Ok((
                RegisterKey {
                    lane,
                    register: row.register.into(),
                    instance,
                },
                cell,
            ))
        })
        .collect()
}

/// Saves one register.
///
/// # Errors
/// The database failed.
pub async fn save_cell(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    key: &RegisterKey,
    cell: &Cell,
) -> Result<(), StoreError> {
    let winner = cell.register.winner();
    let value = winner
        .and_then(|head| head.value.as_ref())
        .filter(|value| value.tag == binding::TAG_JSON);
    let row = register::ActiveModel {
        submission_id: Set(id.uuid()),
        lane: Set(lane_name(key.lane).to_owned()),
        register: Set(key.register.to_string()),
        instance: Set(key.instance.iter().flat_map(|id| *id.as_bytes()).collect()),
        agency_id: Set(agency.uuid()),
        winner_op: Set(winner.map(|head| head.op.as_bytes().to_vec())),
        value: Set(value.and_then(|value| readable(&value.bytes.0))),
        effective: Set(winner.map_or(0, |head| head.effective.bits().cast_signed())),
        conflict: Set(cell.register.is_in_conflict()),
        stale: Set(false),
        cell: Set(cbor::to_vec(cell)),
    };
    let key = [
        register::Column::SubmissionId,
        register::Column::Lane,
        register::Column::Register,
        register::Column::Instance,
    ];
    let replace = OnConflict::columns(key)
        .update_columns([
            register::Column::WinnerOp,
            register::Column::Value,
            register::Column::Effective,
            register::Column::Conflict,
            register::Column::Cell,
        ])
        .to_owned();
    register::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Notes whether testimony has changed since the reviewer's value of one register was set.
///
/// # Errors
/// The database failed.
pub async fn set_stale(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    key: &RegisterKey,
    is_stale: bool,
) -> Result<(), StoreError> {
    let instance: Vec<u8> = key.instance.iter().flat_map(|id| *id.as_bytes()).collect();
    register::Entity::update_many()
        .col_expr(register::Column::Stale, Expr::value(is_stale))
        .filter(register::Column::AgencyId.eq(agency.uuid()))
        .filter(register::Column::SubmissionId.eq(id.uuid()))
        .filter(register::Column::Lane.eq(lane_name(Lane::Review)))
        .filter(register::Column::Register.eq(key.register.as_str()))
        .filter(register::Column::Instance.eq(instance))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The name of a lane in the schema.
pub(super) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Shopper => "shopper",
        Lane::Review => "review",
    }
}

fn record(row: submission::Model) -> Result<Submission, StoreError> {
    let form = match row.form_version {
        Some(bytes) => Some(FormVersion::from_slice(&bytes).ok_or(StoreError::Corrupt("form version"))?),
        None => None,
    };
    Ok(Submission {
        id: SubmissionId::from_uuid(row.id),
        assignment: AssignmentId::from_uuid(row.assignment_id),
        visit: VisitId::from_uuid(row.visit_id),
        shopper: UserId::from_uuid(row.shopper_id),
        form,
        cycle: unsigned(row.cycle.into(), "submission cycle")?,
        return_reason: row.return_reason,
        row_version: row.row_version,
    })
}

/// The text of bytes, for people who read the table; none where a database could not hold it.
fn readable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}
