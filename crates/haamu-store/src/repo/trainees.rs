//! Shoppers to whom the briefings and the quiz of a programme are open before they have to do with it.

use std::collections::BTreeSet;

use haamu_domain::{AgencyId, ProgrammeId, Timestamp, UserId};
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::filling::{job_invitation, trainee};
use crate::{StoreError, Tx};

use super::visits::programmes_of;

/// Opens the training of a programme to shoppers; the first time stands.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    users: &[UserId],
    (by, now): (UserId, Timestamp),
) -> Result<(), StoreError> {
    for users in users.chunks(super::MAX_IDS / 5) {
        let rows = users.iter().map(|user| trainee::ActiveModel {
            programme_id: Set(programme.uuid()),
            user_id: Set(user.uuid()),
            agency_id: Set(agency.uuid()),
            opened_by: Set(by.uuid()),
            opened_at: Set(now.millis()),
        });
        let key = [trainee::Column::ProgrammeId, trainee::Column::UserId];
        trainee::Entity::insert_many(rows)
            .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Closes the training of a programme to a shopper again. Returns whether it had been opened to them.
///
/// # Errors
/// The database failed.
pub async fn delete(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    user: UserId,
) -> Result<bool, StoreError> {
    let done = trainee::Entity::delete_by_id((programme.uuid(), user.uuid()))
        .filter(trainee::Column::AgencyId.eq(agency.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// To whom the training of a programme was opened, and when, by their ids.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
    let rows = trainee::Entity::find()
        .filter(trainee::Column::AgencyId.eq(agency.uuid()))
        .filter(trainee::Column::ProgrammeId.eq(programme.uuid()))
        .order_by_asc(trainee::Column::UserId)
        .all(tx.connection())
        .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| {
            (
                UserId::from_uuid(row.user_id),
                Timestamp::from_millis(row.opened_at),
            )
        })
        .collect())
}

/// The programmes whose training is open to a shopper: staff opened it to them, or asked them about a visit.
///
/// # Errors
/// The database failed.
pub async fn list_programmes(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
) -> Result<BTreeSet<ProgrammeId>, StoreError> {
    let ids: Vec<Uuid> = trainee::Entity::find()
        .select_only()
        .column(trainee::Column::ProgrammeId)
        .filter(trainee::Column::AgencyId.eq(agency.uuid()))
        .filter(trainee::Column::UserId.eq(user.uuid()))
        .into_tuple()
        .all(tx.connection())
        .await?;
    let asked_about = Query::select()
        .column(job_invitation::Column::VisitId)
        .from(job_invitation::Entity)
        .and_where(job_invitation::Column::AgencyId.eq(agency.uuid()))
        .and_where(job_invitation::Column::ShopperId.eq(user.uuid()))
        .to_owned();
    let mut found = programmes_of(tx, agency, asked_about).await?;
    found.extend(ids.into_iter().map(ProgrammeId::from_uuid));
    Ok(found)
}
