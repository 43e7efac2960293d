//! Which visits are overdue.

use haamu_domain::{LocalDate, VisitState};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition};

use crate::entity::filling::visit_plan;
use crate::entity::programmes::{round, visit};

/// The states of the index of visits under way, word for word as it was made: with values that are bound, the
/// databases could not know that it holds what is asked for.
const UNDER_WAY: &str = r#""visit"."state" IN ('accepted', 'in_progress')"#;

/// The dates that last days are compared with.
#[derive(Clone, Copy, Debug)]
pub struct OverdueOn {
    /// The day of fieldwork, which ends at six in the morning: a visit may be begun until then.
    pub fieldwork: LocalDate,
    /// The date by the calendar, by which reports are handed in.
    pub reports: LocalDate,
}

/// Visits that are accepted and not begun after their last day, or begun and not handed in after the last day of
/// their report.
pub(super) fn overdue(on: OverdueOn) -> Condition {
    let after = |state: VisitState, today: LocalDate, own, of_round| {
        Condition::all()
            .add(visit::Column::State.eq(state.as_str()))
            .add(date_of(own, of_round).lt(today.to_string()))
    };
    let visited = after(
        VisitState::Accepted,
        on.fieldwork,
        visit_plan::Column::VisitBy,
        round::Column::VisitBy,
    );
    let reported = after(
        VisitState::InProgress,
        on.reports,
        visit_plan::Column::ReportBy,
        round::Column::ReportBy,
    );
    Condition::all()
        .add(Expr::cust(UNDER_WAY))
        .add(Condition::any().add(visited).add(reported))
}

/// A date of the visit that a query is at: its own, or that of its round.
fn date_of(own: visit_plan::Column, of_round: round::Column) -> SimpleExpr {
    let plan = Query::select()
        .column((visit_plan::Entity, own))
        .from(visit_plan::Entity)
        .and_where(
            Expr::col((visit_plan::Entity, visit_plan::Column::VisitId))
                .equals((visit::Entity, visit::Column::Id)),
        )
        .to_owned();
    let round = Query::select()
        .column((round::Entity, of_round))
        .from(round::Entity)
        .and_where(
            Expr::col((round::Entity, round::Column::Id)).equals((visit::Entity, visit::Column::RoundId)),
        )
        .to_owned();
    let sub = |query| SimpleExpr::SubQuery(None, Box::new(query));
    Func::coalesce([sub(plan.into()), sub(round.into())]).into()
}
