//! Which reports shoppers are to be reminded of, and which they were.

use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, LocalDate, Timestamp, UserId, VisitId, VisitState,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::entity::filling::{report_reminder, visit_plan};
use crate::entity::programmes::{assignment, round, visit};
use crate::{StoreError, Tx};

use super::programmes::date;
use super::rounds::plan_of_visit;

/// A report that is not handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueReport {
    /// Of which visit.
    pub visit: VisitId,
    /// By which assignment.
    pub assignment: AssignmentId,
    /// Who owes it.
    pub shopper: UserId,
    /// By which day.
    pub by: LocalDate,
}

#[derive(FromQueryResult)]
struct Row {
    visit: Uuid,
    assignment: Uuid,
    shopper: Uuid,
    due: String,
}

/// Some of the reports of an agency that shoppers owe by a day between two, both of them included, and that nobody has
/// reminded them of.
///
/// # Errors
/// The database failed.
pub async fn list_due(
    tx: &Tx,
    agency: AgencyId,
    from: LocalDate,
    until: LocalDate,
    limit: u64,
) -> Result<Vec<DueReport>, StoreError> {
    let of_visit: RelationDef = visit::Entity::belongs_to(assignment::Entity)
        .from(visit::Column::Id)
        .to(assignment::Column::VisitId)
        .into();
    let of_round: RelationDef = visit::Entity::belongs_to(round::Entity)
        .from(visit::Column::RoundId)
        .to(round::Column::Id)
        .into();
    let due = || {
        Expr::from(Func::coalesce([
            Expr::col((visit_plan::Entity, visit_plan::Column::ReportBy)),
            Expr::col((round::Entity, round::Column::ReportBy)),
        ]))
    };
    let reminded = Query::select()
        .expr(Expr::val(1))
        .from(report_reminder::Entity)
        .and_where(
            Expr::col((report_reminder::Entity, report_reminder::Column::AssignmentId))
                .equals((assignment::Entity, assignment::Column::Id)),
        )
        .and_where(Expr::col((report_reminder::Entity, report_reminder::Column::ReportBy)).eq(due()))
        .to_owned();
    let rows = visit::Entity::find()
        .select_only()
        .column_as(visit::Column::Id, "visit")
        .column_as(assignment::Column::Id, "assignment")
        .column_as(assignment::Column::ShopperId, "shopper")
        .expr_as(due(), "due")
        .join(JoinType::InnerJoin, of_visit)
        .join(JoinType::InnerJoin, of_round)
        .join(JoinType::LeftJoin, plan_of_visit())
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::State.is_in(VisitState::OWED.map(VisitState::as_str)))
        .filter(assignment::Column::State.eq(AssignmentState::Accepted.as_str()))
        .filter(due().gte(from.to_string()))
        .filter(due().lte(until.to_string()))
        .filter(Expr::exists(reminded).not())
        .order_by_asc(visit::Column::Id)
        .limit(limit)
        .into_model::<Row>()
        .all(tx.connection())
        .await?;
    let report = |row: Row| {
        Ok(DueReport {
            visit: VisitId::from_uuid(row.visit),
            assignment: AssignmentId::from_uuid(row.assignment),
            shopper: UserId::from_uuid(row.shopper),
            by: date(&row.due)?,
        })
    };
    rows.into_iter().map(report).collect()
}

/// Notes that shoppers are reminded of reports.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, of: &[DueReport], now: Timestamp) -> Result<(), StoreError> {
    for some in of.chunks(super::ROWS_AT_ONCE) {
        let rows = some.iter().map(|report| report_reminder::ActiveModel {
            assignment_id: Set(report.assignment.uuid()),
            report_by: Set(report.by.to_string()),
            agency_id: Set(agency.uuid()),
            reminded_at: Set(now.millis()),
        });
        let key = [
            report_reminder::Column::AssignmentId,
            report_reminder::Column::ReportBy,
        ];
        report_reminder::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}
