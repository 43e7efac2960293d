//! What shoppers have, or asked for, that is not handed in; and who has visits at locations.

use haamu_domain::{AgencyId, AssignmentState, LocationId, UserId, VisitState};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::programmes::{assignment, visit};
use crate::{StoreError, Tx};

use super::assignments::{self, Assignment};
use super::in_list;

/// What a shopper has, is offered, or asked for, of visits that are not handed in for good, by id.
///
/// # Errors
/// The database failed.
pub async fn list_unfinished(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
) -> Result<Vec<Assignment>, StoreError> {
    let states = AssignmentState::ALL.iter();
    let states = states.filter(|state| state.is_live() || **state == AssignmentState::Applied);
    let unfinished = VisitState::ALL.iter();
    let unfinished = unfinished.filter(|state| state.is_to_do() || **state == VisitState::Returned);
    let own = Query::select()
        .column(assignment::Column::VisitId)
        .from(assignment::Entity)
        .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
        .and_where(assignment::Column::ShopperId.eq(shopper.uuid()))
        .to_owned();
    let visits = of_states(unfinished)
        .and_where(visit::Column::Id.in_subquery(own))
        .to_owned();
    let rows = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::ShopperId.eq(shopper.uuid()))
        .filter(assignment::Column::State.is_in(states.map(|state| state.as_str())))
        .filter(assignment::Column::VisitId.in_subquery(visits))
        .order_by_asc(assignment::Column::Id)
        .all(tx.connection())
        .await?;
    rows.iter().map(assignments::record).collect()
}

/// Who has visits at these locations, or is offered them, that are not settled, by id.
///
/// # Errors
/// The database failed.
pub async fn list_at(
    tx: &Tx,
    agency: AgencyId,
    locations: &[LocationId],
) -> Result<Vec<Assignment>, StoreError> {
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    let unsettled = VisitState::ALL.iter().filter(|state| !state.is_settled());
    let places = in_list(locations.iter().map(|location| location.uuid()));
    let visits = of_states(unsettled)
        .and_where(visit::Column::AgencyId.eq(agency.uuid()))
        .and_where(visit::Column::LocationId.is_in(places))
        .to_owned();
    let rows = assignment::Entity::find()
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::VisitId.in_subquery(visits))
        .filter(assignment::Column::State.is_in(live.map(|state| state.as_str())))
        .order_by_asc(assignment::Column::Id)
        .all(tx.connection())
        .await?;
    rows.iter().map(assignments::record).collect()
}

fn of_states<'a>(states: impl Iterator<Item = &'a VisitState>) -> SelectStatement {
    Query::select()
        .column(visit::Column::Id)
        .from(visit::Entity)
        .and_where(visit::Column::State.is_in(states.map(|state| state.as_str())))
        .to_owned()
}
