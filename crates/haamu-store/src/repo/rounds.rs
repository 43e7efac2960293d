//! Changing rounds and calling them off, and what was agreed within them.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, AssignmentState, LocalDate, RoundId, VisitId, VisitState};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::entity::filling::{assignment_term, visit_plan};
use crate::entity::programmes::{assignment, round, visit};
use crate::{StoreError, Tx};

use super::ROWS_AT_ONCE;
use super::programmes::Round;

/// Saves a round that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &Round) -> Result<(), StoreError> {
    let cancelled = changed.cancelled.as_ref();
    let result = round::Entity::update_many()
        .col_expr(round::Column::Name, Expr::value(&changed.name))
        .col_expr(
            round::Column::StartsOn,
            Expr::value(changed.starts_on.to_string()),
        )
        .col_expr(round::Column::VisitBy, Expr::value(changed.visit_by.to_string()))
        .col_expr(
            round::Column::ReportBy,
            Expr::value(changed.report_by.to_string()),
        )
        .col_expr(
            round::Column::CountsIn,
            Expr::value(changed.counts_in.to_string()),
        )
        .col_expr(
            round::Column::CancelledAt,
            Expr::value(cancelled.map(|(at, _)| at.millis())),
        )
        .col_expr(
            round::Column::CancelReason,
            Expr::value(cancelled.map(|(_, reason)| reason.clone())),
        )
        .col_expr(round::Column::RowVersion, Expr::value(changed.row_version + 1))
        .filter(round::Column::Id.eq(changed.id.uuid()))
        .filter(round::Column::RowVersion.eq(changed.row_version))
        .exec(tx.connection())
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("round"));
    }
    Ok(())
}

/// The rounds of an agency that count in a period: from one day to another, both of them in it.
///
/// # Errors
/// The database failed.
pub async fn list_of_period(
    tx: &Tx,
    agency: AgencyId,
    from: Option<LocalDate>,
    until: Option<LocalDate>,
) -> Result<BTreeSet<RoundId>, StoreError> {
    let mut select = round::Entity::find()
        .select_only()
        .column(round::Column::Id)
        .filter(round::Column::AgencyId.eq(agency.uuid()));
    if let Some(from) = from {
        select = select.filter(round::Column::CountsIn.gte(from.to_string()));
    }
    if let Some(until) = until {
        select = select.filter(round::Column::CountsIn.lte(until.to_string()));
    }
    let ids: Vec<Uuid> = select.into_tuple().all(tx.connection()).await?;
    Ok(ids.into_iter().map(RoundId::from_uuid).collect())
}

/// The visits of a round that nobody has handed in, by id.
///
/// # Errors
/// The database failed.
pub async fn list_open_visits(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<VisitId>, StoreError> {
    let ids: Vec<Uuid> = visit::Entity::find()
        .select_only()
        .column(visit::Column::Id)
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::RoundId.eq(of.uuid()))
        .filter(visit::Column::State.is_in(VisitState::TO_DO.map(VisitState::as_str)))
        .order_by_asc(visit::Column::Id)
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(VisitId::from_uuid).collect())
}

pub(super) fn plan_of_visit() -> RelationDef {
    visit::Entity::belongs_to(visit_plan::Entity)
        .from(visit::Column::Id)
        .to(visit_plan::Column::VisitId)
        .into()
}

/// The offer of a visit that is neither refused nor over.
pub(super) fn live_offer_of_visit() -> RelationDef {
    let relation: RelationDef = visit::Entity::belongs_to(assignment::Entity)
        .from(visit::Column::Id)
        .to(assignment::Column::VisitId)
        .into();
    relation.on_condition(|_, assignments| {
        let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
        Expr::col((assignments, assignment::Column::State))
            .is_in(live.map(|state| state.as_str()))
            .into_condition()
    })
}

pub(super) fn terms_of_offer() -> RelationDef {
    assignment::Entity::belongs_to(assignment_term::Entity)
        .from(assignment::Column::Id)
        .to(assignment_term::Column::AssignmentId)
        .into()
}

/// Calls visits of a round off that are locked, and takes them off the job board. One that is not to be made already
/// keeps its own reason. Returns how many were called off.
///
/// # Errors
/// The database failed.
pub async fn call_off(
    tx: &Tx,
    agency: AgencyId,
    of: RoundId,
    visits: &[VisitId],
    reason: &str,
) -> Result<u64, StoreError> {
    let mut called_off = 0;
    for some in visits.chunks(super::MAX_IDS) {
        let ids = || some.iter().map(|visit| visit.uuid());
        let planned: Vec<Uuid> = visit_plan::Entity::find()
            .select_only()
            .column(visit_plan::Column::VisitId)
            .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
            .filter(visit_plan::Column::VisitId.is_in(ids()))
            .into_tuple()
            .all(tx.connection())
            .await?;
        let next = Expr::col(visit_plan::Column::RowVersion).add(1);
        let changed = visit_plan::Entity::update_many()
            .col_expr(visit_plan::Column::ClosedReason, Expr::value(reason))
            .col_expr(visit_plan::Column::Board, Expr::value(Option::<String>::None))
            .col_expr(visit_plan::Column::RowVersion, next)
            .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
            .filter(visit_plan::Column::VisitId.is_in(ids()))
            .filter(visit_plan::Column::ClosedReason.is_null())
            .exec(tx.connection())
            .await?;
        called_off += changed.rows_affected;
        let planned: BTreeSet<_> = planned.into_iter().collect();
        let bare: Vec<_> = ids().filter(|id| !planned.contains(id)).collect();
        for some in bare.chunks(ROWS_AT_ONCE) {
            let rows = some.iter().map(|id| visit_plan::ActiveModel {
                visit_id: Set(*id),
                agency_id: Set(agency.uuid()),
                round_id: Set(of.uuid()),
                closed_reason: Set(Some(reason.to_owned())),
                row_version: Set(1),
                ..Default::default()
            });
            visit_plan::Entity::insert_many(rows)
                .exec_without_returning(tx.connection())
                .await?;
        }
        called_off += bare.len() as u64;
    }
    Ok(called_off)
}

/// Counts a change of what belongs to a round, which is locked.
///
/// # Errors
/// The database failed.
pub async fn touch(tx: &Tx, agency: AgencyId, id: RoundId) -> Result<(), StoreError> {
    round::Entity::update_many()
        .col_expr(
            round::Column::RowVersion,
            Expr::col(round::Column::RowVersion).add(1),
        )
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .filter(round::Column::Id.eq(id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}
