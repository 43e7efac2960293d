//! What an agency asks of those who sign in.

use haamu_domain::{AgencyId, Role, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::entity::access::agency_security;
use crate::{StoreError, Tx};

/// The roles that need a second factor.
///
/// # Errors
/// The database failed.
pub async fn load_second_factor_roles(tx: &Tx, agency: AgencyId) -> Result<Vec<Role>, StoreError> {
    let row = agency_security::Entity::find_by_id(agency.uuid())
        .one(tx.connection())
        .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    serde_json::from_str(&row.second_factor_roles).map_err(|_| StoreError::Corrupt("roles"))
}

/// Sets the roles that need a second factor.
///
/// # Errors
/// The database failed.
pub async fn set_second_factor_roles(
    tx: &Tx,
    agency: AgencyId,
    roles: &[Role],
    now: Timestamp,
) -> Result<(), StoreError> {
    let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let row = agency_security::ActiveModel {
        agency_id: Set(agency.uuid()),
        second_factor_roles: Set(serde_json::Value::from(names).to_string()),
        updated_at: Set(now.millis()),
    };
    let replace = OnConflict::column(agency_security::Column::AgencyId)
        .update_columns([
            agency_security::Column::SecondFactorRoles,
            agency_security::Column::UpdatedAt,
        ])
        .to_owned();
    agency_security::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}
