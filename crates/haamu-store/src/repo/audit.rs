//! The audit trail.

use haamu_domain::{Actor, AgencyId, AuditEvent, AuditId, ServiceTokenId, Timestamp};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::operations::audit;
use crate::{StoreError, Tx};

/// An entry of the audit trail.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub target_kind: String,
    /// Which one.
    pub target_id: String,
    /// Who did it; none for a job.
    pub actor: Option<uuid::Uuid>,
    /// The role of who did it; none for a job.
    pub actor_role: Option<String>,
    /// The token of the integration that did it; none for a person.
    pub token: Option<ServiceTokenId>,
}

/// Adds an entry.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    id: AuditId,
    agency: AgencyId,
    actor: Option<&Actor>,
    event: &AuditEvent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = audit::ActiveModel {
        id: Set(id.uuid()),
        agency_id: Set(agency.uuid()),
        at: Set(now.millis()),
        actor_id: Set(actor.map(|actor| actor.user.uuid())),
        actor_role: Set(actor.map(|actor| actor.role.as_str().to_owned())),
        token_id: Set(actor.and_then(|actor| actor.token).map(ServiceTokenId::uuid)),
        action: Set(event.action.to_owned()),
        target_kind: Set(event.target_kind.to_owned()),
        target_id: Set(event.target_id.clone()),
        detail: Set(event.detail.to_string()),
    };
    audit::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// All entries of an agency, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, agency: AgencyId) -> Result<Vec<AuditRow>, StoreError> {
    let rows = audit::Entity::find()
        .filter(audit::Column::AgencyId.eq(agency.uuid()))
        .order_by_asc(audit::Column::Id)
        .all(tx.connection())
        .await?;
    let entry = |row: audit::Model| AuditRow {
        action: row.action,
        target_kind: row.target_kind,
        target_id: row.target_id,
        actor: row.actor_id,
        actor_role: row.actor_role,
        token: row.token_id.map(ServiceTokenId::from_uuid),
    };
    Ok(rows.into_iter().map(entry).collect())
}
