//! The shopper panel of an agency: profiles and companions.

use std::collections::BTreeMap;

use haamu_domain::panel::{OwnPlace, Profile};
use haamu_domain::{AgencyId, CompanionId, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::filling::{companion, shopper_profile};
use crate::{StoreError, Tx};

use super::programmes::date;

/// The profile of a shopper with the number of its revision.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileRecord {
    /// Whose it is.
    pub user: UserId,
    /// The agency's own key for them.
    pub external_id: Option<String>,
    /// What is known.
    pub profile: Profile,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

fn json(of: &impl serde::Serialize) -> String {
    serde_json::to_string(of).expect("these hold nothing that JSON cannot")
}

/// The profiles of shoppers of the agency, of those who have one.
///
/// # Errors
/// The database failed.
pub async fn list_profiles(
    tx: &Tx,
    agency: AgencyId,
    users: &[UserId],
) -> Result<Vec<ProfileRecord>, StoreError> {
    let mut found = Vec::new();
    for users in users.chunks(super::MAX_IDS) {
        let rows = shopper_profile::Entity::find()
            .filter(shopper_profile::Column::AgencyId.eq(agency.uuid()))
            .filter(shopper_profile::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
            .all(tx.connection())
            .await?;
        for row in rows {
            found.push(profile(&row)?);
        }
    }
    Ok(found)
}

/// The profile of a shopper of the agency.
///
/// # Errors
/// The database failed.
pub async fn find_profile(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
) -> Result<Option<ProfileRecord>, StoreError> {
    Ok(list_profiles(tx, agency, &[user]).await?.pop())
}

/// Writes the profile of a shopper, which is not there yet if its revision is 0.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn put_profile(
    tx: &Tx,
    agency: AgencyId,
    new: &ProfileRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = profile_row(agency, new, now);
    if new.row_version == 0 {
        shopper_profile::Entity::insert(row)
            .exec_without_returning(tx.connection())
            .await
            .map_err(|error| match StoreError::from(error) {
                StoreError::AlreadyExists(_) => StoreError::Conflict("shopper profile"),
                error => error,
            })?;
        return Ok(());
    }
    let result = shopper_profile::Entity::update_many()
        .set(row)
        .filter(shopper_profile::Column::AgencyId.eq(agency.uuid()))
        .filter(shopper_profile::Column::UserId.eq(new.user.uuid()))
        .filter(shopper_profile::Column::RowVersion.eq(new.row_version))
        .exec(tx.connection())
        .await?;
    if result.rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("shopper profile"))
    }
}

pub(super) fn profile_row(
    agency: AgencyId,
    new: &ProfileRecord,
    now: Timestamp,
) -> shopper_profile::ActiveModel {
    shopper_profile::ActiveModel {
        agency_id: Set(agency.uuid()),
        user_id: Set(new.user.uuid()),
        is_active: Set(new.profile.is_active),
        is_suspended: Set(new.profile.is_suspended),
        born_on: Set(new.profile.born_on.map(|date| date.to_string())),
        languages: Set(json(&new.profile.languages)),
        qualifications: Set(json(&new.profile.qualifications)),
        qualification_ends: Set(Some(json(&new.profile.qualification_ends))),
        places: Set(json(&new.profile.places)),
        rating_tenths: Set(new.profile.rating_tenths.map(Into::into)),
        external_id: Set(new.external_id.clone()),
        updated_at: Set(now.millis()),
        row_version: Set(new.row_version + 1),
    }
}

pub(super) fn profile(row: &shopper_profile::Model) -> Result<ProfileRecord, StoreError> {
    let corrupt = |_| StoreError::Corrupt("shopper profile");
    let rating = row
        .rating_tenths
        .map(|tenths| super::unsigned(tenths.into(), "rating"));
    Ok(ProfileRecord {
        user: UserId::from_uuid(row.user_id),
        external_id: row.external_id.clone(),
        profile: Profile {
            is_active: row.is_active,
            is_suspended: row.is_suspended,
            born_on: row.born_on.as_deref().map(date).transpose()?,
            languages: serde_json::from_str(&row.languages).map_err(corrupt)?,
            qualifications: serde_json::from_str(&row.qualifications).map_err(corrupt)?,
            qualification_ends: match &row.qualification_ends {
                None => BTreeMap::new(),
                Some(ends) => serde_json::from_str(ends).map_err(corrupt)?,
            },
            places: serde_json::from_str::<Vec<OwnPlace>>(&row.places).map_err(corrupt)?,
            rating_tenths: rating.transpose()?,
        },
        row_version: row.row_version,
    })
}

/// Somebody who comes along to visits of a shopper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// Their id.
    pub id: CompanionId,
    /// With whom they come.
    pub shopper: UserId,
    /// Their name.
    pub name: String,
    /// Their own account, if they are a shopper themselves.
    pub user: Option<UserId>,
}

/// Adds a companion.
///
/// # Errors
/// The database failed.
pub async fn insert_companion(
    tx: &Tx,
    agency: AgencyId,
    new: &Companion,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = companion::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        shopper_id: Set(new.shopper.uuid()),
        name: Set(new.name.clone()),
        user_id: Set(new.user.map(UserId::uuid)),
        created_at: Set(now.millis()),
        removed_at: Set(None),
    };
    companion::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Puts a companion of a shopper on the list again, as they are named now.
///
/// # Errors
/// The database failed.
pub async fn relist_companion(tx: &Tx, agency: AgencyId, of: &Companion) -> Result<(), StoreError> {
    companion::Entity::update_many()
        .col_expr(companion::Column::Name, Expr::value(&of.name))
        .col_expr(companion::Column::UserId, Expr::value(of.user.map(UserId::uuid)))
        .col_expr(companion::Column::RemovedAt, Expr::value(None::<i64>))
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(of.shopper.uuid()))
        .filter(companion::Column::Id.eq(of.id.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The companions of a shopper, by id.
///
/// # Errors
/// The database failed.
pub async fn list_companions(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
) -> Result<Vec<Companion>, StoreError> {
    let rows = companion::Entity::find()
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(shopper.uuid()))
        .filter(companion::Column::RemovedAt.is_null())
        .order_by_asc(companion::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(companion_record).collect())
}

/// Companions by their ids, also those who were taken off their lists.
///
/// # Errors
/// The database failed.
pub async fn list_companions_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[CompanionId],
) -> Result<BTreeMap<CompanionId, Companion>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = companion::Entity::find()
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::Id.is_in(super::in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    let found = rows.into_iter().map(companion_record);
    Ok(found.map(|one| (one.id, one)).collect())
}

/// A companion of a shopper, also one who was taken off the list.
///
/// # Errors
/// The database failed.
pub async fn find_companion(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    id: CompanionId,
) -> Result<Option<Companion>, StoreError> {
    let row = companion::Entity::find_by_id(id.uuid())
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(shopper.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(companion_record))
}

/// Whether a companion is on the list of a shopper.
///
/// # Errors
/// The database failed.
pub async fn has_companion(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    id: CompanionId,
) -> Result<bool, StoreError> {
    let found = companion::Entity::find_by_id(id.uuid())
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(shopper.uuid()))
        .filter(companion::Column::RemovedAt.is_null());
    super::exists(tx, found).await
}

pub(super) fn companion_record(row: companion::Model) -> Companion {
    Companion {
        id: CompanionId::from_uuid(row.id),
        shopper: UserId::from_uuid(row.shopper_id),
        name: row.name,
        user: row.user_id.map(UserId::from_uuid),
    }
}

/// Takes a companion of a shopper off the list; says whether they were on it. Visits keep them.
///
/// # Errors
/// The database failed.
pub async fn remove_companion(
    tx: &Tx,
    agency: AgencyId,
    shopper: UserId,
    id: CompanionId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let result = companion::Entity::update_many()
        .col_expr(companion::Column::RemovedAt, Expr::value(now.millis()))
        .filter(companion::Column::Id.eq(id.uuid()))
        .filter(companion::Column::AgencyId.eq(agency.uuid()))
        .filter(companion::Column::ShopperId.eq(shopper.uuid()))
        .filter(companion::Column::RemovedAt.is_null())
        .exec(tx.connection())
        .await?;
    Ok(result.rows_affected == 1)
}
