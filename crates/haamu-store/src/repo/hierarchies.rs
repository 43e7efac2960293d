//! Trees over the locations of a client organisation.

use haamu_domain::hierarchy::{Hierarchy, PlaceSpan, Span, UnitSpan};
use haamu_domain::{
    AgencyId, ClientOrganisationId, HierarchyId, LocalDate, LocationId, Timestamp, UnitId, UserId,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::tenancy::{hierarchy, member_unit, unit, unit_location, unit_span};
use crate::{StoreError, Tx};

use super::programmes::date;

/// One of the trees of a client organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HierarchyRecord {
    /// Its id.
    pub id: HierarchyId,
    /// Whose it is.
    pub client_organisation: ClientOrganisationId,
    /// What it is by: `District`, `Brand`.
    pub name: String,
    /// Counts changes of its name.
    pub row_version: i64,
}

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its tree.
    pub hierarchy: HierarchyId,
    /// Its name.
    pub name: String,
    /// The client's own key for it.
    pub external_id: Option<String>,
}

/// Adds a tree.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the client organisation has one of this name.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &HierarchyRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = hierarchy::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        client_organisation_id: Set(new.client_organisation.uuid()),
        name: Set(new.name.clone()),
        created_at: Set(now.millis()),
        row_version: Set(new.row_version),
    };
    hierarchy::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A tree of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: HierarchyId) -> Result<Option<HierarchyRecord>, StoreError> {
    let row = hierarchy::Entity::find_by_id(id.uuid())
        .filter(hierarchy::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(record))
}

/// A tree of the agency, locked: its history is changed by one at a time.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: HierarchyId) -> Result<Option<HierarchyRecord>, StoreError> {
    let row = hierarchy::Entity::find_by_id(id.uuid())
        .filter(hierarchy::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    Ok(row.map(record))
}

/// The trees of a client organisation, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    client: ClientOrganisationId,
) -> Result<Vec<HierarchyRecord>, StoreError> {
    let rows = hierarchy::Entity::find()
        .filter(hierarchy::Column::AgencyId.eq(agency.uuid()))
        .filter(hierarchy::Column::ClientOrganisationId.eq(client.uuid()))
        .order_by_asc(hierarchy::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(record).collect())
}

fn record(row: hierarchy::Model) -> HierarchyRecord {
    HierarchyRecord {
        id: HierarchyId::from_uuid(row.id),
        client_organisation: ClientOrganisationId::from_uuid(row.client_organisation_id),
        name: row.name,
        row_version: row.row_version,
    }
}

/// Renames a tree that was locked in this transaction, and counts the change.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the client organisation has another one of this name.
pub async fn rename(tx: &Tx, changed: &HierarchyRecord) -> Result<(), StoreError> {
    let row = hierarchy::ActiveModel {
        id: Set(changed.id.uuid()),
        name: Set(changed.name.clone()),
        row_version: Set(changed.row_version + 1),
        ..Default::default()
    };
    hierarchy::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Adds a unit, which hangs nowhere yet.
///
/// # Errors
/// [`StoreError::AlreadyExists`] if the tree has one with this external id.
pub async fn insert_unit(tx: &Tx, agency: AgencyId, new: &Unit, now: Timestamp) -> Result<(), StoreError> {
    let row = unit::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        hierarchy_id: Set(new.hierarchy.uuid()),
        name: Set(new.name.clone()),
        external_id: Set(new.external_id.clone()),
        created_at: Set(now.millis()),
    };
    unit::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Gives a unit another name.
///
/// # Errors
/// The database failed.
pub async fn rename_unit(tx: &Tx, id: UnitId, name: &str) -> Result<(), StoreError> {
    let row = unit::ActiveModel {
        id: Set(id.uuid()),
        name: Set(name.to_owned()),
        ..Default::default()
    };
    unit::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// A unit of the agency.
///
/// # Errors
/// The database failed.
pub async fn find_unit(tx: &Tx, agency: AgencyId, id: UnitId) -> Result<Option<Unit>, StoreError> {
    let row = unit::Entity::find_by_id(id.uuid())
        .filter(unit::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    Ok(row.map(unit_record))
}

/// The units of a tree, by id.
///
/// # Errors
/// The database failed.
pub async fn list_units(tx: &Tx, agency: AgencyId, of: HierarchyId) -> Result<Vec<Unit>, StoreError> {
    let rows = unit::Entity::find()
        .filter(unit::Column::AgencyId.eq(agency.uuid()))
        .filter(unit::Column::HierarchyId.eq(of.uuid()))
        .order_by_asc(unit::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(unit_record).collect())
}

fn unit_record(row: unit::Model) -> Unit {
    Unit {
        id: UnitId::from_uuid(row.id),
        hierarchy: HierarchyId::from_uuid(row.hierarchy_id),
        name: row.name,
        external_id: row.external_id,
    }
}

/// A tree with all its history.
///
/// # Errors
/// The database failed.
pub async fn load_history(tx: &Tx, agency: AgencyId, of: HierarchyId) -> Result<Hierarchy, StoreError> {
    let units = unit_span::Entity::find()
        .filter(unit_span::Column::AgencyId.eq(agency.uuid()))
        .filter(unit_span::Column::HierarchyId.eq(of.uuid()))
        .all(tx.connection())
        .await?;
    let units = units.into_iter().map(|row| {
        Ok(UnitSpan {
            unit: UnitId::from_uuid(row.unit_id),
            parent: row.parent_id.map(UnitId::from_uuid),
            span: span(&row.valid_from, row.valid_until.as_deref())?,
        })
    });
    let places = unit_location::Entity::find()
        .filter(unit_location::Column::AgencyId.eq(agency.uuid()))
        .filter(unit_location::Column::HierarchyId.eq(of.uuid()))
        .all(tx.connection())
        .await?;
    let places = places.into_iter().map(|row| {
        Ok(PlaceSpan {
            location: LocationId::from_uuid(row.location_id),
            unit: UnitId::from_uuid(row.unit_id),
            span: span(&row.valid_from, row.valid_until.as_deref())?,
        })
    });
    Ok(Hierarchy {
        units: units.collect::<Result<_, StoreError>>()?,
        places: places.collect::<Result<_, StoreError>>()?,
    })
}

fn span(from: &str, until: Option<&str>) -> Result<Span, StoreError> {
    Ok(Span {
        from: date(from)?,
        until: until.map(date).transpose()?,
    })
}

/// Lets a unit hang below a parent from a day on; what held before ends on that day, and what was to come does not.
///
/// # Errors
/// The database failed.
pub async fn hang_unit(
    tx: &Tx,
    agency: AgencyId,
    unit: &Unit,
    parent: Option<UnitId>,
    from: LocalDate,
) -> Result<(), StoreError> {
    let day = from.to_string();
    unit_span::Entity::delete_many()
        .filter(unit_span::Column::AgencyId.eq(agency.uuid()))
        .filter(unit_span::Column::UnitId.eq(unit.id.uuid()))
        .filter(unit_span::Column::ValidFrom.gte(&day))
        .exec(tx.connection())
        .await?;
    unit_span::Entity::update_many()
        .col_expr(unit_span::Column::ValidUntil, Expr::value(&day))
        .filter(unit_span::Column::AgencyId.eq(agency.uuid()))
        .filter(unit_span::Column::UnitId.eq(unit.id.uuid()))
        .filter(unit_span::Column::ValidFrom.lt(&day))
        .filter(
            sea_orm::Condition::any()
                .add(unit_span::Column::ValidUntil.is_null())
                .add(unit_span::Column::ValidUntil.gt(&day)),
        )
        .exec(tx.connection())
        .await?;
    let row = unit_span::ActiveModel {
        unit_id: Set(unit.id.uuid()),
        valid_from: Set(day),
        agency_id: Set(agency.uuid()),
        hierarchy_id: Set(unit.hierarchy.uuid()),
        parent_id: Set(parent.map(UnitId::uuid)),
        valid_until: Set(None),
    };
    unit_span::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Lets locations belong to a unit of a tree from a day on, or to none of it; what held before ends on that day.
///
/// # Errors
/// The database failed.
pub async fn place_locations(
    tx: &Tx,
    agency: AgencyId,
    hierarchy: HierarchyId,
    unit: Option<UnitId>,
    locations: &[LocationId],
    from: LocalDate,
) -> Result<(), StoreError> {
    let day = from.to_string();
    let ids: Vec<Uuid> = locations.iter().map(|location| location.uuid()).collect();
    for ids in ids.chunks(500) {
        let those = || {
            sea_orm::Condition::all()
                .add(unit_location::Column::AgencyId.eq(agency.uuid()))
                .add(unit_location::Column::HierarchyId.eq(hierarchy.uuid()))
                .add(unit_location::Column::LocationId.is_in(ids.iter().copied()))
        };
        unit_location::Entity::delete_many()
            .filter(those())
            .filter(unit_location::Column::ValidFrom.gte(&day))
            .exec(tx.connection())
            .await?;
        unit_location::Entity::update_many()
            .col_expr(unit_location::Column::ValidUntil, Expr::value(&day))
            .filter(those())
            .filter(
                sea_orm::Condition::any()
                    .add(unit_location::Column::ValidUntil.is_null())
                    .add(unit_location::Column::ValidUntil.gt(&day)),
            )
            .exec(tx.connection())
            .await?;
        let Some(unit) = unit else { continue };
        let rows = ids.iter().map(|location| unit_location::ActiveModel {
            hierarchy_id: Set(hierarchy.uuid()),
            location_id: Set(*location),
            valid_from: Set(day.clone()),
            agency_id: Set(agency.uuid()),
            unit_id: Set(unit.uuid()),
            valid_until: Set(None),
        });
        unit_location::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// The units that a client's person is responsible for; none: for all of the client organisation.
///
/// # Errors
/// The database failed.
pub async fn list_member_units(tx: &Tx, agency: AgencyId, user: UserId) -> Result<Vec<Unit>, StoreError> {
    let ids: Vec<Uuid> = member_unit::Entity::find()
        .select_only()
        .column(member_unit::Column::UnitId)
        .filter(member_unit::Column::AgencyId.eq(agency.uuid()))
        .filter(member_unit::Column::UserId.eq(user.uuid()))
        .into_tuple()
        .all(tx.connection())
        .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = unit::Entity::find()
        .filter(unit::Column::AgencyId.eq(agency.uuid()))
        .filter(unit::Column::Id.is_in(ids))
        .order_by_asc(unit::Column::Id)
        .all(tx.connection())
        .await?;
    Ok(rows.into_iter().map(unit_record).collect())
}

/// Makes a client's person responsible for these units, and for no others.
///
/// # Errors
/// The database failed.
pub async fn set_member_units(
    tx: &Tx,
    agency: AgencyId,
    user: UserId,
    units: &[UnitId],
) -> Result<(), StoreError> {
    member_unit::Entity::delete_many()
        .filter(member_unit::Column::AgencyId.eq(agency.uuid()))
        .filter(member_unit::Column::UserId.eq(user.uuid()))
        .exec(tx.connection())
        .await?;
    let rows: Vec<_> = units
        .iter()
        .map(|unit| member_unit::ActiveModel {
            agency_id: Set(agency.uuid()),
            user_id: Set(user.uuid()),
            unit_id: Set(unit.uuid()),
        })
        .collect();
    if !rows.is_empty() {
        member_unit::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}
