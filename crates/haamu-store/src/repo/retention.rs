//! For how long an agency keeps what, and what is held back from being deleted.

use haamu_domain::retention::{PurgeClass, Retention};
use haamu_domain::{AgencyId, Timestamp, UserId, VisitId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::retention::{legal_hold, retention_rule};
use crate::{StoreError, Tx};

/// That nothing of a visit is deleted.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The visit.
    pub visit: VisitId,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub placed_by: UserId,
    /// When.
    pub placed_at: Timestamp,
}

/// For how many days an agency keeps each class. A class that this program does not know is left out.
///
/// # Errors
/// The database failed.
pub async fn load(tx: &Tx, agency: AgencyId) -> Result<Retention, StoreError> {
    let rows = retention_rule::Entity::find()
        .filter(retention_rule::Column::AgencyId.eq(agency.uuid()))
        .all(tx.connection())
        .await?;
    let set = rows.into_iter().filter_map(|row| {
        let class = PurgeClass::from_name(&row.class)?;
        Some((class, u32::try_from(row.days).ok()?))
    });
    Ok(Retention::of(set))
}

/// Sets for how many days classes are kept; the others stay as they are.
///
/// # Errors
/// The database failed.
pub async fn save(
    tx: &Tx,
    agency: AgencyId,
    rules: &[(PurgeClass, u32)],
    by: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if rules.is_empty() {
        return Ok(());
    }
    let rows = rules.iter().map(|(class, days)| retention_rule::ActiveModel {
        agency_id: Set(agency.uuid()),
        class: Set(class.as_str().to_owned()),
        days: Set(days.cast_signed()),
        updated_by: Set(by.uuid()),
        updated_at: Set(now.millis()),
    });
    let key = [retention_rule::Column::AgencyId, retention_rule::Column::Class];
    let replace = OnConflict::columns(key)
        .update_columns([
            retention_rule::Column::Days,
            retention_rule::Column::UpdatedBy,
            retention_rule::Column::UpdatedAt,
        ])
        .to_owned();
    retention_rule::Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Keeps anything of a visit from being deleted. A hold that is there already is given the new reason.
///
/// # Errors
/// The database failed.
pub async fn hold(tx: &Tx, agency: AgencyId, hold: &Hold) -> Result<(), StoreError> {
    let row = legal_hold::ActiveModel {
        visit_id: Set(hold.visit.uuid()),
        agency_id: Set(agency.uuid()),
        reason: Set(hold.reason.clone()),
        placed_by: Set(hold.placed_by.uuid()),
        placed_at: Set(hold.placed_at.millis()),
    };
    let replace = OnConflict::column(legal_hold::Column::VisitId)
        .update_columns([
            legal_hold::Column::Reason,
            legal_hold::Column::PlacedBy,
            legal_hold::Column::PlacedAt,
        ])
        .to_owned();
    legal_hold::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Lifts a hold. Returns false if there was none.
///
/// # Errors
/// The database failed.
pub async fn lift(tx: &Tx, agency: AgencyId, visit: VisitId) -> Result<bool, StoreError> {
    let done = legal_hold::Entity::delete_many()
        .filter(legal_hold::Column::AgencyId.eq(agency.uuid()))
        .filter(legal_hold::Column::VisitId.eq(visit.uuid()))
        .exec(tx.connection())
        .await?;
    Ok(done.rows_affected > 0)
}

/// Whether a visit is held.
///
/// # Errors
/// The database failed.
pub async fn is_held(tx: &Tx, agency: AgencyId, visit: VisitId) -> Result<bool, StoreError> {
    let select = legal_hold::Entity::find()
        .filter(legal_hold::Column::AgencyId.eq(agency.uuid()))
        .filter(legal_hold::Column::VisitId.eq(visit.uuid()));
    super::exists(tx, select).await
}
