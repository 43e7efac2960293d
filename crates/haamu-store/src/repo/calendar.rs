//! Who was or will be where: what rotation, spacing and caps are counted by.

use std::collections::BTreeMap;

use haamu_domain::{
    AgencyId, AssignmentState, CompanionId, Daypart, LocalDate, LocationId, ProgrammeId, RoundId, Timestamp,
    UserId, VisitId, VisitState, Zone,
};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, RelationDef, Select,
    SelectTwo,
};
use uuid::Uuid;

use crate::entity::filling::{assignment_term, companion, past_visit, visit_plan};
use crate::entity::programmes::{assignment, location, round, visit};
use crate::{StoreError, Tx};

use super::programmes::date;

/// A visit that a shopper has taken or made, or that is offered to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The visit; none for one from before Haamu.
    pub visit: Option<VisitId>,
    /// Whose it is.
    pub shopper: UserId,
    /// Who came or comes along.
    pub companion: Option<CompanionId>,
    /// That person's own account.
    pub companion_user: Option<UserId>,
    /// Where.
    pub location: LocationId,
    /// In which programme.
    pub programme: Option<ProgrammeId>,
    /// In which round.
    pub round: Option<RoundId>,
    /// On which day, in the place's own time zone, a night being part of the day on which it began; by which day at
    /// the latest where none is fixed.
    pub date: LocalDate,
    /// The part of the day that it is planned for, or took place in.
    pub daypart: Option<Daypart>,
    /// Whether it has been handed in.
    pub is_done: bool,
}

#[derive(FromQueryResult)]
struct Row {
    visit: Uuid,
    shopper: Uuid,
    companion: Option<Uuid>,
    companion_user: Option<Uuid>,
    location: Uuid,
    programme: Uuid,
    round: Uuid,
    state: String,
    visited_at: Option<i64>,
    time_zone: String,
    due_on: Option<String>,
    plan_by: Option<String>,
    daypart: Option<String>,
    round_by: String,
}

/// What shoppers have taken or made or are offered, and what they came along to.
///
/// # Errors
/// The database failed.
pub async fn list_of_shoppers(
    tx: &Tx,
    agency: AgencyId,
    shoppers: &[UserId],
) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    let mut before = BTreeMap::new();
    for shoppers in shoppers.chunks(super::MAX_IDS) {
        let ids = || shoppers.iter().map(|shopper| shopper.uuid());
        let own = entries(agency).filter(assignment::Column::ShopperId.is_in(ids()));
        let along = entries(agency).filter(assignment::Column::Id.in_subquery(came_along(ids().collect())));
        for select in [own, along] {
            found.extend(load(tx, select).await?);
        }
        let own = past(agency).filter(past_visit::Column::UserId.is_in(ids()));
        let along = past(agency).filter(companion::Column::UserId.is_in(ids()));
        for select in [own, along] {
            let rows = select.all(tx.connection()).await?;
            before.extend(rows.into_iter().map(|row| (row.0.id, row)));
        }
    }
    for (row, companion) in before.values() {
        found.push(from_before(row, companion.as_ref())?);
    }
    Ok(found)
}

/// What is taken, made or offered at locations.
///
/// # Errors
/// The database failed.
pub async fn list_at_locations(
    tx: &Tx,
    agency: AgencyId,
    locations: &[LocationId],
) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    for locations in locations.chunks(super::MAX_IDS) {
        let ids = locations.iter().map(|location| location.uuid());
        let select = entries(agency).filter(visit::Column::LocationId.is_in(ids));
        found.extend(load(tx, select).await?);
    }
    Ok(found)
}

/// What is taken, made or offered in a round.
///
/// # Errors
/// The database failed.
pub async fn list_of_round(tx: &Tx, agency: AgencyId, id: RoundId) -> Result<Vec<Entry>, StoreError> {
    load(tx, entries(agency).filter(visit::Column::RoundId.eq(id.uuid()))).await
}

/// What a companion came along to, with whomever.
///
/// # Errors
/// The database failed.
pub async fn list_of_companion(tx: &Tx, agency: AgencyId, id: CompanionId) -> Result<Vec<Entry>, StoreError> {
    let select = entries(agency).filter(assignment_term::Column::CompanionId.eq(id.uuid()));
    let mut found = load(tx, select).await?;
    let before = past(agency).filter(past_visit::Column::CompanionId.eq(id.uuid()));
    for (row, companion) in before.all(tx.connection()).await? {
        found.push(from_before(&row, companion.as_ref())?);
    }
    Ok(found)
}

/// The assignments that people came along to who have accounts. As a condition on the joined companion, SQLite would
/// find them by looking at all assignments.
fn came_along(users: Vec<Uuid>) -> SelectStatement {
    let companions = Query::select()
        .column(companion::Column::Id)
        .from(companion::Entity)
        .and_where(companion::Column::UserId.is_in(users))
        .to_owned();
    Query::select()
        .column(assignment_term::Column::AssignmentId)
        .from(assignment_term::Entity)
        .and_where(assignment_term::Column::CompanionId.in_subquery(companions))
        .to_owned()
}

/// Visits from before Haamu, with whoever came along.
fn past(agency: AgencyId) -> SelectTwo<past_visit::Entity, companion::Entity> {
    let of_companion = relation::<past_visit::Entity, companion::Entity>(
        past_visit::Column::CompanionId,
        companion::Column::Id,
    );
    past_visit::Entity::find()
        .join(JoinType::LeftJoin, of_companion)
        .select_also(companion::Entity)
        .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
}

fn relation<F: EntityTrait, T: EntityTrait>(from: F::Column, to: T::Column) -> RelationDef {
    F::belongs_to(T::default()).from(from).to(to).into()
}

fn entries(agency: AgencyId) -> Select<assignment::Entity> {
    let of_term = relation::<assignment::Entity, assignment_term::Entity>(
        assignment::Column::Id,
        assignment_term::Column::AssignmentId,
    );
    let of_companion = relation::<assignment_term::Entity, companion::Entity>(
        assignment_term::Column::CompanionId,
        companion::Column::Id,
    );
    let of_visit =
        relation::<assignment::Entity, visit::Entity>(assignment::Column::VisitId, visit::Column::Id);
    let of_plan =
        relation::<visit::Entity, visit_plan::Entity>(visit::Column::Id, visit_plan::Column::VisitId);
    let of_round = relation::<visit::Entity, round::Entity>(visit::Column::RoundId, round::Column::Id);
    let of_place =
        relation::<visit::Entity, location::Entity>(visit::Column::LocationId, location::Column::Id);
    let live = [AssignmentState::Assigned, AssignmentState::Accepted];
    assignment::Entity::find()
        .select_only()
        .column_as(visit::Column::Id, "visit")
        .column_as(assignment::Column::ShopperId, "shopper")
        .column_as(assignment_term::Column::CompanionId, "companion")
        .column_as(companion::Column::UserId, "companion_user")
        .column_as(visit::Column::LocationId, "location")
        .column_as(round::Column::ProgrammeId, "programme")
        .column_as(visit::Column::RoundId, "round")
        .column_as(visit::Column::State, "state")
        .column_as(visit::Column::VisitedAt, "visited_at")
        .column_as(location::Column::TimeZone, "time_zone")
        .column_as(assignment_term::Column::DueOn, "due_on")
        .column_as(visit_plan::Column::VisitBy, "plan_by")
        .column_as(visit_plan::Column::Daypart, "daypart")
        .column_as(round::Column::VisitBy, "round_by")
        .join(JoinType::InnerJoin, of_visit)
        .join(JoinType::InnerJoin, of_round)
        .join(JoinType::InnerJoin, of_place)
        .join(JoinType::LeftJoin, of_plan)
        .join(JoinType::LeftJoin, of_term)
        .join(JoinType::LeftJoin, of_companion)
        .filter(assignment::Column::AgencyId.eq(agency.uuid()))
        .filter(assignment::Column::State.is_in(live.map(AssignmentState::as_str)))
        .filter(visit::Column::State.ne(VisitState::Voided.as_str()))
}

async fn load(tx: &Tx, select: Select<assignment::Entity>) -> Result<Vec<Entry>, StoreError> {
    let rows = select.into_model::<Row>().all(tx.connection()).await?;
    rows.iter().map(entry).collect()
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let zone = Zone::named(&row.time_zone).ok_or(StoreError::Corrupt("time zone"))?;
    let made = row
        .visited_at
        .map(|at| zone.local_minute(Timestamp::from_millis(at)));
    let day = match (made, &row.due_on, &row.plan_by) {
        (Some(made), _, _) => made.business_date(),
        (None, Some(day), _) | (None, None, Some(day)) => date(day)?,
        (None, None, None) => date(&row.round_by)?,
    };
    let state = VisitState::from_name(&row.state).ok_or(StoreError::Corrupt("visit state"))?;
    Ok(Entry {
        visit: Some(VisitId::from_uuid(row.visit)),
        shopper: UserId::from_uuid(row.shopper),
        companion: row.companion.map(CompanionId::from_uuid),
        companion_user: row.companion_user.map(UserId::from_uuid),
        location: LocationId::from_uuid(row.location),
        programme: Some(ProgrammeId::from_uuid(row.programme)),
        round: Some(RoundId::from_uuid(row.round)),
        date: day,
        daypart: match made {
            Some(made) => Some(made.daypart()),
            None => row.daypart.as_deref().and_then(Daypart::from_name),
        },
        is_done: !state.is_to_do(),
    })
}

fn from_before(row: &past_visit::Model, along: Option<&companion::Model>) -> Result<Entry, StoreError> {
    let user = UserId::from_uuid(row.user_id);
    let along = along.and_then(|companion| companion.user_id);
    Ok(Entry {
        visit: None,
        shopper: user,
        companion: row.companion_id.map(CompanionId::from_uuid),
        companion_user: if row.as_companion {
            Some(user)
        } else {
            along.map(UserId::from_uuid)
        },
        location: LocationId::from_uuid(row.location_id),
        programme: None,
        round: None,
        date: date(&row.visited_on)?,
        daypart: None,
        is_done: true,
    })
}
