//! Who was asked whether they want a visit, and who does not.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, Timestamp, UserId, VisitId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::filling::job_invitation;
use crate::{StoreError, Tx};

/// What came of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invited {
    /// The shopper has not said that they do not want the visit.
    Open,
    /// They do not want it.
    Declined,
}

/// Notes that shoppers were asked whether they want a visit; the first time stands.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    visit: VisitId,
    shoppers: &[UserId],
    by: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if shoppers.is_empty() {
        return Ok(());
    }
    let rows = shoppers.iter().map(|shopper| job_invitation::ActiveModel {
        visit_id: Set(visit.uuid()),
        shopper_id: Set(shopper.uuid()),
        agency_id: Set(agency.uuid()),
        invited_by: Set(by.uuid()),
        invited_at: Set(now.millis()),
        declined_at: Set(None),
    });
    let key = [job_invitation::Column::VisitId, job_invitation::Column::ShopperId];
    job_invitation::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Who was asked about which of these visits, and what came of it.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    of: &[VisitId],
) -> Result<BTreeMap<(VisitId, UserId), Invited>, StoreError> {
    let mut found = BTreeMap::new();
    for of in of.chunks(super::MAX_IDS) {
        let rows: Vec<(Uuid, Uuid, Option<i64>)> = job_invitation::Entity::find()
            .select_only()
            .column(job_invitation::Column::VisitId)
            .column(job_invitation::Column::ShopperId)
            .column(job_invitation::Column::DeclinedAt)
            .filter(job_invitation::Column::AgencyId.eq(agency.uuid()))
            .filter(job_invitation::Column::VisitId.is_in(of.iter().map(|visit| visit.uuid())))
            .into_tuple()
            .all(tx.connection())
            .await?;
        found.extend(rows.into_iter().map(|(visit, user, declined_at)| {
            let key = (VisitId::from_uuid(visit), UserId::from_uuid(user));
            (key, declined_at.map_or(Invited::Open, |_| Invited::Declined))
        }));
    }
    Ok(found)
}

/// The visits of these that a shopper was asked about and has not declined.
///
/// # Errors
/// The database failed.
pub async fn list_open_of(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    of: &[VisitId],
) -> Result<Vec<VisitId>, StoreError> {
    let ids: Vec<Uuid> = job_invitation::Entity::find()
        .select_only()
        .column(job_invitation::Column::VisitId)
        .filter(job_invitation::Column::AgencyId.eq(agency.uuid()))
        .filter(job_invitation::Column::ShopperId.eq(shopper.uuid()))
        .filter(job_invitation::Column::VisitId.is_in(of.iter().map(|visit| visit.uuid())))
        .filter(job_invitation::Column::DeclinedAt.is_null())
        .into_tuple()
        .all(tx.connection())
        .await?;
    Ok(ids.into_iter().map(VisitId::from_uuid).collect())
}

/// Notes that a shopper does not want a visit that they were asked about; says whether they were, and had not said so.
///
/// # Errors
/// The database failed.
pub async fn decline(
    tx: &Tx,
    agency: AgencyId,
    visit: VisitId,
    shopper: UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = job_invitation::Entity::update_many()
        .col_expr(job_invitation::Column::DeclinedAt, Expr::value(now.millis()))
        .filter(one(agency, visit, shopper))
        .filter(job_invitation::Column::DeclinedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes an invitation back, whatever came of it; says whether there was one.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, agency: AgencyId, visit: VisitId, shopper: UserId) -> Result<bool, StoreError> {
    let done = job_invitation::Entity::delete_many()
        .filter(one(agency, visit, shopper))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected == 1)
}

fn one(agency: AgencyId, visit: VisitId, shopper: UserId) -> Condition {
    Condition::all()
        .add(job_invitation::Column::AgencyId.eq(agency.uuid()))
        .add(job_invitation::Column::VisitId.eq(visit.uuid()))
        .add(job_invitation::Column::ShopperId.eq(shopper.uuid()))
}
