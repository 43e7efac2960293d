//! Assignments: visits as they are offered to shoppers, asked for, and taken.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, ProgrammeId, Timestamp, UserId, VisitId, VisitState,
};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::programmes::{assignment, visit};
use crate::{StoreError, Tx};

use super::in_list;
use super::visits::{programmes_of, rounds_of};

/// The offer of a visit to one shopper.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The visit.
    pub visit: VisitId,
    /// To whom.
    pub shopper: UserId,
    /// Where it is in its life.
    pub state: AssignmentState,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

/// Adds an assignment.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Assignment, now: Timestamp) -> Result<(), StoreError> {
    assignment::Entity::insert(row(agency, new, now))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

pub(super) fn row(agency: AgencyId, new: &Assignment, now: Timestamp) -> assignment::ActiveModel {
    assignment::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        visit_id: Set(new.visit.uuid()),
        shopper_id: Set(new.shopper.uuid()),
        state: Set(new.state.as_str().to_owned()),
        created_at: Set(now.millis()),
        row_version: Set(1),
        applied_in: Set(None),
    }
}

/// An assignment of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
    let found = assignment::Entity::find_by_id(id.uuid())
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    found.as_ref().map(record).transpose()
}

/// Assignments of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[AssignmentId],
) -> Result<Vec<Assignment>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    rows.iter().map(record).collect()
}

/// The assignments of visits, the newest last.
///
/// # Errors
/// The database failed.
pub async fn list_of_visits(
    tx: &Tx,
    agency: AgencyId,
    visits: &[VisitId],
) -> Result<Vec<Assignment>, StoreError> {
    let rows = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::VisitId.is_in(visits.iter().map(|id| id.uuid())))
        .order_by_asc(assignment::Column::Id)
        .all(tx.connection())
        .await?;
    rows.iter().map(record).collect()
}

/// The visits that a shopper has asked for.
///
/// # Errors
/// The database failed.
pub async fn list_applied(tx: &Tx, agency: AgencyId, shopper: UserId) -> Result<Vec<VisitId>, StoreError> {
    let ids: Vec<Uuid> = assignment::Entity::find()
        .select_only()
        .column(assignment::Column::VisitId)
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::ShopperId.eq(shopper.uuid()))
        .filter(assignment::Column::State.eq(AssignmentState::Applied.as_str()))
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(VisitId::from_uuid).collect())
}

/// How many visits of a programme are offered to somebody who has not accepted yet.
///
/// # Errors
/// The database failed.
pub async fn count_offered(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<u64, StoreError> {
    let planned = Query::select()
        .column(visit::Column::Id)
        .from(visit::Entity)
        .and_where(visit::Column::RoundId.in_subquery(rounds_of(agency, of)))
        .and_where(visit::Column::State.eq(VisitState::Planned.as_str()))
        .to_owned();
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    let count = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::VisitId.in_subquery(planned))
        .filter(assignment::Column::State.is_in(live.map(|state| state.as_str())))
        .count(tx.connection())
        .await?;
    Ok(count)
}

/// The programmes that a shopper has, or has had, an offer of.
///
/// # Errors
/// The database failed.
pub async fn list_programmes_of_shopper(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
) -> Result<BTreeSet<ProgrammeId>, StoreError> {
    let offered = Query::select()
        .column(assignment::Column::VisitId)
        .from(assignment::Entity)
        .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
        .and_where(assignment::Column::ShopperId.eq(shopper.uuid()))
        .to_owned();
    programmes_of(tx, agency, offered).await
}

/// Saves an assignment that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &Assignment) -> Result<(), StoreError> {
    update_many(tx, &[changed]).await
}

/// Saves assignments that were loaded in this transaction; those that become alike with one statement.
///
/// # Errors
/// [`StoreError::Conflict`] if one was changed since it was loaded.
pub async fn update_many(tx: &Tx, changed: &[&Assignment]) -> Result<(), StoreError> {
    let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in changed {
        let content = (one.state.as_str(), one.row_version);
        alike.entry(content).or_default().push(one.id.uuid());
    }
    for ((state, row_version), ids) in alike {
        let count = ids.len() as u64;
        let result = assignment::Entity::update_many()
            .col_expr(assignment::Column::State, Expr::value(state))
            .col_expr(assignment::Column::RowVersion, Expr::value(row_version + 1))
            .filter(assignment::Column::Id.is_in(in_list(ids)))
            .filter(assignment::Column::RowVersion.eq(row_version))
            .exec(tx.connection())
            .await?;
        if result.rows_affected != count {
            return Err(StoreError::Conflict("assignment"));
        }
    }
    Ok(())
}

pub(super) fn record(row: &assignment::Model) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        id: AssignmentId::from_uuid(row.id),
        visit: VisitId::from_uuid(row.visit_id),
        shopper: UserId::from_uuid(row.shopper_id),
        state: AssignmentState::from_name(&row.state).ok_or(StoreError::Corrupt("assignment state"))?,
        row_version: row.row_version,
    })
}
