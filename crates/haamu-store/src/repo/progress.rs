//! How far a round is, counted by the database: the rows that come back are as many as there are days, not visits.

use haamu_domain::{AgencyId, AssignmentState, Daypart, LocalDate, RoundId, Timestamp, VisitState, Zone};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QuerySelect, RelationDef, Select,
};

use crate::entity::filling::{assignment_term, visit_plan};
use crate::entity::programmes::{assignment, location, round, visit};
use crate::{StoreError, Tx};

use super::programmes::date;
use super::rounds::{live_offer_of_visit, plan_of_visit, terms_of_offer};
use super::unsigned;

/// Moments are counted by quarters of an hour: in no time zone does a day or a part of it begin between two.
const QUARTER_MILLIS: i64 = 15 * 60 * 1_000;

/// Visits that nobody has, with the days that are planned for them alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unassigned {
    /// Their first day.
    pub starts_on: Option<LocalDate>,
    /// Their last day.
    pub visit_by: Option<LocalDate>,
    /// Their part of the day.
    pub daypart: Option<Daypart>,
    /// How many.
    pub visits: u64,
}

/// Visits that somebody is offered, has or has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Where the visits are in their life.
    pub state: VisitState,
    /// On which day they were made, or are agreed to be; on the last one where none is fixed.
    pub date: LocalDate,
    /// The part of the day that they took place in, or are planned for.
    pub daypart: Option<Daypart>,
    /// How many.
    pub visits: u64,
}

/// The visits of a round by their states.
///
/// # Errors
/// The database failed.
pub async fn count_by_state(
    tx: &Tx,
    agency: AgencyId,
    of: RoundId,
) -> Result<Vec<(VisitState, u64)>, StoreError> {
    let rows: Vec<(String, i64)> = of_round(agency, of)
        .column(visit::Column::State)
        .expr_as(Expr::col((visit::Entity, visit::Column::Id)).count(), "visits")
        .group_by(visit::Column::State)
        .into_tuple()
        .all(tx.connection())
        .await?;
    let counted = rows
        .into_iter()
        .map(|(name, visits)| Ok((state(&name)?, unsigned(visits, "count of visits")?)));
    counted.collect()
}

/// How many visits of a round nobody has and nobody is to make any more.
///
/// # Errors
/// The database failed.
pub async fn count_called_off(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<u64, StoreError> {
    let select = of_round(agency, of)
        .join(JoinType::InnerJoin, plan_of_visit())
        .filter(visit::Column::State.eq(VisitState::Planned.as_str()))
        .filter(visit_plan::Column::ClosedReason.is_not_null());
    count(tx, select).await
}

/// How many visits that somebody has were to be reported before a day, and are not handed in.
///
/// # Errors
/// The database failed.
pub async fn count_overdue(
    tx: &Tx,
    agency: AgencyId,
    of: RoundId,
    today: LocalDate,
) -> Result<u64, StoreError> {
    let due = Func::coalesce([
        Expr::col((visit_plan::Entity, visit_plan::Column::ReportBy)),
        Expr::col((round::Entity, round::Column::ReportBy)),
    ]);
    let select = of_round(agency, of)
        .join(JoinType::InnerJoin, round_of_visit())
        .join(JoinType::LeftJoin, plan_of_visit())
        .filter(visit::Column::State.is_in(VisitState::OWED.map(VisitState::as_str)))
        .filter(Expr::from(due).lt(today.to_string()));
    count(tx, select).await
}

async fn count(tx: &Tx, select: Select<visit::Entity>) -> Result<u64, StoreError> {
    let counted: Option<i64> = select
        .expr_as(Expr::col((visit::Entity, visit::Column::Id)).count(), "visits")
        .into_tuple()
        .one(tx.connection())
        .await?;
    unsigned(counted.unwrap_or_default(), "count of visits")
}

#[derive(FromQueryResult)]
struct UnassignedRow {
    starts_on: Option<String>,
    visit_by: Option<String>,
    daypart: Option<String>,
    visits: i64,
}

/// The visits of a round that nobody has, and that are to be made, by what is planned for them alone.
///
/// # Errors
/// The database failed.
pub async fn count_unassigned(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<Unassigned>, StoreError> {
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    let offer = Query::select()
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
        .to_owned();
    let rows = of_round(agency, of)
        .column(visit_plan::Column::StartsOn)
        .column(visit_plan::Column::VisitBy)
        .column(visit_plan::Column::Daypart)
        .expr_as(Expr::col((visit::Entity, visit::Column::Id)).count(), "visits")
        .join(JoinType::LeftJoin, plan_of_visit())
        .filter(visit::Column::State.eq(VisitState::Planned.as_str()))
        .filter(visit_plan::Column::ClosedReason.is_null())
        .filter(Expr::exists(offer).not())
        .group_by(visit_plan::Column::StartsOn)
        .group_by(visit_plan::Column::VisitBy)
        .group_by(visit_plan::Column::Daypart)
        .into_model::<UnassignedRow>()
        .all(tx.connection())
        .await?;
    let counted = rows.into_iter().map(|row| {
        Ok(Unassigned {
            starts_on: row.starts_on.as_deref().map(date).transpose()?,
            visit_by: row.visit_by.as_deref().map(date).transpose()?,
            daypart: row.daypart.as_deref().and_then(Daypart::from_name),
            visits: unsigned(row.visits, "count of visits")?,
        })
    });
    counted.collect()
}

#[derive(FromQueryResult)]
struct AgreedRow {
    state: String,
    day: String,
    daypart: Option<String>,
    visits: i64,
}

/// The visits of a round that somebody is offered or has, and has not told the time of.
///
/// # Errors
/// The database failed.
pub async fn count_agreed(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<Taken>, StoreError> {
    let day = Func::coalesce([
        Expr::col((assignment_term::Entity, assignment_term::Column::DueOn)),
        Expr::col((visit_plan::Entity, visit_plan::Column::VisitBy)),
        Expr::col((round::Entity, round::Column::VisitBy)),
    ]);
    let rows = of_round(agency, of)
        .column(visit::Column::State)
        .expr_as(day, "day")
        .column(visit_plan::Column::Daypart)
        .expr_as(Expr::col((visit::Entity, visit::Column::Id)).count(), "visits")
        .join(JoinType::InnerJoin, round_of_visit())
        .join(JoinType::InnerJoin, live_offer_of_visit())
        .join(JoinType::LeftJoin, plan_of_visit())
        .join(JoinType::LeftJoin, terms_of_offer())
        .filter(visit::Column::State.ne(VisitState::Voided.as_str()))
        .filter(visit::Column::VisitedAt.is_null())
        .group_by(visit::Column::State)
        .group_by(Expr::col("day"))
        .group_by(visit_plan::Column::Daypart)
        .into_model::<AgreedRow>()
        .all(tx.connection())
        .await?;
    let counted = rows.into_iter().map(|row| {
        Ok(Taken {
            state: state(&row.state)?,
            date: date(&row.day)?,
            daypart: row.daypart.as_deref().and_then(Daypart::from_name),
            visits: unsigned(row.visits, "count of visits")?,
        })
    });
    counted.collect()
}

#[derive(FromQueryResult)]
struct MadeRow {
    state: String,
    time_zone: String,
    quarter: i64,
    visits: i64,
}

/// The visits of a round whose time is known, in the time zone of their places.
///
/// # Errors
/// The database failed.
pub async fn count_made(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<Taken>, StoreError> {
    let of_place: RelationDef = visit::Entity::belongs_to(location::Entity)
        .from(visit::Column::LocationId)
        .to(location::Column::Id)
        .into();
    let quarter = Expr::col((visit::Entity, visit::Column::VisitedAt)).div(QUARTER_MILLIS);
    let rows = of_round(agency, of)
        .column(visit::Column::State)
        .column(location::Column::TimeZone)
        .expr_as(quarter, "quarter")
        .expr_as(Expr::col((visit::Entity, visit::Column::Id)).count(), "visits")
        .join(JoinType::InnerJoin, of_place)
        .join(JoinType::InnerJoin, live_offer_of_visit())
        .filter(visit::Column::State.ne(VisitState::Voided.as_str()))
        .filter(visit::Column::VisitedAt.is_not_null())
        .group_by(visit::Column::State)
        .group_by(location::Column::TimeZone)
        .group_by(Expr::col("quarter"))
        .into_model::<MadeRow>()
        .all(tx.connection())
        .await?;
    rows.iter().map(made).collect()
}

fn made(row: &MadeRow) -> Result<Taken, StoreError> {
    let zone = Zone::named(&row.time_zone).ok_or(StoreError::Corrupt("time zone"))?;
    let at = Timestamp::from_millis(row.quarter.saturating_mul(QUARTER_MILLIS));
    let local = zone.local_minute(at);
    Ok(Taken {
        state: state(&row.state)?,
        date: local.business_date(),
        daypart: Some(local.daypart()),
        visits: unsigned(row.visits, "count of visits")?,
    })
}

fn of_round(agency: AgencyId, of: RoundId) -> Select<visit::Entity> {
    visit::Entity::find()
        .select_only()
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::RoundId.eq(of.uuid()))
}

fn round_of_visit() -> RelationDef {
    visit::Entity::belongs_to(round::Entity)
        .from(visit::Column::RoundId)
        .to(round::Column::Id)
        .into()
}

fn state(name: &str) -> Result<VisitState, StoreError> {
    VisitState::from_name(name).ok_or(StoreError::Corrupt("visit state"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_an_hour_has_one_day_and_one_part_of_it() {
        // Kathmandu is 5 hours and 45 minutes ahead, Adelaide 9 and a half, Helsinki changes its clocks in between.
        for name in [
            "Asia/Kathmandu",
            "Australia/Adelaide",
            "Europe/Helsinki",
            "America/St_Johns",
        ] {
            let zone = Zone::named(name).expect("a zone");
            // Three days from the 24th of October 2026 on.
            let from = 1_792_800_000_000 / QUARTER_MILLIS;
            for quarter in from..from + 3 * 24 * 4 {
                let first = zone.local_minute(Timestamp::from_millis(quarter * QUARTER_MILLIS));
                let last = zone.local_minute(Timestamp::from_millis((quarter + 1) * QUARTER_MILLIS - 1));
                assert_eq!(
                    (first.date, first.daypart()),
                    (last.date, last.daypart()),
                    "{name} {quarter}"
                );
            }
        }
    }
}
