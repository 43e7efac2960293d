//! Which visits coordinators look for: of a programme, of a shopper, those that somebody has and those that nobody
//! has, those that are called off, and those of some days.

use haamu_domain::filling::Holding;
use haamu_domain::{AgencyId, AssignmentState, LocalDate, ProgrammeId, UserId, VisitState};
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition};

use crate::entity::filling::{assignment_term, visit_plan};
use crate::entity::programmes::{assignment, visit};

use super::visits::rounds_of;

/// The rows of the index of offers that are not answered, word for word as it was made: with values that are bound,
/// the databases could not know that it holds what is asked for.
const OFFERED: &str = r#""assignment"."state" = 'assigned'"#;

/// What coordinators look for visits by, besides what is a visit's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct FieldworkFilter {
    /// Of one programme.
    pub programme: Option<ProgrammeId>,
    /// That this shopper has, or is offered.
    pub shopper: Option<UserId>,
    /// Whether anybody has them.
    pub holding: Option<Holding>,
    /// Whether they are called off.
    pub is_called_off: Option<bool>,
    /// Not before this day, which is agreed with whoever has the visit, or on which it counts.
    pub from: Option<LocalDate>,
    /// Not after this day.
    pub until: Option<LocalDate>,
}

/// What holds of the visits of an agency that are looked for.
pub(super) fn condition(agency: AgencyId, of: &FieldworkFilter) -> Condition {
    let mut all = Condition::all();
    if let Some(programme) = of.programme {
        all = all.add(visit::Column::RoundId.in_subquery(rounds_of(agency, programme)));
    }
    if let Some(shopper) = of.shopper {
        let theirs = live(agency)
            .and_where(assignment::Column::ShopperId.eq(shopper.uuid()))
            .to_owned();
        all = all.add(visit::Column::Id.in_subquery(theirs));
    }
    if let Some(holding) = of.holding {
        all = all.add(held(agency, holding));
    }
    if let Some(is_called_off) = of.is_called_off {
        all = all.add(called_off(agency, is_called_off));
    }
    if of.from.is_some() || of.until.is_some() {
        all = all.add(visit::Column::Id.in_subquery(of_days(agency, of.from, of.until)));
    }
    all
}

/// The visits of offers that are neither refused nor over.
fn live(agency: AgencyId) -> SelectStatement {
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    Query::select()
        .column((assignment::Entity, assignment::Column::VisitId))
        .from(assignment::Entity)
        .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
        .and_where(assignment::Column::State.is_in(live.map(|state| state.as_str())))
        .to_owned()
}

/// An assignment of the visit that a query is at.
fn of_visit() -> SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from(assignment::Entity)
        .and_where(
            Expr::col((assignment::Entity, assignment::Column::VisitId))
                .equals((visit::Entity, visit::Column::Id)),
        )
        .to_owned()
}

fn held(agency: AgencyId, holding: Holding) -> Condition {
    match holding {
        // What somebody has accepted is planned no longer.
        Holding::None => {
            let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
            let held = of_visit()
                .and_where(assignment::Column::State.is_in(live.map(|state| state.as_str())))
                .to_owned();
            Condition::all()
                .add(visit::Column::State.eq(VisitState::Planned.as_str()))
                .add(Expr::exists(held).not())
        }
        // Few of an agency's visits: the way leads over the offers.
        Holding::Offered => {
            let offered = Query::select()
                .column((assignment::Entity, assignment::Column::VisitId))
                .from(assignment::Entity)
                .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
                .and_where(Expr::cust(OFFERED))
                .to_owned();
            Condition::all().add(visit::Column::Id.in_subquery(offered))
        }
        Holding::Accepted => {
            let accepted = of_visit()
                .and_where(assignment::Column::State.eq(AssignmentState::Accepted.as_str()))
                .to_owned();
            Condition::all().add(Expr::exists(accepted))
        }
    }
}

fn called_off(agency: AgencyId, is_called_off: bool) -> Condition {
    if is_called_off {
        let off = Query::select()
            .column(visit_plan::Column::VisitId)
            .from(visit_plan::Entity)
            .and_where(visit_plan::Column::AgencyId.eq(agency.uuid()))
            .and_where(visit_plan::Column::ClosedReason.is_not_null())
            .to_owned();
        return Condition::all().add(visit::Column::Id.in_subquery(off));
    }
    let off = Query::select()
        .expr(Expr::val(1))
        .from(visit_plan::Entity)
        .and_where(
            Expr::col((visit_plan::Entity, visit_plan::Column::VisitId))
                .equals((visit::Entity, visit::Column::Id)),
        )
        .and_where(visit_plan::Column::ClosedReason.is_not_null())
        .to_owned();
    Condition::all().add(Expr::exists(off).not())
}

/// The visits that are somebody's for a day of these.
fn of_days(agency: AgencyId, from: Option<LocalDate>, until: Option<LocalDate>) -> SelectStatement {
    let day = assignment_term::Column::DueOn;
    let mut days = live(agency);
    days.inner_join(
        assignment_term::Entity,
        Expr::col((assignment_term::Entity, assignment_term::Column::AssignmentId))
            .equals((assignment::Entity, assignment::Column::Id)),
    )
    .and_where(assignment_term::Column::AgencyId.eq(agency.uuid()));
    if let Some(from) = from {
        days.and_where(day.gte(from.to_string()));
    }
    if let Some(until) = until {
        days.and_where(day.lte(until.to_string()));
    }
    days
}
