//! Documents that belong to a programme.

use haamu_domain::{AgencyId, ProgrammeId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::planning::programme_part;
use crate::{StoreError, Tx};

/// A part as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPart {
    /// Its JSON.
    pub document: String,
    /// Counts changes.
    pub revision: i64,
}

/// A part of a programme.
///
/// # Errors
/// The database failed.
pub async fn find(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    kind: &str,
) -> Result<Option<StoredPart>, StoreError> {
    let row = programme_part::Entity::find_by_id((programme.uuid(), kind.to_owned()))
        .filter(programme_part::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| StoredPart {
        document: row.document,
        revision: row.row_version,
    }))
}

/// Replaces a part, or adds it; its revision becomes `revision`.
///
/// # Errors
/// The database failed.
pub async fn put(
    tx: &Tx,
    agency: AgencyId,
    programme: ProgrammeId,
    kind: &str,
    part: &StoredPart,
    by: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = programme_part::ActiveModel {
        programme_id: Set(programme.uuid()),
        kind: Set(kind.to_owned()),
        agency_id: Set(agency.uuid()),
        document: Set(part.document.clone()),
        updated_by: Set(by.uuid()),
        updated_at: Set(now.millis()),
        row_version: Set(part.revision),
    };
    let key = [programme_part::Column::ProgrammeId, programme_part::Column::Kind];
    let replace = OnConflict::columns(key)
        .values([
            (programme_part::Column::Document, Expr::value(&part.document)),
            (programme_part::Column::UpdatedBy, Expr::value(by.uuid())),
            (programme_part::Column::UpdatedAt, Expr::value(now.millis())),
            (programme_part::Column::RowVersion, Expr::value(part.revision)),
        ])
        .to_owned();
    programme_part::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}
