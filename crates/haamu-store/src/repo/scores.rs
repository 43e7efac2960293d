//! Scores of visits and confirmations of critical answers.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ScoreId, SubmissionId, Timestamp, UserId, VisitId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::review::{critical_confirmation, score};
use crate::{StoreError, Tx};

use super::unsigned;

/// A score with its trace, as JSON.
#[derive(Clone, Debug)]
pub struct ScoreRecord {
    /// Its id.
    pub id: ScoreId,
    /// The visit.
    pub visit: VisitId,
    /// The submission that was scored.
    pub submission: SubmissionId,
    /// In which cycle.
    pub cycle: u32,
    /// The how-manieth score of the visit it is, from 1; given out when it is kept.
    pub number: u32,
    /// The rounded percentage.
    pub display: Option<String>,
    /// The score band's id, or `failed`.
    pub grade: Option<String>,
    /// The result, as `haamu score` prints it.
    pub result: String,
    /// The losses and gains.
    pub trace: String,
    /// What validation found.
    pub findings: String,
    /// Whether the score rests on one of several answers in conflict.
    pub has_conflict: bool,
    /// Why it was made: `submitted`, `follow_up`, …
    pub reason: String,
    /// When.
    pub scored_at: Timestamp,
}

/// What lists show of a score.
#[derive(Clone, Debug, FromQueryResult)]
struct Summary {
    visit_id: Uuid,
    display: Option<String>,
    grade: Option<String>,
}

/// Adds a score under the visit's lock. Earlier ones stay; the scores of a visit are numbered.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &ScoreRecord) -> Result<(), StoreError> {
    let last: Option<Option<i32>> = score::Entity::find()
        .select_only()
        .column_as(score::Column::Number.max(), "last")
        .filter(score::Column::VisitId.eq(new.visit.uuid()))
        .into_tuple()
        .one(tx.connection())
        .await?;
    let row = score::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        visit_id: Set(new.visit.uuid()),
        number: Set(last.flatten().unwrap_or_default() + 1),
        submission_id: Set(new.submission.uuid()),
        cycle: Set(new.cycle.cast_signed()),
        display: Set(new.display.clone()),
        grade: Set(new.grade.clone()),
        result: Set(new.result.clone()),
        trace: Set(new.trace.clone()),
        findings: Set(new.findings.clone()),
        has_conflict: Set(new.has_conflict),
        reason: Set(new.reason.clone()),
        scored_at: Set(new.scored_at.millis()),
    };
    score::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The latest score of a visit.
///
/// # Errors
/// The database failed.
pub async fn find_latest(
    tx: &Tx,
    agency: AgencyId,
    visit: VisitId,
) -> Result<Option<ScoreRecord>, StoreError> {
    let row = score::Entity::find()
        .filter(score::Column::AgencyId.eq(agency.uuid()))
        .filter(score::Column::VisitId.eq(visit.uuid()))
        .order_by_desc(score::Column::Number)
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Rounded percentage and grade of the latest score of each of these visits.
///
/// # Errors
/// The database failed.
pub async fn list_latest(
    tx: &Tx,
    agency: AgencyId,
    visits: &[VisitId],
) -> Result<BTreeMap<VisitId, (Option<String>, Option<String>)>, StoreError> {
    let rows = score::Entity::find()
        .select_only()
        .columns([
            score::Column::VisitId,
            score::Column::Display,
            score::Column::Grade,
        ])
        .filter(score::Column::AgencyId.eq(agency.uuid()))
        .filter(score::Column::VisitId.is_in(visits.iter().map(|id| id.uuid())))
        .order_by_asc(score::Column::Number)
        .into_model::<Summary>()
        .all(tx.connection())
        .await?;
    let latest = rows
        .into_iter()
        .map(|row| (VisitId::from_uuid(row.visit_id), (row.display, row.grade)));
    Ok(latest.collect())
}

/// That a reviewer confirmed a critical answer.
#[derive(Clone, Debug)]
pub struct CriticalConfirmation {
    /// The visit.
    pub visit: VisitId,
    /// In which cycle.
    pub cycle: u32,
    /// The question's id.
    pub question: String,
    /// The answer that was confirmed; another one must be confirmed anew.
    pub answer: String,
    /// What the confirmation rests on.
    pub evidence: String,
    /// Who confirmed it.
    pub confirmed_by: UserId,
}

/// Confirms a critical answer, in the place of an earlier confirmation.
///
/// # Errors
/// The database failed.
pub async fn insert_confirmation(
    tx: &Tx,
    agency: AgencyId,
    new: &CriticalConfirmation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = critical_confirmation::ActiveModel {
        visit_id: Set(new.visit.uuid()),
        question: Set(new.question.clone()),
        cycle: Set(new.cycle.cast_signed()),
        agency_id: Set(agency.uuid()),
        answer: Set(new.answer.clone()),
        evidence: Set(new.evidence.clone()),
        confirmed_by: Set(new.confirmed_by.uuid()),
        confirmed_at: Set(now.millis()),
    };
    let key = [
        critical_confirmation::Column::VisitId,
        critical_confirmation::Column::Question,
        critical_confirmation::Column::Cycle,
    ];
    let replace = OnConflict::columns(key)
        .update_columns([
            critical_confirmation::Column::Answer,
            critical_confirmation::Column::Evidence,
            critical_confirmation::Column::ConfirmedBy,
            critical_confirmation::Column::ConfirmedAt,
        ])
        .to_owned();
    critical_confirmation::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The ids of the questions whose critical answers are confirmed in a cycle, with the answers.
///
/// # Errors
/// The database failed.
pub async fn list_confirmed(
    tx: &Tx,
    agency: AgencyId,
    visit: VisitId,
    cycle: u32,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = critical_confirmation::Entity::find()
        .filter(critical_confirmation::Column::AgencyId.eq(agency.uuid()))
        .filter(critical_confirmation::Column::VisitId.eq(visit.uuid()))
        .filter(critical_confirmation::Column::Cycle.eq(cycle.cast_signed()))
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.question, row.answer)).collect())
}

fn record(row: score::Model) -> Result<ScoreRecord, StoreError> {
    Ok(ScoreRecord {
        id: ScoreId::from_uuid(row.id),
        visit: VisitId::from_uuid(row.visit_id),
        submission: SubmissionId::from_uuid(row.submission_id),
        cycle: unsigned(row.cycle.into(), "score cycle")?,
        number: unsigned(row.number.into(), "score number")?,
        display: row.display,
        grade: row.grade,
        result: row.result,
        trace: row.trace,
        findings: row.findings,
        has_conflict: row.has_conflict,
        reason: row.reason,
        scored_at: Timestamp::from_millis(row.scored_at),
    })
}
