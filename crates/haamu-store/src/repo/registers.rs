//! The registers of submissions: what each place holds.

use std::collections::BTreeMap;

use haamu_domain::{AgencyId, SubmissionId, binding};
use haamu_sync::{Cell, Lane, OpId, RegisterKey, cbor};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::submissions::register;
use crate::{StoreError, Tx};

use super::{ROWS_AT_ONCE, in_list};

/// The content of one submission.
#[derive(Clone, Debug, Default)]
pub struct Content {
    /// By register.
    pub cells: Vec<(RegisterKey, Cell)>,
    /// How much room it takes, in bytes.
    pub bytes: usize,
}

/// All registers of submissions.
///
/// # Errors
/// A cell cannot be read, or the database failed.
pub async fn list_of(
    tx: &Tx,
    agency: AgencyId,
    ids: &[SubmissionId],
) -> Result<BTreeMap<SubmissionId, Content>, StoreError> {
    let mut found: BTreeMap<SubmissionId, Content> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let rows = register::Entity::find()
        .filter(register::Column::AgencyId.eq(agency.uuid()))
        .filter(register::Column::SubmissionId.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .order_by_asc(register::Column::Register)
        .all(tx.connection())
        .await?;
    for row in rows {
        let id = SubmissionId::from_uuid(row.submission_id);
        let content = found.entry(id).or_default();
        content.bytes += row.cell.len() + row.register.len() + row.instance.len();
        content.cells.push(record(row)?);
    }
    Ok(found)
}

/// Saves registers, each of them once.
///
/// # Errors
/// The database failed.
pub async fn save_many(
    tx: &Tx,
    agency: AgencyId,
    cells: &[(SubmissionId, &RegisterKey, &Cell)],
) -> Result<(), StoreError> {
    let key = [
        register::Column::SubmissionId,
        register::Column::Lane,
        register::Column::Register,
        register::Column::Instance,
    ];
    let replace = OnConflict::columns(key)
        .update_columns([
            register::Column::WinnerOp,
            register::Column::Value,
            register::Column::Effective,
            register::Column::Conflict,
            register::Column::Cell,
        ])
        .to_owned();
    for some in cells.chunks(ROWS_AT_ONCE) {
        let rows = some.iter().map(|(id, key, cell)| row(agency, *id, key, cell));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        register::Entity::insert_many(rows)
            .on_conflict(replace.clone())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

fn row(
    agency: AgencyId,
    id: SubmissionId,
    key: &RegisterKey,
    cell: &Cell,
) -> Result<register::ActiveModel, StoreError> {
    let winner = cell.register.winner();
    let value = winner
        .and_then(|head| head.value.as_ref())
        .filter(|value| value.tag == binding::TAG_JSON);
    Ok(register::ActiveModel {
        submission_id: Set(id.uuid()),
        lane: Set(lane_name(key.lane).to_owned()),
        register: Set(key.register.to_string()),
        instance: Set(key.instance.iter().flat_map(|id| *id.as_bytes()).collect()),
        agency_id: Set(agency.uuid()),
        winner_op: Set(winner.map(|head| head.op.as_bytes().to_vec())),
        value: Set(value.and_then(|value| readable(&value.bytes.0))),
        effective: Set(winner.map_or(0, |head| head.effective.bits().cast_signed())),
        conflict: Set(cell.register.is_in_conflict()),
        stale: Set(false),
        cell: Set(cbor::to_vec(cell)),
    })
}

/// Notes whether testimony has changed since the reviewer's value of one register was set.
///
/// # Errors
/// The database failed.
pub async fn set_stale(
    tx: &Tx,
    agency: AgencyId,
    id: SubmissionId,
    key: &RegisterKey,
    is_stale: bool,
) -> Result<(), StoreError> {
    let instance: Vec<u8> = key.instance.iter().flat_map(|id| *id.as_bytes()).collect();
    register::Entity::update_many()
        .col_expr(register::Column::Stale, Expr::value(is_stale))
        .filter(register::Column::AgencyId.eq(agency.uuid()))
        .filter(register::Column::SubmissionId.eq(id.uuid()))
        .filter(register::Column::Lane.eq(lane_name(Lane::Review)))
        .filter(register::Column::Register.eq(key.register.as_str()))
        .filter(register::Column::Instance.eq(instance))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// The name of a lane in the schema.
pub(super) const fn lane_name(lane: Lane) -> &'static str {
    match lane {
        Lane::Shopper => "shopper",
        Lane::Review => "review",
    }
}

fn record(row: register::Model) -> Result<(RegisterKey, Cell), StoreError> {
    let lane = match row.lane.as_str() {
        "shopper" => Lane::Shopper,
        "review" => Lane::Review,
        _ => return Err(StoreError::Corrupt("lane")),
    };
    let instance = row
        .instance
        .chunks(OpId::LENGTH)
        .map(OpId::from_slice)
        .collect::<Option<_>>();
    let instance = instance.ok_or(StoreError::Corrupt("register instance"))?;
    let cell = cbor::from_slice(&row.cell).map_err(|_| StoreError::Corrupt("register cell"))?;
    let key = RegisterKey {
        lane,
        register: row.register.into(),
        instance,
    };
    Ok((key, cell))
}

/// The text of bytes, for people who read the table; none where a database could not hold it.
fn readable(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}
