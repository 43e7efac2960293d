//! What people are to be told about offers and visits in their next mail.

use haamu_domain::filling::NoticeKind;
use haamu_domain::{AgencyId, AssignmentId, Timestamp, UserId, VisitId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::registration::offer_notice;
use crate::{StoreError, Tx};

use super::assignments::Assignment;
use super::in_list;

/// So many are taken for one mail.
const AT_ONCE: u64 = 1_000;

/// Something that somebody is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferNotice {
    /// Its id.
    pub id: Uuid,
    /// Whom.
    pub person: UserId,
    /// About which visit.
    pub visit: VisitId,
    /// About which offer; none about an invitation.
    pub assignment: Option<AssignmentId>,
    /// What happened.
    pub kind: NoticeKind,
}

/// Adds news for the next mails of people.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &Tx,
    agency: AgencyId,
    new: &[OfferNotice],
    now: Timestamp,
) -> Result<(), StoreError> {
    for some in new.chunks(super::ROWS_AT_ONCE) {
        let rows = some.iter().map(|notice| offer_notice::ActiveModel {
            id: Set(notice.id),
            agency_id: Set(agency.uuid()),
            // The table is older than news for others than shoppers.
            shopper_id: Set(notice.person.uuid()),
            visit_id: Set(notice.visit.uuid()),
            assignment_id: Set(notice.assignment.map(AssignmentId::uuid)),
            kind: Set(notice.kind.as_str().to_owned()),
            created_at: Set(now.millis()),
        });
        offer_notice::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// Forgets that offers are to be told of: whoever has answered one knows of it.
///
/// # Errors
/// The database failed.
pub async fn forget_offers(tx: &Tx, agency: AgencyId, of: &[&Assignment]) -> Result<(), StoreError> {
    for some in of.chunks(super::MAX_IDS / 2) {
        offer_notice::Entity::delete_many()
            .filter(offer_notice::Column::AgencyId.eq(agency.uuid()))
            .filter(offer_notice::Column::ShopperId.is_in(in_list(some.iter().map(|one| one.shopper.uuid()))))
            .filter(offer_notice::Column::AssignmentId.is_in(in_list(some.iter().map(|one| one.id.uuid()))))
            .filter(offer_notice::Column::Kind.eq(NoticeKind::Offered.as_str()))
            .exec(tx.connection())
            .await?;
    }
    Ok(())
}

/// Forgets news of a kind about a visit that somebody was not told yet.
///
/// # Errors
/// The database failed.
pub async fn forget(
    tx: &Tx,
    agency: AgencyId,
    person: UserId,
    visit: VisitId,
    kind: NoticeKind,
) -> Result<(), StoreError> {
    offer_notice::Entity::delete_many()
        .filter(offer_notice::Column::AgencyId.eq(agency.uuid()))
        .filter(offer_notice::Column::ShopperId.eq(person.uuid()))
        .filter(offer_notice::Column::VisitId.eq(visit.uuid()))
        .filter(offer_notice::Column::Kind.eq(kind.as_str()))
        .exec(tx.connection())
        .await?;
    Ok(())
}

/// Takes the news of a person, the oldest first; they are there no longer. Of two who take them at once, the
/// second finds none. Says whether there are more.
///
/// # Errors
/// The database failed.
pub async fn take(tx: &Tx, agency: AgencyId, person: UserId) -> Result<(Vec<OfferNotice>, bool), StoreError> {
    let rows = offer_notice::Entity::find()
        .filter(offer_notice::Column::AgencyId.eq(agency.uuid()))
        .filter(offer_notice::Column::ShopperId.eq(person.uuid()))
        .order_by_asc(offer_notice::Column::Id)
        .limit(AT_ONCE)
        .lock_exclusive()
        .all(tx.connection())
        .await?;
    for some in rows.chunks(super::MAX_IDS) {
        offer_notice::Entity::delete_many()
            .filter(offer_notice::Column::Id.is_in(some.iter().map(|row| row.id)))
            .exec(tx.connection())
            .await?;
    }
    let notice = |row: offer_notice::Model| {
        let kind = NoticeKind::from_name(&row.kind);
        Ok(OfferNotice {
            id: row.id,
            person: UserId::from_uuid(row.shopper_id),
            visit: VisitId::from_uuid(row.visit_id),
            assignment: row.assignment_id.map(AssignmentId::from_uuid),
            kind: kind.ok_or(StoreError::Corrupt("news of an offer"))?,
        })
    };
    let has_more = rows.len() as u64 == AT_ONCE;
    let found = rows.into_iter().map(notice).collect::<Result<_, StoreError>>()?;
    Ok((found, has_more))
}
