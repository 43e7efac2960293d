//! Briefings of programmes, and who has read them.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, BriefingId, ProgrammeId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::planning::{briefing, briefing_receipt};
use crate::{StoreError, Tx};

/// Instructions in one version and one language. Their words never change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Briefing {
    /// Its id.
    pub id: BriefingId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Its name whatever the language: versions and translations of the same briefing share it.
    pub key: String,
    /// Its title.
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
        .filter(briefing::Column::Key.eq(&new.key))
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
        key: Set(new.key.clone()),
    };
    briefing::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes a briefing out of use.
///
/// # Errors
/// The database failed.
pub async fn withdraw(tx: &Tx, id: BriefingId, now: Timestamp) -> Result<(), StoreError> {
    let row = briefing::ActiveModel {
        id: Set(id.uuid()),
        withdrawn_at: Set(Some(now.millis())),
        ..Default::default()
    };
    briefing::Entity::update(row).exec(tx.connection()).await?;
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
        key: row.key,
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
