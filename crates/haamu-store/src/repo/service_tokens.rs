//! Tokens of integrations.

use haamu_domain::{AgencyId, ClientOrganisationId, Role, ServiceTokenId, Timestamp, UserId, Verb, VerbSet};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::entity::access::service_token;
use crate::{StoreError, Tx};

use super::page_after;

/// A token of an integration.
#[derive(Clone, Debug)]
pub struct ServiceToken {
    /// Its id.
    pub id: ServiceTokenId,
    /// The agency that it works for.
    pub agency: AgencyId,
    /// The account that stands for it.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// As what it acts.
    pub role: Role,
    /// The client organisation that it sees nothing beyond.
    pub client_organisation: Option<ClientOrganisationId>,
    /// What it may do.
    pub scopes: VerbSet,
    /// Who made it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was used last, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Adds a token.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, new: &ServiceToken, hash: &[u8]) -> Result<(), StoreError> {
    let scopes: Vec<&str> = new.scopes.iter().map(Verb::as_str).collect();
    let row = service_token::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(new.agency.uuid()),
        user_id: Set(new.user.uuid()),
        name: Set(new.name.clone()),
        role: Set(new.role.as_str().to_owned()),
        client_organisation_id: Set(new.client_organisation.map(ClientOrganisationId::uuid)),
        scopes: Set(serde_json::Value::from(scopes).to_string()),
        secret_hash: Set(hash.to_vec()),
        created_by: Set(new.created_by.uuid()),
        created_at: Set(new.created_at.millis()),
        expires_at: Set(new.expires_at.millis()),
        last_used_at: Set(None),
        revoked_at: Set(None),
    };
    service_token::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// The token with this hash.
///
/// # Errors
/// The database failed.
pub async fn find_by_hash(tx: &Tx, hash: &[u8]) -> Result<Option<ServiceToken>, StoreError> {
    let row = service_token::Entity::find()
        .filter(service_token::Column::SecretHash.eq(hash.to_vec()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A token of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: ServiceTokenId) -> Result<Option<ServiceToken>, StoreError> {
    let row = service_token::Entity::find_by_id(id.uuid())
        .filter(service_token::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Notes that a token was used.
///
/// # Errors
/// The database failed.
pub async fn note_use(tx: &Tx, id: ServiceTokenId, now: Timestamp) -> Result<(), StoreError> {
    let row = service_token::ActiveModel {
        id: Set(id.uuid()),
        last_used_at: Set(Some(now.millis())),
        ..Default::default()
    };
    service_token::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Revokes a token.
///
/// # Errors
/// The database failed.
pub async fn revoke(tx: &Tx, id: ServiceTokenId, now: Timestamp) -> Result<(), StoreError> {
    let row = service_token::ActiveModel {
        id: Set(id.uuid()),
        revoked_at: Set(Some(now.millis())),
        ..Default::default()
    };
    service_token::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Tokens of an agency after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<ServiceToken>, bool), StoreError> {
    let select = service_token::Entity::find().filter(service_token::Column::AgencyId.eq(agency.uuid()));
    let (rows, has_more) = page_after(tx, select, service_token::Column::Id, after, limit).await?;
    let found = rows.into_iter().map(record).collect::<Result<_, _>>()?;
    Ok((found, has_more))
}

fn record(row: service_token::Model) -> Result<ServiceToken, StoreError> {
    let scopes: Vec<String> = serde_json::from_str(&row.scopes).map_err(|_| StoreError::Corrupt("scopes"))?;
    Ok(ServiceToken {
        id: ServiceTokenId::from_uuid(row.id),
        agency: AgencyId::from_uuid(row.agency_id),
        user: UserId::from_uuid(row.user_id),
        name: row.name,
        role: Role::from_name(&row.role).ok_or(StoreError::Corrupt("role"))?,
        client_organisation: row.client_organisation_id.map(ClientOrganisationId::from_uuid),
        // A verb that is gone is no scope any more.
        scopes: scopes.iter().filter_map(|name| Verb::from_name(name)).collect(),
        created_by: UserId::from_uuid(row.created_by),
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        last_used_at: row.last_used_at.map(Timestamp::from_millis),
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
    })
}
