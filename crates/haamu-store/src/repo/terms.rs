//! On what terms visits were offered, asked for, taken and given up.

use std::collections::BTreeMap;

use haamu_domain::filling::{EndReason, Origin};
use haamu_domain::{AgencyId, AssignmentId, CompanionId, FeesBrief, LocalDate, ScenarioBrief, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entity::filling::assignment_term;
use crate::{StoreError, Tx};

use super::programmes::date;

/// The terms of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The assignment.
    pub assignment: AssignmentId,
    /// How it came about.
    pub origin: Origin,
    /// The day on which the visit is to be, or on which it counts as long as nobody has named one.
    pub due_on: Option<LocalDate>,
    /// Whether anybody named that day.
    pub is_day_named: bool,
    /// Until when the shopper has to answer.
    pub respond_by: Option<Timestamp>,
    /// When the shopper declared that they have no tie to the place.
    pub independent_at: Option<Timestamp>,
    /// Who comes along.
    pub companion: Option<CompanionId>,
    /// What is to be done there, as it was when the visit was offered.
    pub scenario: Option<ScenarioBrief>,
    /// What is paid, as it was promised with the offer.
    pub fees: Option<FeesBrief>,
    /// For which last day of the visit the shopper was reminded of it, or needed no reminder.
    pub reminded_for: Option<LocalDate>,
    /// Why it ended, when, and in whose words.
    pub end: Option<End>,
}

impl Terms {
    /// The day that somebody named.
    #[must_use]
    pub fn agreed_day(&self) -> Option<LocalDate> {
        self.due_on.filter(|_| self.is_day_named)
    }
}

/// How an assignment ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub reason: EndReason,
    /// In the words of whoever ended it.
    pub detail: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The terms of assignments, of those that have any.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    assignments: &[AssignmentId],
) -> Result<BTreeMap<AssignmentId, Terms>, StoreError> {
    let mut found = BTreeMap::new();
    for assignments in assignments.chunks(super::MAX_IDS) {
        let rows = assignment_term::Entity::find()
            .filter(assignment_term::Column::AgencyId.eq(agency.uuid()))
            .filter(assignment_term::Column::AssignmentId.is_in(assignments.iter().map(|id| id.uuid())))
            .all(tx.connection())
            .await?;
        for row in rows {
            found.insert(AssignmentId::from_uuid(row.assignment_id), record(row)?);
        }
    }
    Ok(found)
}

/// The terms of an assignment; those of one that is older than terms are a coordinator's, without any date.
///
/// # Errors
/// The database failed.
pub async fn load(tx: &Tx, agency: AgencyId, id: AssignmentId) -> Result<Terms, StoreError> {
    let found = list(tx, agency, &[id]).await?.remove(&id);
    Ok(found.unwrap_or(Terms {
        assignment: id,
        origin: Origin::Coordinator,
        due_on: None,
        is_day_named: false,
        respond_by: None,
        independent_at: None,
        companion: None,
        scenario: None,
        fees: None,
        reminded_for: None,
        end: None,
    }))
}

/// Writes terms, under the lock of the visit.
///
/// # Errors
/// The database failed.
pub async fn put(tx: &Tx, agency: AgencyId, new: &Terms) -> Result<(), StoreError> {
    let row = assignment_term::ActiveModel {
        assignment_id: Set(new.assignment.uuid()),
        agency_id: Set(agency.uuid()),
        origin: Set(new.origin.as_str().to_owned()),
        due_on: Set(new.due_on.map(|day| day.to_string())),
        day_named: Set(new.is_day_named),
        respond_by: Set(new.respond_by.map(Timestamp::millis)),
        independent_at: Set(new.independent_at.map(Timestamp::millis)),
        companion_id: Set(new.companion.map(CompanionId::uuid)),
        end_reason: Set(new.end.as_ref().map(|end| end.reason.as_str().to_owned())),
        end_detail: Set(new.end.as_ref().and_then(|end| end.detail.clone())),
        ended_at: Set(new.end.as_ref().map(|end| end.at.millis())),
        scenario: Set(new.scenario.as_ref().map(json)),
        fees: Set(new.fees.as_ref().map(json)),
        reminded_for: Set(new.reminded_for.map(|day| day.to_string())),
    };
    let changed = [
        assignment_term::Column::Origin,
        assignment_term::Column::DueOn,
        assignment_term::Column::DayNamed,
        assignment_term::Column::RespondBy,
        assignment_term::Column::IndependentAt,
        assignment_term::Column::CompanionId,
        assignment_term::Column::EndReason,
        assignment_term::Column::EndDetail,
        assignment_term::Column::EndedAt,
        assignment_term::Column::Scenario,
        assignment_term::Column::Fees,
        assignment_term::Column::RemindedFor,
    ];
    assignment_term::Entity::insert(row)
        .on_conflict(
            OnConflict::column(assignment_term::Column::AssignmentId)
                .update_columns(changed)
                .to_owned(),
        )
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

fn json(of: &impl Serialize) -> String {
    serde_json::to_string(of).expect("these hold nothing that JSON cannot")
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("assignment terms"))
}

fn record(row: assignment_term::Model) -> Result<Terms, StoreError> {
    let corrupt = || StoreError::Corrupt("assignment terms");
    let end = match (row.end_reason, row.ended_at) {
        (Some(reason), Some(at)) => Some(End {
            reason: EndReason::from_name(&reason).ok_or_else(corrupt)?,
            detail: row.end_detail,
            at: Timestamp::from_millis(at),
        }),
        _ => None,
    };
    Ok(Terms {
        assignment: AssignmentId::from_uuid(row.assignment_id),
        origin: Origin::from_name(&row.origin).ok_or_else(corrupt)?,
        due_on: row.due_on.as_deref().map(date).transpose()?,
        is_day_named: row.day_named,
        respond_by: row.respond_by.map(Timestamp::from_millis),
        independent_at: row.independent_at.map(Timestamp::from_millis),
        companion: row.companion_id.map(CompanionId::from_uuid),
        scenario: row.scenario.as_deref().map(read).transpose()?,
        fees: row.fees.as_deref().map(read).transpose()?,
        reminded_for: row.reminded_for.as_deref().map(date).transpose()?,
        end,
    })
}
