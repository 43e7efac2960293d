//! What imports look for and write, many rows at a time.

use haamu_domain::{AgencyId, ClientOrganisationId, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::filling::{companion, shopper_profile};
use crate::entity::identity::{membership, user_account};
use crate::entity::programmes::location;
use crate::{StoreError, Tx};

use super::clients::{Location, place};
use super::identity::{Membership, User, member, member_row, user, user_row};
use super::panel::{Companion, ProfileRecord, companion_record, profile, profile_row};
use super::{MAX_IDS, ROWS_AT_ONCE};

/// The accounts of people.
///
/// # Errors
/// The database failed.
pub async fn list_users(tx: &Tx, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
    let mut found = Vec::new();
    for ids in ids.chunks(MAX_IDS) {
        let ids = ids.iter().map(|id| id.uuid());
        let select = user_account::Entity::find().filter(user_account::Column::Id.is_in(ids));
        found.extend(select.all(tx.connection()).await?.into_iter().map(user));
    }
    Ok(found)
}

/// The accounts of e-mail addresses in lower case, whatever agency they are of.
///
/// # Errors
/// The database failed.
pub async fn list_users_by_email(tx: &Tx, emails: &[&str]) -> Result<Vec<User>, StoreError> {
    let mut found = Vec::new();
    for emails in emails.chunks(MAX_IDS) {
        let emails = emails.iter().copied();
        let select = user_account::Entity::find().filter(user_account::Column::Email.is_in(emails));
        found.extend(select.all(tx.connection()).await?.into_iter().map(user));
    }
    Ok(found)
}

/// What people are in the agency, of those who are anything.
///
/// # Errors
/// The database failed.
pub async fn list_members(
    tx: &Tx,
    agency: AgencyId,
    users: &[UserId],
) -> Result<Vec<Membership>, StoreError> {
    let mut found = Vec::new();
    for users in users.chunks(MAX_IDS) {
        let rows = membership::Entity::find()
            .filter(membership::Column::AgencyId.eq(agency.uuid()))
            .filter(membership::Column::UserId.is_in(users.iter().map(|user| user.uuid())))
            .all(tx.connection())
            .await?;
        for row in &rows {
            found.push(member(row)?);
        }
    }
    Ok(found)
}

/// Adds accounts.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if an e-mail address has one.
pub async fn insert_users(tx: &Tx, all: &[User], now: Timestamp) -> Result<(), StoreError> {
    for some in all.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|new| user_row(new, now));
        user_account::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Makes people members of agencies.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if they are.
pub async fn insert_members(tx: &Tx, all: &[Membership], now: Timestamp) -> Result<(), StoreError> {
    for some in all.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|new| member_row(new, now));
        membership::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Gives an account that nobody has made theirs another address, name and language.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the address has an account, [`StoreError::Conflict`] if somebody has made this one
/// theirs since it was read.
pub async fn update_unclaimed(tx: &Tx, changed: &User) -> Result<(), StoreError> {
    let done = user_account::Entity::update_many()
        .col_expr(user_account::Column::Email, Expr::value(changed.email.as_str()))
        .col_expr(
            user_account::Column::DisplayName,
            Expr::value(changed.display_name.as_str()),
        )
        .col_expr(
            user_account::Column::Language,
            Expr::value(changed.language.map(|language| language.tag().to_owned())),
        )
        .filter(user_account::Column::Id.eq(changed.id.uuid()))
        .filter(user_account::Column::PasswordHash.eq(""))
        .filter(user_account::Column::EmailVerifiedAt.is_null())
        .exec(tx.connection())
        .await?;
    match done.rows_affected {
        0 => Err(StoreError::Conflict("user")),
        _ => Ok(()),
    }
}

/// The profiles that the agency has by its own keys.
///
/// # Errors
/// The database failed.
pub async fn list_profiles_by_external_id(
    tx: &Tx,
    agency: AgencyId,
    keys: &[&str],
) -> Result<Vec<ProfileRecord>, StoreError> {
    let mut found = Vec::new();
    for keys in keys.chunks(MAX_IDS) {
        let rows = shopper_profile::Entity::find()
            .filter(shopper_profile::Column::AgencyId.eq(agency.uuid()))
            .filter(shopper_profile::Column::ExternalId.is_in(keys.iter().copied()))
            .all(tx.connection())
            .await?;
        for row in &rows {
            found.push(profile(row)?);
        }
    }
    Ok(found)
}

/// Adds profiles of shoppers who have none.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if they have one, or its key is taken.
pub async fn insert_profiles(
    tx: &Tx,
    agency: AgencyId,
    all: &[ProfileRecord],
    now: Timestamp,
) -> Result<(), StoreError> {
    for some in all.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|new| profile_row(agency, new, now));
        shopper_profile::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Everybody who came along with these shoppers, those too who are off the list.
///
/// # Errors
/// The database failed.
pub async fn list_companions(
    tx: &Tx,
    agency: AgencyId,
    shoppers: &[UserId],
) -> Result<Vec<Companion>, StoreError> {
    let mut found = Vec::new();
    for shoppers in shoppers.chunks(MAX_IDS) {
        let rows = companion::Entity::find()
            .filter(companion::Column::AgencyId.eq(agency.uuid()))
            .filter(companion::Column::ShopperId.is_in(shoppers.iter().map(|user| user.uuid())))
            .all(tx.connection())
            .await?;
        found.extend(rows.into_iter().map(companion_record));
    }
    Ok(found)
}

/// The locations that a client organisation has by its own keys.
///
/// # Errors
/// The database failed.
pub async fn list_locations_by_external_id(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
    keys: &[&str],
) -> Result<Vec<Location>, StoreError> {
    let mut found = Vec::new();
    for keys in keys.chunks(MAX_IDS) {
        let rows = location::Entity::find()
            .filter(location::Column::AgencyId.eq(agency.uuid()))
            .filter(location::Column::ClientOrganisationId.eq(client.uuid()))
            .filter(location::Column::ExternalId.is_in(keys.iter().copied()))
            .all(tx.connection())
            .await?;
        for row in rows {
            found.push(place(row)?);
        }
    }
    Ok(found)
}
