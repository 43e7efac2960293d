//! Scenarios of programmes.

use std::collections::BTreeMap;

use haamu_domain::scenario::{Ethics, Scenario};
use haamu_domain::{AgencyId, ProgrammeId, ScenarioBrief, ScenarioId, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::planning::scenario;
use crate::{StoreError, Tx};

/// A scenario of a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioRecord {
    /// Its id.
    pub id: ScenarioId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Its name.
    pub name: String,
    /// What is done.
    pub scenario: Scenario,
    /// What was ticked for it.
    pub ethics: Ethics,
    /// Who ticked last, and when.
    pub ethics_by: Option<(UserId, Timestamp)>,
    /// When it was taken out of use.
    pub retired_at: Option<Timestamp>,
    /// Counts changes; a save with an older one fails.
    pub row_version: i64,
}

impl ScenarioRecord {
    /// This revision of it, as its shopper sees it.
    #[must_use]
    pub fn brief(&self) -> ScenarioBrief {
        ScenarioBrief::of(self.id, self.row_version, &self.name, &self.scenario)
    }
}

fn json(of: &impl serde::Serialize) -> String {
    serde_json::to_string(of).expect("these hold nothing that JSON cannot")
}

/// Adds a scenario.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &ScenarioRecord,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = scenario::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        programme_id: Set(new.programme.uuid()),
        name: Set(new.name.clone()),
        document: Set(json(&new.scenario)),
        ethics: Set(json(&new.ethics)),
        ethics_by: Set(None),
        ethics_at: Set(None),
        retired_at: Set(None),
        created_at: Set(now.millis()),
        row_version: Set(1),
    };
    scenario::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A scenario of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: ScenarioId) -> Result<Option<ScenarioRecord>, StoreError> {
    let row = scenario::Entity::find_by_id(id.uuid())
        .filter(scenario::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The scenario with this id.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: ScenarioId) -> Result<Option<ScenarioRecord>, StoreError> {
    let row = scenario::Entity::find_by_id(id.uuid())
        .filter(scenario::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// The scenarios of a programme, by id.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<Vec<ScenarioRecord>, StoreError> {
    let rows = scenario::Entity::find()
        .filter(scenario::Column::AgencyId.eq(agency.uuid()))
        .filter(scenario::Column::ProgrammeId.eq(of.uuid()))
        .order_by_asc(scenario::Column::Id)
        .all(tx.connection())
        .await?;
    rows.into_iter().map(record).collect()
}

/// Scenarios of the agency, by id.
///
/// # Errors
/// The database failed.
pub async fn list_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[ScenarioId],
) -> Result<BTreeMap<ScenarioId, ScenarioRecord>, StoreError> {
    let mut found = BTreeMap::new();
    for ids in ids.chunks(super::MAX_IDS) {
        let rows = scenario::Entity::find()
            .filter(scenario::Column::AgencyId.eq(agency.uuid()))
            .filter(scenario::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
            .all(tx.connection())
            .await?;
        for row in rows {
            let scenario = record(row)?;
            found.insert(scenario.id, scenario);
        }
    }
    Ok(found)
}

/// Saves a scenario that was loaded in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since it was loaded.
pub async fn update(tx: &Tx, changed: &ScenarioRecord) -> Result<(), StoreError> {
    let by = changed.ethics_by.map(|(by, _)| by.uuid());
    let at = changed.ethics_by.map(|(_, at)| at.millis());
    let result = scenario::Entity::update_many()
        .col_expr(scenario::Column::Name, Expr::value(&changed.name))
        .col_expr(scenario::Column::Document, Expr::value(json(&changed.scenario)))
        .col_expr(scenario::Column::Ethics, Expr::value(json(&changed.ethics)))
        .col_expr(scenario::Column::EthicsBy, Expr::value(by))
        .col_expr(scenario::Column::EthicsAt, Expr::value(at))
        .col_expr(
            scenario::Column::RetiredAt,
            Expr::value(changed.retired_at.map(Timestamp::millis)),
        )
        .col_expr(scenario::Column::RowVersion, Expr::value(changed.row_version + 1))
        .filter(scenario::Column::Id.eq(changed.id.uuid()))
        .filter(scenario::Column::RowVersion.eq(changed.row_version))
        .exec(tx.connection())
        .await?;
    if result.rows_affected == 0 {
        return Err(StoreError::Conflict("scenario"));
    }
    Ok(())
}

fn record(row: scenario::Model) -> Result<ScenarioRecord, StoreError> {
    let corrupt = |_| StoreError::Corrupt("scenario");
    let ethics_by = row
        .ethics_by
        .map(UserId::from_uuid)
        .zip(row.ethics_at.map(Timestamp::from_millis));
    Ok(ScenarioRecord {
        id: ScenarioId::from_uuid(row.id),
        programme: ProgrammeId::from_uuid(row.programme_id),
        name: row.name,
        scenario: serde_json::from_str(&row.document).map_err(corrupt)?,
        ethics: serde_json::from_str(&row.ethics).map_err(corrupt)?,
        ethics_by,
        retired_at: row.retired_at.map(Timestamp::from_millis),
        row_version: row.row_version,
    })
}
