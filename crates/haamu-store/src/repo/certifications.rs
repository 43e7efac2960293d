//! Quizzes of programmes, and tries at them.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, ChecklistVersionId, ProgrammeId, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::planning::{certification, certification_attempt};
use crate::{StoreError, Tx};

/// The quiz of a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification {
    /// The checklist version that asks the questions.
    pub quiz: ChecklistVersionId,
    /// How often it may be tried.
    pub attempts: u32,
    /// For how many days a pass is good.
    pub valid_days: u32,
}

/// The quiz of a programme, if it has one.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<Option<Certification>, StoreError> {
    let row = certification::Entity::find_by_id(of.uuid())
        .filter(certification::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(|row| {
        Ok(Certification {
            quiz: ChecklistVersionId::from_uuid(row.checklist_version_id),
            attempts: super::unsigned(row.attempts.into(), "certification")?,
            valid_days: super::unsigned(row.valid_days.into(), "certification")?,
        })
    })
    .transpose()
}

/// Gives a programme a quiz, in place of the one that it had.
///
/// # Errors
/// The database failed.
pub async fn put(tx: &Tx, agency: AgencyId, of: ProgrammeId, new: Certification) -> Result<(), StoreError> {
    delete(tx, agency, of).await?;
    let row = certification::ActiveModel {
        programme_id: Set(of.uuid()),
        agency_id: Set(agency.uuid()),
        checklist_version_id: Set(new.quiz.uuid()),
        attempts: Set(new.attempts.cast_signed()),
        valid_days: Set(new.valid_days.cast_signed()),
    };
    certification::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes the quiz from a programme; what was tried stays. Says whether it had one.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<bool, StoreError> {
    let done = certification::Entity::delete_many()
        .filter(certification::Column::AgencyId.eq(agency.uuid()))
        .filter(certification::Column::ProgrammeId.eq(of.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// A try at a quiz.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// The programme.
    pub programme: ProgrammeId,
    /// Who tried.
    pub user: UserId,
    /// The quiz.
    pub quiz: ChecklistVersionId,
    /// The answers, as JSON.
    pub answers: String,
    /// The result in percent, where there is one.
    pub result: Option<String>,
    /// Whether it was passed.
    pub passed: bool,
    /// When.
    pub tried_at: Timestamp,
}

/// Adds a try.
///
/// # Errors
/// The database failed.
pub async fn insert_attempt(tx: &Tx, agency: AgencyId, new: &Attempt) -> Result<(), StoreError> {
    let row = certification_attempt::ActiveModel {
        id: Set(new.id),
        agency_id: Set(agency.uuid()),
        programme_id: Set(new.programme.uuid()),
        user_id: Set(new.user.uuid()),
        checklist_version_id: Set(new.quiz.uuid()),
        answers: Set(new.answers.clone()),
        result: Set(new.result.clone()),
        passed: Set(new.passed),
        tried_at: Set(new.tried_at.millis()),
        given_back_at: Set(None),
    };
    certification_attempt::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// How often a person has tried a quiz since a moment, but for tries that were given back.
///
/// # Errors
/// The database failed.
pub async fn count_attempts(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    user: UserId,
    quiz: ChecklistVersionId,
    since: Timestamp,
) -> Result<u64, StoreError> {
    let count = attempts_of(agency, programme, user, quiz)
        .filter(certification_attempt::Column::TriedAt.gte(since.millis()))
        .filter(certification_attempt::Column::GivenBackAt.is_null())
        .count(tx.connection())
        .await?;
    Ok(count)
}

/// Gives a person back what they have tried of a quiz: it counts as a try no more. What they passed they have passed.
/// Returns how many tries that were.
///
/// # Errors
/// The database failed.
pub async fn give_attempts_back(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    (user, quiz): (UserId, ChecklistVersionId),
    now: Timestamp,
) -> Result<u64, StoreError> {
    let done = certification_attempt::Entity::update_many()
        .col_expr(
            certification_attempt::Column::GivenBackAt,
            Expr::value(now.millis()),
        )
        .filter(certification_attempt::Column::AgencyId.eq(agency.uuid()))
        .filter(certification_attempt::Column::ProgrammeId.eq(programme.uuid()))
        .filter(certification_attempt::Column::UserId.eq(user.uuid()))
        .filter(certification_attempt::Column::ChecklistVersionId.eq(quiz.uuid()))
        .filter(certification_attempt::Column::GivenBackAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected)
}

/// When a person last passed a quiz.
///
/// # Errors
/// The database failed.
pub async fn find_last_pass(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    user: UserId,
    quiz: ChecklistVersionId,
) -> Result<Option<Timestamp>, StoreError> {
    let row = attempts_of(agency, programme, user, quiz)
        .filter(certification_attempt::Column::Passed.eq(true))
        .order_by_desc(certification_attempt::Column::TriedAt)
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| Timestamp::from_millis(row.tried_at)))
}

/// When everybody who passed a quiz since a moment last did so.
///
/// # Errors
/// The database failed.
pub async fn list_last_passes(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    (quiz, since): (ChecklistVersionId, Timestamp),
) -> Result<BTreeMap<UserId, Timestamp>, StoreError> {
    let passes: Vec<(Uuid, i64)> = certification_attempt::Entity::find()
        .select_only()
        .column(certification_attempt::Column::UserId)
        .column_as(certification_attempt::Column::TriedAt.max(), "last")
        .filter(certification_attempt::Column::AgencyId.eq(agency.uuid()))
        .filter(certification_attempt::Column::ProgrammeId.eq(programme.uuid()))
        .filter(certification_attempt::Column::ChecklistVersionId.eq(quiz.uuid()))
        .filter(certification_attempt::Column::Passed.eq(true))
        .filter(certification_attempt::Column::TriedAt.gt(since.millis()))
        .group_by(certification_attempt::Column::UserId)
        .into_tuple()
        .all(tx.connection())
        .await?;
    let passes = passes.into_iter();
    Ok(passes
        .map(|(user, at)| (UserId::from_uuid(user), Timestamp::from_millis(at)))
        .collect())
}

fn attempts_of(
    agency: AgencyId,
    programme: ProgrammeId,
    user: UserId,
    quiz: ChecklistVersionId,
) -> sea_orm::Select<certification_attempt::Entity> {
    certification_attempt::Entity::find()
        .filter(certification_attempt::Column::AgencyId.eq(agency.uuid()))
        .filter(certification_attempt::Column::ProgrammeId.eq(programme.uuid()))
        .filter(certification_attempt::Column::UserId.eq(user.uuid()))
        .filter(certification_attempt::Column::ChecklistVersionId.eq(quiz.uuid()))
}
