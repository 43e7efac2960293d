//! The days of visits of a round: those that were planned and agreed, those that came, and those that nobody named.

use haamu_domain::binding::MAIN_STAGE;
use haamu_domain::{
    AgencyId, AssignmentId, AssignmentState, LocalDate, RoundId, Timestamp, UserId, VisitId, VisitState,
};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, IntoCondition, Query, SelectStatement};
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef,
};
use uuid::Uuid;

use crate::entity::filling::{assignment_term, visit_plan};
use crate::entity::programmes::{assignment, location, visit};
use crate::entity::submissions::{submission, submission_stage};
use crate::{StoreError, Tx};

use super::programmes::{Round, date};
use super::rounds::{live_offer_of_visit, plan_of_visit, terms_of_offer};

/// What was planned of its own for a visit that nobody has handed in, and what was agreed about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDays {
    /// The visit.
    pub visit: VisitId,
    /// Its own first day.
    pub starts_on: Option<LocalDate>,
    /// Its own last day.
    pub visit_by: Option<LocalDate>,
    /// The last day of its report.
    pub report_by: Option<LocalDate>,
    /// The offer that is alive: its id, whose it is, and the day that somebody named.
    pub offer: Option<(AssignmentId, UserId, Option<LocalDate>)>,
}

#[derive(FromQueryResult)]
struct DaysRow {
    visit: Uuid,
    starts_on: Option<String>,
    visit_by: Option<String>,
    report_by: Option<String>,
    assignment: Option<Uuid>,
    shopper: Option<Uuid>,
    due_on: Option<String>,
    day_named: Option<bool>,
}

/// The days of the visits of a round that nobody has handed in, by id.
///
/// # Errors
/// The database failed.
pub async fn list_open(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<OpenDays>, StoreError> {
    let rows = visit::Entity::find()
        .select_only()
        .column_as(visit::Column::Id, "visit")
        .column_as(visit_plan::Column::StartsOn, "starts_on")
        .column_as(visit_plan::Column::VisitBy, "visit_by")
        .column_as(visit_plan::Column::ReportBy, "report_by")
        .column_as(assignment::Column::Id, "assignment")
        .column_as(assignment::Column::ShopperId, "shopper")
        .column_as(assignment_term::Column::DueOn, "due_on")
        .column_as(assignment_term::Column::DayNamed, "day_named")
        .join(JoinType::LeftJoin, plan_of_visit())
        .join(JoinType::LeftJoin, live_offer_of_visit())
        .join(JoinType::LeftJoin, terms_of_offer())
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::RoundId.eq(of.uuid()))
        .filter(visit::Column::State.is_in(VisitState::TO_DO.map(VisitState::as_str)))
        .order_by_asc(visit::Column::Id)
        .into_model::<DaysRow>()
        .all(tx.connection())
        .await?;
    rows.into_iter().map(days_record).collect()
}

fn days_record(row: DaysRow) -> Result<OpenDays, StoreError> {
    let day = |text: Option<String>| text.as_deref().map(date).transpose();
    let due_on = day(row.due_on.filter(|_| row.day_named.unwrap_or(false)))?;
    let offer = row.assignment.zip(row.shopper);
    Ok(OpenDays {
        visit: VisitId::from_uuid(row.visit),
        starts_on: day(row.starts_on)?,
        visit_by: day(row.visit_by)?,
        report_by: day(row.report_by)?,
        offer: offer.map(|(id, shopper)| (AssignmentId::from_uuid(id), UserId::from_uuid(shopper), due_on)),
    })
}

/// When a visit was made and its report handed in, with what was planned of its own for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeDays {
    /// The visit.
    pub visit: VisitId,
    /// When it took place.
    pub visited_at: Timestamp,
    /// When its report was handed in the first time.
    pub handed_in_at: Option<Timestamp>,
    /// The time zone of the place.
    pub time_zone: String,
    /// Its own first day.
    pub starts_on: Option<LocalDate>,
    /// Its own last day.
    pub visit_by: Option<LocalDate>,
    /// The last day of its report.
    pub report_by: Option<LocalDate>,
}

#[derive(FromQueryResult)]
struct MadeRow {
    visit: Uuid,
    visited_at: i64,
    handed_in_at: Option<i64>,
    time_zone: String,
    starts_on: Option<String>,
    visit_by: Option<String>,
    report_by: Option<String>,
}

/// The days of all visits of a round that were made, and when the reports that count came: the first ones of the main
/// stage, of those of which nothing was deleted.
///
/// # Errors
/// The database failed.
pub async fn list_made(tx: &Tx, agency: AgencyId, of: RoundId) -> Result<Vec<MadeDays>, StoreError> {
    let of_place: RelationDef = visit::Entity::belongs_to(location::Entity)
        .from(visit::Column::LocationId)
        .to(location::Column::Id)
        .into();
    let rows = visit::Entity::find()
        .select_only()
        .column_as(visit::Column::Id, "visit")
        .column_as(visit::Column::VisitedAt, "visited_at")
        .column_as(submission_stage::Column::SubmittedAt.min(), "handed_in_at")
        .column_as(location::Column::TimeZone, "time_zone")
        .column_as(visit_plan::Column::StartsOn, "starts_on")
        .column_as(visit_plan::Column::VisitBy, "visit_by")
        .column_as(visit_plan::Column::ReportBy, "report_by")
        .join(JoinType::InnerJoin, of_place)
        .join(JoinType::LeftJoin, plan_of_visit())
        .join(JoinType::LeftJoin, live_offer_of_visit())
        .join(JoinType::LeftJoin, exact_submission_of_offer())
        .join(JoinType::LeftJoin, main_stage_of_submission())
        .filter(visit::Column::AgencyId.eq(agency.uuid()))
        .filter(visit::Column::RoundId.eq(of.uuid()))
        .filter(visit::Column::State.ne(VisitState::Voided.as_str()))
        .filter(visit::Column::VisitedAt.is_not_null())
        .group_by(visit::Column::Id)
        .group_by(visit::Column::VisitedAt)
        .group_by(location::Column::TimeZone)
        .group_by(visit_plan::Column::StartsOn)
        .group_by(visit_plan::Column::VisitBy)
        .group_by(visit_plan::Column::ReportBy)
        .order_by_asc(visit::Column::Id)
        .into_model::<MadeRow>()
        .all(tx.connection())
        .await?;
    let day = |text: Option<String>| text.as_deref().map(date).transpose();
    let record = |row: MadeRow| {
        Ok(MadeDays {
            visit: VisitId::from_uuid(row.visit),
            visited_at: Timestamp::from_millis(row.visited_at),
            handed_in_at: row.handed_in_at.map(Timestamp::from_millis),
            time_zone: row.time_zone,
            starts_on: day(row.starts_on)?,
            visit_by: day(row.visit_by)?,
            report_by: day(row.report_by)?,
        })
    };
    rows.into_iter().map(record).collect()
}

/// Those of which anything was deleted are not exact any more.
fn exact_submission_of_offer() -> RelationDef {
    let relation: RelationDef = assignment::Entity::belongs_to(submission::Entity)
        .from(assignment::Column::Id)
        .to(submission::Column::AssignmentId)
        .into();
    relation.on_condition(|_, submissions| {
        let purged = [
            submission::Column::StaffDataPurgedAt,
            submission::Column::NarrativePurgedAt,
            submission::Column::PhotoPurgedAt,
            submission::Column::VoucherPurgedAt,
            submission::Column::ShopperDataPurgedAt,
        ];
        let mut all = Condition::all();
        for column in purged {
            all = all.add(Expr::col((submissions.clone(), column)).is_null());
        }
        all
    })
}

fn main_stage_of_submission() -> RelationDef {
    let relation: RelationDef = submission::Entity::belongs_to(submission_stage::Entity)
        .from(submission::Column::Id)
        .to(submission_stage::Column::SubmissionId)
        .into();
    relation.on_condition(|_, stages| {
        Expr::col((stages, submission_stage::Column::Stage))
            .eq(MAIN_STAGE)
            .into_condition()
    })
}

/// Moves the days that nobody named of offers in a round, where the visits have none of their own and are not begun:
/// those that lie outside of its days now into them, and those that were its last day to the last day that it has now.
///
/// # Errors
/// The database failed.
pub async fn move_unnamed(
    tx: &Tx,
    agency: AgencyId,
    before: &Round,
    after: &Round,
) -> Result<(), StoreError> {
    let (first, last) = (after.starts_on.to_string(), after.visit_by.to_string());
    let is_early = assignment_term::Column::DueOn.lt(first.clone());
    let is_late = assignment_term::Column::DueOn.gt(last.clone());
    let was_last = assignment_term::Column::DueOn.eq(before.visit_by.to_string());
    for (is_moved, day, own) in [
        (is_late.or(was_last), last, visit_plan::Column::VisitBy),
        (is_early, first, visit_plan::Column::StartsOn),
    ] {
        assignment_term::Entity::update_many()
            .col_expr(assignment_term::Column::DueOn, Expr::value(day))
            .filter(assignment_term::Column::AgencyId.eq(agency.uuid()))
            .filter(assignment_term::Column::DayNamed.eq(false))
            .filter(is_moved)
            .filter(assignment_term::Column::AssignmentId.in_subquery(not_begun(agency, after.id, own)))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// The offers that are alive of visits of a round that are not begun and have no day of this kind of their own.
fn not_begun(agency: AgencyId, round: RoundId, own: visit_plan::Column) -> SelectStatement {
    let own_days = Query::select()
        .column(visit_plan::Column::VisitId)
        .from(visit_plan::Entity)
        .and_where(visit_plan::Column::RoundId.eq(round.uuid()))
        .and_where(own.is_not_null())
        .to_owned();
    let states = [VisitState::Planned, VisitState::Accepted];
    let visits = Query::select()
        .column(visit::Column::Id)
        .from(visit::Entity)
        .and_where(visit::Column::RoundId.eq(round.uuid()))
        .and_where(visit::Column::State.is_in(states.map(VisitState::as_str)))
        .and_where(visit::Column::Id.not_in_subquery(own_days))
        .to_owned();
    let live = AssignmentState::ALL.iter().filter(|state| state.is_live());
    Query::select()
        .column(assignment::Column::Id)
        .from(assignment::Entity)
        .and_where(assignment::Column::AgencyId.eq(agency.uuid()))
        .and_where(assignment::Column::State.is_in(live.map(|state| state.as_str())))
        .and_where(assignment::Column::VisitId.in_subquery(visits))
        .to_owned()
}
