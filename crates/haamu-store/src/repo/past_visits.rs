//! Visits from before Haamu, which rotation counts.

use haamu_domain::{AgencyId, CompanionId, LocalDate, LocationId, Timestamp, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, Select};
use uuid::Uuid;

use crate::entity::filling::past_visit;
use crate::{StoreError, Tx};

use super::page_after;
use super::programmes::date;

/// A visit from before Haamu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastVisit {
    /// The id of its row.
    pub id: Uuid,
    /// The agency's own key for it.
    pub external_id: String,
    /// Who was there.
    pub user: UserId,
    /// Where.
    pub location: LocationId,
    /// On which day.
    pub visited_on: LocalDate,
    /// Whether they came along only.
    pub as_companion: bool,
    /// Who came along with them.
    pub companion: Option<CompanionId>,
}

/// The visits from before Haamu that the agency has by these keys.
///
/// # Errors
/// The database failed.
pub async fn list_by_keys(tx: &Tx, agency: AgencyId, keys: &[&str]) -> Result<Vec<PastVisit>, StoreError> {
    let mut found = Vec::new();
    for keys in keys.chunks(super::MAX_IDS) {
        let rows = past_visit::Entity::find()
            .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
            .filter(past_visit::Column::ExternalId.is_in(keys.iter().copied()))
            .all(tx.connection())
            .await?;
        for row in rows {
            found.push(record(row)?);
        }
    }
    Ok(found)
}

/// A visit from before Haamu, of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: Uuid) -> Result<Option<PastVisit>, StoreError> {
    let row = past_visit::Entity::find_by_id(id)
        .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Visits from before Haamu of a shopper after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list_of_shopper(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<PastVisit>, bool), StoreError> {
    let select = past_visit::Entity::find()
        .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
        .filter(past_visit::Column::UserId.eq(user.uuid()));
    page(tx, select, after, limit).await
}

/// Visits from before Haamu to a location after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list_at_location(
    tx: &Tx,
    agency: AgencyId,
    location: LocationId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<PastVisit>, bool), StoreError> {
    let select = past_visit::Entity::find()
        .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
        .filter(past_visit::Column::LocationId.eq(location.uuid()));
    page(tx, select, after, limit).await
}

async fn page(
    tx: &Tx,
    select: Select<past_visit::Entity>,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<PastVisit>, bool), StoreError> {
    let (rows, has_more) = page_after(tx, select, past_visit::Column::Id, after, limit).await?;
    let visits: Result<Vec<_>, _> = rows.into_iter().map(record).collect();
    Ok((visits?, has_more))
}

/// Removes a visit from before Haamu; says whether it was there.
///
/// # Errors
/// The database failed.
pub async fn delete(tx: &Tx, agency: AgencyId, id: Uuid) -> Result<bool, StoreError> {
    let done = past_visit::Entity::delete_by_id(id)
        .filter(past_visit::Column::AgencyId.eq(agency.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

fn record(row: past_visit::Model) -> Result<PastVisit, StoreError> {
    Ok(PastVisit {
        id: row.id,
        user: UserId::from_uuid(row.user_id),
        location: LocationId::from_uuid(row.location_id),
        visited_on: date(&row.visited_on)?,
        as_companion: row.as_companion,
        companion: row.companion_id.map(CompanionId::from_uuid),
        external_id: row.external_id,
    })
}

/// Writes visits from before Haamu: new ones, and changes of those that have their id.
///
/// # Errors
/// The database failed.
pub async fn put(tx: &Tx, agency: AgencyId, all: &[PastVisit], now: Timestamp) -> Result<(), StoreError> {
    for some in all.chunks(super::MAX_IDS / 8) {
        let rows = some.iter().map(|new| past_visit::ActiveModel {
            id: Set(new.id),
            agency_id: Set(agency.uuid()),
            external_id: Set(new.external_id.clone()),
            user_id: Set(new.user.uuid()),
            location_id: Set(new.location.uuid()),
            visited_on: Set(new.visited_on.to_string()),
            as_companion: Set(new.as_companion),
            companion_id: Set(new.companion.map(CompanionId::uuid)),
            imported_at: Set(now.millis()),
        });
        let changed = [
            past_visit::Column::UserId,
            past_visit::Column::LocationId,
            past_visit::Column::VisitedOn,
            past_visit::Column::AsCompanion,
            past_visit::Column::CompanionId,
            past_visit::Column::ImportedAt,
        ];
        past_visit::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(past_visit::Column::Id)
                    .update_columns(changed)
                    .to_owned(),
            )
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}
