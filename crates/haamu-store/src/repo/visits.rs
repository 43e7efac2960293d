//! Visits.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{
    AgencyId, ClientOrganisationId, LocationId, ProgrammeId, RoundId, Timestamp, VisitId, VisitState,
};
use sea_orm::sea_query::{Expr, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use crate::entity::programmes::{round, visit};
use crate::{StoreError, Tx};

use super::overdue::{OverdueOn, overdue};
use super::visit_search::{FieldworkFilter, condition};
use super::{in_list, page_after};

/// A visit, planned or carried out.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id.
    pub id: VisitId,
    /// Whose encounter it is.
    pub client_organisation: ClientOrganisationId,
    /// Its round.
    pub round: RoundId,
    /// Where.
    pub location: LocationId,
    /// Where it is in its life.
    pub state: VisitState,
    /// When it took place.
    pub visited_at: Option<Timestamp>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
    /// When it was released.
    pub released_at: Option<Timestamp>,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

/// Which visits a list holds.
#[derive(Clone, Debug, Default)]
pub struct VisitFilter {
    /// Of one round.
    pub round: Option<RoundId>,
    /// Of one of these rounds.
    pub rounds: Option<BTreeSet<RoundId>>,
    /// In one state.
    pub state: Option<VisitState>,
    /// These visits.
    pub ids: Option<BTreeSet<VisitId>>,
    /// Of one client organisation.
    pub client_organisation: Option<ClientOrganisationId>,
    /// That the client may see.
    pub only_visible_to_client: bool,
    /// At one of these locations.
    pub locations: Option<BTreeSet<LocationId>>,
    /// That took place in one of these stretches of time, at one of its locations.
    pub eras: Option<Vec<VisitEra>>,
    /// That are overdue on this date: accepted and not begun after their last day, or begun and not handed in after
    /// the last day of their report.
    pub overdue_on: Option<OverdueOn>,
    /// What coordinators look for besides.
    pub fieldwork: FieldworkFilter,
}

/// A stretch of time with locations.
#[derive(Clone, Debug)]
pub struct VisitEra {
    /// From this moment.
    pub from: Timestamp,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// At one of these.
    pub locations: BTreeSet<LocationId>,
}

/// Plans a visit.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Visit, now: Timestamp) -> Result<(), StoreError> {
    let row = visit::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        client_organisation_id: Set(new.client_organisation.uuid()),
        round_id: Set(new.round.uuid()),
        location_id: Set(new.location.uuid()),
        state: Set(new.state.as_str().to_owned()),
        visited_at: Set(None),
        approved_at: Set(None),
        released_at: Set(None),
        created_at: Set(now.millis()),
        row_version: Set(1),
    };
    visit::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A visit of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: VisitId) -> Result<Option<Visit>, StoreError> {
    let row = visit::Entity::find_by_id(id.uuid())
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.as_ref().map(record).transpose()
}

/// Visits of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(tx: &Tx, agency: AgencyId, ids: &[VisitId]) -> Result<Vec<Visit>, StoreError> {
    let rows = visit::Entity::find()
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    rows.iter().map(record).collect()
}

/// A visit of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: VisitId) -> Result<Option<Visit>, StoreError> {
    Ok(lock_many(tx, agency, &[id]).await?.pop())
}

/// Visits of the agency, locked in the order of their ids.
///
/// # Errors
/// The database failed.
pub async fn lock_many(tx: &Tx, agency: AgencyId, ids: &[VisitId]) -> Result<Vec<Visit>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = visit::Entity::find()
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .order_by_asc(visit::Column::Id)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    rows.iter().map(record).collect()
}

/// The visits of a client organisation after one, by id, that nobody has handed in: at most so many.
///
/// # Errors
/// The database failed.
pub async fn list_to_do_of_client(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    after: Option<VisitId>,
    limit: u64,
) -> Result<Vec<VisitId>, StoreError> {
    let mut select = visit::Entity::find()
        .select_only()
        .column(visit::Column::Id)
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::ClientOrganisationId.eq(client.uuid()))
        .filter(visit::Column::State.is_in(VisitState::TO_DO.map(VisitState::as_str)));
    if let Some(after) = after {
        select = select.filter(visit::Column::Id.gt(after.uuid()));
    }
    let ids: Vec<Uuid> = select
        .order_by_asc(visit::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(VisitId::from_uuid).collect())
}

/// Saves a visit that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &Visit) -> Result<(), StoreError> {
    update_many(tx, &[changed]).await
}

/// Saves visits that were loaded in this transaction; those that become alike with one statement.
///
/// # Errors
/// [`StoreError::Conflict`] if one was changed since it was loaded.
pub async fn update_many(tx: &Tx, changed: &[&Visit]) -> Result<(), StoreError> {
    let mut alike: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for one in changed {
        let moments = [one.visited_at, one.approved_at, one.released_at];
        let content = (one.state.as_str(), moments, one.row_version);
        alike.entry(content).or_default().push(one.id.uuid());
    }
    for ((state, moments, row_version), ids) in alike {
        let count = ids.len() as u64;
        let [visited_at, approved_at, released_at] = moments.map(|at| at.map(Timestamp::millis));
        let result = visit::Entity::update_many()
            .col_expr(visit::Column::State, Expr::value(state))
            .col_expr(visit::Column::VisitedAt, Expr::value(visited_at))
            .col_expr(visit::Column::ApprovedAt, Expr::value(approved_at))
            .col_expr(visit::Column::ReleasedAt, Expr::value(released_at))
            .col_expr(visit::Column::RowVersion, Expr::value(row_version + 1))
            .filter(visit::Column::Id.is_in(in_list(ids)))
            .filter(visit::Column::RowVersion.eq(row_version))
            .exec(tx.connection())
            .await?;
        if result.rows_affected != count {
            return Err(StoreError::Conflict("visit"));
        }
    }
    Ok(())
}

/// Visits of the agency after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    filter: &VisitFilter,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Visit>, bool), StoreError> {
    let mut select = visit::Entity::find().filter(visit::Column::AgencyId.eq(agency.uuid()));
    if let Some(round) = filter.round {
        select = select.filter(visit::Column::RoundId.eq(round.uuid()));
    }
    if let Some(rounds) = &filter.rounds {
        let ids = in_list(rounds.iter().map(|round| round.uuid()));
        select = select.filter(visit::Column::RoundId.is_in(ids));
    }
    if let Some(state) = filter.state {
        select = select.filter(visit::Column::State.eq(state.as_str()));
    }
    if let Some(ids) = &filter.ids {
        select = select.filter(visit::Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    }
    if let Some(client) = filter.client_organisation {
        select = select.filter(visit::Column::ClientOrganisationId.eq(client.uuid()));
    }
    if filter.only_visible_to_client {
        let visible = VisitState::ALL
            .iter()
            .filter(|state| state.is_visible_to_client());
        select = select.filter(visit::Column::State.is_in(visible.map(|state| state.as_str())));
    }
    let at = |locations: &BTreeSet<LocationId>| {
        visit::Column::LocationId.is_in(locations.iter().map(|location| location.uuid()))
    };
    if let Some(locations) = &filter.locations {
        select = select.filter(at(locations));
    }
    if let Some(eras) = &filter.eras {
        let mut any = Condition::any();
        for era in eras {
            let mut all = Condition::all()
                .add(at(&era.locations))
                .add(visit::Column::VisitedAt.gte(era.from.millis()));
            if let Some(until) = era.until {
                all = all.add(visit::Column::VisitedAt.lt(until.millis()));
            }
            any = any.add(all);
        }
        // A unit that never had a location has no visits.
        select = if eras.is_empty() {
            select.filter(visit::Column::Id.is_in(Vec::<Uuid>::new()))
        } else {
            select.filter(any)
        };
    }
    if let Some(on) = filter.overdue_on {
        select = select.filter(overdue(on));
    }
    let fieldwork = condition(agency, &filter.fieldwork);
    if !fieldwork.is_empty() {
        select = select.filter(fieldwork);
    }
    let (rows, has_more) = page_after(tx, select, visit::Column::Id, after, limit).await?;
    let visits: Result<Vec<_>, _> = rows.iter().map(record).collect();
    Ok((visits?, has_more))
}

/// How many visits of a programme are under way.
///
/// # Errors
/// The database failed.
pub async fn count_under_way(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<u64, StoreError> {
    let states = VisitState::ALL.iter().filter(|state| state.is_under_way());
    let count = visit::Entity::find()
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::RoundId.in_subquery(rounds_of(agency, of)))
        .filter(visit::Column::State.is_in(states.map(|state| state.as_str())))
        .count(tx.connection())
        .await?;
    Ok(count)
}

/// The rounds of a programme.
pub(super) fn rounds_of(agency: AgencyId, programme: ProgrammeId) -> SelectStatement {
    Query::select()
        .column(round::Column::Id)
        .from(round::Entity)
        .and_where(round::Column::AgencyId.eq(agency.uuid()))
        .and_where(round::Column::ProgrammeId.eq(programme.uuid()))
        .to_owned()
}

/// The programmes of visits, whose ids are what is selected.
pub(super) async fn programmes_of(
    tx: &Tx,
    agency: AgencyId,
    visits: SelectStatement,
) -> Result<BTreeSet<ProgrammeId>, StoreError> {
    let rounds = Query::select()
        .column(visit::Column::RoundId)
        .from(visit::Entity)
        .and_where(visit::Column::Id.in_subquery(visits))
        .to_owned();
    let ids: Vec<Uuid> = round::Entity::find()
        .select_only()
        .column(round::Column::ProgrammeId)
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .filter(round::Column::Id.in_subquery(rounds))
        .distinct()
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(ProgrammeId::from_uuid).collect())
}

fn record(row: &visit::Model) -> Result<Visit, StoreError> {
    Ok(Visit {
        id: VisitId::from_uuid(row.id),
        client_organisation: ClientOrganisationId::from_uuid(row.client_organisation_id),
        round: RoundId::from_uuid(row.round_id),
        location: LocationId::from_uuid(row.location_id),
        state: VisitState::from_name(&row.state).ok_or(StoreError::Corrupt("visit state"))?,
        visited_at: row.visited_at.map(Timestamp::from_millis),
        approved_at: row.approved_at.map(Timestamp::from_millis),
        released_at: row.released_at.map(Timestamp::from_millis),
        row_version: row.row_version,
    })
}
