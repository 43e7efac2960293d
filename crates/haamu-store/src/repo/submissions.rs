//! Submissions: their stages and follow-ups.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::attribute::Attributes;
use haamu_domain::retention::PurgeClass;
use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, SubmissionId, Timestamp, UserId, VisitId, VisitState,
    stages::FollowUp,
};
use haamu_sync::{FormVersion, OpId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::entity::programmes::{assignment, visit};
use crate::entity::submissions::{follow_up, submission, submission_stage};
use crate::{StoreError, Tx};

use super::clients::{from_json, json};
use super::{ROWS_AT_ONCE, in_list, unsigned};

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
    /// What its checklist asks of the location, as it was when the submission began.
    pub location_attributes: Attributes,
    /// The name of the round when it began. Conditions may ask for it, and it stays whatever the round is called later.
    /// A server that did not know of it yet left it out.
    pub round_name: Option<String>,
    /// What of it was deleted because its time was over.
    pub purged: BTreeSet<PurgeClass>,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

impl Submission {
    /// What conditions know the round as: its name when the submission began, or else `present`.
    #[must_use]
    pub fn round_name_or<'a>(&'a self, present: &'a str) -> &'a str {
        self.round_name.as_deref().unwrap_or(present)
    }
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
        location_attributes: Set(
            (!new.location_attributes.is_empty()).then(|| json(&new.location_attributes))
        ),
        round_name: Set(new.round_name.clone()),
        created_at: Set(now.millis()),
        row_version: Set(1),
        ..Default::default()
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
        .filter(submission::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// A submission of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Option<Submission>, StoreError> {
    Ok(lock_many(tx, agency, &[id]).await?.pop())
}

/// Submissions of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock_many(
    tx: &Tx,
    agency: AgencyId,
    ids: &[SubmissionId],
) -> Result<Vec<Submission>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = submission::Entity::find()
        .filter(submission::Column::AgencyId.eq(agency.uuid()))
        .filter(submission::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .order_by_asc(submission::Column::Id)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
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
        .filter(submission::Column::VisitId.is_in(in_list(visits.iter().map(|id| id.uuid()))))
        .order_by_asc(submission::Column::Id)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// Some of the submissions of visits in a state, with their visits, of those who may still work on them; the oldest
/// visits first.
///
/// # Errors
/// The database failed.
pub async fn list_live_in(
    tx: &Tx,
    agency: AgencyId,
    state: VisitState,
    after: Option<VisitId>,
    limit: usize,
) -> Result<Vec<(VisitId, SubmissionId)>, StoreError> {
    let visits: RelationDef = submission::Entity::belongs_to(visit::Entity)
        .from(submission::Column::VisitId)
        .to(visit::Column::Id)
        .into();
    let assignments: RelationDef = submission::Entity::belongs_to(assignment::Entity)
        .from(submission::Column::AssignmentId)
        .to(assignment::Column::Id)
        .into();
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    let mut select = submission::Entity::find()
        .select_only()
        .column(submission::Column::VisitId)
        .column(submission::Column::Id)
        .join(JoinType::InnerJoin, visits)
        .join(JoinType::InnerJoin, assignments)
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::State.eq(state.as_str()))
        .filter(assignment::Column::State.is_in(live.map(|state| state.as_str())))
        .order_by_asc(visit::Column::Id)
        .limit(limit as u64);
    if let Some(after) = after {
        select = select.filter(visit::Column::Id.gt(after.uuid()));
    }
    let rows: Vec<(Uuid, Uuid)> = select.into_tuple().all(tx.connection()).await?;
    let ids = |(visit, id)| (VisitId::from_uuid(visit), SubmissionId::from_uuid(id));
    Ok(rows.into_iter().map(ids).collect())
}

/// Saves a submission that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &Submission) -> Result<(), StoreError> {
    update_many(tx, &[changed]).await
}

/// Saves submissions that were loaded in this transaction; those that become alike with one statement.
///
/// # Errors
/// [`StoreError::Conflict`] if one was changed since it was loaded.
pub async fn update_many(tx: &Tx, changed: &[&Submission]) -> Result<(), StoreError> {
    let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in changed {
        let content = (one.form, one.cycle, &one.return_reason, one.row_version);
        alike.entry(content).or_default().push(one.id.uuid());
    }
    for ((form, cycle, return_reason, row_version), ids) in alike {
        let count = ids.len() as u64;
        let form = form.map(|form| form.as_bytes().to_vec());
        let result = submission::Entity::update_many()
            .col_expr(submission::Column::FormVersion, Expr::value(form))
            .col_expr(submission::Column::Cycle, Expr::value(cycle.cast_signed()))
            .col_expr(
                submission::Column::ReturnReason,
                Expr::value(return_reason.clone()),
            )
            .col_expr(submission::Column::RowVersion, Expr::value(row_version + 1))
            .filter(submission::Column::Id.is_in(in_list(ids)))
            .filter(submission::Column::RowVersion.eq(row_version))
            .exec(tx.connection())
            .await?;
        if result.rows_affected != count {
            return Err(StoreError::Conflict("submission"));
        }
    }
    Ok(())
}

/// Notes that stages were handed in, each the first of its kind and cycle in its submission.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if one was not the first, or the database failed.
pub async fn insert_stages(
    tx: &Tx,
    agency: AgencyId,
    new: &[(SubmissionId, Stage)],
    now: Timestamp,
) -> Result<(), StoreError> {
    for some in new.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|(id, stage)| submission_stage::ActiveModel {
            submission_id: Set(id.uuid()),
            stage: Set(stage.stage.clone()),
            cycle: Set(stage.cycle.cast_signed()),
            agency_id: Set(agency.uuid()),
            op_id: Set(stage.op.as_bytes().to_vec()),
            submitted_at: Set(stage.submitted_at.millis()),
            received_at: Set(now.millis()),
        });
        submission_stage::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// The stages of a submission that were handed in.
///
/// # Errors
/// The database failed.
pub async fn list_stages(tx: &Tx, agency: AgencyId, id: SubmissionId) -> Result<Vec<Stage>, StoreError> {
    let stages = list_stages_of(tx, agency, &[id]).await?;
    Ok(stages.into_iter().map(|(_, stage)| stage).collect())
}

/// The stages of submissions that were handed in.
///
/// # Errors
/// The database failed.
pub async fn list_stages_of(
    tx: &Tx,
    agency: AgencyId,
    ids: &[SubmissionId],
) -> Result<Vec<(SubmissionId, Stage)>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = submission_stage::Entity::find()
        .filter(submission_stage::Column::AgencyId.eq(agency.uuid()))
        .filter(submission_stage::Column::SubmissionId.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .order_by_asc(submission_stage::Column::ReceivedAt)
        .all(tx.connection())
        .await?;
    rows.into_iter()
        .map(|row| {
            let stage = Stage {
                stage: row.stage,
                cycle: unsigned(row.cycle.into(), "stage cycle")?,
                op: OpId::from_slice(&row.op_id).ok_or(StoreError::Corrupt("stage operation"))?,
                submitted_at: Timestamp::from_millis(row.submitted_at),
            };
            Ok((SubmissionId::from_uuid(row.submission_id), stage))
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

pub(super) fn record(row: submission::Model) -> Result<Submission, StoreError> {
    let form = match row.form_version {
        Some(bytes) => Some(FormVersion::from_slice(&bytes).ok_or(StoreError::Corrupt("form version"))?),
        None => None,
    };
    let purged = [
        (PurgeClass::Photo, row.photo_purged_at),
        (PurgeClass::Narrative, row.narrative_purged_at),
        (PurgeClass::StaffData, row.staff_data_purged_at),
        (PurgeClass::ShopperData, row.shopper_data_purged_at),
        (PurgeClass::Voucher, row.voucher_purged_at),
    ];
    let purged = purged.into_iter().filter(|(_, at)| at.is_some());
    Ok(Submission {
        purged: purged.map(|(class, _)| class).collect(),
        id: SubmissionId::from_uuid(row.id),
        assignment: AssignmentId::from_uuid(row.assignment_id),
        visit: VisitId::from_uuid(row.visit_id),
        shopper: UserId::from_uuid(row.shopper_id),
        form,
        cycle: unsigned(row.cycle.into(), "submission cycle")?,
        return_reason: row.return_reason,
        location_attributes: from_json(row.location_attributes.as_deref())?,
        round_name: row.round_name,
        row_version: row.row_version,
    })
}
