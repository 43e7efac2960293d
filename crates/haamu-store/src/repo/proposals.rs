//! Proposed plans of rounds.

use haamu_domain::assigning::{ProposedVisit, UnfilledVisit};
use haamu_domain::filling::ProposalState;
use haamu_domain::{AgencyId, ProposalId, RoundId, Timestamp, UserId, VisitId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::entity::filling::proposal;
use crate::{StoreError, Tx};

/// A proposed plan.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// The round that it fills.
    pub round: RoundId,
    /// Where it is in its life.
    pub state: ProposalState,
    /// How much of the present step is done, in thousandths.
    pub progress: u16,
    /// Who makes which visit.
    pub assignments: Vec<ProposedVisit>,
    /// Visits that found nobody.
    pub unfilled: Vec<UnfilledVisit>,
    /// How many visits that nobody has were left aside, as a plan takes no more at once.
    pub left_out: usize,
    /// How many of the assignments, from the first, were offered or refused when it was applied.
    pub handled: usize,
    /// Visits that could not be offered when it was applied.
    pub refused: Vec<RefusedVisit>,
    /// Who asked for it.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Timestamp,
    /// Who has it applied.
    pub applied_by: Option<UserId>,
    /// When its last step ended.
    pub finished_at: Option<Timestamp>,
    /// Counts changes.
    pub row_version: i64,
}

/// What of a proposed plan stands in a list.
#[derive(Clone, Debug, FromQueryResult)]
struct SummaryRow {
    id: Uuid,
    state: String,
    progress: i32,
    handled: i32,
    left_out: i32,
    proposed_by: Uuid,
    proposed_at: i64,
    applied_by: Option<Uuid>,
    finished_at: Option<i64>,
}

/// A proposed plan in a list.
#[derive(Clone, Debug)]
pub struct ProposalSummary {
    /// Its id.
    pub id: ProposalId,
    /// Where it is in its life.
    pub state: ProposalState,
    /// How much of the present step is done, in thousandths.
    pub progress: u16,
    /// How many of its assignments were offered or refused when it was applied.
    pub handled: usize,
    /// How many visits that nobody has were left aside.
    pub left_out: usize,
    /// Who asked for it.
    pub proposed_by: UserId,
    /// When.
    pub proposed_at: Timestamp,
    /// Who has it applied.
    pub applied_by: Option<UserId>,
    /// When its last step ended.
    pub finished_at: Option<Timestamp>,
}

/// A visit of a plan that could not be offered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RefusedVisit {
    /// Which.
    pub visit: VisitId,
    /// The code of the problem.
    pub code: String,
    /// The rules that stood in the way, by their names.
    pub obstacles: Vec<String>,
}

fn json(of: &impl Serialize) -> String {
    serde_json::to_string(of).expect("these hold nothing that JSON cannot")
}

/// Adds a proposal.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Proposal) -> Result<(), StoreError> {
    proposal::Entity::insert(row(agency, new))
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A proposal of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let row = proposal::Entity::find_by_id(id.uuid())
        .filter(proposal::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.as_ref().map(record).transpose()
}

/// Proposals for a round before one, the newest first, without what they say of single visits.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    round: RoundId,
    before: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<ProposalSummary>, bool), StoreError> {
    let mut select = proposal::Entity::find()
        .select_only()
        .columns([
            proposal::Column::Id,
            proposal::Column::State,
            proposal::Column::Progress,
            proposal::Column::Handled,
            proposal::Column::LeftOut,
            proposal::Column::ProposedBy,
            proposal::Column::ProposedAt,
            proposal::Column::AppliedBy,
            proposal::Column::FinishedAt,
        ])
        .filter(proposal::Column::AgencyId.eq(agency.uuid()))
        .filter(proposal::Column::RoundId.eq(round.uuid()));
    if let Some(before) = before {
        select = select.filter(proposal::Column::Id.lt(before));
    }
    let mut rows = select
        .order_by_desc(proposal::Column::Id)
        .limit(limit + 1)
        .into_model::<SummaryRow>()
        .all(tx.connection())
        .await?;
    let page = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > page;
    rows.truncate(page);
    let summaries: Result<Vec<_>, _> = rows.iter().map(summary).collect();
    Ok((summaries?, has_more))
}

fn summary(row: &SummaryRow) -> Result<ProposalSummary, StoreError> {
    Ok(ProposalSummary {
        id: ProposalId::from_uuid(row.id),
        state: ProposalState::from_name(&row.state).ok_or(StoreError::Corrupt("proposal state"))?,
        progress: super::unsigned(row.progress.into(), "progress")?,
        handled: super::unsigned(row.handled.into(), "proposal")?,
        left_out: super::unsigned(row.left_out.into(), "proposal")?,
        proposed_by: UserId::from_uuid(row.proposed_by),
        proposed_at: Timestamp::from_millis(row.proposed_at),
        applied_by: row.applied_by.map(UserId::from_uuid),
        finished_at: row.finished_at.map(Timestamp::from_millis),
    })
}

/// A proposal of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: ProposalId) -> Result<Option<Proposal>, StoreError> {
    let row = proposal::Entity::find_by_id(id.uuid())
        .filter(proposal::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.as_ref().map(record).transpose()
}

/// Saves a proposal that was locked in this transaction.
///
/// # Errors
/// [`StoreError::Conflict`] if it was changed since.
pub async fn update(tx: &Tx, agency: AgencyId, changed: &Proposal) -> Result<(), StoreError> {
    let mut new = row(agency, changed);
    new.row_version = Set(changed.row_version + 1);
    let result = proposal::Entity::update_many()
        .set(new)
        .filter(proposal::Column::Id.eq(changed.id.uuid()))
        .filter(proposal::Column::AgencyId.eq(agency.uuid()))
        .filter(proposal::Column::RowVersion.eq(changed.row_version))
        .exec(tx.connection())
        .await?;
    if result.rows_affected == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict("proposal"))
    }
}

/// Notes how much of the present step is done, in thousandths, without touching anything else.
///
/// # Errors
/// The database failed.
pub async fn note_progress(
    tx: &Tx,
    agency: AgencyId,
    id: ProposalId,
    state: ProposalState,
    progress: u16,
) -> Result<(), StoreError> {
    proposal::Entity::update_many()
        .col_expr(proposal::Column::Progress, Expr::value(i32::from(progress)))
        .filter(proposal::Column::Id.eq(id.uuid()))
        .filter(proposal::Column::AgencyId.eq(agency.uuid()))
        .filter(proposal::Column::State.eq(state.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

fn row(agency: AgencyId, of: &Proposal) -> proposal::ActiveModel {
    proposal::ActiveModel {
        id: Set(of.id.uuid()),
        agency_id: Set(agency.uuid()),
        round_id: Set(of.round.uuid()),
        state: Set(of.state.as_str().to_owned()),
        progress: Set(of.progress.into()),
        assignments: Set(json(&of.assignments)),
        unfilled: Set(json(&of.unfilled)),
        handled: Set(i32::try_from(of.handled).unwrap_or(i32::MAX)),
        refused: Set(json(&of.refused)),
        left_out: Set(i32::try_from(of.left_out).unwrap_or(i32::MAX)),
        proposed_by: Set(of.proposed_by.uuid()),
        proposed_at: Set(of.proposed_at.millis()),
        applied_by: Set(of.applied_by.map(UserId::uuid)),
        finished_at: Set(of.finished_at.map(Timestamp::millis)),
        row_version: Set(of.row_version),
    }
}

fn record(row: &proposal::Model) -> Result<Proposal, StoreError> {
    fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|_| StoreError::Corrupt("proposal"))
    }
    Ok(Proposal {
        id: ProposalId::from_uuid(row.id),
        round: RoundId::from_uuid(row.round_id),
        state: ProposalState::from_name(&row.state).ok_or(StoreError::Corrupt("proposal state"))?,
        progress: super::unsigned(row.progress.into(), "progress")?,
        assignments: read(&row.assignments)?,
        unfilled: read(&row.unfilled)?,
        handled: super::unsigned(row.handled.into(), "proposal")?,
        refused: read(&row.refused)?,
        left_out: super::unsigned(row.left_out.into(), "proposal")?,
        proposed_by: UserId::from_uuid(row.proposed_by),
        proposed_at: Timestamp::from_millis(row.proposed_at),
        applied_by: row.applied_by.map(UserId::from_uuid),
        finished_at: row.finished_at.map(Timestamp::from_millis),
        row_version: row.row_version,
    })
}
