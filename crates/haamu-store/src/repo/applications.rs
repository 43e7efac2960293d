//! Who asked for visits of the job board.

use haamu_domain::{AgencyId, AssignmentState, RoundId, Timestamp, UserId, VisitId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::programmes::assignment;
use crate::{StoreError, Tx};

use super::assignments::{self, Assignment};
use super::{page_after, page_before};

/// An application, and when it was made.
#[derive(Clone, Debug)]
pub struct Application {
    /// The assignment that it may become.
    pub assignment: Assignment,
    /// When the shopper asked first.
    pub asked_at: Timestamp,
}

/// Adds an application for a visit of a round.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &Assignment,
    round: RoundId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = assignment::ActiveModel {
        applied_in: Set(Some(round.uuid())),
        ..assignments::row(agency, new, now)
    };
    assignment::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The applications for visits of a round after one, the oldest first. Their ids sort by time.
///
/// # Errors
/// The database failed.
pub async fn list_of_round(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Application>, bool), StoreError> {
    let select = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::AppliedIn.eq(round.uuid()))
        .filter(assignment::Column::State.eq(AssignmentState::Applied.as_str()));
    let (rows, has_more) = page_after(tx, select, assignment::Column::Id, after, limit).await?;
    let found: Result<Vec<_>, _> = rows.iter().map(application).collect();
    Ok((found?, has_more))
}

/// The applications for a visit, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list_of_visit(tx: &Tx, agency: AgencyId, of: VisitId) -> Result<Vec<Application>, StoreError> {
    let rows = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::VisitId.eq(of.uuid()))
        .filter(assignment::Column::State.eq(AssignmentState::Applied.as_str()))
        .order_by_asc(assignment::Column::Id)
        .all(tx.connection())
        .await?;
    rows.iter().map(application).collect()
}

/// What a shopper has asked for before one, the newest first: also what became of it.
///
/// # Errors
/// The database failed.
pub async fn list_of_shopper(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Application>, bool), StoreError> {
    let select = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::ShopperId.eq(shopper.uuid()))
        .filter(assignment::Column::AppliedIn.is_not_null());
    let (rows, has_more) = page_before(tx, select, assignment::Column::Id, before, limit).await?;
    let found: Result<Vec<_>, _> = rows.iter().map(application).collect();
    Ok((found?, has_more))
}

fn application(row: &assignment::Model) -> Result<Application, StoreError> {
    Ok(Application {
        assignment: assignments::record(row)?,
        asked_at: Timestamp::from_millis(row.created_at),
    })
}
