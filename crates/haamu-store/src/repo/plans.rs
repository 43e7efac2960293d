//! What is planned of visits besides their place, the job board, and quotas of rounds.

use std::collections::BTreeMap;

use haamu_domain::filling::{Board, QuotaKind};
use haamu_domain::{
    AgencyId, AssignmentState, Daypart, LocalDate, LocationId, ProgrammeId, RoundId, ScenarioId, VisitId,
    VisitState,
};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::entity::filling::{round_quota, visit_plan};
use crate::entity::programmes::{assignment, location, round, visit};
use crate::{StoreError, Tx};

use super::programmes::date;

/// What is planned of a visit. Fields that are absent leave it to the round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitPlan {
    /// The visit.
    pub visit: VisitId,
    /// Its round.
    pub round: RoundId,
    /// The coordinator's own key for it, unique in the round.
    pub external_id: Option<String>,
    /// Its first day.
    pub starts_on: Option<LocalDate>,
    /// Its last day.
    pub visit_by: Option<LocalDate>,
    /// The last day of its report.
    pub report_by: Option<LocalDate>,
    /// The part of the day.
    pub daypart: Option<Daypart>,
    /// What the shopper does there.
    pub scenario: Option<ScenarioId>,
    /// How shoppers get it, if it is on the job board.
    pub board: Option<Board>,
    /// Why it is not to be made any more: its place is closed, or it was cancelled.
    pub closed_reason: Option<String>,
    /// Why it has more time than its round.
    pub extension_reason: Option<String>,
    /// Counts changes; 0: not written yet.
    pub row_version: i64,
}

impl VisitPlan {
    /// Nothing but what the round says.
    #[must_use]
    pub const fn of_round(visit: VisitId, round: RoundId) -> Self {
        Self {
            visit,
            round,
            external_id: None,
            starts_on: None,
            visit_by: None,
            report_by: None,
            daypart: None,
            scenario: None,
            board: None,
            closed_reason: None,
            extension_reason: None,
            row_version: 0,
        }
    }
}

/// The plans of visits that have one.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    visits: &[VisitId],
) -> Result<BTreeMap<VisitId, VisitPlan>, StoreError> {
    let mut found = BTreeMap::new();
    for visits in visits.chunks(super::MAX_IDS) {
        let rows = visit_plan::Entity::find()
            .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
            .filter(visit_plan::Column::VisitId.is_in(visits.iter().map(|visit| visit.uuid())))
            .all(tx.connection())
            .await?;
        for row in rows {
            found.insert(VisitId::from_uuid(row.visit_id), record(row)?);
        }
    }
    Ok(found)
}

/// The plan of a visit, or that of a round's visit of which nothing is planned.
///
/// # Errors
/// The database failed.
pub async fn load(
    tx: &Tx,
    agency: AgencyId,
    visit: VisitId,
    round: RoundId,
) -> Result<VisitPlan, StoreError> {
    let found = list(tx, agency, &[visit]).await?.remove(&visit);
    Ok(found.unwrap_or_else(|| VisitPlan::of_round(visit, round)))
}

/// The visits of a round by the coordinator's keys.
///
/// # Errors
/// The database failed.
pub async fn list_by_keys(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    keys: &[&str],
) -> Result<BTreeMap<String, VisitId>, StoreError> {
    let mut found = BTreeMap::new();
    for keys in keys.chunks(super::MAX_IDS) {
        let rows: Vec<(String, Uuid)> = visit_plan::Entity::find()
            .select_only()
            .column(visit_plan::Column::ExternalId)
            .column(visit_plan::Column::VisitId)
            .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
            .filter(visit_plan::Column::RoundId.eq(round.uuid()))
            .filter(visit_plan::Column::ExternalId.is_in(keys.iter().copied()))
            .into_tuple()
            .all(tx.connection())
            .await?;
        found.extend(rows.into_iter().map(|(key, id)| (key, VisitId::from_uuid(id))));
    }
    Ok(found)
}

/// Writes a plan that was loaded in this transaction, under the lock of its visit.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if another visit of the round has its key.
pub async fn put(tx: &Tx, agency: AgencyId, new: &VisitPlan) -> Result<(), StoreError> {
    let row = visit_plan::ActiveModel {
        visit_id: Set(new.visit.uuid()),
        agency_id: Set(agency.uuid()),
        round_id: Set(new.round.uuid()),
        external_id: Set(new.external_id.clone()),
        starts_on: Set(new.starts_on.map(|day| day.to_string())),
        visit_by: Set(new.visit_by.map(|day| day.to_string())),
        report_by: Set(new.report_by.map(|day| day.to_string())),
        daypart: Set(new.daypart.map(|part| part.as_str().to_owned())),
        scenario_id: Set(new.scenario.map(ScenarioId::uuid)),
        board: Set(new.board.map(|board| board.as_str().to_owned())),
        closed_reason: Set(new.closed_reason.clone()),
        extension_reason: Set(new.extension_reason.clone()),
        row_version: Set(new.row_version + 1),
    };
    let changed = [
        visit_plan::Column::ExternalId,
        visit_plan::Column::StartsOn,
        visit_plan::Column::VisitBy,
        visit_plan::Column::ReportBy,
        visit_plan::Column::Daypart,
        visit_plan::Column::ScenarioId,
        visit_plan::Column::Board,
        visit_plan::Column::ClosedReason,
        visit_plan::Column::ExtensionReason,
        visit_plan::Column::RowVersion,
    ];
    visit_plan::Entity::insert(row)
        .on_conflict(
            OnConflict::column(visit_plan::Column::VisitId)
                .update_columns(changed)
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn record(row: visit_plan::Model) -> Result<VisitPlan, StoreError> {
    let corrupt = || StoreError::Corrupt("visit plan");
    Ok(VisitPlan {
        visit: VisitId::from_uuid(row.visit_id),
        round: RoundId::from_uuid(row.round_id),
        external_id: row.external_id,
        starts_on: row.starts_on.as_deref().map(date).transpose()?,
        visit_by: row.visit_by.as_deref().map(date).transpose()?,
        report_by: row.report_by.as_deref().map(date).transpose()?,
        daypart: row
            .daypart
            .map(|part| Daypart::from_name(&part).ok_or_else(corrupt))
            .transpose()?,
        scenario: row.scenario_id.map(ScenarioId::from_uuid),
        board: row
            .board
            .map(|board| Board::from_name(&board).ok_or_else(corrupt))
            .transpose()?,
        closed_reason: row.closed_reason,
        extension_reason: row.extension_reason,
        row_version: row.row_version,
    })
}

/// A visit on the job board, with where it is.
#[derive(Clone, Debug)]
pub struct Posting {
    /// The visit.
    pub visit: VisitId,
    /// Its round.
    pub round: RoundId,
    /// Where.
    pub location: LocationId,
    /// Degrees north of that, where known.
    pub latitude: Option<String>,
    /// Degrees east.
    pub longitude: Option<String>,
}

#[derive(FromQueryResult)]
struct Row {
    visit: Uuid,
    round: Uuid,
    location: Uuid,
    latitude: Option<String>,
    longitude: Option<String>,
}

/// An offer of the visit that a query is at, which is neither refused nor over.
fn live_offer_of_visit() -> SelectStatement {
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    Query::select()
        .expr(Expr::val(1))
        .from(assignment::Entity)
        .and_where(
            Expr::col((assignment::Entity, assignment::Column::VisitId))
                .equals((visit::Entity, visit::Column::Id)),
        )
        .and_where(
            Expr::col((assignment::Entity, assignment::Column::State))
                .is_in(live.map(|state| state.as_str())),
        )
        .to_owned()
}

/// Whether visits of a programme are on the job board, where every shopper of the agency finds them.
///
/// # Errors
/// The database failed.
pub async fn is_posted(tx: &Tx, agency: AgencyId, programme: ProgrammeId) -> Result<bool, StoreError> {
    let rounds = Query::select()
        .column(round::Column::Id)
        .from(round::Entity)
        .and_where(round::Column::AgencyId.eq(agency.uuid()))
        .and_where(round::Column::ProgrammeId.eq(programme.uuid()))
        .to_owned();
    let visits = Query::select()
        .column(visit::Column::Id)
        .from(visit::Entity)
        .and_where(visit::Column::RoundId.in_subquery(rounds))
        .and_where(visit::Column::State.eq(VisitState::Planned.as_str()))
        .to_owned();
    let found = visit_plan::Entity::find()
        .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
        .filter(visit_plan::Column::Board.is_not_null())
        .filter(visit_plan::Column::ClosedReason.is_null())
        .filter(visit_plan::Column::VisitId.in_subquery(visits))
        .one(tx.connection())
        .await?;
    Ok(found.is_some())
}

/// The visits on an agency's job board after one, by id: those that are to be made and that nobody has taken.
///
/// # Errors
/// The database failed.
pub async fn list_board(
    tx: &Tx,
    agency: AgencyId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Posting>, StoreError> {
    let of_visit: RelationDef = visit_plan::Entity::belongs_to(visit::Entity)
        .from(visit_plan::Column::VisitId)
        .to(visit::Column::Id)
        .into();
    let of_place: RelationDef = visit::Entity::belongs_to(location::Entity)
        .from(visit::Column::LocationId)
        .to(location::Column::Id)
        .into();
    let mut select = visit_plan::Entity::find()
        .select_only()
        .column_as(visit::Column::Id, "visit")
        .column_as(visit::Column::RoundId, "round")
        .column_as(visit::Column::LocationId, "location")
        .column_as(location::Column::Latitude, "latitude")
        .column_as(location::Column::Longitude, "longitude")
        .join(JoinType::InnerJoin, of_visit)
        .join(JoinType::InnerJoin, of_place)
        .filter(visit_plan::Column::AgencyId.eq(agency.uuid()))
        .filter(visit_plan::Column::Board.is_in(Board::ALL.iter().map(|board| board.as_str())))
        .filter(visit_plan::Column::ClosedReason.is_null())
        .filter(visit::Column::State.eq(VisitState::Planned.as_str()))
        .filter(Expr::exists(live_offer_of_visit()).not())
        .order_by_asc(visit_plan::Column::VisitId)
        .limit(limit);
    if let Some(after) = after {
        select = select.filter(visit_plan::Column::VisitId.gt(after));
    }
    let rows = select.into_model::<Row>().all(tx.connection()).await?;
    let posting = |row: Row| Posting {
        visit: VisitId::from_uuid(row.visit),
        round: RoundId::from_uuid(row.round),
        location: LocationId::from_uuid(row.location),
        latitude: row.latitude,
        longitude: row.longitude,
    };
    Ok(rows.into_iter().map(posting).collect())
}

/// The quotas of a round.
///
/// # Errors
/// The database failed.
pub async fn list_quotas(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
) -> Result<BTreeMap<(QuotaKind, String), u32>, StoreError> {
    let rows = round_quota::Entity::find()
        .filter(round_quota::Column::AgencyId.eq(agency.uuid()))
        .filter(round_quota::Column::RoundId.eq(round.uuid()))
        .all(tx.connection())
        .await?;
    let quota = |row: round_quota::Model| {
        let kind = QuotaKind::from_name(&row.kind).ok_or(StoreError::Corrupt("quota"))?;
        Ok(((kind, row.cell), super::unsigned(row.visits.into(), "quota")?))
    };
    rows.into_iter().map(quota).collect()
}

/// Gives a round quotas in place of those that it had.
///
/// # Errors
/// The database failed.
pub async fn put_quotas(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    quotas: &BTreeMap<(QuotaKind, String), u32>,
) -> Result<(), StoreError> {
    round_quota::Entity::delete_many()
        .filter(round_quota::Column::AgencyId.eq(agency.uuid()))
        .filter(round_quota::Column::RoundId.eq(round.uuid()))
        .exec(tx.connection())
        .await?;
    if quotas.is_empty() {
        return Ok(());
    }
    let rows = quotas
        .iter()
        .map(|((kind, cell), visits)| round_quota::ActiveModel {
            round_id: Set(round.uuid()),
            kind: Set(kind.as_str().to_owned()),
            cell: Set(cell.clone()),
            agency_id: Set(agency.uuid()),
            visits: Set(visits.cast_signed()),
        });
    round_quota::Entity::insert_many(rows)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}
