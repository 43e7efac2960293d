//! Notices to staff: that they know of a programme in general terms.

use haamu_domain::{AgencyId, LocalDate, ProgrammeId, StaffNoticeId, Timestamp, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::programmes::staff_notice;
use crate::{StoreError, Tx};

use super::page_after;
use super::programmes::date;

/// That staff were informed.
#[derive(Clone, Debug)]
pub struct StaffNotice {
    /// Its id.
    pub id: StaffNoticeId,
    /// For which programme.
    pub programme: ProgrammeId,
    /// On which day.
    pub informed_on: LocalDate,
    /// Who was informed.
    pub audience: String,
    /// How.
    pub channel: String,
    /// The words.
    pub text: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Who recorded it.
    pub recorded_by: UserId,
    /// When it was withdrawn, and why.
    pub withdrawn: Option<(Timestamp, String)>,
}

/// Records a notice to staff.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &Tx, agency: AgencyId, notice: &StaffNotice) -> Result<(), StoreError> {
    let (withdrawn_at, reason) = notice.withdrawn.clone().unzip();
    let row = staff_notice::ActiveModel {
        id: Set(notice.id.uuid()),
        agency_id: Set(agency.uuid()),
        programme_id: Set(notice.programme.uuid()),
        informed_on: Set(notice.informed_on.to_string()),
        audience: Set(notice.audience.clone()),
        channel: Set(notice.channel.clone()),
        text: Set(notice.text.clone()),
        recorded_at: Set(notice.recorded_at.millis()),
        recorded_by: Set(notice.recorded_by.uuid()),
        withdrawn_at: Set(withdrawn_at.map(Timestamp::millis)),
        withdraw_reason: Set(reason),
    };
    staff_notice::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// A notice to staff of a programme.
///
/// # Errors
/// The database failed.
pub async fn find(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
    id: StaffNoticeId,
) -> Result<Option<StaffNotice>, StoreError> {
    let row = staff_notice::Entity::find_by_id(id.uuid())
        .filter(staff_notice::Column::AgencyId.eq(agency.uuid()))
        .filter(staff_notice::Column::ProgrammeId.eq(of.uuid()))
        .one(tx.connection())
        .await?;
    row.map(record).transpose()
}

/// Notices to staff of a programme after one, by id; also those that were withdrawn.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
    after: Option<Uuid>,
    limit: u64,
) -> Result<(Vec<StaffNotice>, bool), StoreError> {
    let select = staff_notice::Entity::find()
        .filter(staff_notice::Column::AgencyId.eq(agency.uuid()))
        .filter(staff_notice::Column::ProgrammeId.eq(of.uuid()));
    let (rows, has_more) = page_after(tx, select, staff_notice::Column::Id, after, limit).await?;
    let notices: Result<Vec<_>, _> = rows.into_iter().map(record).collect();
    Ok((notices?, has_more))
}

/// Withdraws a notice to staff. It stays to be read.
///
/// # Errors
/// The database failed.
pub async fn withdraw(
    tx: &Tx,
    id: StaffNoticeId,
    (now, reason): (Timestamp, &str),
) -> Result<(), StoreError> {
    let row = staff_notice::ActiveModel {
        id: Set(id.uuid()),
        withdrawn_at: Set(Some(now.millis())),
        withdraw_reason: Set(Some(reason.to_owned())),
        ..Default::default()
    };
    staff_notice::Entity::update(row).exec(tx.connection()).await?;
    Ok(())
}

/// The earliest day on which staff were informed of a programme, by the notices that hold.
///
/// # Errors
/// The database failed.
pub async fn find_first_day(
    tx: &Tx,
    agency: AgencyId,
    of: ProgrammeId,
) -> Result<Option<LocalDate>, StoreError> {
    let day: Option<String> = staff_notice::Entity::find()
        .select_only()
        .column(staff_notice::Column::InformedOn)
        .filter(staff_notice::Column::AgencyId.eq(agency.uuid()))
        .filter(staff_notice::Column::ProgrammeId.eq(of.uuid()))
        .filter(staff_notice::Column::WithdrawnAt.is_null())
        .order_by_asc(staff_notice::Column::InformedOn)
        .into_tuple()
        .one(tx.connection())
        .await?;
    day.as_deref().map(date).transpose()
}

fn record(row: staff_notice::Model) -> Result<StaffNotice, StoreError> {
    Ok(StaffNotice {
        id: StaffNoticeId::from_uuid(row.id),
        programme: ProgrammeId::from_uuid(row.programme_id),
        informed_on: date(&row.informed_on)?,
        audience: row.audience,
        channel: row.channel,
        text: row.text,
        recorded_at: Timestamp::from_millis(row.recorded_at),
        recorded_by: UserId::from_uuid(row.recorded_by),
        withdrawn: row
            .withdrawn_at
            .map(Timestamp::from_millis)
            .zip(row.withdraw_reason),
    })
}
