//! Briefings of programmes, who has read them, and certification.

use std::collections::{BTreeMap, BTreeSet};

use haamu_domain::{AgencyId, BriefingId, ChecklistVersionId, ProgrammeId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entity::planning::{briefing, briefing_receipt, certification, certification_attempt};
use crate::{StoreError, Tx};

/// Instructions in one version and one language. Their words never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    /// Its id.
    pub id: BriefingId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Its title; versions of the same briefing share it.
    pub title: String,
    /// Its language.
    pub language: String,
    /// Its words.
    pub body: String,
    /// The SHA-256 of its words.
    pub body_hash: Vec<u8>,
    /// The how-manieth version it is.
    pub version: u32,
    /// When it was taken out of use; a later version does that too.
    pub withdrawn_at: Option<Timestamp>,
}

/// Adds a briefing; earlier versions of it are withdrawn.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &Briefing,
    by: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    briefing::Entity::update_many()
        .col_expr(
            briefing::Column::WithdrawnAt,
            sea_orm::sea_query::Expr::value(now.millis()),
        )
        .filter(briefing::Column::AgencyId.eq(agency.uuid()))
        .filter(briefing::Column::ProgrammeId.eq(new.programme.uuid()))
        .filter(briefing::Column::Title.eq(&new.title))
        .filter(briefing::Column::Language.eq(&new.language))
        .filter(briefing::Column::WithdrawnAt.is_null())
        .exec(tx.connection())
        .await?;
    let row = briefing::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        programme_id: Set(new.programme.uuid()),
        title: Set(new.title.clone()),
        language: Set(new.language.clone()),
        body: Set(new.body.clone()),
        body_hash: Set(new.body_hash.clone()),
        version: Set(new.version.cast_signed()),
        created_by: Set(by.uuid()),
        created_at: Set(now.millis()),
        withdrawn_at: Set(None),
    };
    briefing::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A briefing of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: BriefingId) -> Result<Option<Briefing>, StoreError> {
    let row = briefing::Entity::find_by_id(id.uuid())
        .filter(briefing::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The briefings of a programme, by id; only those in use, if asked for.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
    only_current: bool,
) -> Result<Vec<Briefing>, StoreError> {
    let mut select = briefing::Entity::find()
        .filter(briefing::Column::AgencyId.eq(agency.uuid()))
        .filter(briefing::Column::ProgrammeId.eq(of.uuid()))
        .order_by_asc(briefing::Column::Id);
    if only_current {
        select = select.filter(briefing::Column::WithdrawnAt.is_null());
    }
    let rows = select.all(tx.connection()).await?;
    rows.into_iter().map(record).collect()
}

fn record(row: briefing::Model) -> Result<Briefing, StoreError> {
    Ok(Briefing {
        id: BriefingId::from_uuid(row.id),
        programme: ProgrammeId::from_uuid(row.programme_id),
        title: row.title,
        language: row.language,
        body: row.body,
        body_hash: row.body_hash,
        version: super::unsigned(row.version.into(), "briefing version")?,
        withdrawn_at: row.withdrawn_at.map(Timestamp::from_millis),
    })
}

/// Notes that a person read a briefing; the first time stands.
///
/// # Errors
/// The database failed.
pub async fn insert_receipt(
    tx: &Tx,
    agency: AgencyId,
    of: &Briefing,
    user: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = briefing_receipt::ActiveModel {
        briefing_id: Set(of.id.uuid()),
        user_id: Set(user.uuid()),
        agency_id: Set(agency.uuid()),
        body_hash: Set(of.body_hash.clone()),
        read_at: Set(now.millis()),
    };
    let key = [
        briefing_receipt::Column::BriefingId,
        briefing_receipt::Column::UserId,
    ];
    briefing_receipt::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Who has read a briefing, and when.
///
/// # Errors
/// The database failed.
pub async fn list_receipts(
    tx: &Tx,
    agency: AgencyId,
    of: BriefingId,
) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
    let rows = briefing_receipt::Entity::find()
        .filter(briefing_receipt::Column::AgencyId.eq(agency.uuid()))
        .filter(briefing_receipt::Column::BriefingId.eq(of.uuid()))
        .order_by_asc(briefing_receipt::Column::ReadAt)
        .all(tx.connection())
        .await?;
    let receipt = |row: briefing_receipt::Model| {
        (
            UserId::from_uuid(row.user_id),
            Timestamp::from_millis(row.read_at),
        )
    };
    Ok(rows.into_iter().map(receipt).collect())
}

/// Which of these briefings a person has read.
///
/// # Errors
/// The database failed.
pub async fn list_read(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    of: &[BriefingId],
) -> Result<BTreeSet<BriefingId>, StoreError> {
    let ids: Vec<Uuid> = briefing_receipt::Entity::find()
        .select_only()
        .column(briefing_receipt::Column::BriefingId)
        .filter(briefing_receipt::Column::AgencyId.eq(agency.uuid()))
        .filter(briefing_receipt::Column::UserId.eq(user.uuid()))
        .filter(briefing_receipt::Column::BriefingId.is_in(of.iter().map(|id| id.uuid())))
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(BriefingId::from_uuid).collect())
}

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
pub async fn find_certification(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
) -> Result<Option<Certification>, StoreError> {
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
pub async fn put_certification(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
    new: Certification,
) -> Result<(), StoreError> {
    certification::Entity::delete_many()
        .filter(certification::Column::AgencyId.eq(agency.uuid()))
        .filter(certification::Column::ProgrammeId.eq(of.uuid()))
        .exec(tx.connection())
        .await?;
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
    };
    certification_attempt::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// How often a person has tried a quiz since a moment.
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
        .count(tx.connection())
        .await?;
    Ok(count)
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
