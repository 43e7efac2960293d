//! The audit trail.

use haamu_domain::{Actor, AgencyId, AuditEvent, AuditId, ServiceTokenId, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::operations::audit;
use crate::{StoreError, Tx};

use super::page_before;

/// By how much the moment in an entry's id and the moment of the entry may differ: an id is made in the same
/// transaction.
const SLACK_SECONDS: i64 = 600;

/// An entry of the audit trail.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its id.
    pub id: AuditId,
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// The kind of thing it was done to.
    pub target_kind: String,
    /// Which one.
    pub target_id: String,
    /// Who did it; none for a job.
    pub actor: Option<Uuid>,
    /// The role of who did it; none for a job.
    pub actor_role: Option<String>,
    /// The token of the integration that did it; none for a person.
    pub token: Option<ServiceTokenId>,
    /// What else is known of it, as JSON.
    pub detail: String,
}

/// Which entries are asked for.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Those of this person, or of the account that stands for an integration.
    pub actor: Option<UserId>,
    /// Those of this action.
    pub action: Option<String>,
    /// Those about this thing, by its kind and id.
    pub target: Option<(String, String)>,
    /// Those of this moment and later ones.
    pub from: Option<Timestamp>,
    /// Those before this moment.
    pub to: Option<Timestamp>,
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
    Ok(rows.into_iter().map(entry).collect())
}

/// Entries of an agency before one, the newest first.
///
/// # Errors
/// The database failed.
pub async fn page(
    tx: &Tx,
    agency: AgencyId,
    filter: &AuditFilter,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<AuditRow>, bool), StoreError> {
    let mut wanted = Condition::all().add(audit::Column::AgencyId.eq(agency.uuid()));
    if let Some(actor) = filter.actor {
        wanted = wanted.add(audit::Column::ActorId.eq(actor.uuid()));
    }
    if let Some(action) = &filter.action {
        wanted = wanted.add(audit::Column::Action.eq(action.as_str()));
    }
    if let Some((kind, id)) = &filter.target {
        wanted = wanted
            .add(audit::Column::TargetKind.eq(kind.as_str()))
            .add(audit::Column::TargetId.eq(id.as_str()));
    }
    // The ids sort by time, and by them the entries are sought; what is at the edges the moments themselves tell.
    if let Some(from) = filter.from {
        let first = id_at(from.plus_seconds(-SLACK_SECONDS));
        wanted = wanted
            .add(audit::Column::Id.gte(first))
            .add(audit::Column::At.gte(from.millis()));
    }
    if let Some(to) = filter.to {
        let last = id_at(to.plus_seconds(SLACK_SECONDS));
        wanted = wanted
            .add(audit::Column::Id.lt(last))
            .add(audit::Column::At.lt(to.millis()));
    }
    let select = audit::Entity::find().filter(wanted);
    let (rows, has_more) = page_before(tx, select, audit::Column::Id, before, limit).await?;
    Ok((rows.into_iter().map(entry).collect(), has_more))
}

/// The least id of a moment.
fn id_at(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

fn entry(row: audit::Model) -> AuditRow {
    AuditRow {
        id: AuditId::from_uuid(row.id),
        at: Timestamp::from_millis(row.at),
        action: row.action,
        target_kind: row.target_kind,
        target_id: row.target_id,
        actor: row.actor_id,
        actor_role: row.actor_role,
        token: row.token_id.map(ServiceTokenId::from_uuid),
        detail: row.detail,
    }
}
