//! Programmes and rounds.

use haamu_domain::{
    AgencyId, ChecklistVersionId, ClientOrganisationId, LocalDate, ProgrammeId, ProgrammeState, RoundId,
    Timestamp,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::programmes::{programme, round};
use crate::{StoreError, Tx};

use super::{in_list, page_after, unsigned};

/// A long-running measurement for one client.
#[derive(Clone, Debug)]
pub struct Programme {
    /// Its id.
    pub id: ProgrammeId,
    /// Whose encounters are measured.
    pub client_organisation: ClientOrganisationId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Where it is in its life.
    pub state: ProgrammeState,
    /// Hours between a visit and the release of its report.
    pub release_delay_hours: u32,
    /// Days between the notice to staff and the start.
    pub staff_notice_days: u32,
    /// Counts changes.
    pub row_version: i64,
}

/// One measuring period.
#[derive(Clone, Debug)]
pub struct Round {
    /// Its id.
    pub id: RoundId,
    /// Its programme.
    pub programme: ProgrammeId,
    /// Its name.
    pub name: String,
    /// The checklist version that is filled in.
    pub checklist_version: ChecklistVersionId,
    /// The first day of visits.
    pub starts_on: LocalDate,
    /// The last day of visits.
    pub visit_by: LocalDate,
    /// The last day of reports.
    pub report_by: LocalDate,
    /// The day by whose period the results count.
    pub counts_in: LocalDate,
    /// When it was called off, and why.
    pub cancelled: Option<(Timestamp, String)>,
    /// Counts changes of it and of its quotas; a save with an older one fails.
    pub row_version: i64,
}

/// Adds a programme.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, new: &Programme, now: Timestamp) -> Result<(), StoreError> {
    let row = programme::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        client_organisation_id: Set(new.client_organisation.uuid()),
        name: Set(new.name.clone()),
        purpose: Set(new.purpose.clone()),
        state: Set(new.state.as_str().to_owned()),
        release_delay_hours: Set(new.release_delay_hours.cast_signed()),
        staff_notice_days: Set(new.staff_notice_days.cast_signed()),
        created_at: Set(now.millis()),
        row_version: Set(new.row_version),
    };
    programme::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A programme of the agency.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &Tx, agency: AgencyId, id: ProgrammeId) -> Result<Option<Programme>, StoreError> {
    let row = programme::Entity::find_by_id(id.uuid())
        .filter(programme::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// A programme of the agency, locked.
///
/// # Errors
/// The database failed.
pub async fn lock(tx: &Tx, agency: AgencyId, id: ProgrammeId) -> Result<Option<Programme>, StoreError> {
    let row = programme::Entity::find_by_id(id.uuid())
        .filter(programme::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Writes what can change about a programme that was locked in this transaction, and counts the change.
///
/// # Errors
/// The database failed.
pub async fn update(tx: &Tx, changed: &Programme) -> Result<(), StoreError> {
    let row = programme::ActiveModel {
        id: Set(changed.id.uuid()),
        name: Set(changed.name.clone()),
        purpose: Set(changed.purpose.clone()),
        state: Set(changed.state.as_str().to_owned()),
        release_delay_hours: Set(changed.release_delay_hours.cast_signed()),
        staff_notice_days: Set(changed.staff_notice_days.cast_signed()),
        row_version: Set(changed.row_version + 1),
        ..Default::default()
    };
    programme::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// Programmes of the agency after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Programme>, bool), StoreError> {
    let select = programme::Entity::find().filter(programme::Column::AgencyId.eq(agency.uuid()));
    let (rows, has_more) = page_after(tx, select, programme::Column::Id, after, limit).await?;
    let programmes: Result<Vec<_>, _> = rows.into_iter().map(record).collect();
    Ok((programmes?, has_more))
}

/// Opens a round.
///
/// # Errors
/// The database failed.
pub async fn insert_round(tx: &Tx, agency: AgencyId, new: &Round, now: Timestamp) -> Result<(), StoreError> {
    let row = round::ActiveModel {
        id: Set(new.id.uuid()),
        agency_id: Set(agency.uuid()),
        programme_id: Set(new.programme.uuid()),
        name: Set(new.name.clone()),
        checklist_version_id: Set(new.checklist_version.uuid()),
        starts_on: Set(new.starts_on.to_string()),
        visit_by: Set(new.visit_by.to_string()),
        report_by: Set(new.report_by.to_string()),
        counts_in: Set(new.counts_in.to_string()),
        created_at: Set(now.millis()),
        row_version: Set(1),
        cancelled_at: Set(None),
        cancel_reason: Set(None),
    };
    round::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A round of the agency.
///
/// # Errors
/// The database failed.
pub async fn find_round(tx: &Tx, agency: AgencyId, id: RoundId) -> Result<Option<Round>, StoreError> {
    let row = round::Entity::find_by_id(id.uuid())
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .one(tx.connection())
        .await?;
    row.map(round_record).transpose()
}

/// Locks a round: visits are filled one after the other where quotas count them.
///
/// # Errors
/// The database failed.
pub async fn lock_round(tx: &Tx, agency: AgencyId, id: RoundId) -> Result<Option<Round>, StoreError> {
    let row = round::Entity::find_by_id(id.uuid())
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .lock_exclusive()
        .one(tx.connection())
        .await?;
    row.map(round_record).transpose()
}

/// Locks all rounds of a programme, in the order of their ids.
///
/// # Errors
/// The database failed.
pub async fn lock_rounds(tx: &Tx, agency: AgencyId, of: ProgrammeId) -> Result<(), StoreError> {
    round::Entity::find()
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .filter(round::Column::ProgrammeId.eq(of.uuid()))
        .order_by_asc(round::Column::Id)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    Ok(())
}

/// Rounds of the agency by their ids.
///
/// # Errors
/// The database failed.
pub async fn list_rounds_by_ids(
    tx: &Tx,
    agency: AgencyId,
    ids: &[RoundId],
) -> Result<Vec<Round>, StoreError> {
    let rows = round::Entity::find()
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .filter(round::Column::Id.is_in(in_list(ids.iter().map(|id| id.uuid()))))
        .all(tx.connection())
        .await?;
    rows.into_iter().map(round_record).collect()
}

/// Rounds of a programme after one, by id.
///
/// # Errors
/// The database failed.
pub async fn list_rounds(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<Round>, bool), StoreError> {
    let select = round::Entity::find()
        .filter(round::Column::AgencyId.eq(agency.uuid()))
        .filter(round::Column::ProgrammeId.eq(of.uuid()));
    let (rows, has_more) = page_after(tx, select, round::Column::Id, after, limit).await?;
    let rounds: Result<Vec<_>, _> = rows.into_iter().map(round_record).collect();
    Ok((rounds?, has_more))
}

fn record(row: programme::Model) -> Result<Programme, StoreError> {
    Ok(Programme {
        id: ProgrammeId::from_uuid(row.id),
        client_organisation: ClientOrganisationId::from_uuid(row.client_organisation_id),
        name: row.name,
        purpose: row.purpose,
        state: ProgrammeState::from_name(&row.state).ok_or(StoreError::Corrupt("programme state"))?,
        release_delay_hours: unsigned(row.release_delay_hours.into(), "release delay")?,
        staff_notice_days: unsigned(row.staff_notice_days.into(), "staff notice days")?,
        row_version: row.row_version,
    })
}

pub(super) fn round_record(row: round::Model) -> Result<Round, StoreError> {
    Ok(Round {
        id: RoundId::from_uuid(row.id),
        programme: ProgrammeId::from_uuid(row.programme_id),
        name: row.name,
        checklist_version: ChecklistVersionId::from_uuid(row.checklist_version_id),
        starts_on: date(&row.starts_on)?,
        visit_by: date(&row.visit_by)?,
        report_by: date(&row.report_by)?,
        counts_in: date(&row.counts_in)?,
        cancelled: row
            .cancelled_at
            .map(Timestamp::from_millis)
            .zip(row.cancel_reason),
        row_version: row.row_version,
    })
}

pub(super) fn date(text: &str) -> Result<LocalDate, StoreError> {
    LocalDate::parse(text).ok_or(StoreError::Corrupt("date"))
}
